-- Several models as one: averages and stacks of models with other inputs,
-- encodings and algorithms.
SET client_min_messages = warning;
CREATE TABLE customers AS
	SELECT i AS id, sin(i * 0.37) * 2 AS spend, sin(i * 0.37) * 2 + cos(i * i * 0.3) AS basket,
		CASE WHEN i % 7 > 0 THEN cos(i * 0.21) * (i % 13) END AS pages,
		CASE WHEN i % 11 > 0 THEN (ARRAY['north', 'south', 'east'])[1 + i % 3] END AS region,
		date '2026-01-01' + i % 200 AS joined, i % 5 = 0 AS member,
		sin(i * 0.37) * 2 + cos(i * 0.11) + 1.5 * sin(i * i * 0.77) > 0.5 AS bought,
		(ARRAY['low', 'middle', 'high'])[1 + CASE
			WHEN sin(i * 0.37) * 2 + sin(i * i * 0.77) > 1 THEN 2
			WHEN sin(i * 0.37) * 2 + sin(i * i * 0.77) > -0.5 THEN 1 ELSE 0 END] AS value,
		sin(i * 0.37) * 2 + sin(i * i * 0.77) AS amount
	FROM generate_series(1, 3000) AS i;
SELECT algorithm FROM cvm.train('line', 'SELECT id, spend, region, joined, bought FROM customers', 'bought', 'logistic', key => 'id');
SELECT algorithm FROM cvm.train('trees', $$SELECT id, basket, pages, region, member, bought FROM customers WHERE region IS DISTINCT FROM 'east'$$,
	'bought', 'boosted_trees', key => 'id', options => '{"trees": 20}');
SELECT algorithm FROM cvm.train('bayes', 'SELECT id, spend, pages, bought FROM customers', 'bought', 'naive_bayes', key => 'id',
	options => '{"calibration": "platt"}');

-- the mean of probabilities, whatever each member reads
SELECT algorithm, task, training_rows + validation_rows AS rows
FROM cvm.train('mean', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["line", "trees", "bayes"]}');
SELECT bool_and(abs(cvm.predict('mean', c) - (cvm.predict('line', c) + cvm.predict('trees', c) + cvm.predict('bayes', c)) / 3) < 1e-12) AS mean,
	bool_and(cvm.predict('mean', c) = cvm.predict(cvm.active_model('mean')::text::cvm.model, c)) AS by_text,
	bool_and(cvm.predict('mean', c) = cvm.predict(cvm.active_model('mean')::jsonb::cvm.model, c)) AS by_json
FROM (SELECT * FROM customers LIMIT 500) AS c;
SELECT string_agg(name, ', ') AS inputs FROM cvm.inputs(cvm.active_model('mean'));
-- values that no member, or only one of them, has seen
SELECT bool_and(abs(cvm.predict('mean', c) - (cvm.predict('line', c) + cvm.predict('trees', c) + cvm.predict('bayes', c)) / 3) < 1e-12) AS mean
FROM (SELECT id, spend, basket, pages, r AS region, joined, member FROM customers, unnest('{north,east,west,(other),(missing),NULL}'::text[]) AS r WHERE id < 10) AS c;
SELECT status FROM cvm.train('mean', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["line", "trees"], "weights": [3, 1]}');
SELECT bool_and(abs(cvm.predict('mean', c) - (0.75 * cvm.predict('line', c) + 0.25 * cvm.predict('trees', c))) < 1e-12) AS weighted FROM customers AS c;

-- a stack learns from rows that no member has learned from, and is measured on others
SELECT algorithm, training_rows = (SELECT count(*) FROM customers WHERE cvm.held_out(id, 0.2) AND NOT cvm.held_out(id, 0.1)) AS learned,
	validation_rows = (SELECT count(*) FROM customers WHERE cvm.held_out(id, 0.1)) AS measured
FROM cvm.train('stack', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["line", "trees", "bayes"], "method": "stack"}');
SELECT bool_and(w::float8 >= 0) AS not_negative, count(*) AS weights FROM jsonb_array_elements_text(cvm.active_model('stack')::jsonb -> 'weights') AS w;
WITH m AS MATERIALIZED (SELECT jsonb_build_object('biases', j -> 'biases', 'weights', j -> 'weights') AS j FROM (SELECT cvm.active_model('stack')::jsonb) AS model (j)),
	logit AS (SELECT c, ln(cvm.predict('line', c) / (1 - cvm.predict('line', c))) AS line, ln(cvm.predict('trees', c) / (1 - cvm.predict('trees', c))) AS trees,
		ln(cvm.predict('bayes', c) / (1 - cvm.predict('bayes', c))) AS bayes FROM customers AS c)
