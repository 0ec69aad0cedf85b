-- What is looked after between trainings: drift, decay, challengers, probation.
BEGIN;
SELECT plan(36);
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';

CREATE TEMPORARY TABLE customers AS
SELECT i AS id, sin(i) AS x, cos(3 * i) AS z, sin(i) + 0.5 * cos(7 * i) > 0 AS churned FROM generate_series(1, 1000) AS i;
CREATE TEMPORARY VIEW seen AS SELECT * FROM customers;

-- Makes a model due for its check, and checks it.
CREATE FUNCTION pg_temp.check(name text) RETURNS TABLE (status text, reason text) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE cvm.schedules SET next_check = now() WHERE model = name;
	RETURN QUERY SELECT d.status, d.reason FROM cvm.run_due() AS d WHERE d.model = name;
END $$;
CREATE FUNCTION pg_temp.status(name text, number integer) RETURNS text
LANGUAGE sql RETURN (SELECT status FROM cvm.versions(name) WHERE version = number);

-- ---- what is refused ----

SELECT FROM cvm.train('churn', 'seen', 'churned', features => ARRAY['x'], key => 'id', options => '{"watermark": "id"}');
SELECT throws_ok($$SELECT cvm.schedule('churn', drift_threshold => 0)$$, '22023', 'drift_threshold must be positive, not 0');
SELECT throws_ok($$SELECT cvm.schedule('churn', decay_threshold => -1)$$, '22023', 'decay_threshold must be positive, not -1');
SELECT throws_ok($$SELECT cvm.schedule('churn', decay_threshold => 'NaN')$$, '22023', 'decay_threshold must be positive, not NaN');
SELECT throws_ok($$SELECT cvm.schedule('churn', every => '1 day', probation => '-1 day')$$, '22023',
	'probation must be a positive interval in the schedule of model "churn"');
SELECT throws_ok($$SELECT cvm.schedule('churn', probation => '1 day')$$, '22023',
	'a schedule for model "churn" needs a cause: every, at, min_new_rows, max_age, after, drift_threshold or decay_threshold');

-- ---- drift ----

SELECT cvm.schedule('churn', drift_threshold => 0.2, check_every => '6 hours');
SELECT results_eq($$SELECT due, due_at > now() + interval '5 hours' FROM cvm.due_models$$, $$VALUES (false, true)$$, 'the first check is due later');
SELECT results_eq($$SELECT * FROM pg_temp.check('churn')$$, $$VALUES ('skipped', '0 rows are too few to see drift')$$, 'no new rows');
SELECT results_eq($$SELECT due, due_at > now() + interval '5 hours' FROM cvm.due_models$$, $$VALUES (false, true)$$, 'the next check is due later');
INSERT INTO customers SELECT i, sin(i), cos(3 * i), NULL FROM generate_series(2001, 2500) AS i;
SELECT results_eq($$SELECT status, reason ~ '^stability index 0\.0\d\d of "x" in 500 rows$' FROM pg_temp.check('churn')$$,
	$$VALUES ('skipped', true)$$, 'new rows like the old ones');
INSERT INTO customers SELECT i, 1 + sin(i), cos(3 * i), sin(i) > 0 FROM generate_series(3001, 4000) AS i;
SELECT results_eq($$SELECT status FROM pg_temp.check('churn')$$, $$VALUES ('succeeded')$$, 'new rows that have moved');
SELECT matches((SELECT cause FROM cvm.training_runs WHERE model = 'churn' AND version = 2), '^stability index \d\.\d+ of "x" in 1500 rows$',
	'the run says why');
SELECT is((SELECT count(*) FROM cvm.alerts WHERE event = 'drift_detected'), 1::bigint, 'and there is an alert');
SELECT is((SELECT count(DISTINCT version) FROM cvm.feature_drift), 1::bigint, 'what was measured is kept');
SELECT cvm.unschedule('churn');

-- ---- decay ----

DELETE FROM customers WHERE id > 1000;
SELECT FROM cvm.train('decay', 'seen', 'churned', features => ARRAY['x'], key => 'id');
SELECT cvm.schedule('decay', decay_threshold => 0.05);
SELECT results_eq($$SELECT * FROM pg_temp.check('decay')$$, $$VALUES ('skipped', '0 live outcomes are too few to see decay')$$, 'no outcomes');
SELECT FROM cvm.score('decay', 'customers', true);
SELECT count(cvm.record_outcome('decay', id::text, churned::text)) FROM customers WHERE id <= 400;
SELECT results_eq($$SELECT status, reason ~ '^auc 0\.\d{4} on 400 live outcomes against 0\.\d{4} on held-out rows$' FROM pg_temp.check('decay')$$,
	$$VALUES ('skipped', true)$$, 'outcomes as predicted');
