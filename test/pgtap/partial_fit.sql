-- Partial fits: against training on all rows, on a stream whose concept
-- changes, by hand and by schedule; which rows are new, and what is refused.
BEGIN;
SELECT plan(64);
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';

-- Rows of a stream: from the 3001st on x says the opposite.
CREATE TEMPORARY VIEW stream AS
SELECT i AS id, timestamptz '2026-01-01' + i * interval '1 minute' AS at,
	sin(i) AS x, cos(5 * i) + 2 AS z, CASE WHEN i % 11 = 0 THEN NULL ELSE sin(3 * i) END AS gap,
	(ARRAY['basic', 'plus', 'pro'])[1 + i % 3] AS plan,
	2 * sin(i) - cos(5 * i) + i % 3 + cos(7 * i) AS spend,
	CASE WHEN i > 3000 THEN -sin(i) ELSE sin(i) END + 0.4 * cos(5 * i) + 1.5 * cos(7 * i) > 0 AS churned
FROM generate_series(1, 6000) AS i;
CREATE TEMPORARY TABLE customers AS SELECT * FROM stream WHERE id <= 1000;
CREATE INDEX ON customers (at);
CREATE FUNCTION pg_temp.more(upto integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO customers SELECT * FROM stream WHERE id <= upto AND id > (SELECT max(id) FROM customers)
$$;
CREATE FUNCTION pg_temp.train(model text, target text, algorithm text, options jsonb DEFAULT '{}') RETURNS integer
LANGUAGE sql RETURN (SELECT version FROM cvm.train(model, 'SELECT * FROM customers', target, algorithm,
	features => ARRAY['x', 'z', 'gap', 'plan'], key => 'id',
	options => '{"incremental": true, "watermark": "at", "validation": 0}' || options));
CREATE FUNCTION pg_temp.difference(one text, other text) RETURNS float8 LANGUAGE sql RETURN (
	SELECT max(abs(a.coefficient - b.coefficient) + coalesce(abs(a.std_error - b.std_error), 0))
	FROM cvm.coefficients(one) AS a JOIN cvm.coefficients(other) AS b
		ON a.feature = b.feature AND a.level IS NULL AND b.level IS NULL AND a.feature <> '(intercept)');

-- ---- the same as from all rows ----

SELECT pg_temp.train('spend', 'spend', 'linear', '{"l2": 0}');
SELECT pg_temp.train('bayes', 'churned', 'naive_bayes');
SELECT pg_temp.train('lda', 'plan', 'discriminant') FROM (SELECT) AS _ WHERE false;
SELECT pg_temp.train('churn', 'churned', 'logistic', '{"l2": 0}');
SELECT pg_temp.more(2000);
SELECT is((SELECT training_rows FROM cvm.partial_fit('spend')), 1000::bigint, 'only the new rows are read');
SELECT FROM cvm.partial_fit('bayes');
SELECT FROM cvm.partial_fit('churn');
SELECT pg_temp.more(3000);
SELECT results_eq($$SELECT version, training_rows, validation_rows, status FROM cvm.partial_fit('spend')$$,
	$$VALUES (3, 1000::bigint, 0::bigint, 'active')$$, 'and so once more');
SELECT FROM cvm.partial_fit('bayes');
SELECT FROM cvm.partial_fit('churn');
SELECT pg_temp.train('all_spend', 'spend', 'linear', '{"l2": 0}');
SELECT pg_temp.train('all_bayes', 'churned', 'naive_bayes');
SELECT pg_temp.train('all_churn', 'churned', 'logistic', '{"l2": 0}');
SELECT cmp_ok(pg_temp.difference('spend', 'all_spend'), '<', 1e-8::float8,
	'recursive least squares: coefficients and standard errors of all rows');
SELECT cmp_ok((SELECT max(abs(cvm.predict('spend', c) - cvm.predict('all_spend', c))) FROM customers AS c),
	'<', 1e-8::float8, 'and predictions, whichever level is the reference');
SELECT is((SELECT cvm.active_model('spend')::jsonb -> 'residual_freedom'),
	(SELECT cvm.active_model('all_spend')::jsonb -> 'residual_freedom'), 'and degrees of freedom');
SELECT cmp_ok((SELECT max(abs(cvm.predict('bayes', c) - cvm.predict('all_bayes', c))) FROM customers AS c),
	'<', 1e-10::float8, 'naive Bayes: the predictions of all rows');
SELECT cmp_ok((SELECT max(abs(cvm.predict('churn', c) - cvm.predict('all_churn', c))) FROM customers AS c),
	'<', 0.03::float8, 'logistic: nearly so');
SELECT results_eq($$SELECT mode, partial_fits, effective_rows, training_rows, parent_version
	FROM cvm.version_history WHERE model = 'spend' ORDER BY version$$,
	$$VALUES ('full', 0, 1000::float8, 1000::bigint, NULL::integer), ('partial', 1, 2000, 2000, 1), ('partial', 2, 3000, 3000, 2)$$,
	'versions say how they came about');
SELECT results_eq($$SELECT trigger, mode, mode_reason, training_rows FROM cvm.retraining_status WHERE model = 'spend' AND run = 2$$,
	$$VALUES ('partial_fit', 'partial', 'rows past at 2026-01-01 16:40:00+00 of version 1', 1000::bigint)$$,
	'and runs which rows were new');
SELECT is(cvm.active_model('churn')::text::cvm.model::text, cvm.active_model('churn')::text, 'what is kept survives as text');
SELECT is_empty($$SELECT feature, mean, quantiles, category_shares FROM cvm.feature_profile WHERE model = 'spend' AND version = 1
	EXCEPT SELECT feature, mean, quantiles, category_shares FROM cvm.feature_profile WHERE model = 'spend' AND version = 3$$,
	'the profile is that of the encoding');

-- ---- which rows are new ----

SELECT is((SELECT p IS NULL FROM cvm.partial_fit('spend') AS p), true, 'no rows, no version');
INSERT INTO customers SELECT 7000, (SELECT max(at) FROM customers), x, z, gap, plan, spend, churned FROM stream WHERE id = 1;
SELECT is((SELECT p IS NULL FROM cvm.partial_fit('spend') AS p), true, 'a row of the same time as the last waits for all rows');
INSERT INTO customers SELECT 7001, NULL, x, z, gap, plan, spend, churned FROM stream WHERE id = 1;
SELECT is((SELECT p IS NULL FROM cvm.partial_fit('spend') AS p), true, 'so does one without a time');
INSERT INTO customers SELECT 7002, timestamptz '2026-02-01', x, z, gap, 'new', spend, churned FROM stream WHERE id = 1;
SELECT is((SELECT training_rows FROM cvm.partial_fit('spend')), 1::bigint, 'one row is enough, also of a level that is new');
SELECT is((SELECT count(*) FROM cvm.coefficients('spend') WHERE level = 'new'), 0::bigint, 'which gets no coefficient yet');
SELECT is((SELECT p IS NULL FROM cvm.partial_fit('spend') AS p), true, 'it is learned once');
SELECT cvm.rollback('spend');
SELECT is((SELECT training_rows FROM cvm.partial_fit('spend')), 1::bigint, 'after a rollback it is new again');
SELECT is((SELECT training_rows FROM cvm.partial_fit('spend', 'SELECT * FROM customers WHERE id <= 40')), 40::bigint, 'rows that are given');
SELECT is((SELECT watermark FROM cvm.model_versions WHERE model = 'spend' ORDER BY version DESC LIMIT 1),
	'2026-02-01 00:00:00+00', 'leave the watermark where it was');
SELECT is((SELECT mode_reason FROM cvm.retraining_status WHERE model = 'spend' ORDER BY run DESC LIMIT 1),
	'given rows on top of version 5', 'and say so');
DELETE FROM customers WHERE id >= 7000;

-- the plan of what is read uses the index
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	lines text = '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		lines = lines || line || E'\n';
	END LOOP;
	RETURN lines;
END $$;
ANALYZE customers;
SELECT matches(pg_temp.plan($$SELECT source.x FROM (SELECT * FROM customers) AS source WHERE source.at > '2026-01-03 01:00+00'$$),
	'Index', 'past the watermark by an index');

-- ---- decay follows a concept that changes ----

SELECT pg_temp.train('stale', 'churned', 'logistic');
SELECT pg_temp.train('following', 'churned', 'logistic');
SELECT pg_temp.train('keeping', 'churned', 'logistic');
CREATE FUNCTION pg_temp.follow() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR upto IN 3500 .. 5000 BY 500 LOOP
		PERFORM pg_temp.more(upto);
		PERFORM cvm.partial_fit('following', decay => 0.3);
		PERFORM cvm.partial_fit('keeping');
	END LOOP;
END $$;
SELECT pg_temp.follow();
CREATE FUNCTION pg_temp.auc(model text) RETURNS float8 LANGUAGE sql
	RETURN (SELECT cvm.auc(churned, cvm.predict(model, s)) FROM stream AS s WHERE id > 5000);
SELECT cmp_ok(pg_temp.auc('stale'), '<', 0.45::float8, 'a model that nobody retrains predicts the opposite');
SELECT cmp_ok(pg_temp.auc('following'), '>', 0.75::float8, 'with decay it follows');
SELECT cmp_ok(pg_temp.auc('keeping'), '<', 0.75::float8, 'without it old rows still count as much as new ones');
SELECT is((SELECT round(effective_rows::numeric, 6) FROM cvm.version_history WHERE model = 'following' AND status = 'active'),
	round((3000 * 0.3 ^ 4 + 500 * (0.3 ^ 3 + 0.3 ^ 2 + 0.3 + 1))::numeric, 6), 'effective rows');

-- ---- other algorithms ----

TRUNCATE customers;
INSERT INTO customers SELECT * FROM stream WHERE id <= 1000;
SELECT pg_temp.train('several', 'plan', 'softmax', '{"l1": 1}') FROM (VALUES (1)) AS _ WHERE false;
SELECT FROM cvm.train('several', 'SELECT * FROM customers', 'plan', 'softmax', features => ARRAY['x', 'z', 'spend'], key => 'id',
	options => '{"incremental": true, "watermark": "at", "l1": 1}');
SELECT FROM cvm.train('lda', 'SELECT * FROM customers', 'plan', 'discriminant', features => ARRAY['x', 'z', 'spend'], key => 'id',
	options => '{"incremental": true, "watermark": "at", "validation": 0}');
SELECT FROM cvm.train('axes', 'SELECT * FROM customers', algorithm => 'pca', features => ARRAY['x', 'z', 'spend'], key => 'id',
	options => '{"incremental": true, "watermark": "at", "validation": 0, "standardize": false, "components": 2}');
SELECT FROM cvm.train('groups', 'SELECT * FROM customers', algorithm => 'kmeans', features => ARRAY['x', 'z', 'spend'], key => 'id',
	options => '{"incremental": true, "watermark": "at", "segments": 3}');
SELECT FROM cvm.train('net', 'SELECT * FROM customers', 'churned', 'neural_network', features => ARRAY['x', 'z', 'spend'], key => 'id',
	options => '{"incremental": true, "watermark": "at", "hidden_layers": 8, "epochs": 10}');
SELECT FROM cvm.train('balanced', 'SELECT * FROM customers', 'churned', 'logistic', features => ARRAY['x', 'z'], key => 'id',
	options => '{"incremental": true, "watermark": "at", "class_weight": "balanced"}');
SELECT FROM cvm.train('counts', 'SELECT * FROM customers', 'id', 'poisson', features => ARRAY['x', 'z'],
	options => '{"incremental": true, "watermark": "at", "validation": 0}');
SELECT pg_temp.more(2000);
SELECT results_eq($$SELECT m, (SELECT status FROM cvm.partial_fit(m))
	FROM unnest(ARRAY['several', 'lda', 'axes', 'groups', 'net', 'balanced', 'counts']) AS m$$,
	$$SELECT m, 'active' FROM unnest(ARRAY['several', 'lda', 'axes', 'groups', 'net', 'balanced', 'counts']) AS m$$,
	'algorithms that can');
SELECT FROM cvm.train('all_lda', 'SELECT * FROM customers', 'plan', 'discriminant', features => ARRAY['x', 'z', 'spend'], key => 'id',
	options => '{"validation": 0}');
SELECT FROM cvm.train('all_axes', 'SELECT * FROM customers', algorithm => 'pca', features => ARRAY['x', 'z', 'spend'], key => 'id',
	options => '{"validation": 0, "standardize": false, "components": 2}');
SELECT cmp_ok((SELECT max(abs(p - q)) FROM customers AS c,
	unnest(cvm.predict_probabilities('lda', c), cvm.predict_probabilities('all_lda', c)) AS u (p, q)),
	'<', 1e-9::float8, 'discriminant: the predictions of all rows');
SELECT cmp_ok((SELECT max(abs(cvm.predict('axes', c) - cvm.predict('all_axes', c))) FROM customers AS c),
	'<', 1e-6::float8, 'components: those of all rows');

-- ---- what is refused ----

SELECT throws_ok($$SELECT cvm.partial_fit('all_lda')$$, '55000',
	'model "all_lda" cannot be fitted to new rows: version 1 was trained without option "incremental"');
SELECT FROM cvm.train('trees', 'SELECT * FROM customers', 'churned', 'boosted_trees', features => ARRAY['x'],
	options => '{"incremental": true, "watermark": "at", "trees": 2}');
SELECT throws_ok($$SELECT cvm.partial_fit('trees')$$, '55000',
	'model "trees" cannot be fitted to new rows: algorithm "boosted_trees" cannot learn from new rows alone');
SELECT FROM cvm.train('unmarked', 'SELECT * FROM customers', 'churned', 'logistic', features => ARRAY['x', 'plan'], key => 'id',
	options => '{"incremental": true}');
SELECT throws_ok($$SELECT cvm.partial_fit('unmarked')$$, '55000',
	'model "unmarked" cannot be fitted to new rows: version 1 has no watermark');
SELECT throws_ok($$SELECT cvm.partial_fit('unmarked', 'SELECT id, x, churned FROM customers')$$, '55000',
	'model "unmarked" cannot be fitted to new rows: column "plan" is gone');
SELECT throws_ok($$SELECT cvm.partial_fit('unmarked', 'SELECT id, x, 1 AS plan, churned FROM customers')$$, '55000',
	'model "unmarked" cannot be fitted to new rows: column "plan" has another type than before');
SELECT throws_ok($$SELECT cvm.partial_fit('unmarked', 'SELECT id, x, plan FROM customers')$$, '42703');
SELECT throws_ok($$SELECT cvm.partial_fit('several', $q$SELECT id, x, z, spend, 'max' AS plan FROM customers$q$)$$, '55000',
	'model "several" cannot be fitted to new rows: its target has a new class, "max"');
SELECT lives_ok($$SELECT cvm.partial_fit('unmarked', 'SELECT * FROM customers WHERE churned')$$, 'rows of one class will do');
SELECT throws_ok($$SELECT cvm.partial_fit('churn', decay => 0)$$, '22023');
SELECT throws_ok(format('SELECT cvm.partial_fit(''churn'', decay => %L)', decay), '22023', 'decay must be between 1e-06 and 1, not ' || shown)
FROM (VALUES ('1.5', '1.5'), ('NaN', 'NaN'), ('-Infinity', '-Infinity')) AS t (decay, shown);
SELECT throws_ok($$SELECT cvm.partial_fit('churn', options => '{"watermark": "id"}')$$, '55000',
	'model "churn" cannot be fitted to new rows: the watermark of version 3 is that of column "at"');
SELECT throws_ok($$SELECT cvm.partial_fit('churn', options => '{"exclude": ["gap"]}')$$, '55000',
	'model "churn" cannot be fitted to new rows: the model was defined anew since version 3');
SELECT throws_ok($$SELECT cvm.partial_fit('nobody')$$, '42704');
SELECT throws_ok($$SELECT cvm.partial_fit(NULL)$$, '22004');
CREATE ROLE cvm_partial_other;
SET LOCAL ROLE cvm_partial_other;
SELECT throws_ok($$SELECT cvm.partial_fit('churn')$$, '42704', 'model "churn" does not exist');
RESET ROLE;

-- whoever asks, rows are read with the rights of the model's owner
CREATE SCHEMA partial_other AUTHORIZATION cvm_partial_other;
SET LOCAL ROLE cvm_partial_other;
CREATE TABLE partial_other.customers (id integer, x float8, churned boolean);
INSERT INTO partial_other.customers SELECT i, sin(i), sin(i) + cos(7 * i) > 0 FROM generate_series(1, 300) AS i;
ALTER TABLE partial_other.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON partial_other.customers USING (current_user = 'cvm_partial_other' AND id % 2 = 0);
SELECT FROM cvm.train('theirs', 'partial_other.customers', 'churned', options => '{"incremental": true, "watermark": "id", "validation": 0}');
RESET ROLE;
INSERT INTO partial_other.customers SELECT i, sin(i), sin(i) > 0 FROM generate_series(301, 340) AS i;
SELECT is((SELECT training_rows FROM cvm.partial_fit('theirs')), 20::bigint, 'as the owner, row security included');

-- drift is that of all rows since the profile was made
SELECT is((SELECT profile_watermark FROM cvm.model_versions WHERE model = 'following' AND status = 'active'),
	(SELECT watermark FROM cvm.model_versions WHERE model = 'following' AND version = 1), 'the rows of the profile end where they did');
SELECT is((cvm.measure_drift('churn')).rows, (SELECT count(*) FROM customers WHERE at > '2026-01-01 16:40'), 'so drift is measured past them');

-- ---- by schedule ----

SELECT throws_ok($$SELECT cvm.schedule('churn', every => '1 day', incremental => true)$$, '22023',
	'incremental needs a watermark in the schedule of model "churn"');
SELECT throws_ok($$SELECT cvm.schedule('churn', every => '1 day', decay => 0.5)$$, '22023',
	'decay needs incremental => true in the schedule of model "churn"');
SELECT throws_ok($$SELECT cvm.schedule('churn', every => '1 day', watermark => 'at', incremental => true, decay => 2)$$, '22023',
	'decay must be between 1e-06 and 1, not 2');
SELECT throws_ok($$SELECT cvm.schedule('churn', every => '1 day', watermark => 'at', incremental => true, full_every => 0)$$, '22023',
	'full_every must be positive, not 0');

TRUNCATE customers;
INSERT INTO customers SELECT * FROM stream WHERE id <= 1000;
SELECT FROM cvm.train('daily', 'SELECT * FROM customers', 'churned', 'logistic', features => ARRAY['x', 'z', 'plan'], key => 'id');
SELECT cvm.schedule('daily', every => '1 day', watermark => 'at', incremental => true, full_every => 4, decay => 0.5);
CREATE FUNCTION pg_temp.run(upto integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.more(upto);
	UPDATE cvm.schedules SET next_due = cvm.clock() - interval '1 second' WHERE model = 'daily';
	PERFORM cvm.run_due();
	RETURN (SELECT concat_ws(', ', r.status, r.mode, v.status, v.parent_version, r.training_rows + r.validation_rows)
		FROM cvm.retraining_status AS r LEFT JOIN cvm.version_history AS v ON v.model = r.model AND v.run = r.run
		WHERE r.model = 'daily' ORDER BY r.run DESC LIMIT 1);
END $$;
SELECT is((SELECT mode FROM cvm.due_models WHERE model = 'daily'), 'partial', 'what is to come');
SELECT is(pg_temp.run(1500), 'succeeded, full, active, 1, 1500', 'the first run makes a version that can go on');
SELECT is((SELECT mode_reason FROM cvm.retraining_status WHERE model = 'daily' ORDER BY run DESC LIMIT 1),
	'version 1 was trained without option "incremental"', 'and says why');
SELECT is(pg_temp.run(2000), 'succeeded, partial, active, 2, 500', 'the next one learns from new rows');
SELECT is((SELECT effective_rows < 1500 * 0.5 * 0.9 + 500 AND effective_rows > 1500 * 0.5 * 0.7 + 500 * 0.7 FROM cvm.version_history
	WHERE model = 'daily' AND status = 'active'), true, 'with the decay of the schedule');
SELECT is(pg_temp.run(2000), 'skipped', 'no rows, no run');
-- a load that went wrong: the target of new rows is turned round in training only
INSERT INTO customers SELECT id, at, x, z, gap, plan, spend, churned <> NOT cvm.held_out(id) FROM stream WHERE id BETWEEN 2001 AND 2500;
SELECT is(pg_temp.run(2500), 'succeeded, partial, rejected, 3, 500', 'a partial fit that is worse is rejected');
UPDATE customers SET churned = s.churned FROM stream AS s WHERE s.id = customers.id;
SELECT is(pg_temp.run(2600), 'succeeded, partial, active, 3, 600', 'and its rows are new to the next one, which goes on from the active version');
SELECT is((SELECT mode FROM cvm.due_models WHERE model = 'daily'), 'full', 'the fourth run');
SELECT is(pg_temp.run(2700), 'succeeded, full, active, 5, 2700', 'learns from all rows');
SELECT is((SELECT mode_reason FROM cvm.retraining_status WHERE model = 'daily' ORDER BY run DESC LIMIT 1), 'one of every 4 runs', 'and says so');

SELECT * FROM finish();
ROLLBACK;
