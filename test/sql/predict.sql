-- scoring: rows of every origin, the planner's rewrite, what is wrong with a row
CREATE SCHEMA predicting;
SET search_path TO predicting, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on
SET max_parallel_workers_per_gather TO 0;

CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
CREATE TABLE customers (nothing text, id integer PRIMARY KEY, age integer, income numeric, plan text, member boolean,
	joined date, extra xml, churned boolean);
ALTER TABLE customers DROP COLUMN nothing;
INSERT INTO customers
SELECT i, 18 + (noise(i, 1) * 60)::integer, CASE WHEN noise(i, 2) < 0.9 THEN round((noise(i, 3) * 5000)::numeric, 2) END,
	(ARRAY['free', 'basic', 'gold', NULL])[1 + (noise(i, 4) * 4)::integer % 4], noise(i, 5) < 0.5,
	date '2023-01-01' + (noise(i, 6) * 500)::integer, NULL, noise(i, 7) < 0.3 + 0.4 * noise(i, 4)
FROM generate_series(1, 500) AS i;
ANALYZE customers;
SELECT version FROM cvm.train('churn', 'SELECT id, age, income, plan, member, joined, churned FROM customers', 'churned', key => 'id');
SELECT version FROM cvm.train('age', 'SELECT id, age, income, plan, member FROM customers', 'age', 'linear', key => 'id');

-- the prediction by hand, from what the model says of itself
CREATE VIEW by_hand AS
WITH c AS MATERIALIZED (SELECT feature, level, coefficient FROM cvm.coefficients('churn'))
SELECT id, 1 / (1 + exp(-(
	(SELECT coefficient FROM c WHERE feature = '(intercept)')
	+ age * (SELECT coefficient FROM c WHERE feature = 'age')
	+ coalesce(income, (SELECT mean::numeric FROM cvm.feature_profile WHERE model = 'churn' AND feature = 'income'))
		* (SELECT coefficient FROM c WHERE feature = 'income' AND level IS NULL)
	+ CASE WHEN income IS NULL THEN (SELECT coefficient FROM c WHERE feature = 'income' AND level = '(missing)') ELSE 0 END
	+ coalesce((SELECT coefficient FROM c WHERE feature = 'plan' AND level = coalesce(plan, '(missing)')), 0)
	+ member::integer * (SELECT coefficient FROM c WHERE feature = 'member')
	+ (joined - date '2000-01-01') * (SELECT coefficient FROM c WHERE feature = 'joined')
	+ coalesce((SELECT coefficient FROM c WHERE feature = 'joined (month)' AND level = extract(month FROM joined)::text), 0)
	+ coalesce((SELECT coefficient FROM c WHERE feature = 'joined (weekday)' AND level = extract(isodow FROM joined)::text), 0)))) AS p
FROM customers;
SELECT count(*), count(*) FILTER (WHERE abs(cvm.predict('churn', c) - p) < 1e-12) AS same FROM customers AS c JOIN by_hand USING (id);
SELECT count(*) FILTER (WHERE cvm.predict_class('churn', c) = (p > 0.5)::text) AS same FROM customers AS c JOIN by_hand USING (id);
SELECT count(*) FILTER (WHERE abs((cvm.predict_probabilities('churn', c))[1] + p - 1) < 1e-12) AS same FROM customers AS c JOIN by_hand USING (id);

-- the plan reads just the columns that the model needs
EXPLAIN (VERBOSE, COSTS off) SELECT cvm.predict('churn', c) FROM customers AS c;
EXPLAIN (VERBOSE, COSTS off) SELECT cvm.predict_class('churn', c), cvm.predict_probabilities('churn', c), cvm.predict('age', c) FROM customers AS c;
EXPLAIN (VERBOSE, COSTS off) SELECT id FROM customers AS c WHERE cvm.predict('churn', c) > 0.9 ORDER BY cvm.predict('churn', c) DESC LIMIT 3;

