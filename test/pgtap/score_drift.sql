-- Drift of scores, by day of the predictions: none on rows like those that were
-- held out, and the figures that SQL finds on rows that moved.
BEGIN;
SELECT plan(24);
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';

CREATE TEMPORARY TABLE customers AS
SELECT i AS id, sin(i) AS x, cos(3 * i) AS z, i % 4 AS visits, sin(i) + 0.7 * cos(7 * i) > 0 AS churned,
	(ARRAY['basic', 'plus', 'pro'])[1 + (sin(i) > -0.4)::integer + (sin(i) + 0.4 * cos(5 * i) > 0.5)::integer] AS plan,
	10 + 3 * sin(i) + cos(11 * i) AS value
FROM generate_series(1, 4000) AS i;
SELECT cvm.train(model, 'SELECT id, x, z, visits, ' || target || ' FROM customers', target, key => 'id', algorithm => algorithm)
FROM (VALUES ('churn', 'churned', 'logistic'), ('churn_trees', 'churned', 'boosted_trees'), ('churn_tree', 'churned', 'decision_tree'),
	('plan', 'plan', 'softmax'), ('value', 'value', 'linear')) AS m (model, target, algorithm);

-- ---- what is kept of the held-out rows ----

SELECT results_eq($$SELECT model, data_set, rows FROM cvm.score_profile ORDER BY 1$$,
	$$SELECT model, 'validation', validation_rows FROM cvm.model_versions ORDER BY 1$$, 'the scores of the held-out rows are known');
SELECT is_empty($$SELECT model FROM cvm.score_profile WHERE cardinality(bin_rows) <> cardinality(edges) + 1
	OR (SELECT sum(b) FROM unnest(bin_rows) AS b) <> rows OR (SELECT sum(c) FROM unnest(class_rows) AS c) <> rows$$, 'in bins that hold all of them');
SELECT results_eq($$SELECT cardinality(edges), model <> 'churn_tree' AND (SELECT min(b) FROM unnest(bin_rows) AS b) / rows > 0.08
	FROM cvm.score_profile WHERE model IN ('churn', 'value') ORDER BY model$$, $$VALUES (9, true), (9, true)$$, 'tenths');
SELECT results_eq($$SELECT model, classes FROM cvm.score_profile WHERE classes IS NOT NULL ORDER BY 1$$,
	$$SELECT model, cvm.classes(model) FROM cvm.model_registry WHERE task <> 'regression' ORDER BY 1$$, 'and by predicted class');
-- the same bins, from the held-out rows themselves
SELECT is_empty($$SELECT p.model FROM cvm.score_profile AS p CROSS JOIN LATERAL (
	SELECT array_agg(s.score) AS scores, avg(s.score) AS mean FROM cvm.score(p.model, 'customers') AS s
	WHERE cvm.held_out(s.key::integer)) AS h
	WHERE abs(h.mean - p.mean) > 1e-12 OR p.bin_rows <> ARRAY(
		SELECT (SELECT count(*) FROM unnest(h.scores) AS score WHERE (b = 0 OR score > p.edges[b]) AND (b = cardinality(p.edges) OR score <= p.edges[b + 1]))::float8
		FROM generate_series(0, cardinality(p.edges)) AS b)$$, 'those of the rows that are held out');
SELECT FROM cvm.train('all', 'SELECT id, x, churned FROM customers', 'churned', key => 'id', options => '{"validation": 0}');
SELECT is((SELECT data_set FROM cvm.score_profile WHERE model = 'all'), 'training', 'without held-out rows those of the training rows');
SELECT FROM cvm.train('groups', 'SELECT x, z FROM customers', algorithm => 'kmeans');
SELECT is_empty($$SELECT model FROM cvm.score_profile WHERE model = 'groups'$$, 'clusters are no predictions');
SELECT cvm.drop_model('all'), cvm.drop_model('groups');

-- ---- days like those ----

SELECT is_empty('SELECT * FROM cvm.score_drift', 'nothing was predicted yet');
SELECT count(*) FROM cvm.model_registry AS r, LATERAL cvm.score(r.model, 'customers', true);
SELECT results_eq('SELECT model, version, day, predictions FROM cvm.score_drift ORDER BY 1',
	$$SELECT model, 1, current_date, 4000::bigint FROM cvm.model_registry ORDER BY 1$$, 'a row a version and day');
SELECT is_empty('SELECT model, psi, ks FROM cvm.score_drift WHERE NOT (psi < 0.03 AND ks < 0.06 AND p_value > 0.01)', 'scores of like rows have not drifted');
SELECT is_empty('SELECT model, class_psi FROM cvm.score_drift WHERE NOT coalesce(class_psi < 0.02, model = ''value'')', 'nor have the classes');
SELECT is_empty('SELECT model FROM cvm.score_drift WHERE abs(mean_score - expected_mean_score) > 0.05 * abs(expected_mean_score)', 'nor the mean');

-- ---- a day that is not, by hand ----