SELECT max(abs(cvm.predict('stack', c) - 1 / (1 + exp(-((j -> 'biases' ->> 1)::float8 - (j -> 'biases' ->> 0)::float8
	+ (j -> 'weights' ->> 0)::float8 * line + (j -> 'weights' ->> 1)::float8 * trees + (j -> 'weights' ->> 2)::float8 * bayes))))) < 1e-12 AS by_hand
FROM logit, m;
SELECT s.value < l.value AS better_than_the_trees FROM cvm.evaluate('stack', 'SELECT * FROM customers WHERE cvm.held_out(id, 0.1)') AS s,
	cvm.evaluate('trees', 'SELECT * FROM customers WHERE cvm.held_out(id, 0.1)') AS l WHERE s.metric = 'log_loss' AND l.metric = 'log_loss';
SELECT algorithm FROM cvm.train('stack', 'customers', 'bought', 'ensemble', key => 'id',
	options => '{"models": ["line", "trees", "bayes"], "method": "stack", "calibration": "platt", "profit": {"true_positive": 9, "false_positive": -1}}');

-- classes, numbers, and ensembles of ensembles
SELECT algorithm FROM cvm.train('k1', 'SELECT id, spend, region, value FROM customers', 'value', key => 'id');
SELECT algorithm FROM cvm.train('k2', 'SELECT id, basket, pages, value FROM customers', 'value', 'random_forest', key => 'id', options => '{"trees": 10}');
SELECT algorithm, task FROM cvm.train('k', 'customers', 'value', 'ensemble', key => 'id', options => '{"models": ["k1", "k2"], "method": "stack"}');
SELECT bool_and(abs(p[1] + p[2] + p[3] - 1) < 1e-12) AS sum_to_one FROM customers AS c, LATERAL (SELECT cvm.predict_probabilities('k', c) AS p) AS l;
SELECT algorithm FROM cvm.train('n1', 'SELECT id, spend, amount FROM customers', 'amount', key => 'id');
SELECT algorithm FROM cvm.train('n2', 'SELECT id, basket, region, amount FROM customers', 'amount', 'decision_tree', key => 'id');
SELECT algorithm, task, (metrics -> 'validation' ->> 'r2')::float8 > 0.7 AS good
FROM cvm.train('n', 'customers', 'amount', 'ensemble', key => 'id', options => '{"models": ["n1", "n2"], "method": "stack"}');
SELECT algorithm FROM cvm.train('outer', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["mean", "bayes"]}');
SELECT bool_and(abs(cvm.predict('outer', c) - (cvm.predict('mean', c) + cvm.predict('bayes', c)) / 2) < 1e-12) AS nested FROM customers AS c;

-- what becomes of the members later does not matter, until it is trained again
CREATE TABLE before AS SELECT id, cvm.predict('outer', c) AS score FROM customers AS c;
SELECT algorithm FROM cvm.train('bayes', 'SELECT id, pages, bought FROM customers', 'bought', 'naive_bayes', key => 'id');
SELECT bool_and(score = cvm.predict('outer', c)) AS same FROM customers AS c JOIN before USING (id);
SELECT status FROM cvm.train('outer', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["mean", "bayes"], "promote": "if_not_worse"}');
SELECT reason LIKE 'auc % on the same held-out rows %' AS compared FROM cvm.versions('outer') WHERE version = 2;
SELECT cvm.schedule('outer', after => 'bayes');

-- what cannot be
CREATE FUNCTION ensemble(options jsonb, source text = 'customers', target text = 'bought', key text = 'id') RETURNS text LANGUAGE sql AS $$
	SELECT algorithm FROM cvm.train('wrong', source, target, 'ensemble', key => key, options => options)
