-- The fitting aggregates against published figures.
--
-- longley: NIST Statistical Reference Datasets, certified values.  mtcars and
-- warpbreaks: data sets of R; the figures are those of R's summary(glm(...))
-- and summary(lm(...)) carried to more digits by Newton's method in extended
-- precision.  svm, huber, ridge: Newton's method on the objective as
-- documented.
SET client_min_messages = warning;

CREATE TABLE longley (y float8, x float8[]);
INSERT INTO longley VALUES
	(60323, '{83.0,234289,2356,1590,107608,1947}'), (61122, '{88.5,259426,2325,1456,108632,1948}'),
	(60171, '{88.2,258054,3682,1616,109773,1949}'), (61187, '{89.5,284599,3351,1650,110929,1950}'),
	(63221, '{96.2,328975,2099,3099,112075,1951}'), (63639, '{98.1,346999,1932,3594,113270,1952}'),
	(64989, '{99.0,365385,1870,3547,115094,1953}'), (63761, '{100.0,363112,3578,3350,116219,1954}'),
	(66019, '{101.2,397469,2904,3048,117388,1955}'), (67857, '{104.6,419180,2822,2857,118734,1956}'),
	(68169, '{108.4,442769,2936,2798,120445,1957}'), (66513, '{110.8,444546,4681,2637,121950,1958}'),
	(68655, '{112.6,482704,3813,2552,123366,1959}'), (69564, '{114.2,502601,3931,2514,125368,1960}'),
	(69331, '{115.7,518173,4806,2572,127852,1961}'), (70551, '{116.9,554894,4007,2827,130081,1962}');

CREATE TABLE mtcars (mpg float8, hp float8, wt float8, am int);
INSERT INTO mtcars VALUES
	(21.0, 110, 2.620, 1), (21.0, 110, 2.875, 1), (22.8, 93, 2.320, 1), (21.4, 110, 3.215, 0),
	(18.7, 175, 3.440, 0), (18.1, 105, 3.460, 0), (14.3, 245, 3.570, 0), (24.4, 62, 3.190, 0),
	(22.8, 95, 3.150, 0), (19.2, 123, 3.440, 0), (17.8, 123, 3.440, 0), (16.4, 180, 4.070, 0),
	(17.3, 180, 3.730, 0), (15.2, 180, 3.780, 0), (10.4, 205, 5.250, 0), (10.4, 215, 5.424, 0),
	(14.7, 230, 5.345, 0), (32.4, 66, 2.200, 1), (30.4, 52, 1.615, 1), (33.9, 65, 1.835, 1),
	(21.5, 97, 2.465, 0), (15.5, 150, 3.520, 0), (15.2, 150, 3.435, 0), (13.3, 245, 3.840, 0),
	(19.2, 175, 3.845, 0), (27.3, 66, 1.935, 1), (26.0, 91, 2.140, 1), (30.4, 113, 1.513, 1),
	(15.8, 264, 3.170, 1), (19.7, 175, 2.770, 1), (15.0, 335, 3.570, 1), (21.4, 109, 2.780, 1);

CREATE TABLE warpbreaks (breaks int, wool text, tension text);
INSERT INTO warpbreaks
	SELECT breaks, CASE WHEN i <= 27 THEN 'A' ELSE 'B' END,
		(ARRAY['L', 'M', 'H'])[(i - 1) / 9 % 3 + 1]
	FROM unnest(ARRAY[26, 30, 54, 25, 70, 52, 51, 26, 67, 18, 21, 29, 17, 12, 18, 35, 30, 36,
		36, 21, 24, 18, 10, 43, 28, 15, 26, 27, 14, 29, 19, 29, 31, 41, 20, 44,
		42, 26, 19, 16, 39, 28, 21, 39, 29, 20, 21, 24, 17, 13, 15, 15, 16, 28])
		WITH ORDINALITY AS u(breaks, i);

-- Largest relative difference of coefficients and standard errors, intercept first.
CREATE FUNCTION differs(model cvm.model, coefficients float8[], errors float8[] = NULL)
RETURNS float8 LANGUAGE sql AS $$
	SELECT max(greatest(abs(c.coefficient / coefficients[c.ordinality::int] - 1),
		CASE WHEN errors IS NOT NULL THEN abs(c.std_error / errors[c.ordinality::int] - 1) END))
	FROM cvm.coefficients(model) WITH ORDINALITY AS c
$$;

