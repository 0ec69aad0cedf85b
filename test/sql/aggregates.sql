-- The fitting aggregates: rows, groups, frames, what is left out, what is refused.

CREATE TABLE visits AS
	SELECT i, CASE i % 3 WHEN 0 THEN 'north' WHEN 1 THEN 'south' ELSE 'west' END AS region,
		a + 2 * b + sin(i * 1.7) AS spent,
		a - b + sin(i * 2.3) > 0 AS came_back,
		CASE WHEN a + sin(i * 2.9) < -0.5 THEN 'bronze' WHEN a + sin(i * 2.9) < 0.5 THEN 'silver'
			ELSE 'gold' END AS tier,
		floor(exp(0.5 * a) + (i * 7 % 10) / 10.0) AS orders,
		ARRAY[a, b] AS x
	FROM (SELECT i, sin(i) AS a, cos(i * 0.7) * 3 AS b FROM generate_series(1, 3000) i) s;

CREATE FUNCTION brief(model cvm.model) RETURNS text LANGUAGE sql AS $$
	SELECT algorithm || ' ' || outcome || ' ' || training_rows || ' rows, ' || rows_left_out || ' left out'
	FROM cvm.fit_information(model)
$$;
CREATE FUNCTION effects(model cvm.model, digits int = 2) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s%s%s %s', feature, '[' || class || ']', '(' || level || ')', round(coefficient::numeric, digits)), ', ')
	FROM cvm.coefficients(model)
$$;

-- every algorithm, converged and in one pass
SELECT brief(cvm.fit_linear(spent, x)), effects(cvm.fit_linear(spent, x)) FROM visits;
SELECT brief(cvm.sgd_linear(spent, x)), effects(cvm.sgd_linear(spent, x), 1) FROM visits;
SELECT brief(cvm.fit_logistic(came_back, x)), effects(cvm.fit_logistic(came_back, x)) FROM visits;
SELECT brief(cvm.sgd_logistic(came_back, x)) FROM visits;
SELECT brief(cvm.fit_softmax(tier, x)), cvm.classes(cvm.fit_softmax(tier, x)) FROM visits;
SELECT brief(cvm.sgd_softmax(tier, x)), cvm.classes(cvm.sgd_softmax(tier, x)) FROM visits;
SELECT brief(cvm.fit_softmax(i % 3, x)), cvm.classes(cvm.fit_softmax(i % 12, x)) FROM visits;
SELECT brief(cvm.fit_poisson(orders, x)), brief(cvm.sgd_poisson(orders, x)) FROM visits;
SELECT brief(cvm.fit_svm(came_back, x)), brief(cvm.sgd_svm(came_back, x)) FROM visits;
SELECT brief(cvm.sgd_huber(spent, x)) FROM visits;

-- one pass comes near the optimum
SELECT a.feature, abs(a.coefficient - b.coefficient) < 0.05 AS near
FROM (SELECT cvm.fit_logistic(spent + 5 * sin(i * 3.1) > 0, x) AS f,
		cvm.sgd_logistic(spent + 5 * sin(i * 3.1) > 0, x) AS s FROM visits) m,
	cvm.coefficients(m.f) a JOIN cvm.coefficients(m.s) b USING (feature);

-- the same model as train's
SELECT status FROM cvm.train('visits_linear', 'SELECT spent, x[1] AS x1, x[2] AS x2 FROM visits', 'spent',
	algorithm => 'linear', options => '{"l2": 0, "validation": 0}');
SELECT a.feature, abs(a.coefficient - b.coefficient) < 1e-12 AS same_coefficient,
	abs(a.std_error - b.std_error) < 1e-12 AS same_error
FROM (SELECT cvm.fit_linear(spent, x) AS f, cvm.active_model('visits_linear') AS t FROM visits) m,
	cvm.coefficients(m.f) a JOIN cvm.coefficients(m.t) b USING (feature);
SELECT cvm.drop_model('visits_linear');

-- columns of one family
CREATE TABLE kept (model cvm.logistic_model);
INSERT INTO kept SELECT cvm.fit_logistic(came_back, x) FROM visits;
INSERT INTO kept SELECT cvm.fit_linear(spent, x) FROM visits;
SELECT round(cvm.predict(model, '{0.5, 1}'::float8[])::numeric, 3) FROM kept;

