-- A database whose tables are all published: the catalog is written as ever.
BEGIN;
SELECT plan(9);
SET LOCAL client_min_messages = error;

CREATE TABLE customers AS SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 200) AS i;
CREATE PUBLICATION everything FOR ALL TABLES;

SELECT lives_ok($$SELECT cvm.train('churn', 'customers', 'churned', key => 'id')$$, 'train');
SELECT lives_ok($$SELECT cvm.train('churn', 'customers', 'churned', key => 'id')$$, 'train again');
SELECT lives_ok($$SELECT cvm.rollback('churn')$$, 'roll back');
SELECT lives_ok($$SELECT cvm.measure_drift('churn', 'customers')$$, 'measure drift');
SELECT is(count(*), 200::bigint, 'score') FROM cvm.score('churn', 'customers', true);
SELECT is(cvm.record_outcome('churn', '7', 'true', now() + interval '1 minute'), 1, 'record an outcome');
SELECT lives_ok($$SELECT cvm.schedule('churn', every => '1 day'), cvm.pause('churn', 'tea')$$, 'schedule');
SELECT lives_ok($$SELECT cvm.rename_model('churn', 'leavers')$$, 'rename');
SELECT lives_ok($$SELECT cvm.drop_model('leavers')$$, 'drop');

SELECT * FROM finish();
ROLLBACK;
