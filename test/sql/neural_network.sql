-- neural networks, through the same doors as every algorithm
CREATE SCHEMA neural_network;
SET search_path TO neural_network, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
-- who buys is no linear matter: the young in the north, the old in the south
CREATE TABLE customers AS
SELECT id, age, region, (age < 45) = (region IN ('north', 'east')) AND noise(id, 3) < 0.9 AS bought,
	CASE WHEN age < 35 THEN 'bronze' WHEN (age - 50) ^ 2 < 100 THEN 'gold' ELSE 'silver' END AS tier,
	100000 + 20000 * sin(age / 8.0) + CASE region WHEN 'west' THEN 10000 ELSE 0 END AS income
FROM (SELECT i AS id, CASE WHEN noise(i, 4) < 0.97 THEN 20 + 60 * noise(i, 1) END AS age,
	(ARRAY['north', 'south', 'east', 'west'])[1 + floor(4 * noise(i, 2))::integer] AS region
	FROM generate_series(1, 4000) AS i) AS s;

CREATE FUNCTION trained(name text, target text, options jsonb DEFAULT '{}', algorithm text DEFAULT 'neural_network')
RETURNS jsonb LANGUAGE sql AS $$
	SELECT metrics FROM cvm.train(name, 'SELECT id, age, region, ' || target || ' FROM neural_network.customers', target, algorithm,
		key => 'id', options => '{"epochs": 40, "learning_rate": 0.01, "l2": 0.1}' || options)
$$;

