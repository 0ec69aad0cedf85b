-- training: mini-batch solvers beside the full-batch ones
CREATE SCHEMA solvers;
SET search_path TO solvers, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on
SET client_min_messages TO notice;

CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
CREATE TABLE customers AS
SELECT i AS id, x, y, noise(i, 3) AS z, (ARRAY['a', 'b', 'c'])[1 + floor(3 * noise(i, 4))::integer] AS kind,
	noise(i, 5) < x AS bought, floor(10 * noise(i, 6) * y)::integer AS visits,
	20000 + 30000 * x - 10000 * y + 5000 * noise(i, 7) AS income
FROM (SELECT i, noise(i, 1) AS x, noise(i, 2) AS y FROM generate_series(1, 6000) AS i) AS s;

CREATE FUNCTION trained(name text, target text, options jsonb, algorithm text DEFAULT 'auto')
RETURNS TABLE (solver text, outcome text, loss float8) LANGUAGE sql AS $$
	SELECT metrics #>> '{fit,solver}', metrics #>> '{fit,outcome}',
		(metrics #>> ARRAY['training', CASE target WHEN 'bought' THEN 'log_loss' WHEN 'visits' THEN 'deviance' ELSE 'rmse' END])::float8
	FROM cvm.train(name, 'SELECT id, x, y, z, kind, ' || target || ' FROM customers', target, algorithm,
		key => 'id', options => '{"validation": 0}' || options)
$$;

-- each solver comes to the optimum by its defaults
SELECT target, s.solver, s.outcome, s.loss / best.loss - 1 < 1e-3 AS near
FROM (VALUES ('bought', 'auto'), ('visits', 'poisson'), ('income', 'auto')) AS t (target, algorithm),
	LATERAL trained('best ' || target, target, '{}', algorithm) AS best,
	unnest(ARRAY['sgd', 'momentum', 'adagrad', 'adam']) AS name,
	LATERAL trained(name, target, jsonb_build_object('solver', name), algorithm) AS s
ORDER BY 1, 2;

-- the same seed gives the same model, in memory and in a file; another seed another one
SELECT outcome FROM trained('m', 'bought', '{"solver": "adam", "epochs": 3, "seed": 5, "driver": "memory"}');
SELECT outcome FROM trained('m', 'bought', '{"solver": "adam", "epochs": 3, "seed": 5, "driver": "spill"}');
SELECT outcome FROM trained('m', 'bought', '{"solver": "adam", "epochs": 3, "seed": 6, "driver": "memory"}');
SELECT version, bool_and(a.coefficient = b.coefficient) AS same
FROM generate_series(2, 3) AS version, LATERAL cvm.coefficients(cvm.model_version('m', version)) AS a
	JOIN cvm.coefficients(cvm.model_version('m', 1)) AS b ON (a.feature, coalesce(a.level, '')) = (b.feature, coalesce(b.level, ''))
GROUP BY 1 ORDER BY 1;
-- one pass after another over the source mixes the rows less, and comes to the same optimum
SELECT p.outcome, p.loss / best.loss - 1 < 1e-3 AS near
FROM trained('best', 'bought', '{}') AS best, trained('p', 'bought', '{"solver": "adam", "driver": "passes"}') AS p;

-- early stopping: the epoch with the least validation loss is the model
SELECT metrics #>> '{fit,outcome}' AS outcome, (metrics #>> '{fit,iterations}')::integer < 500 AS stopped
FROM cvm.train('e', 'SELECT id, x, y, z, kind, bought FROM customers', 'bought', key => 'id',
	options => '{"solver": "sgd", "learning_rate": 1, "schedule": "constant", "epochs": 500, "patience": 3}');
SELECT count(*) - 3 = (SELECT epoch FROM cvm.training_progress WHERE model = 'e' ORDER BY validation_loss LIMIT 1) AS best_epoch,
	bool_and(learning_rate = 1) AS constant
FROM cvm.training_progress WHERE model = 'e';

-- lasso: exact zeros
SELECT solver, outcome FROM trained('l', 'bought', '{"l1": 100, "solver": "lbfgs"}');
SELECT solver, outcome FROM trained('k', 'bought', '{"l1": 100, "solver": "momentum"}');
SELECT bool_and((a.coefficient = 0) = (b.coefficient = 0)) AS agree, count(*) FILTER (WHERE a.coefficient = 0) > 0 AS zeros
FROM cvm.coefficients('l') AS a JOIN cvm.coefficients('k') AS b ON (a.feature, coalesce(a.level, '')) = (b.feature, coalesce(b.level, ''));

-- a rate that is too high, and a clip that saves it
SELECT trained('d', 'income', '{"solver": "sgd", "learning_rate": 100, "schedule": "constant"}');
SELECT outcome FROM trained('d', 'income', '{"solver": "sgd", "learning_rate": 100, "schedule": "constant", "clip": 1e-4}');
-- warm-up: the first epoch's rate rises from zero to a half
SELECT outcome FROM trained('w', 'bought', '{"solver": "sgd", "learning_rate": 1, "warmup": 2, "epochs": 4, "schedule": "constant"}');
SELECT epoch, round(learning_rate::numeric, 6) FROM cvm.training_progress WHERE model = 'w' ORDER BY epoch;

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA solvers CASCADE;