-- groups, FILTER, DISTINCT, ORDER BY
SELECT region, brief(cvm.fit_logistic(came_back, x)), brief(cvm.sgd_softmax(tier, x))
FROM visits GROUP BY region ORDER BY region;
SELECT brief(cvm.fit_linear(spent, x) FILTER (WHERE region = 'north')),
	cvm.fit_linear(spent, x) FILTER (WHERE region = 'east') IS NULL AS none,
	brief(cvm.sgd_linear(spent, x) FILTER (WHERE i <= 10)) FROM visits;
SELECT brief(cvm.fit_linear(DISTINCT spent, x)) FROM (SELECT * FROM visits UNION ALL SELECT * FROM visits) s;
SELECT cvm.fit_linear(spent, x ORDER BY i) OPERATOR(cvm.=) cvm.fit_linear(spent, x) AS same FROM visits;

-- window frames: the state goes on after each result
SELECT i, brief(cvm.sgd_linear(spent, x) OVER (ORDER BY i ROWS BETWEEN 199 PRECEDING AND CURRENT ROW))
FROM visits ORDER BY i LIMIT 3;
SELECT i, brief(running), running OPERATOR(cvm.=) whole AS whole
FROM (SELECT i, cvm.sgd_linear(spent, x) OVER (ORDER BY i) AS running,
		cvm.sgd_linear(spent, x) OVER () AS whole FROM visits WHERE i <= 400) s
WHERE i IN (5, 200, 400);
SELECT count(model), max(abs(effect - direct)) < 1e-9 AS same
FROM (SELECT i, cvm.fit_linear(spent, x) OVER w AS model,
		cvm.predict(cvm.fit_linear(spent, x) OVER w, x) AS effect,
		(SELECT cvm.predict(cvm.fit_linear(v.spent, v.x), visits.x) FROM visits v
			WHERE v.i BETWEEN visits.i - 30 AND visits.i AND visits.i > 40) AS direct
	FROM visits WHERE i <= 100 WINDOW w AS (ORDER BY i ROWS 30 PRECEDING)) s
WHERE i > 40;

-- nothing to learn from: NULL, and a NOTICE that says why
SELECT cvm.fit_linear(spent, x) IS NULL AS fit, cvm.sgd_linear(spent, x) IS NULL AS sgd FROM visits WHERE false;
SELECT cvm.fit_linear(NULL::float8, x) IS NULL AS fit, cvm.sgd_linear('NaN', x) IS NULL AS sgd FROM visits;
SELECT cvm.fit_linear(spent, NULL) IS NULL AS fit, cvm.sgd_linear(spent, NULL) IS NULL AS sgd FROM visits;
SELECT cvm.fit_logistic(true, x) IS NULL AS fit, cvm.sgd_softmax('one', x) IS NULL AS sgd FROM visits;
SELECT cvm.fit_linear(spent, '{1, 2}') IS NULL AS fit, cvm.sgd_linear(spent, '{1, 2}') IS NULL AS sgd FROM visits;
SELECT region, cvm.fit_logistic(came_back AND region = 'west', x) IS NULL AS none
FROM visits GROUP BY region ORDER BY region;

-- missing features are filled and flagged, missing targets left out
SELECT brief(cvm.fit_linear(y, z)), effects(cvm.fit_linear(y, z), 1),
	(SELECT string_agg(feature || coalesce(' ' || level, ''), ', ') FROM cvm.coefficients(cvm.sgd_linear(y, z))) AS sgd
FROM (SELECT CASE WHEN i % 10 <> 0 THEN spent + 5 * (i % 4 = 0)::int END AS y,
		ARRAY[x[1], CASE WHEN i % 4 <> 0 THEN x[2] END, CASE WHEN i % 4 = 0 THEN 'NaN'::float8 ELSE i % 5 END, 7] AS z
	FROM visits) s;
SELECT brief(cvm.fit_linear(spent, CASE WHEN i > 3 AND i % 7 <> 0 THEN x END)),
	brief(cvm.sgd_linear(spent, CASE WHEN i > 3 AND i % 7 <> 0 THEN x END)) FROM visits;