-- whatever the way to the rows: the same with the rewrite and without
CREATE VIEW adults AS SELECT * FROM customers WHERE age >= 21;
CREATE VIEW renamed AS SELECT id AS customer, age + 0 AS age, income * 1 AS income, upper(plan) AS shouted, lower(upper(plan)) AS plan,
	NOT NOT member AS member, joined, churned FROM customers;
CREATE TABLE orders AS SELECT i AS number, 1 + i % 500 AS customer_id, i * 1.5 AS income FROM generate_series(1, 700) AS i;
CREATE TABLE parts (LIKE customers) PARTITION BY RANGE (id);
CREATE TABLE parts_low (member boolean, churned boolean, extra xml, joined date, plan text, income numeric, age integer, id integer NOT NULL);
ALTER TABLE parts ATTACH PARTITION parts_low FOR VALUES FROM (1) TO (250);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (250) TO (1000);
INSERT INTO parts SELECT * FROM customers;
CREATE TABLE parent (id integer, age integer, income numeric, plan text, member boolean, joined date);
CREATE TABLE child (more text) INHERITS (parent);
INSERT INTO parent SELECT id, age, income, plan, member, joined FROM customers WHERE id <= 100;
INSERT INTO child SELECT id, age, income, plan, member, joined, 'more' FROM customers WHERE id > 100;
CREATE MATERIALIZED VIEW stored AS SELECT * FROM customers;
CREATE FUNCTION rows_of(youngest integer) RETURNS SETOF customers LANGUAGE sql STABLE AS 'SELECT * FROM customers WHERE age >= $1';
CREATE FUNCTION one_row(integer) RETURNS customers LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT c FROM customers AS c WHERE c.id = $1); END';