UPDATE cvm.prediction_log SET predicted_at = predicted_at - interval '1 day';
CREATE TEMPORARY VIEW moved AS SELECT id, x + 0.6 AS x, z, visits FROM customers WHERE id <= 1000;
SELECT count(*) FROM cvm.model_registry AS r, LATERAL cvm.score(r.model, 'moved', true);
SELECT is((SELECT count(DISTINCT day) FROM cvm.score_drift), 2::bigint, 'every day by itself');
SELECT is_empty('SELECT model, psi FROM cvm.score_drift WHERE day = current_date AND NOT (psi > 0.1 AND p_value < 0.001)', 'moved rows are seen in every score');
CREATE FUNCTION pg_temp.psi(before float8[], now float8[]) RETURNS float8 LANGUAGE sql RETURN (
	SELECT sum((a - e) * ln(a / e)) FROM (
		SELECT greatest(before[i] / (SELECT sum(b) FROM unnest(before) AS b), 1e-4) AS e, greatest(now[i] / (SELECT sum(n) FROM unnest(now) AS n), 1e-4) AS a
		FROM generate_subscripts(before, 1) AS i) AS s);
CREATE FUNCTION pg_temp.ks(before float8[], now float8[]) RETURNS float8 LANGUAGE sql RETURN (
	SELECT max(abs(e - a)) FROM (
		SELECT sum(before[i]) OVER (ORDER BY i) / (SELECT sum(b) FROM unnest(before) AS b) AS e,
			sum(now[i]) OVER (ORDER BY i) / (SELECT sum(n) FROM unnest(now) AS n) AS a
		FROM generate_subscripts(before, 1) AS i) AS s);
CREATE TEMPORARY VIEW by_hand AS SELECT p.*, ARRAY(
	SELECT (SELECT count(*) FROM cvm.prediction_log AS l WHERE l.model = p.model AND l.predicted_at >= current_date
		AND (b = 0 OR l.score > p.edges[b]) AND (b = cardinality(p.edges) OR l.score <= p.edges[b + 1]))::float8
	FROM generate_series(0, cardinality(p.edges)) AS b) AS now
FROM cvm.score_profile AS p;
SELECT is_empty($$SELECT d.model FROM cvm.score_drift AS d JOIN by_hand AS h USING (model) WHERE d.day = current_date
	AND (abs(d.psi - pg_temp.psi(h.bin_rows, h.now)) > 1e-9 OR abs(d.ks - pg_temp.ks(h.bin_rows, h.now)) > 1e-9)$$, 'with the indices that SQL finds');
SELECT ok((SELECT abs(d.class_psi - pg_temp.psi(p.class_rows, ARRAY(SELECT (SELECT count(*) FROM cvm.prediction_log AS l WHERE l.model = 'plan'
		AND l.class = c AND l.predicted_at >= current_date)::float8 FROM unnest(p.classes) AS c))) < 1e-9
	FROM cvm.score_drift AS d JOIN cvm.score_profile AS p USING (model) WHERE d.model = 'plan' AND d.day = current_date), 'of the classes too');

-- ---- a check ----

SELECT cvm.schedule('churn', drift_threshold => 0.15);
UPDATE cvm.schedules SET next_check = now();
CREATE TEMPORARY TABLE ran AS SELECT * FROM cvm.run_due();
SELECT results_eq($$SELECT status, cause ~ '0 rows are too few|stability index 0\.0\d\d of "\w+" in 4000 rows; stability index \d\.\d{3} of the scores in 1000 predictions of \d{4}-\d\d-\d\d$'
	FROM ran JOIN cvm.training_runs USING (model, run, status)$$, $$VALUES ('succeeded', true)$$, 'scores that have drifted make a model due');
SELECT results_eq($$SELECT event, detail ~ 'of the scores in 1000 predictions' FROM cvm.alerts$$, $$VALUES ('drift_detected', true)$$, 'with an alert');
UPDATE cvm.schedules SET next_check = now();
SELECT is((SELECT status FROM cvm.run_due()), 'skipped', 'the new version has predicted nothing yet');

-- ---- samples of any kind ----

SELECT results_eq($$SELECT round(psi::numeric, 12), round(ks::numeric, 12), p_value > 0.999 FROM cvm.distribution_drift('{1,1,1,1,1,1,1,1,1,1}', '{1,1,2,2,2,2,2,2,3,3}')$$,
	$$VALUES (0.109861228867, 0.100000000000, true)$$, 'distribution_drift');
SELECT is((SELECT psi FROM cvm.distribution_drift('{1,2}', '{0,0}')), NULL, 'of no rows');
SELECT throws_ok($$SELECT cvm.distribution_drift('{1,2}', '{1}')$$, '2202E', '"expected" has 2 bins and "counts" has 1');
SELECT throws_ok($$SELECT cvm.distribution_drift('{1,2}', '{1,-1}')$$, '22023', '"counts" needs counts of rows, but element 2 is -1');
CREATE ROLE stranger;
SET LOCAL ROLE stranger;
SELECT is_empty('SELECT * FROM cvm.score_drift', 'others see nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