-- a model with columns left out still takes whole arrays
SELECT effects(cvm.fit_linear(spent, ARRAY[1, x[1], 2, x[2]])),
	round(cvm.predict(cvm.fit_linear(spent, ARRAY[1, x[1], 2, x[2]]), '{9, 1, 9, 1}'::float8[])::numeric, 2) FROM visits;

-- arrays in every form: short, expanded, compressed, out of line
CREATE TABLE wide (y float8, plain float8[], compressed float8[], far float8[]);
ALTER TABLE wide ALTER plain SET STORAGE plain, ALTER compressed SET STORAGE main, ALTER far SET STORAGE external;
INSERT INTO wide SELECT spent, w, w, w
FROM (SELECT spent, x || array_fill((i % 7)::float8, ARRAY[300]) AS w FROM visits WHERE i <= 200) s;
SELECT a OPERATOR(cvm.=) b AND a OPERATOR(cvm.=) c AND a OPERATOR(cvm.=) d AS same
FROM (SELECT cvm.fit_linear(y, plain, '{"l2": 1}') AS a, cvm.fit_linear(y, compressed, '{"l2": 1}') AS b,
		cvm.fit_linear(y, far, '{"l2": 1}') AS c, cvm.fit_linear(y, plain[1:2] || plain[3:], '{"l2": 1}') AS d
	FROM wide) s;
DROP TABLE wide;

-- options
SELECT cvm.training_options(cvm.fit_logistic(came_back, x, '{"l2": 1.5, "positive": false, "seed": 3}')),
	cvm.classes(cvm.fit_logistic(came_back, x, '{"positive": false}')) FROM visits;
SELECT feature, sign(coefficient) FROM cvm.coefficients((SELECT
	cvm.sgd_logistic(came_back, x, '{"positive": "false", "solver": "adam", "learning_rate": 0.05}') FROM visits))
WHERE feature LIKE 'x%';
SELECT effects(cvm.fit_linear(spent, x, '{"l1": 1000}'), 1), effects(cvm.fit_linear(spent, x, '{"l1": 10000}'), 1) FROM visits;
SELECT brief(cvm.fit_linear(spent, x, NULL)), brief(cvm.fit_linear(spent, x, '{}')) FROM visits;
SELECT abs(cvm.predict(cvm.fit_logistic(rare, x, '{"class_weight": "balanced"}'), '{0, 0}'::float8[]) - 0.5) < 0.1 AS fit,
	abs(cvm.predict(cvm.sgd_logistic(rare, x, '{"class_weight": "balanced"}'), '{0, 0}'::float8[]) - 0.5) < 0.1 AS sgd
FROM (SELECT came_back AND i % 10 = 0 AS rare, ARRAY[sin(i * 5.1), cos(i * 3.3)] AS x FROM visits) s;

-- in two steps
SELECT brief(cvm.merge_fit(s)), count(*)
FROM (SELECT cvm.sgd_softmax_partial(tier, x) AS s FROM visits GROUP BY region
	UNION ALL SELECT cvm.sgd_softmax_partial(tier, x) FROM visits WHERE false) p;
SELECT cvm.merge_fit(s) IS NULL AS nothing FROM (VALUES (NULL::cvm.fit_state), ('sgd linear')) v(s);

-- descend
SELECT abs(cvm.predict(cvm.descend(model, spent, x), '{1, 1}'::float8[]) -
	cvm.predict(cvm.fit_linear(spent, x), '{1, 1}'::float8[])) < 1e-9 AS one_step_is_enough,
	brief(cvm.descend(model, spent, x)),
	(cvm.fit_information(cvm.descend(model, spent, x, '{"solver": "sgd", "learning_rate": 0.5}'))).solver
FROM visits, (SELECT cvm.sgd_linear(spent, x) AS model FROM visits WHERE i < 200) m GROUP BY model;
SELECT region, brief(cvm.descend(model, tier, x))
FROM visits JOIN (SELECT region, cvm.sgd_softmax(tier, x) AS model FROM visits GROUP BY region) m USING (region)
GROUP BY region ORDER BY region;
SELECT cvm.descend(NULL, spent, x) IS NULL AS without_model FROM visits;
SELECT cvm.descend(model, spent, x) IS NULL AS without_rows
FROM visits, (SELECT cvm.fit_linear(spent, x) AS model FROM visits) m WHERE i < 0;