CREATE TABLE questions (question text);
INSERT INTO questions VALUES
	('SELECT id, cvm.predict(''churn'', c) FROM customers AS c'),
	('SELECT id, cvm.predict(''churn'', customers) FROM customers'),
	('SELECT id, cvm.predict(''churn'', a) FROM adults AS a'),
	('SELECT customer, cvm.predict(''churn'', r) FROM renamed AS r'),
	('SELECT id, cvm.predict(''churn'', s) FROM (SELECT * FROM customers) AS s'),
	('SELECT id, cvm.predict(''churn'', s) FROM (SELECT * FROM customers OFFSET 0) AS s'),
	('SELECT id, cvm.predict(''churn'', s) FROM (SELECT DISTINCT id, age, income, plan, member, joined FROM customers) AS s'),
	('SELECT s, cvm.predict(''churn'', s) FROM (SELECT max(age) AS age, avg(income) AS income, plan, member, max(joined) AS joined FROM customers GROUP BY plan, member) AS s'),
	('SELECT id, cvm.predict(''churn'', s) FROM (SELECT * FROM customers UNION ALL SELECT * FROM customers) AS s'),
	('SELECT id, cvm.predict(''churn'', s) FROM (SELECT id, age, income, plan, member, joined FROM customers WHERE age < 40 UNION SELECT id, age, income, plan, member, joined FROM customers) AS s'),
	('WITH s AS (SELECT * FROM customers) SELECT id, cvm.predict(''churn'', s) FROM s'),
	('WITH s AS MATERIALIZED (SELECT * FROM customers) SELECT id, cvm.predict(''churn'', s) FROM s'),
	('SELECT number, cvm.predict(''churn'', c) FROM orders JOIN customers AS c ON c.id = customer_id'),
	('SELECT number, cvm.predict(''churn'', s) FROM (SELECT o.number, c.id, c.age, o.income, c.plan, c.member, c.joined FROM orders AS o JOIN customers AS c ON c.id = customer_id) AS s'),
	('SELECT number, cvm.predict(''churn'', c) FROM orders LEFT JOIN customers AS c ON c.id = customer_id AND c.age > 50'),
	('SELECT number, cvm.predict(''churn'', c) FROM customers AS c RIGHT JOIN orders ON c.id = customer_id AND c.age > 50'),
	('SELECT number, c.id, cvm.predict(''churn'', c) FROM customers AS c FULL JOIN orders ON c.id = customer_id AND c.age > 50'),
	('SELECT c.id, cvm.predict(''churn'', c) FROM customers AS c LEFT JOIN orders ON number = c.id'),
	('SELECT number, cvm.predict(''churn'', c) FROM orders LEFT JOIN (SELECT * FROM customers WHERE age > 50) AS c ON c.id = customer_id'),
	('SELECT number, cvm.predict(''churn'', c) FROM orders, LATERAL (SELECT * FROM customers WHERE id = customer_id) AS c'),
	('SELECT number, (SELECT cvm.predict(''churn'', c) FROM customers AS c WHERE c.id = customer_id) FROM orders'),
	('SELECT id, (SELECT cvm.predict(''churn'', c)) FROM customers AS c'),
	('SELECT id, (SELECT max(cvm.predict(''churn'', c) + n) FROM generate_series(1, 2) AS n) FROM customers AS c'),
	('SELECT number FROM orders WHERE EXISTS (SELECT FROM customers AS c WHERE c.id = customer_id AND cvm.predict(''churn'', c) > 0.4)'),
	('SELECT id, cvm.predict(''churn'', p) FROM parts AS p'),
	('SELECT id, cvm.predict(''churn'', p) FROM parts_low AS p'),
	('SELECT p.id, cvm.predict(''churn'', p) FROM parts AS p JOIN parts AS q ON q.id = p.id'),
	('SELECT id, cvm.predict(''churn'', p) FROM parent AS p'),
	('SELECT id, cvm.predict(''churn'', c) FROM child AS c'),
	('SELECT id, cvm.predict(''churn'', s) FROM stored AS s'),
	('SELECT id, cvm.predict(''churn'', r) FROM rows_of(60) AS r'),
	('SELECT i, cvm.predict(''churn'', one_row(i)) FROM generate_series(1, 50) AS i'),
	('SELECT i, cvm.predict(''churn'', r) FROM generate_series(1, 50) AS i, one_row(i) AS r'),
	('SELECT id, cvm.predict(''churn'', ROW(c.*)::customers) FROM customers AS c'),
	('SELECT id, cvm.predict(''churn'', (SELECT d FROM customers AS d WHERE d.id = c.id)) FROM customers AS c'),
	('SELECT s, cvm.predict(''churn'', s) FROM (VALUES (30, 100.0, ''gold'', true, date ''2024-02-29'')) AS s (age, income, plan, member, joined)'),
	('SELECT s, cvm.predict(''churn'', s) FROM (SELECT 30 AS age, NULL::numeric AS income, ''gold''::text AS plan, true AS member, date ''2024-02-29'' AS joined) AS s'),
	('SELECT s, cvm.predict(''churn'', s) FROM (SELECT 30::smallint AS age, 100::float4 AS income, ''gold''::varchar AS plan, 1 AS member, timestamp ''2024-02-29 00:00'' AS joined) AS s'),
	('SELECT x, cvm.predict(''churn'', x) FROM jsonb_to_record(''{"age": 40, "plan": "free", "member": false}'') AS x (age integer, income numeric, plan text, member boolean, joined date)'),
	('SELECT id, cvm.predict(cvm.active_model(''churn''), c) FROM customers AS c WHERE id < 50'),
	('SELECT id, cvm.predict(cvm.model_version(''churn'', 1), c) FROM customers AS c WHERE id < 50'),
	('SELECT id, cvm.predict((SELECT cvm.model_version(''churn'', 1)), c) FROM customers AS c'),
	('SELECT id, model, cvm.predict(model, c) FROM customers AS c, (VALUES (''churn''), (''age'')) AS m (model)'),
	('SELECT plan, count(*), sum(cvm.predict(''churn'', c)) FROM customers AS c GROUP BY plan HAVING avg(cvm.predict(''churn'', c)) > 0.1'),
	('SELECT id, rank() OVER (ORDER BY cvm.predict(''churn'', c)) FROM customers AS c'),
	('SELECT id, CASE WHEN id > 100 THEN cvm.predict(''churn'', c) END FROM customers AS c'),
	('SELECT cvm.predict(''churn'', NULL::customers)'),
	('SELECT cvm.predict(NULL, c) FROM customers AS c');