SELECT count(cvm.record_outcome('decay', id::text, (cos(id) > 0)::text)) FROM customers;
SELECT results_eq($$SELECT status FROM pg_temp.check('decay')$$, $$VALUES ('succeeded')$$, 'outcomes that are not');
SELECT is((SELECT count(*) FROM cvm.alerts WHERE event = 'decay_detected'), 1::bigint, 'with an alert');
SELECT cvm.unschedule('decay');

-- ---- challengers ----

SELECT FROM cvm.train('fight', 'seen', 'churned', features => ARRAY['z'], key => 'id');
SELECT is((SELECT status FROM cvm.train('fight', 'seen', 'churned', features => ARRAY['x'], key => 'id', options => '{"promote": "challenger"}')),
	'challenger', 'a challenger');
SELECT cvm.schedule('fight', every => '1 year');
SELECT is((SELECT next_check IS NOT NULL FROM cvm.schedules WHERE model = 'fight'), true, 'is looked after');
SELECT results_eq($$SELECT * FROM pg_temp.check('fight')$$, $$VALUES ('skipped', 'nothing to check')$$, 'on live rows, of which there are none');
SELECT is((SELECT count(*) FROM cvm.score('fight', 'customers', true)), 1000::bigint, 'scored are');
SELECT results_eq($$SELECT version, shadow, count(*) FROM cvm.prediction_log WHERE model = 'fight' GROUP BY 1, 2 ORDER BY 1$$,
	$$VALUES (1, false, 1000::bigint), (2, true, 1000)$$, 'both');
SELECT is(cvm.record_outcome('fight', '7', 'true'), 2, 'an outcome is of both');
SELECT results_eq($$SELECT status FROM pg_temp.check('fight')$$, $$VALUES ('skipped')$$, 'one outcome is no evidence');
SELECT is(pg_temp.status('fight', 2), 'challenger', 'it goes on');
SELECT count(cvm.record_outcome('fight', id::text, churned::text)) FROM customers;
SELECT matches((SELECT reason FROM pg_temp.check('fight')),
	'^challenger 2 is promoted: auc 0\.\d{4} against 0\.\d{4} of version 1 on 1000 live outcomes \(\+0\.\d{4} \+/- 0\.\d{4}\)$', 'a thousand are');
SELECT is(pg_temp.status('fight', 2), 'active', 'promoted');
SELECT is((SELECT status FROM cvm.train('fight', 'seen', 'churned', features => ARRAY['z'], key => 'id', options => '{"promote": "challenger"}')),
	'challenger', 'another one');
SELECT FROM cvm.train('fight', 'seen', 'churned', features => ARRAY['z'], key => 'id', options => '{"promote": "challenger"}');
SELECT is(pg_temp.status('fight', 3), 'candidate', 'there is one at a time');
UPDATE cvm.prediction_log SET predicted_at = predicted_at - interval '1 hour';
SELECT FROM cvm.score('fight', 'customers', true);
SELECT count(cvm.record_outcome('fight', id::text, churned::text)) FROM customers;
SELECT matches((SELECT reason FROM pg_temp.check('fight')), '^challenger 4 is rejected: ', 'a worse one');
SELECT is(pg_temp.status('fight', 4), 'rejected', 'is rejected');
SELECT cvm.unschedule('fight');

-- ---- probation ----

SELECT FROM cvm.train('trial', 'seen', 'churned', features => ARRAY['x'], key => 'id');
SELECT cvm.schedule('trial', every => '1 year', probation => '30 days', options => '{"promote": "always"}');
SELECT FROM cvm.train('trial', 'seen', 'churned', features => ARRAY['z'], key => 'id');
SELECT FROM cvm.score('trial', 'customers', true);
SELECT results_eq($$SELECT version, shadow FROM cvm.prediction_log WHERE model = 'trial' GROUP BY 1, 2 ORDER BY 1$$,
	$$VALUES (1, true), (2, false)$$, 'the version before is scored beside one on probation');
SELECT count(cvm.record_outcome('trial', id::text, churned::text)) FROM customers;
SELECT matches((SELECT reason FROM pg_temp.check('trial')),
	'^version 2 is rolled back: auc 0\.\d{4} against 0\.\d{4} of version 1 on 1000 live outcomes \(-0\.\d{4} \+/- 0\.\d{4}\)$', 'which does worse');
SELECT results_eq($$SELECT version, status FROM cvm.versions('trial')$$, $$VALUES (1, 'active'), (2, 'rejected')$$, 'is rolled back');
SELECT results_eq($$SELECT event, version FROM cvm.alerts WHERE model = 'trial'$$, $$VALUES ('version_rolled_back', 2)$$, 'and says so');
SELECT results_eq($$SELECT * FROM pg_temp.check('trial')$$, $$VALUES ('skipped', 'nothing to check')$$, 'once');

SELECT * FROM finish();
ROLLBACK;