$$;
SELECT ensemble('{}');
SELECT ensemble('{"models": "line"}');
SELECT ensemble('{"models": ["line", "line"]}');
SELECT ensemble('{"models": ["line", "nobody"]}');
SELECT ensemble('{"models": ["line", "wrong"]}');
SELECT ensemble('{"models": ["line", "k1"]}');
SELECT ensemble('{"models": ["line", "n1"]}');
SELECT ensemble('{"models": ["line", "trees"], "weights": [1]}');
SELECT ensemble('{"models": ["line", "trees"], "weights": [0, 0]}');
SELECT ensemble('{"models": ["line", "trees"], "weights": [1, -1]}');
SELECT ensemble('{"models": ["line", "trees"], "weights": ["a", "b"]}');
SELECT ensemble('{"models": ["line", "trees"], "method": "vote"}');
SELECT ensemble('{"models": ["line", "trees"], "calibration": "platt"}');
SELECT ensemble('{"models": ["line", "trees"], "warm_start": true}');
SELECT ensemble('{"models": ["line", "trees"]}', 'SELECT id, spend, region, joined, bought FROM customers');
SELECT ensemble('{"models": ["line", "trees"]}', 'SELECT id, spend::text AS spend, basket, pages, region, joined, member, bought FROM customers');
SELECT ensemble('{"models": ["k1", "k2"]}', $$SELECT id, spend, region, basket, pages, CASE WHEN id % 2 = 0 THEN 'none' ELSE value END AS value FROM customers$$, 'value');
SELECT ensemble('{"models": ["line", "trees"], "method": "stack"}', key => NULL);
SELECT ensemble('{"models": ["line", "trees"], "method": "stack", "validation": 0.3}');
SELECT ensemble('{"models": ["line", "trees"], "method": "stack", "seed": 4}');
SELECT ensemble('{"models": ["line", "mean"], "method": "stack"}');
SELECT model FROM cvm.train('keyless', 'SELECT spend, bought FROM customers', 'bought');
SELECT ensemble('{"models": ["line", "keyless"], "method": "stack"}');
SET client_min_messages = notice;
SELECT ensemble('{"models": ["line", "keyless"]}');
SET client_min_messages = warning;
SELECT cvm.train('wrong', 'customers', 'bought', 'ensemble', features => '{spend}', options => '{"models": ["line", "trees"]}');
SELECT cvm.train('wrong', 'customers', 'bought', 'ensemble', options => '{"models": ["line", "trees"], "pipeline": [{"algorithm": "pca"}]}');
-- once around: each holds the other of before, up to a limit
SELECT model FROM cvm.train('a', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["line", "bayes"]}');
SELECT model FROM cvm.train('b', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["a", "line"]}');
SELECT model FROM cvm.train('a', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["b", "line"]}');
SELECT model FROM cvm.train('b', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["a", "line"]}');

-- models of others
CREATE ROLE ensemble_stranger;
GRANT USAGE ON SCHEMA cvm TO ensemble_stranger;
GRANT SELECT ON customers TO ensemble_stranger;
SELECT cvm.grant_model('line', 'ensemble_stranger');
SET ROLE ensemble_stranger;
SELECT cvm.train('theirs', 'customers', 'bought', 'ensemble', key => 'id', options => '{"models": ["line", "trees"]}');
RESET ROLE;
REVOKE SELECT ON customers FROM ensemble_stranger;
REVOKE USAGE ON SCHEMA cvm FROM ensemble_stranger;
SELECT cvm.revoke_model('line', 'ensemble_stranger');
DROP ROLE ensemble_stranger;

-- stored models that nobody would train
CREATE FUNCTION bent(path text[], value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
BEGIN
	PERFORM jsonb_set(cvm.active_model('mean')::jsonb, path, value)::cvm.model;
	RETURN 'accepted';
EXCEPTION WHEN invalid_text_representation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
	RETURN message;
END
$$;
SELECT bent('{members}', '[]');
SELECT bent('{weights}', '[0.5, 0.6]');
SELECT bent('{weights}', '[1.5, -0.5]');
SELECT bent('{members,0}', cvm.active_model('n1')::jsonb - 'format');
SELECT bent('{members,0}', cvm.active_model('bayes')::jsonb - 'format');
SELECT bent('{method}', '"stack"');
SELECT bent('{members,0,coefficients,0,0}', '1e999');

SELECT cvm.drop_model(model) FROM cvm.model_overview ORDER BY model;
DROP TABLE customers, before CASCADE;
DROP FUNCTION bent, ensemble;
