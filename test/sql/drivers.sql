-- training: three ways to keep the rows, one optimum
CREATE SCHEMA drivers;
SET search_path TO drivers, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
-- some 1.5 MB of numbers
CREATE TABLE customers AS
SELECT i AS id, x, y, CASE WHEN noise(i, 3) < 0.95 THEN noise(i, 4) END AS z, (ARRAY['a', 'b', 'c'])[1 + i % 3] AS kind,
	(ARRAY['a', 'b', 'c'])[1 + floor(2.99 * (x + noise(i, 7)) / 2)::integer] AS three,
	ARRAY[x, y, x * y, x * x, y * y, sin(x), sin(y), sin(9 * x), cos(9 * y), x + i % 2] AS features,
	noise(i, 5) < x AS bought, floor(10 * noise(i, 6) * y)::integer AS visits
FROM (SELECT i, noise(i, 1) AS x, noise(i, 2) AS y FROM generate_series(1, 12000) AS i) AS s;
SET cvm.train_memory TO '1MB';

CREATE FUNCTION trained(target text, driver text, algorithm text DEFAULT 'auto', options jsonb DEFAULT '{}')
RETURNS TABLE (used text, outcome text, training_rows bigint, validation_rows bigint) LANGUAGE sql AS $$
	SELECT metrics #>> '{fit,driver}', metrics #>> '{fit,outcome}', training_rows, validation_rows
	FROM cvm.train('m', 'SELECT id, z, features, kind AS sort, ' || target || ' FROM customers', target, algorithm,
		key => 'id', options => options || jsonb_build_object('driver', driver, 'promote', 'always'))
$$;
-- How far the coefficients of the versions before the last one are from it.
CREATE FUNCTION distances(versions integer) RETURNS TABLE (version integer, coefficients bigint, largest float8) LANGUAGE sql AS $$
	SELECT v.version, count(*), max(abs(a.coefficient - b.coefficient))
	FROM cvm.model_overview AS o
		JOIN cvm.version_history AS v ON v.model = o.model AND v.version BETWEEN o.version - $1 + 1 AND o.version - 1,
		LATERAL cvm.coefficients(cvm.model_version('m', v.version)) AS a
		JOIN cvm.coefficients('m') AS b ON (b.feature, coalesce(b.level, ''), coalesce(b.class, ''))
			= (a.feature, coalesce(a.level, ''), coalesce(a.class, ''))
	WHERE o.model = 'm'
	GROUP BY 1 ORDER BY 1
$$;

-- past the memory it has a training goes to a file by itself
SELECT * FROM trained('bought', 'auto');
SELECT * FROM trained('bought', 'spill');
SELECT * FROM trained('bought', 'passes');
SELECT * FROM trained('bought', 'memory');
SET cvm.train_memory TO '64MB';
SELECT * FROM trained('bought', 'memory');
SELECT * FROM trained('bought', 'auto');
SELECT version, coefficients, largest = 0 AS same FROM distances(5);
-- the same metrics too, of both sides
SELECT data_set, metric, count(*), count(DISTINCT value) FROM cvm.metric_history WHERE model = 'm' GROUP BY 1, 2 ORDER BY 1, 2;

-- other families, l1, lbfgs, weights of classes
SET cvm.train_memory TO '1MB';
SELECT used FROM trained('bought', 'spill', options => '{"solver": "lbfgs", "class_weight": "balanced"}');
SELECT used FROM trained('bought', 'passes', options => '{"solver": "lbfgs", "class_weight": "balanced"}');
SELECT used FROM trained('bought', 'auto', options => '{"solver": "lbfgs", "class_weight": "balanced"}');
SELECT version, coefficients, largest = 0 AS same FROM distances(3);
SELECT used FROM trained('visits', 'spill', 'poisson');
SELECT used FROM trained('visits', 'passes', 'poisson');
SELECT used FROM trained('visits', 'auto', 'poisson');
SELECT version, coefficients, largest = 0 AS same FROM distances(3);
SELECT used FROM trained('three', 'spill', 'softmax', '{"l1": 1, "l2": 0}');
SELECT used FROM trained('three', 'passes', 'softmax', '{"l1": 1, "l2": 0}');
SELECT used FROM trained('three', 'auto', 'softmax', '{"l1": 1, "l2": 0}');
SELECT version, coefficients, largest = 0 AS same FROM distances(3);
SELECT used FROM trained('visits', 'spill', 'huber');
SELECT used FROM trained('visits', 'passes', 'huber');
SELECT version, coefficients, largest = 0 AS same FROM distances(2);

-- a source that gives other rows each time is found out
SELECT cvm.train('m', 'SELECT x, y, bought FROM customers TABLESAMPLE BERNOULLI (50)', 'bought', options => '{"driver": "passes"}');
SELECT cvm.train('m', 'SELECT x, random() AS y, bought FROM customers', 'bought', options => '{"driver": "passes"}');
SELECT cvm.train('m', 'SELECT x, y, bought FROM customers ORDER BY random()', 'bought', options => '{"driver": "passes"}');
SELECT cvm.train('m', 'SELECT x, y, CASE WHEN random() < 0.5 THEN ''a'' ELSE ''b'' END AS z, bought FROM customers', 'bought', options => '{"driver": "passes"}');
SELECT (cvm.train('m', 'SELECT x, y, bought FROM customers TABLESAMPLE BERNOULLI (50) REPEATABLE (7)', 'bought', options => '{"driver": "passes"}')).status;

-- nothing stays behind: no file, no cursor
SELECT count(*) FROM pg_ls_tmpdir();
SELECT count(*) FROM pg_cursors;

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA drivers CASCADE;