-- ---- refused ----
\set VERBOSITY default
SELECT cvm.fit_linear(spent, CASE WHEN i = 2900 THEN '{1, 2, 3}' ELSE x END) FROM visits;
SELECT cvm.sgd_linear(spent, CASE WHEN i = 2900 THEN '{1}' ELSE x END) FROM visits;
SELECT cvm.fit_linear(spent, '{}') FROM visits;
SELECT cvm.fit_linear(spent, '{{1, 2}, {3, 4}}') FROM visits;
SELECT cvm.fit_linear(spent, array_fill(1::float8, ARRAY[70000])) FROM visits;
SELECT cvm.fit_linear(spent, x || CASE WHEN i = 99 THEN 'Infinity' ELSE i::float8 END) FROM visits;
SELECT cvm.sgd_linear(spent, x || CASE WHEN i = 99 THEN '-Infinity' ELSE i::float8 END) FROM visits;
SELECT cvm.descend(model, spent, CASE WHEN i = 99 THEN '{0, Infinity}' ELSE x END)
FROM visits, (SELECT cvm.fit_linear(spent, x) AS model FROM visits) m;
SELECT cvm.fit_linear('Infinity', x) FROM visits;
SELECT cvm.fit_poisson(-1, x) FROM visits;
SELECT cvm.fit_logistic(i % 3, x) FROM visits;
SELECT cvm.fit_softmax(i, x) FROM visits;
SELECT cvm.fit_softmax(9007199254740993, x) FROM visits;
SELECT cvm.fit_linear(spent, x, '{"lambda2": 1}') FROM visits;
SELECT cvm.fit_linear(spent, x, '{"epoch": 1}') FROM visits;
SELECT cvm.fit_linear(spent, x, '{"validation": 0.2}') FROM visits;
SELECT cvm.sgd_linear(spent, x, '{"epochs": 3}') FROM visits;
SELECT cvm.sgd_linear(spent, x, '{"solver": "newton"}') FROM visits;
SELECT cvm.sgd_linear(spent, x, '{"schedule": "cosine"}') FROM visits;
SELECT cvm.sgd_linear(spent, x, '[1]') FROM visits;
SELECT cvm.fit_linear(spent, x, jsonb_build_object('l2', i)) FROM visits;
SELECT cvm.fit_logistic(came_back, x, '{"positive": "maybe"}') FROM visits;
SELECT cvm.fit_softmax(tier, x, '{"positive": "gold"}') FROM visits;
SELECT cvm.sgd_linear(spent, x, '{"learning_rate": 1000}') FROM visits;
SELECT cvm.descend(m, spent, x) FROM visits JOIN (SELECT region, cvm.sgd_linear(spent, x) AS m FROM visits GROUP BY region) r USING (region);
SELECT cvm.descend(m, 'tin', x) FROM visits, (SELECT cvm.sgd_softmax(tier, x) AS m FROM visits) s;
SELECT cvm.descend(m, came_back, x) FROM visits, (SELECT cvm.fit_linear(spent, x) AS m FROM visits) s;
SELECT cvm.descend(m, spent, x || 1::float8) FROM visits, (SELECT cvm.fit_linear(spent, x) AS m FROM visits) s;
SELECT cvm.merge_fit(s) FROM (SELECT cvm.sgd_linear_partial(spent, x) AS s FROM visits
	UNION ALL SELECT cvm.sgd_huber_partial(spent, x) FROM visits) p;
SELECT cvm.merge_fit(s) FROM (SELECT cvm.sgd_linear_partial(spent, x) AS s FROM visits
	UNION ALL SELECT cvm.sgd_linear_partial(spent, x, '{"l2": 1}') FROM visits) p;
SELECT cvm.merge_fit(s) FROM (SELECT cvm.sgd_linear_partial(spent, x) AS s FROM visits
	UNION ALL SELECT cvm.sgd_linear_partial(spent, ARRAY[x[1]]) FROM visits) p;
SELECT cvm.fit_add('fit linear', 1.0, '{1}'::float8[]);
SELECT cvm.fit_model('sgd linear') IS NULL AS no_rows;

DROP TABLE visits, kept;
DROP FUNCTION brief, effects;
