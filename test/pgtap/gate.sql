-- The gate: what each policy makes of a candidate that is better, as good,
-- worse by little, shown to be worse.
BEGIN;
SELECT plan(22);
SET LOCAL client_min_messages = error;

CREATE TEMPORARY TABLE customers AS
SELECT i AS id, sin(i) AS x, cos(5 * i) AS blind,
	sin(i) + 0.8 * cos(7 * i) > 0 AS churned, 3 * sin(i) + cos(7 * i) AS spend
FROM generate_series(1, 4000) AS i;

CREATE FUNCTION pg_temp.reason(model text) RETURNS text
LANGUAGE sql RETURN (SELECT reason FROM cvm.versions(model) ORDER BY version DESC LIMIT 1);
-- The status of a version that learned from a formula instead of x, beside an
-- active one that learned from x; held-out rows are the same.
CREATE FUNCTION pg_temp.against_x(model text, formula text, options jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CREATE OR REPLACE TEMPORARY VIEW seen AS SELECT id, x, churned FROM customers;
	PERFORM cvm.train(model, 'seen', 'churned', key => 'id');
	EXECUTE format('CREATE OR REPLACE TEMPORARY VIEW seen AS'
		' SELECT id, CASE WHEN cvm.held_out(id) THEN x ELSE %s END AS x, churned FROM customers', formula);
	RETURN (SELECT status FROM cvm.train(model, 'seen', 'churned', key => 'id', options => options));
END $$;

SELECT is(pg_temp.against_x('as_good', 'x', '{"promote": "if_not_worse"}'), 'active', 'as good is not worse');
SELECT is(pg_temp.against_x('as_good', 'x', '{"promote": "if_better"}'), 'candidate', 'as good is not better, nor shown to be worse');
SELECT is(pg_temp.against_x('as_good', 'x', '{"promote": "manual"}'), 'candidate', 'manual promotes nothing');
SELECT is(pg_temp.reason('as_good'), 'option "promote" is "manual"', 'and says so');

-- the training rows teach the opposite
SELECT is(pg_temp.against_x('worse', '-x', '{"promote": "if_not_worse"}'), 'rejected', 'shown to be worse');
SELECT matches(pg_temp.reason('worse'),
	'^auc 0\.0\d+ against 0\.9\d+ of version 1 on the same held-out rows \(-0\.\d{4} \+/- 0\.0\d{3}\)$', 'with figures');
SELECT is(pg_temp.against_x('worse', '-x', '{"promote": "if_not_worse", "promote_margin": 1}'), 'active', 'a margin as wide as the figure');
SELECT is(pg_temp.against_x('worse', '-x', '{"promote": "always"}'), 'active', 'always asks for nothing');

-- few rows show nothing, even where all agree
DELETE FROM customers WHERE id > 40;
SELECT is(pg_temp.against_x('few', '-x', '{"promote": "if_not_worse"}'), 'candidate', 'worse on few rows, but not shown to be');
SELECT matches(pg_temp.reason('few'), '^auc 0\.\d+ against (1\.0|0\.)\d+ of version 1 on the same held-out rows \(-\d\.\d{4}, on too few to tell\)$', 'and says so');
SELECT is(pg_temp.against_x('few', 'x', '{"promote": "if_better"}'), 'candidate', 'nor is anything shown to be better');
INSERT INTO customers SELECT i, sin(i), cos(5 * i), sin(i) + 0.8 * cos(7 * i) > 0, 3 * sin(i) + cos(7 * i) FROM generate_series(41, 4000) AS i;

-- regression, by RMSE: the new one knows more
SELECT FROM cvm.train('spend', 'SELECT id, x, blind, spend FROM customers', 'spend', features => ARRAY['blind'], key => 'id');
SELECT is((SELECT status FROM cvm.train('spend', 'SELECT id, x, blind, spend FROM customers', 'spend', key => 'id',
	options => '{"promote": "if_better"}')), 'active', 'better');
SELECT matches(pg_temp.reason('spend'), '^rmse 0\.7\d+ against 2\.\d+ of version 1 on the same held-out rows \(-1\.\d{4} \+/- 0\.\d{4}\)$',
	'by RMSE, where less is better');
SELECT throws_ok($$SELECT cvm.train('spend', 'customers', 'spend', options => '{"promote_margin": -1}')$$, '22023');

-- an active version that reads other columns: measured as long as they are there
SELECT FROM cvm.train('narrow', 'SELECT id, x, blind, churned FROM customers', 'churned', key => 'id');
SELECT is((SELECT status FROM cvm.train('narrow', 'SELECT id, x, blind, churned FROM customers', 'churned', key => 'id',
	features => ARRAY['blind'], options => '{"promote": "if_not_worse"}')), 'rejected', 'without x it is worse');
SELECT matches(pg_temp.reason('narrow'), '^auc 0\.6\d+ against 0\.95\d+ of version 1 on the same held-out rows', 'and was compared');
SELECT is_empty($$SELECT FROM cvm.alerts WHERE model = 'narrow' AND event = 'version_not_compared'$$, 'which is no alert');
-- and if they are gone
SELECT is((SELECT status FROM cvm.train('narrow', 'SELECT id, blind, churned FROM customers', 'churned', key => 'id',
	options => jsonb_build_object('promote', policy))), expected, policy || ' where the active version reads a column that is gone')
FROM (VALUES ('if_better', 'candidate'), ('challenger', 'candidate'), ('if_not_worse', 'active')) AS t (policy, expected);
SELECT is(pg_temp.reason('narrow'), 'not comparable with version 1: it reads column "x" too', 'the reason');
SELECT is((SELECT count(*) FROM cvm.alerts WHERE model = 'narrow' AND event = 'version_not_compared'), 3::bigint, 'and an alert each');

SELECT * FROM finish();
ROLLBACK;
