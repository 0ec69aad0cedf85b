-- Schedules without a background worker: what is refused, what is due, what
-- run_due() makes of it.
BEGIN;
SELECT plan(56);
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';

CREATE TEMPORARY TABLE customers AS
SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 300) AS i;
CREATE TEMPORARY VIEW customer_view AS SELECT * FROM customers;
SELECT FROM cvm.train('churn', 'customers', 'churned', key => 'id');
SELECT FROM cvm.train('upsell', 'customers', 'churned', key => 'id');
SELECT FROM cvm.train('viewed', 'customer_view', 'churned', key => 'id');

-- ---- what is refused ----

SELECT throws_ok($$SELECT cvm.schedule(NULL)$$, '22004', 'model must not be NULL');
SELECT throws_ok($$SELECT cvm.schedule('churn')$$, '22023',
	'a schedule for model "churn" needs a cause: every, at, min_new_rows, max_age, after, drift_threshold or decay_threshold');
SELECT throws_ok($$SELECT cvm.schedule('chrun', every => '1 day')$$, '42704', 'model "chrun" does not exist');
SELECT throws_ok($$SELECT cvm.schedule('churn', every => '1 day', at => '@daily')$$, '22023',
	'a schedule for model "churn" goes by every or by at, not by both');
SELECT throws_ok(format('SELECT cvm.schedule(%L, %s => %L)', 'churn', name, value), '22023',
	name || ' must be a positive interval in the schedule of model "churn"')
FROM (VALUES ('every', '0'), ('every', '-1 day'), ('every', '1 month -1 day'), ('max_age', '0')) AS t(name, value);
SELECT throws_ok($$SELECT cvm.schedule('churn', min_new_rows => 0)$$, '22023', 'min_new_rows must be positive, not 0');
SELECT throws_ok($$SELECT cvm.schedule('churn', at => '61 * * * *')$$, '22023',
	'"61" is no minute of a cron expression');
SELECT throws_ok(format('SELECT cvm.schedule(%L, at => %L)', 'churn', time), '22023', format('"%s" is no time of day', time))
FROM unnest(ARRAY['25:00', '24:00', '3:60', '3:30 pm']) AS time;
SELECT throws_ok($$SELECT cvm.schedule('churn', at => '0 0 30 2 *')$$, '22023',
	'cron expression "0 0 30 2 *" never comes');
SELECT throws_ok($$SELECT cvm.schedule('churn', at => '@daily', time_zone => 'Europe/Atlantis')$$, '22023',
	'time zone "Europe/Atlantis" is not known');
SELECT throws_ok($$SELECT cvm.schedule('churn', every => '1 day', options => '{"l3": 1}')$$, '22023',
	'option "l3" is not known');
SELECT throws_ok($$SELECT cvm.schedule('viewed', min_new_rows => 5)$$, '0A000',
	'new rows of model "viewed" cannot be counted, because its source is not a table');
SELECT throws_ok($$SELECT cvm.schedule('churn', after => 'nobody')$$, '42704', 'model "nobody" does not exist');
SELECT throws_ok($$SELECT cvm.schedule('churn', after => 'churn')$$, '22023',
	'model "churn" cannot come after "churn", which comes after it');
SELECT lives_ok($$SELECT cvm.schedule('churn', after => 'upsell')$$, 'a model after another');
SELECT throws_ok($$SELECT cvm.schedule('upsell', after => 'churn')$$, '22023',
	'model "upsell" cannot come after "churn", which comes after it');
SELECT throws_ok($$SELECT cvm.retrain('churn')$$, '55000', 'no background worker is running');

-- ---- the calendar ----

SELECT is(cvm.next_time('30 3 * * mon-fri', 'Europe/Berlin', '2026-01-02 03:00+00'), '2026-01-05 02:30+00'::timestamptz,
	'the next working day');
SELECT is(cvm.next_time('02:30', 'Europe/Berlin', '2026-03-28 12:00+00'), '2026-03-29 01:00+00'::timestamptz,
	'a time that the clock skips is due when the gap ends');
SELECT is(cvm.next_time('02:30', 'Europe/Berlin', '2026-10-24 12:00+00'), '2026-10-25 00:30+00'::timestamptz,
	'a time that comes twice is due the first time');
SELECT is(cvm.next_time('02:30', 'Europe/Berlin', '2026-10-25 00:30+00'), '2026-10-26 01:30+00'::timestamptz,
	'and not the second time');
SELECT is(cvm.next_time('02:15', 'Australia/Lord_Howe', '2026-10-02 20:00+00'), '2026-10-03 15:30+00'::timestamptz,
	'half an hour of summer time');
SELECT is(cvm.next_time('@daily', 'Pacific/Apia', '2011-12-30 09:00+00'), '2011-12-30 10:00+00'::timestamptz,
	'a day that was left out');
SELECT is(cvm.next_time('@daily', after => 'infinity'), 'infinity'::timestamptz, 'after infinity');

-- ---- what is due, and why ----

SELECT cvm.schedule('churn', every => '1 month', at => NULL, min_new_rows => 50);
SELECT results_eq($$SELECT due, reason, due_at > now() + interval '27 days' FROM cvm.due_models WHERE model = 'churn'$$,
	$$VALUES (false, 'not yet, 0 of 50 new rows', true)$$, 'a new schedule is not due');
UPDATE cvm.schedules SET new_rows = 50;
SELECT results_eq($$SELECT due, reason FROM cvm.due_models$$, $$VALUES (true, '50 new rows')$$, 'new rows');
UPDATE cvm.schedules SET new_rows = 0, next_due = now() - interval '3 months';
SELECT results_eq($$SELECT due, reason FROM cvm.due_models$$, $$VALUES (true, 'due by time')$$, 'a time that has come');

