-- What was predicted and what happened: bulk scoring, the log, outcomes by hand
-- and by trigger, live performance against the metrics of the same rows.
BEGIN;
SELECT plan(31);
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';

CREATE TEMPORARY TABLE customers AS
SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned, 10 + 3 * sin(i) + cos(5 * i) AS spend,
	(ARRAY['low', 'middle', 'high'])[1 + (sin(i) > -0.3)::int + (sin(i) + cos(3 * i) / 2 > 0.4)::int] AS tier
FROM generate_series(1, 600) AS i;
SELECT FROM cvm.train('churn', 'customers', 'churned', features => ARRAY['x'], key => 'id');
SELECT FROM cvm.train('spend', 'customers', 'spend', features => ARRAY['x'], key => 'id');
SELECT FROM cvm.train('tier', 'customers', 'tier', features => ARRAY['x'], key => 'id');
SELECT FROM cvm.train('keyless', 'customers', 'churned', features => ARRAY['x']);

-- ---- scoring a source ----

SELECT is_empty($$SELECT id FROM customers AS c LEFT JOIN cvm.score('churn', 'customers') AS s ON s.key = c.id::text
	WHERE s.score IS DISTINCT FROM cvm.predict('churn', c) OR s.class IS DISTINCT FROM cvm.predict_class('churn', c)$$,
	'two classes');
SELECT is_empty($$SELECT id FROM customers AS c LEFT JOIN cvm.score('spend', 'customers') AS s ON s.key = c.id::text
	WHERE s.score IS DISTINCT FROM cvm.predict('spend', c) OR s.class IS NOT NULL$$, 'numbers');
SELECT is_empty($$SELECT id FROM customers AS c LEFT JOIN cvm.score('tier', 'customers') AS s ON s.key = c.id::text
	WHERE s.probabilities IS DISTINCT FROM cvm.predict_probabilities('tier', c) OR s.class IS DISTINCT FROM cvm.predict_class('tier', c)
		OR s.score <> (SELECT max(p) FROM unnest(s.probabilities) AS p)$$, 'more classes');
SELECT is((SELECT count(*) FROM cvm.score('keyless', 'SELECT x FROM customers') WHERE key IS NULL), 600::bigint, 'without a key');
SELECT is((SELECT count(*) FROM cvm.prediction_log), 0::bigint, 'nothing is logged unasked');
SELECT throws_ok($$SELECT cvm.score('keyless', 'customers', true)$$, '55000',
	'predictions of model "keyless" cannot be logged, because it has no key');
SELECT throws_ok($$SELECT cvm.score('chrun', 'customers')$$, '42704', 'model "chrun" does not exist');
SELECT throws_ok($$SELECT cvm.score('churn', 'SELECT id FROM customers')$$, '42703');
SELECT throws_ok($$SELECT cvm.score('churn', 'DELETE FROM customers')$$, '0A000');

-- ---- the log ----

SELECT is((SELECT count(*) FROM cvm.score(m, 'SELECT * FROM customers WHERE id > 100', true)), 500::bigint, 'logged: ' || m)
FROM unnest(ARRAY['churn', 'spend', 'tier']) AS m;
SELECT results_eq($$SELECT model, count(*), count(probabilities), bool_or(shadow) FROM cvm.prediction_log GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('churn', 500::bigint, 0::bigint, false), ('spend', 500, 0, false), ('tier', 500, 500, false)$$, 'what is kept');
SELECT is((SELECT array_agg(c.relname::text) FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid
	WHERE inhparent = 'cvm.prediction_log'::regclass), ARRAY[to_char(now(), '"prediction_log_"YYYY_MM')], 'a partition a month');

-- ---- outcomes ----

SELECT is(cvm.record_outcome('churn', '101', 'true'), 1, 'an outcome');
SELECT is(cvm.record_outcome('churn', '99', 'true'), 0, 'of somebody who was not scored');
SELECT is(cvm.record_outcome('churn', '101', 'true', '2020-01-01'), 0, 'from before the prediction');
SELECT throws_ok($$SELECT cvm.record_outcome('churn', '101', 'yes')$$, '22023', 'outcome "yes" is no class of model "churn"');
SELECT throws_ok($$SELECT cvm.record_outcome('spend', '101', 'much')$$, '22023', 'outcome "much" of model "spend" is no number');
SELECT throws_ok($$SELECT cvm.record_outcome('churn', NULL, 'true')$$, '22004', 'key must not be NULL');