CREATE FUNCTION answer(question text, rewrite boolean) RETURNS TABLE (rows bigint, digest text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('cvm.rewrite_predict', rewrite::text, true);
	RETURN QUERY EXECUTE 'SELECT count(*), md5(string_agg(s::text, '';'' ORDER BY s::text)) FROM (' || question || ') AS s';
END
$$;
SELECT q.question, (SELECT a.rows FROM answer(q.question, true) AS a), (SELECT a FROM answer(q.question, true) AS a) = (SELECT a FROM answer(q.question, false) AS a) AS same
FROM questions AS q;

-- data-modifying statements
BEGIN;
ALTER TABLE customers ADD score float8;
UPDATE customers AS c SET score = cvm.predict('churn', c);
SELECT count(*) FILTER (WHERE abs(score - p) < 1e-12) AS same FROM customers JOIN by_hand USING (id);
INSERT INTO customers (id, age, income, plan, member, joined) VALUES (1000, 44, 2000, 'gold', true, '2023-05-05')
	ON CONFLICT (id) DO NOTHING RETURNING cvm.predict('churn', customers) BETWEEN 0 AND 1;
WITH gone AS (DELETE FROM customers AS c WHERE cvm.predict('churn', c) > 0.4 RETURNING id)
SELECT count(*) = (SELECT count(*) FROM by_hand WHERE p > 0.4) AS same FROM gone;
ROLLBACK;

-- features by position
SELECT version FROM cvm.train('numbers', 'SELECT age, income, member::integer AS member, churned FROM customers', 'churned');
SELECT name FROM cvm.inputs(cvm.active_model('numbers'));
SELECT count(*) FILTER (WHERE cvm.predict('numbers', ARRAY[age, income, member::integer]::float8[])
	= cvm.predict('numbers', n)) AS same FROM (SELECT id, age, income, member::integer AS member FROM customers) AS n;
SELECT count(*) FILTER (WHERE cvm.predict_class('numbers', ARRAY[age, income, member::integer]::float8[]) = cvm.predict_class('numbers', n)
	AND cvm.predict_probabilities('numbers', ARRAY[age, income, member::integer]::float8[]) = cvm.predict_probabilities('numbers', n)) AS same
FROM (SELECT id, age, income, member::integer AS member FROM customers) AS n;
SELECT version FROM cvm.train('vector', 'SELECT id, ARRAY[age, income] AS features, churned FROM (SELECT id, age::float8, income::float8, churned FROM customers) AS s', 'churned', key => 'id');
SELECT count(*) FILTER (WHERE cvm.predict('vector', ARRAY[age, income]::float8[]) = cvm.predict('vector', v)) AS same
FROM customers, LATERAL (SELECT ARRAY[age, income]::float8[] AS features) AS v;
SELECT cvm.predict('vector', ARRAY[1.0, 2, 3]);
SELECT cvm.predict('vector', ARRAY[[1.0, 2]]);
SELECT cvm.predict('vector', '{}'::float8[]);
SELECT cvm.predict('vector', NULL::float8[]);
SELECT cvm.predict('churn', ARRAY[1.0, 2]);

-- what is wrong with a row
SELECT cvm.predict('churn', s) FROM (SELECT age, income, plan, member FROM customers) AS s;
SELECT cvm.predict('churn', s) FROM (SELECT age, incom, plan, member, joined FROM customers AS c (id, age, incom)) AS s;
SELECT cvm.predict('churn', ROW(1, 2, 3));
SELECT cvm.predict('churn', s) FROM (SELECT 'old' AS age, 1 AS income, 'gold' AS plan, true AS member, date '2023-01-01' AS joined) AS s;
SELECT cvm.predict('churn', s) FROM (SELECT 1 AS age, 1 AS income, 1.5 AS plan, true AS member, date '2023-01-01' AS joined) AS s;
SELECT cvm.predict('churn', s) FROM (SELECT point(1, 1) AS age, 1 AS income, 'gold' AS plan, true AS member, date '2023-01-01' AS joined) AS s;
SELECT cvm.predict('chrun', c) FROM customers AS c;
SELECT cvm.predict('', c) FROM customers AS c;
SELECT cvm.predict(repeat('long ', 30), c) FROM customers AS c LIMIT 1;

-- the function behind the rewrite, called by hand
SELECT cvm.predict_columns('age', 1, '{income,plan,member}', 100.0, 'gold'::text, true) = cvm.predict('age', s)
FROM (SELECT 100.0 AS income, 'gold'::text AS plan, true AS member) AS s;
SELECT cvm.predict_columns(NULL, 1, '{income,plan,member}', 100.0, 'gold'::text, true);
SELECT cvm.predict_columns('age', NULL, '{income,plan,member}', 100.0, 'gold'::text, true);
SELECT cvm.predict_columns('age', 1, NULL, 100.0, 'gold'::text, true);
SELECT cvm.predict_columns('age', 1, '{income,NULL,member}', 100.0, 'gold'::text, true);
SELECT cvm.predict_columns('age', 1, '{income,plan}', 100.0, 'gold'::text, true);
SELECT cvm.predict_columns('age', 1, '{income,plan,members}', 100.0, 'gold'::text, true);
SELECT cvm.predict_columns('age', 7, '{x}', 100.0);
SELECT cvm.predict_columns('age', 1, '{income}', VARIADIC ARRAY[100.0]);
SELECT cvm.predict_columns('age', 1, '{income,plan,member}', 100.0, 'gold', true);
SELECT cvm.predict_columns('age', 1, '{}');
SELECT m, cvm.predict_columns(m, 1, c, 100.0, 'gold'::text, true, 30, date '2023-01-01') IS NOT NULL
FROM (VALUES ('age', '{income,plan,member,age,joined}'::text[]), ('churn', '{income,plan,member,age,joined}')) AS v (m, c);
SELECT count(DISTINCT cvm.predict_columns(m, 1, '{income,plan,member,age,joined}', 100.0, 'gold'::text, true, 30, date '2023-01-01'))
FROM (VALUES ('age'), ('churn'), ('age')) AS v (m);

-- prepared statements see each promotion, generic plan or not
SELECT version FROM cvm.train('churn', 'SELECT id, age, income, churned FROM customers', 'churned', key => 'id');
CREATE FUNCTION of_version(version integer) RETURNS float8 LANGUAGE sql STABLE AS $$
	SELECT cvm.predict(cvm.model_version('churn', $1), c) FROM customers AS c WHERE id = 7 $$;
SET plan_cache_mode TO force_generic_plan;
PREPARE score (integer) AS SELECT cvm.predict('churn', c) FROM customers AS c WHERE id = $1;
EXECUTE score (7) \gset first_
SELECT :first_predict = of_version(2) AS same;
SELECT cvm.promote('churn', 1);
EXECUTE score (7) \gset second_
SELECT :second_predict = of_version(1) AS same, :second_predict <> :first_predict AS changed;
EXPLAIN (VERBOSE, COSTS off) EXECUTE score (7);
SELECT cvm.rollback('churn');
EXECUTE score (7) \gset third_
SELECT :third_predict = :first_predict AS same;
-- also within the transaction, and back
BEGIN;
SELECT cvm.promote('churn', 1);
EXECUTE score (7) \gset fourth_
SELECT :fourth_predict = :second_predict AS same;
SAVEPOINT s;
SELECT cvm.promote('churn', 2);
EXECUTE score (7) \gset fifth_
ROLLBACK TO s;
EXECUTE score (7) \gset sixth_
SELECT :fifth_predict = :first_predict AS same, :sixth_predict = :second_predict AS same;
ROLLBACK;
EXECUTE score (7) \gset seventh_
SELECT :seventh_predict = :first_predict AS same;
-- a cursor keeps the model that it began with
BEGIN;
DECLARE scores CURSOR FOR SELECT cvm.predict('churn', c) FROM customers AS c WHERE id IN (7, 8) ORDER BY id;
SELECT cvm.promote('churn', 1);
FETCH scores \gset cursor_
SELECT :cursor_predict = :first_predict AS same;
ROLLBACK;
RESET plan_cache_mode;
-- in PL/pgSQL, where plans are kept
CREATE FUNCTION keep(i integer) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	c customers;
BEGIN
	SELECT * INTO c FROM customers WHERE id = i;
	RETURN cvm.predict('churn', c);
END
$$;
SELECT keep(7) = of_version(2) AS same;
SELECT cvm.promote('churn', 1);
SELECT keep(7) = of_version(1) AS same;
BEGIN;
ALTER TABLE customers ADD more integer DEFAULT 5;
SELECT keep(7) = of_version(1) AS same;
ALTER TABLE customers RENAME income TO salary;
SELECT keep(7);
ROLLBACK;

-- a name is dropped, renamed, made again
SELECT cvm.rename_model('churn', 'leaving');
EXECUTE score (7);
SELECT cvm.rename_model('age', 'churn');
EXECUTE score (7) \gset age_
SELECT :age_predict > 17;
SELECT cvm.drop_model('churn');
EXECUTE score (7);

-- parallel workers
SELECT cvm.rename_model('leaving', 'churn');
SELECT provolatile, proparallel, count(*) FROM pg_proc
WHERE pronamespace = 'cvm'::regnamespace AND proname ~ '^predict' AND proname <> 'predict_support' GROUP BY 1, 2 ORDER BY 1, 2;
SET max_parallel_workers_per_gather TO 2;
SET parallel_setup_cost TO 0;
SET parallel_tuple_cost TO 0;
SET min_parallel_table_scan_size TO 0;
EXPLAIN (VERBOSE, COSTS off) SELECT sum(cvm.predict('churn', c)) FROM customers AS c;
SELECT sum(cvm.predict('churn', c)) AS parallel FROM customers AS c \gset
SET cvm.rewrite_predict TO off;
SELECT sum(cvm.predict('churn', c)) AS plain FROM customers AS c \gset
SET max_parallel_workers_per_gather TO 0;
SELECT abs(sum(cvm.predict('churn', c)) - :parallel) < 1e-9 AND abs(:plain - :parallel) < 1e-9 AS same FROM customers AS c;
RESET cvm.rewrite_predict;
-- workers see what the transaction has not committed yet
BEGIN;
SELECT cvm.promote('churn', 2);
SELECT sum(cvm.predict('churn', c)) AS serial FROM customers AS c \gset
SET LOCAL max_parallel_workers_per_gather TO 2;
SELECT abs(sum(cvm.predict('churn', c)) - :serial) < 1e-9 AS same, abs(:serial - :parallel) > 1e-6 AS other FROM customers AS c;
SELECT version FROM cvm.train('churn', 'SELECT id, member, churned FROM customers', 'churned', key => 'id');
SELECT count(DISTINCT cvm.predict('churn', c)) FROM customers AS c;
ROLLBACK;

-- a read-only transaction
BEGIN READ ONLY;
SELECT count(cvm.predict('churn', c)) FROM customers AS c;
SELECT count(*) FROM cvm.evaluate('churn', 'customers');
SELECT cvm.train('churn', 'customers', 'churned');
ROLLBACK;
BEGIN READ ONLY;
SELECT cvm.promote('churn', 2);
ROLLBACK;

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA predicting CASCADE;
