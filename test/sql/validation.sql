-- training: which rows are held out
CREATE SCHEMA validation;
SET search_path TO validation, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
CREATE TABLE customers AS
SELECT i AS id, 'customer ' || i AS name, noise(i, 1) AS x, noise(i, 2) < noise(i, 1) AS bought,
	date '2024-01-01' + i / 10 AS joined
FROM generate_series(1, 1000) AS i;

-- a fifth by default, by a hash of the key and the seed
SELECT training_rows, validation_rows FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], key => 'id');
SELECT count(*) FILTER (WHERE cvm.held_out(id)) FROM customers;
SELECT training_rows, validation_rows FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], key => 'name',
	options => '{"validation": 0.5, "seed": 3}');
SELECT count(*) FILTER (WHERE cvm.held_out(name, 0.5, 3)) FROM customers;
SELECT training_rows, validation_rows FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], key => 'id',
	options => '{"validation": 0}');

-- a customer stays on its side, whatever rows there are and in whatever order
CREATE VIEW shuffled AS SELECT * FROM customers WHERE id % 7 <> 0 ORDER BY x;
SELECT training_rows, validation_rows FROM cvm.train('m', 'shuffled', 'bought', features => ARRAY['x'], key => 'id');
SELECT count(*) FILTER (WHERE NOT cvm.held_out(id)), count(*) FILTER (WHERE cvm.held_out(id)) FROM shuffled;
SELECT count(*) FROM customers WHERE cvm.held_out(id) <> cvm.held_out(id::bigint);

-- without a key the number of the row decides: other seeds, other rows
SELECT training_rows + validation_rows, validation_rows BETWEEN 150 AND 250
FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], options => '{"seed": 1}');
SELECT training_rows + validation_rows, validation_rows BETWEEN 150 AND 250
FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], options => '{"seed": 2}');
SELECT count(DISTINCT c.coefficient) FROM cvm.versions('m') AS v, cvm.coefficients(cvm.model_version('m', v.version)) AS c
WHERE v.seed IN (1, 2) AND c.feature = 'x';
-- the same seed gives the same model, bit for bit
SELECT version FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], options => '{"seed": 2}');
SELECT count(*), count(DISTINCT cvm.model_version('m', version)) FROM cvm.versions('m') WHERE seed = 2;

-- by time: later rows are held out, whichever time column is meant
SELECT training_rows, validation_rows FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], key => 'id',
	options => '{"validation_after": "2024-03-01"}');
SELECT count(*) FILTER (WHERE joined > '2024-03-01') FROM customers;
SELECT training_rows, validation_rows FROM cvm.train('m', 'SELECT *, joined + interval ''1 day'' AS paid FROM customers', 'bought',
	features => ARRAY['x'], options => '{"validation_after": "2024-03-01 12:00", "time_column": "paid"}');
SELECT training_rows, validation_rows FROM cvm.train('m', 'SELECT x, bought, CASE WHEN id > 100 THEN joined END AS joined FROM customers', 'bought',
	features => ARRAY['x'], options => '{"validation_after": "2024-03-01"}');
SELECT version FROM cvm.train('m', 'SELECT *, joined + 1 AS paid FROM customers', 'bought',
	features => ARRAY['x'], options => '{"validation_after": "2024-03-01"}');
SELECT version FROM cvm.train('m', 'customers', 'bought', options => '{"validation_after": "2024-03-01", "time_column": "x"}');
SELECT version FROM cvm.train('m', 'customers', 'bought', options => '{"validation_after": "2024-03-01", "time_column": "joind"}');
SELECT version FROM cvm.train('m', 'SELECT x, bought FROM customers', 'bought', options => '{"validation_after": "2024-03-01"}');
SELECT version FROM cvm.train('m', 'customers', 'bought', options => '{"validation_after": "next week"}');
SELECT version FROM cvm.train('m', 'customers', 'bought', options => '{"validation_after": "2023-01-01"}');
SELECT training_rows, validation_rows FROM cvm.train('m', 'customers', 'bought', features => ARRAY['x'], options => '{"validation_after": "2030-01-01"}');

-- keys
SELECT version FROM cvm.train('m', $$SELECT x, bought, point(x, x) AS place FROM customers$$, 'bought', key => 'place');
SELECT version FROM cvm.train('m', 'customers', 'bought', key => 'bought');
SELECT training_rows, validation_rows FROM cvm.train('m', 'SELECT x, bought, CASE WHEN id > 500 THEN id END AS id FROM customers', 'bought', key => 'id');
SELECT feature FROM cvm.coefficients('m');

-- the gate: a candidate against the active version on the same held-out rows
CREATE VIEW gated AS SELECT id, x, noise(id, 9) AS z, bought FROM customers;
-- rows that teach the opposite, where they are not held out
CREATE VIEW poisoned AS SELECT id, x, z, bought = cvm.held_out(id) AS bought FROM gated;
SELECT status FROM cvm.train('gated', 'gated', 'bought', key => 'id');
SELECT status FROM cvm.train('gated', 'poisoned', 'bought', key => 'id', options => '{"promote": "if_not_worse"}');
SELECT status FROM cvm.train('gated', 'gated', 'bought', key => 'id', options => '{"promote": "if_better"}');
SELECT status FROM cvm.train('gated', 'gated', 'bought', key => 'id', options => '{"promote": "if_not_worse"}');
SELECT status FROM cvm.train('gated', 'gated', 'bought', key => 'id', options => '{"promote": "manual"}');
SELECT status FROM cvm.train('gated', 'poisoned', 'bought', key => 'id');
SELECT status FROM cvm.train('gated', 'gated', 'bought', key => 'id', options => '{"promote": "if_better"}');
SELECT status FROM cvm.train('gated', 'gated', 'bought', features => ARRAY['z'], key => 'id', options => '{"promote": "if_better"}');
SELECT status FROM cvm.train('gated', 'customers', 'id', features => ARRAY['x'], options => '{"promote": "if_better"}');
SELECT status FROM cvm.train('gated', 'customers', 'id', features => ARRAY['x'], options => '{"promote": "if_better", "validation": 0}');
SELECT version, status, reason FROM cvm.versions('gated');

-- a warm start takes up where the active version is
SELECT version, (metrics #>> '{fit,iterations}')::integer > 2 AS cold
FROM cvm.train('warm', 'customers', 'bought', features => ARRAY['x'], key => 'id');
SELECT version, (metrics #>> '{fit,iterations}')::integer <= 1 AS warm
FROM cvm.train('warm', 'customers', 'bought', features => ARRAY['x'], key => 'id', options => '{"warm_start": true}');

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA validation CASCADE;