SELECT results_eq($$SELECT model, status FROM cvm.run_due()$$, $$VALUES ('churn', 'succeeded')$$, 'run_due() trains it');
SELECT results_eq($$SELECT status, reason FROM cvm.training_runs WHERE model = 'churn' AND trigger = 'schedule' ORDER BY run$$,
	$$VALUES ('succeeded', (SELECT reason FROM cvm.versions('churn') ORDER BY version DESC LIMIT 1)),
		('skipped', '3 due times passed without a run')$$, 'times that were missed are not made up for, but written down');
SELECT results_eq($$SELECT due, due_at BETWEEN now() AND now() + interval '31 days' FROM cvm.due_models$$,
	$$VALUES (false, true)$$, 'the series goes on');
SELECT is_empty($$SELECT * FROM cvm.run_due()$$, 'nothing is due twice');

SELECT cvm.schedule('viewed', after => 'upsell', max_age => '10 days');
SELECT cvm.retrain('upsell', wait => true);
SELECT matches((SELECT reason FROM cvm.due_models WHERE model = 'viewed' AND due), '^after run \d of model "upsell"$', 'a chain');
SELECT results_eq($$SELECT model, status FROM cvm.run_due()$$, $$VALUES ('viewed', 'succeeded')$$, 'run_due() follows it');
UPDATE cvm.schedules SET trained_at = now() - interval '11 days' WHERE model = 'viewed';
SELECT is((SELECT reason FROM cvm.due_models WHERE model = 'viewed' AND due), 'older than 10 days', 'max_age');
SELECT cvm.pause('viewed', 'under review');
SELECT results_eq($$SELECT due, reason FROM cvm.due_models WHERE model = 'viewed'$$,
	$$VALUES (false, 'paused: under review')$$, 'a pause');
SELECT cvm.resume('viewed');

-- ---- failures ----

CREATE OR REPLACE TEMPORARY VIEW customer_view AS SELECT id, x, churned FROM customers WHERE false;
SELECT results_eq($$SELECT model, status FROM cvm.run_due()$$, $$VALUES ('viewed', 'failed')$$, 'a run fails');
SELECT results_eq($$SELECT due, reason, retry_at BETWEEN now() + interval '1 minute' AND now() + interval '3 minutes'
	FROM cvm.due_models WHERE model = 'viewed'$$,
	$$VALUES (false, 'waits, failures in a row: 1', true)$$, 'it waits before it is tried again');
UPDATE cvm.schedules SET failures = 9, retry_at = now() WHERE model = 'viewed';
SELECT is((SELECT reason FROM cvm.due_models WHERE model = 'viewed' AND due), 'attempt 10, after a failure', 'an attempt');
SELECT FROM cvm.run_due();
SELECT matches((SELECT reason FROM cvm.due_models WHERE model = 'viewed'),
	'^paused: 10 failures in a row, the last one: ', 'after so many failures it is paused');
SELECT results_eq($$SELECT event, run IS NOT NULL FROM cvm.alerts WHERE model = 'viewed' ORDER BY at$$,
	$$VALUES ('schedule_paused', false), ('run_failed', true), ('run_failed', true), ('schedule_paused', false)$$,
	'what somebody should look at');
SELECT matches((SELECT detail FROM cvm.alerts WHERE model = 'viewed' AND event = 'run_failed' LIMIT 1), 'no rows|no row',
	'with the error');

-- ---- a watermark: new rows of any source ----

CREATE TEMPORARY TABLE signups AS SELECT i AS id, '2026-01-01'::timestamptz + i * interval '1 hour' AS signed_up,
	sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 200) AS i;
CREATE TEMPORARY VIEW recent AS SELECT * FROM signups WHERE id > 10;
SELECT throws_ok($$SELECT FROM cvm.train('signups', 'recent', 'churned', key => 'id', options => '{"watermark": "signedup"}')$$, '42703',
	'source has no column "signedup" to use as watermark');
SELECT FROM cvm.train('signups', 'recent', 'churned', features => ARRAY['x'], key => 'id', options => '{"watermark": "signed_up"}');
SELECT is((SELECT watermark FROM cvm.model_versions WHERE model = 'signups'), '2026-01-09 08:00:00+00', 'a version knows how far it saw');
SELECT throws_ok($$SELECT cvm.schedule('signups', min_new_rows => 20, watermark => 'signedup')$$, '42703');
SELECT lives_ok($$SELECT cvm.schedule('signups', min_new_rows => 20, watermark => 'signed_up')$$, 'a view with a watermark');
SELECT is_empty($$SELECT * FROM cvm.run_due()$$, 'no new rows');
SET LOCAL datestyle = 'German';
INSERT INTO signups SELECT i, '2026-02-01'::timestamptz + i * interval '1 hour', sin(i), sin(i) > 0 FROM generate_series(201, 219) AS i;
SELECT is_empty($$SELECT * FROM cvm.run_due()$$, 'too few of them');
INSERT INTO signups VALUES (220, '2026-03-01', 0.5, true);
UPDATE signups SET id = 5 WHERE id = 219;
SELECT is_empty($$SELECT * FROM cvm.run_due()$$, 'one that the view does not show');
INSERT INTO signups VALUES (221, '2026-03-02', 0.5, true);
SELECT results_eq($$SELECT model, status FROM cvm.run_due()$$, $$VALUES ('signups', 'succeeded')$$, 'enough');
SELECT is((SELECT watermark_seen FROM cvm.schedules WHERE model = 'signups'), '2026-03-02 00:00:00+00', 'the next count begins there');
RESET datestyle;

SELECT * FROM finish();
ROLLBACK;