-- three tasks, against what a linear model can do
SELECT m #>> '{fit,solver}' AS solver, (m #>> '{validation,auc}')::float8 > 0.9 AS good,
	(m #>> '{validation,auc}')::float8 - (l #>> '{validation,auc}')::float8 > 0.1 AS better_than_linear
FROM trained('buyers', 'bought') AS m, trained('linear', 'bought', '{"epochs": 0}', 'auto') AS l;
SELECT (m #>> '{validation,accuracy}')::float8 > 0.9 AS good,
	(m #>> '{validation,accuracy}')::float8 - (l #>> '{validation,accuracy}')::float8 > 0.1 AS better_than_linear
FROM trained('tiers', 'tier', '{"activation": "tanh"}') AS m, trained('linear', 'tier', '{"epochs": 0}', 'auto') AS l;
SELECT (m #>> '{validation,r2}')::float8 > 0.9 AS good,
	(m #>> '{validation,r2}')::float8 - (l #>> '{validation,r2}')::float8 > 0.1 AS better_than_linear
FROM trained('incomes', 'income', '{"hidden_layers": 24}') AS m, trained('linear', 'income', '{"epochs": 0}', 'auto') AS l;
SELECT model, version, algorithm, task FROM cvm.model_overview WHERE model IN ('buyers', 'tiers', 'incomes') ORDER BY model;

-- scoring
SELECT count(*) FILTER (WHERE (cvm.predict('buyers', c) > 0.5) = bought) > 3500 AS right,
	count(*) FILTER (WHERE cvm.predict_class('buyers', c)::boolean = (cvm.predict('buyers', c) > 0.5)) AS same_class
FROM customers AS c;
SELECT count(*) FILTER (WHERE cvm.predict_class('tiers', c) = tier) > 3500 AS right,
	count(*) FILTER (WHERE abs((SELECT sum(p) FROM unnest(cvm.predict_probabilities('tiers', c)) AS p) - 1) < 1e-9) AS sums_to_one
FROM customers AS c;
SELECT abs(cvm.predict('incomes', c) / (110000 + 20000 * sin(40 / 8.0)) - 1) < 0.05 FROM (SELECT 'west' AS region, 40.0 AS age) AS c;
SELECT cvm.predict('buyers', c) > 0.5 FROM (VALUES (30, 'north'), (30, 'south'), (70, 'north'), (70, 'south')) AS c (age, region);
-- a missing age, a region that nobody has
SELECT cvm.predict('buyers', c) BETWEEN 0 AND 1 FROM (VALUES (NULL::integer, 'moon')) AS c (age, region);
SELECT metric, value > 0.85 FROM cvm.evaluate('buyers', 'SELECT * FROM neural_network.customers') WHERE metric IN ('accuracy', 'auc') ORDER BY metric;
SELECT count(*) FROM cvm.coefficients('buyers');

-- a value like any other model
SELECT m::text::cvm.model OPERATOR(cvm.=) m AS by_text, m::jsonb::cvm.model OPERATOR(cvm.=) m AS by_jsonb, cvm.algorithm(m), cvm.task(m)
FROM (SELECT cvm.active_model('buyers') AS m UNION ALL SELECT cvm.active_model('tiers') UNION ALL SELECT cvm.active_model('incomes')) AS models;
CREATE TABLE kept (name text, m cvm.neural_network_model);
INSERT INTO kept SELECT name, cvm.active_model(name) FROM unnest(ARRAY['buyers', 'tiers', 'incomes']) AS name;
INSERT INTO kept SELECT 'linear', cvm.active_model('linear');
SELECT count(*) FILTER (WHERE cvm.predict(m, c) = cvm.predict('buyers', c)) FROM kept, customers AS c WHERE name = 'buyers' AND id <= 100;
SELECT m::jsonb ->> 'activation', m::jsonb -> 'units_1', m::jsonb -> 'units_2', jsonb_array_length(m::jsonb -> 'weights_1'),
	jsonb_array_length(m::jsonb -> 'biases_3') FROM kept WHERE name = 'tiers';
-- forged ones
CREATE FUNCTION forged(path text[], value jsonb) RETURNS cvm.model LANGUAGE sql AS $$
	SELECT jsonb_set(cvm.active_model('incomes')::jsonb, path, value)::cvm.model
$$;
SELECT forged('{hidden_layers}', '9');
SELECT forged('{hidden_layers}', '0');
SELECT forged('{units_1}', '23');
SELECT forged('{units_1}', '2000000000');
SELECT forged('{scale}', '-1');
SELECT forged('{weights_2,0,0}', '1e60');
SELECT forged('{activation}', '"sine"');

-- the same seed gives the same network, wherever the rows are kept
SELECT count(trained('same', 'bought', options || '{"epochs": 2, "dropout": 0.2, "adversarial": 0.1}'))
FROM unnest(ARRAY['{}', '{"driver": "spill"}', '{"seed": 1}']::jsonb[]) AS options;
SELECT version, (SELECT bool_and(cvm.predict(cvm.model_version('same', 1), c) = cvm.predict(cvm.model_version('same', version), c)) FROM customers AS c) AS same
FROM generate_series(2, 3) AS version;

-- and so do parallel workers
SET cvm.max_training_workers TO 0;
SELECT trained('alone', 'tier', '{"hidden_layers": [128, 64], "dropout": 0.1}') IS NOT NULL;
SET cvm.max_training_workers TO 2;
SELECT trained('together', 'tier', '{"hidden_layers": [128, 64], "dropout": 0.1}') IS NOT NULL;
SELECT a OPERATOR(cvm.=) b AS same FROM cvm.active_model('alone') AS a, cvm.active_model('together') AS b;
RESET cvm.max_training_workers;
-- a team inside of a subtransaction that fails, and one after it
DO $$
BEGIN
	BEGIN
		PERFORM neural_network.trained('together', 'tier', '{"hidden_layers": [512, 512], "solver": "sgd", "learning_rate": 1000000}');
	EXCEPTION WHEN numeric_value_out_of_range THEN
		RAISE NOTICE '%', sqlerrm;
	END;
	PERFORM neural_network.trained('together', 'tier', '{"hidden_layers": [512, 512], "epochs": 1}');
END
$$;

-- retraining goes on from where the last one ended
SELECT cvm.retrain('tiers', wait => true) > 0;
SELECT (m #>> '{fit,iterations}')::integer AS epochs, (m #>> '{validation,accuracy}')::float8 > 0.9 AS as_good
FROM trained('tiers', 'tier', '{"activation": "tanh", "warm_start": true, "epochs": 1, "learning_rate": 0.0001}') AS m;
SELECT (m #>> '{validation,accuracy}')::float8 > 0.9 AS as_good
FROM trained('tiers', 'tier', '{"activation": "tanh", "epochs": 1, "learning_rate": 0.0001}') AS m;
SELECT version, status FROM cvm.versions('tiers') ORDER BY version;

-- options
SELECT name, kind, "default", minimum, maximum, choices FROM cvm.options()
WHERE name IN ('hidden_layers', 'activation', 'dropout', 'adversarial') ORDER BY name;
SELECT trained('wrong', 'bought', '{"solver": "newton"}');
SELECT trained('wrong', 'bought', '{"hidden_layers": []}');
SELECT trained('wrong', 'bought', '{"hidden_layers": [8, 0]}');
SELECT trained('wrong', 'bought', '{"hidden_layers": [8, 2.5]}');
SELECT trained('wrong', 'bought', '{"hidden_layers": [8, "many"]}');
SELECT trained('wrong', 'bought', '{"hidden_layers": [1, 2, 3, 4, 5, 6, 7, 8, 9]}');
SELECT trained('wrong', 'bought', '{"hidden_layers": [4096, 4096]}');
SELECT trained('wrong', 'bought', '{"dropout": [0.5]}');
SELECT trained('wrong', 'bought', '{"activation": "sigmoid"}');
SELECT trained('wrong', 'bought', '{"solver": "sgd", "learning_rate": 100000}');

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA neural_network CASCADE;