-- Badly conditioned on purpose: the condition number of its matrix is 5e9.
SELECT differs(cvm.fit_linear(y, x),
	'{-3482258.63459582, 15.0618722713733, -0.0358191792925910, -2.02022980381683,
	  -1.03322686717359, -0.0511041056535807, 1829.15146461355}',
	'{890420.383607373, 84.9149257747669, 0.0334910077722432, 0.488399681651699,
	  0.214274163161675, 0.226073200069370, 455.478499142212}') < 1e-8 AS longley
FROM longley;
SELECT abs(sqrt((cvm.fit_information(cvm.fit_linear(y, x))).dispersion) / 304.854073561965 - 1) < 1e-9
	AS residual_deviation
FROM longley;

SELECT differs(cvm.fit_linear(mpg, ARRAY[hp, wt]),
	'{37.227270116447215, -0.03177294698216288, -3.8778307424046794}',
	'{1.5987875379993939, 0.009029709675855813, 0.6327334943773947}') < 1e-8 AS mtcars_linear,
	differs(cvm.fit_logistic(am, ARRAY[hp, wt]),
	'{18.866298717204153, 0.03625559608221661, -8.083475182444648}',
	'{7.44355842798166, 0.017734154331946948, 3.068675275390564}') < 1e-8 AS mtcars_logistic,
	differs(cvm.fit_logistic(am = 1, ARRAY[hp, wt]),
	'{18.866298717204153, 0.03625559608221661, -8.083475182444648}',
	'{7.44355842798166, 0.017734154331946948, 3.068675275390564}') < 1e-8 AS of_boolean,
	differs(cvm.fit_logistic(am, ARRAY[hp, wt], '{"solver": "lbfgs", "tolerance": 1e-12, "epochs": 10000}'),
	'{18.866298717204153, 0.03625559608221661, -8.083475182444648}') < 1e-6 AS by_lbfgs,
	differs(cvm.fit_logistic(am, ARRAY[hp, wt], '{"l2": 2}'),
	'{4.323708638530234, 0.004212665887286499, -1.7131742926717495}') < 1e-8 AS ridge,
	differs(cvm.fit_svm(am, ARRAY[hp, wt], '{"l2": 1}'),
	'{3.7194161824490326, 0.006997178775956445, -1.5853109042401712}') < 1e-8 AS svm
FROM mtcars;

SELECT differs(cvm.fit_huber(mpg, ARRAY[hp, wt]),
	'{36.25158786437055, -0.03285331480367594, -3.6424209769889133}') < 1e-8 AS huber
FROM mtcars;

SELECT differs(cvm.fit_poisson(breaks, ARRAY[(wool = 'B')::int, (tension = 'M')::int, (tension = 'H')::int]),
	'{3.6919631449407935, -0.20598844263862093, -0.3213204316006107, -0.5184884965115598}',
	'{0.045410794342801035, 0.05157124278372991, 0.06026591669548092, 0.06395951939589972}') < 1e-8
	AS warpbreaks
FROM warpbreaks;

-- R's nnet::multinom and statsmodels' MNLogit give differences to the first class.
WITH effects AS (
	SELECT class, feature, coefficient
	FROM (SELECT cvm.fit_softmax(tension, ARRAY[breaks]::float8[]) AS model FROM warpbreaks) s,
		cvm.coefficients(model)
)
SELECT e.class, e.feature, abs((e.coefficient - l.coefficient) / r.expected - 1) < 1e-7 AS agrees
FROM effects e
JOIN effects l ON l.class = 'L' AND l.feature = e.feature
JOIN (VALUES ('M', '(intercept)', 1.873592575079733), ('M', 'x1', -0.06092705259524214),
	('H', '(intercept)', 3.279928519581708), ('H', 'x1', -0.12004805232947889))
	AS r(class, feature, expected) ON r.class = e.class AND r.feature = e.feature
ORDER BY e.class, e.feature;

-- One Newton step from the optimum stays there; from near it goes there.
SELECT differs(cvm.descend(model, am, ARRAY[hp, wt]),
	'{18.866298717204153, 0.03625559608221661, -8.083475182444648}') < 1e-8 AS stays
FROM mtcars, (SELECT cvm.fit_logistic(am, ARRAY[hp, wt]) AS model FROM mtcars) f;
WITH RECURSIVE steps(model, n) AS (
	SELECT cvm.sgd_logistic(am, ARRAY[hp, wt]), 0 FROM mtcars
	UNION ALL
	SELECT (SELECT cvm.descend(s.model, am, ARRAY[hp, wt]) FROM mtcars), n + 1
	FROM steps s WHERE n < 8
)
SELECT differs(model,
	'{18.866298717204153, 0.03625559608221661, -8.083475182444648}') < 1e-8 AS converges
FROM steps WHERE n = 8;

DROP TABLE longley, mtcars, warpbreaks;
DROP FUNCTION differs;