-- a prediction that is logged again: the last one before the outcome counts
SELECT FROM cvm.score('churn', 'SELECT * FROM customers WHERE id = 101', true);
UPDATE cvm.prediction_log SET predicted_at = predicted_at - interval '1 minute' WHERE model = 'churn' AND key = '101' AND outcome IS NOT NULL;
SELECT is(cvm.record_outcome('churn', '101', 'false'), 1, 'the last prediction of a version');
SELECT results_eq($$SELECT outcome, actual FROM cvm.prediction_log WHERE key = '101' AND model = 'churn' ORDER BY predicted_at$$,
	$$VALUES ('true', 1::float8), ('false', 0)$$, 'and no other');
DELETE FROM cvm.prediction_log WHERE model = 'churn' AND key = '101' AND outcome = 'true';

-- by trigger, from inserts and updates
CREATE TEMPORARY TABLE outcomes (customer_id integer, churned boolean, spend numeric, seen timestamptz);
CREATE TRIGGER churn AFTER INSERT OR UPDATE ON outcomes FOR EACH ROW
	EXECUTE FUNCTION cvm.record_outcome_trigger('churn', 'customer_id', 'churned');
CREATE TRIGGER spend AFTER INSERT OR UPDATE ON outcomes FOR EACH ROW
	EXECUTE FUNCTION cvm.record_outcome_trigger('spend', 'customer_id', 'spend', 'seen');
INSERT INTO outcomes SELECT id, churned, NULL, now() + interval '1 hour' FROM customers WHERE id BETWEEN 101 AND 400;
UPDATE outcomes SET spend = c.spend FROM customers AS c WHERE id = customer_id;
SELECT count(cvm.record_outcome('tier', id::text, tier)) FROM customers WHERE id BETWEEN 101 AND 400;
SELECT results_eq($$SELECT model, count(outcome) FROM cvm.prediction_log GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('churn', 300::bigint), ('spend', 300), ('tier', 300)$$, 'by trigger');
CREATE TRIGGER misnamed AFTER INSERT ON outcomes FOR EACH ROW
	EXECUTE FUNCTION cvm.record_outcome_trigger('churn', 'customer', 'churned');
SELECT throws_ok($$INSERT INTO outcomes VALUES (1, true)$$, '42703', 'table "outcomes" has no column "customer" to record outcomes by');
DROP TRIGGER misnamed ON outcomes;

-- ---- live performance: as evaluate() finds it on the same rows ----

CREATE FUNCTION pg_temp.off(model text, metric text, live float8) RETURNS boolean
LANGUAGE sql RETURN abs(live - (SELECT value FROM cvm.evaluate(model, 'SELECT * FROM customers WHERE id BETWEEN 101 AND 400') AS e
	WHERE e.metric = off.metric)) > 1e-12;
SELECT results_eq($$SELECT model, version, predictions, outcomes, shadow FROM cvm.live_performance ORDER BY 1$$,
	$$VALUES ('churn', 1, 500::bigint, 300::bigint, false), ('spend', 1, 500, 300, false), ('tier', 1, 500, 300, false)$$, 'a row a version and day');
SELECT results_eq($$SELECT pg_temp.off('churn', 'auc', auc), pg_temp.off('churn', 'log_loss', log_loss), pg_temp.off('churn', 'accuracy', accuracy),
	lift > 1.2, abs(mean_prediction - mean_outcome) < 0.05, rmse IS NULL FROM cvm.live_performance WHERE model = 'churn'$$,
	$$VALUES (false, false, false, true, true, true)$$, 'two classes');
SELECT results_eq($$SELECT pg_temp.off('tier', 'log_loss', log_loss), pg_temp.off('tier', 'accuracy', accuracy), auc IS NULL, mean_outcome IS NULL
	FROM cvm.live_performance WHERE model = 'tier'$$, $$VALUES (false, false, true, true)$$, 'more classes');
SELECT results_eq($$SELECT pg_temp.off('spend', 'rmse', rmse), log_loss IS NULL, accuracy IS NULL, abs(mean_prediction - mean_outcome) < 0.2
	FROM cvm.live_performance WHERE model = 'spend'$$, $$VALUES (false, true, true, true)$$, 'numbers');

-- ---- the life of the log ----

SELECT cvm.rename_model('tier', 'tiers');
SELECT cvm.drop_model('spend');
SELECT results_eq($$SELECT model, count(*) FROM cvm.prediction_log GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('churn', 500::bigint), ('tiers', 500)$$, 'goes with its models');

-- nobody else sees or feeds it
CREATE ROLE stranger;
SET LOCAL ROLE stranger;
SELECT is_empty($$SELECT * FROM cvm.live_performance$$, 'others see nothing');
SELECT throws_ok($$SELECT cvm.record_outcome('churn', '101', 'true')$$, '42704', 'model "churn" does not exist');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
