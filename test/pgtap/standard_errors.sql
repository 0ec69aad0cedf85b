-- Standard errors and p-values of weighted fits, and of more than two classes:
-- figures of statsmodels, test/reference/weights_statsmodels.py.
BEGIN;
SELECT plan(11);
SET LOCAL client_min_messages = error;

CREATE TEMPORARY TABLE rows AS
SELECT x, z, b, c, w, y, y + cos(i * 11) > 0.2 AS label, floor(exp(y / 3) * (1.5 + sin(7 * i))) AS count,
	CASE WHEN x + sin(5 * i * i) > 0.4 THEN 0 WHEN z + 4 * cos(i * 13) > 6 THEN 1 ELSE 2 END AS kind
FROM (SELECT i, sin(i) AS x, cos(3 * i) * 4 + 5 AS z, i % 3 = 1 AS b, i % 3 = 2 AS c, (1 + i % 7) / 4.0 AS w,
		1 + 0.5 * sin(i) - 0.2 * (cos(3 * i) * 4 + 5) + CASE WHEN i % 3 = 1 THEN 0.7 ELSE 0 END + sin(i * i) AS y
	FROM generate_series(1, 600) AS i) AS r;

CREATE TEMPORARY TABLE reference (model text, class text, feature text, coefficient float8, std_error float8, p_value float8);
INSERT INTO reference VALUES
	('linear', '', '(intercept)', 1.15249901438983, 0.0732708804587963, 7.14956111379166e-47),
	('linear', '', 'x', 0.485850197351027, 0.0407131827291847, 1.39410477470047e-29),
	('linear', '', 'z', -0.235125829544191, 0.0101909273525986, 1.29214186149443e-84),
	('linear', '', 'b', 0.817569582571189, 0.0706512881598151, 4.49541608754771e-28),
	('linear', '', 'c', -0.028972870272873, 0.0703907856951249, 0.680780615905891),
	('logistic', '', '(intercept)', 1.26737798844197, 0.2360952650416, 7.95797826585673e-08),
	('logistic', '', 'x', 0.606654060251956, 0.136720664311103, 9.11454979119713e-06),
	('logistic', '', 'z', -0.339202780398437, 0.0358207845424111, 2.81347161754563e-21),
	('logistic', '', 'b', 1.3483657274945, 0.237054650492266, 1.28539392318946e-08),
	('logistic', '', 'c', 0.0502491412588786, 0.227632861023023, 0.825289877746925),
	('poisson', '', '(intercept)', 0.604476013498726, 0.0915828267006265, 4.1026970901405e-11),
	('poisson', '', 'x', 0.228288825789454, 0.053021606172657, 1.66547953855353e-05),
	('poisson', '', 'z', -0.124959911766192, 0.0138063632754883, 1.41804316561885e-19),
	('poisson', '', 'b', 0.396752560112639, 0.0894813333634954, 9.25374393011237e-06),
	('poisson', '', 'c', -0.0576765220848302, 0.0993990153857936, 0.561744388924682),
	('softmax', '0', '(intercept)', 0.364744116019777, 0.198953352119675, NULL),
	('softmax', '0', 'x', 1.50960763178262, 0.124052624247269, NULL),
	('softmax', '0', 'z', -0.0446183769664059, 0.0281062378662845, NULL),
	('softmax', '0', 'b', -0.202842663746699, 0.174987637560024, NULL),
	('softmax', '0', 'c', -0.224354122142274, 0.174464712394028, NULL),
	('softmax', '1', '(intercept)', -1.81375314934139, 0.245747633236417, NULL),
	('softmax', '1', 'x', -0.768977305389324, 0.122683837727771, NULL),
	('softmax', '1', 'z', 0.272922620631785, 0.0312998890539002, NULL),
	('softmax', '1', 'b', 0.0714179046161753, 0.184092602005174, NULL),
	('softmax', '1', 'c', 0.222382272063783, 0.181191706444459, NULL),
	('softmax', '2', '(intercept)', 1.44900903332162, 0.17342145053005, NULL),
	('softmax', '2', 'x', -0.740630326393299, 0.109472447397471, NULL),
	('softmax', '2', 'z', -0.228304243665379, 0.0258509474287862, NULL),
	('softmax', '2', 'b', 0.131424759130524, 0.161197411047586, NULL),
	('softmax', '2', 'c', 0.00197185007849043, 0.162175415398858, NULL);

SELECT FROM cvm.train('linear', 'rows', 'y', 'linear', ARRAY['x', 'z', 'b', 'c'], weight => 'w', options => '{"l2": 0, "validation": 0}');
SELECT FROM cvm.train('logistic', 'rows', 'label', 'logistic', ARRAY['x', 'z', 'b', 'c'], weight => 'w', options => '{"l2": 0, "validation": 0}');
SELECT FROM cvm.train('poisson', 'rows', 'count', 'poisson', ARRAY['x', 'z', 'b', 'c'], weight => 'w', options => '{"l2": 0, "validation": 0}');
SELECT FROM cvm.train('softmax', 'rows', 'kind', 'softmax', ARRAY['x', 'z', 'b', 'c'], options => '{"l2": 0, "validation": 0}');

CREATE TEMPORARY VIEW compared AS
SELECT r.model, abs(c.coefficient - r.coefficient) / greatest(1, abs(r.coefficient)) AS coefficient,
	abs(c.std_error / r.std_error - 1) AS std_error, abs(c.p_value / r.p_value - 1) AS p_value
FROM reference AS r LEFT JOIN cvm.model_overview AS m ON m.model = r.model
	LEFT JOIN LATERAL cvm.coefficients(m.model) AS c ON c.feature = r.feature AND coalesce(c.class, '') = r.class;

SELECT cmp_ok(max(coalesce(coefficient, 1)), '<=', 1e-9::float8, model || ': coefficients') FROM compared GROUP BY model ORDER BY model;
SELECT cmp_ok(max(coalesce(std_error, 1)), '<=', 1e-9::float8, model || ': standard errors') FROM compared GROUP BY model ORDER BY model;
SELECT cmp_ok(max(coalesce(p_value, 1)), '<=', 1e-7::float8, model || ': p-values') FROM compared WHERE model <> 'softmax' GROUP BY model ORDER BY model;
SELECT * FROM finish();
ROLLBACK;
