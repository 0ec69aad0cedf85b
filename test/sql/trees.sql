-- decision_tree, random_forest, boosted_trees through every door: train, predict, evaluate, JSON, versions
SET search_path TO cvm, public;
CREATE TABLE shoppers AS
SELECT i AS id, x, visits, nullif(channel, 'none') AS channel,
	CASE WHEN i % 9 = 0 THEN NULL ELSE minutes END AS minutes,
	CASE WHEN channel IN ('mail', 'shop') THEN 3 ELSE 0 END + CASE WHEN x > 0.5 THEN visits / 3.0::float8 ELSE -visits / 4.0 END
		+ CASE WHEN i % 9 = 0 THEN 4 ELSE minutes / 10 END + sin(i) AS spent,
	(DATE '2024-01-01' + i % 300) AS since
FROM (SELECT i, (i * 7919 % 1009) / 1009.0::float8 AS x, i * 31 % 11 AS visits, (i * 104729 % 997) / 30.0::float8 AS minutes,
		(ARRAY['search', 'mail', 'shop', 'none', 'street'])[1 + i * 17 % 5] AS channel
	FROM generate_series(1, 3000) AS i) AS made_up;
CREATE VIEW buyers AS
SELECT id, x, visits, channel, minutes, spent > 3 AS bought, CASE WHEN spent > 5 THEN 'high' WHEN spent > 1 THEN 'middle' ELSE 'low' END AS class
FROM shoppers;

\pset format unaligned
\pset tuples_only on
-- numbers, two classes, three classes
SELECT algorithm, task, training_rows, validation_rows, round((metrics #>> '{validation,r2}')::numeric, 1) AS r2, metrics #>> '{fit,outcome}' AS outcome
FROM unnest(ARRAY['linear', 'decision_tree', 'random_forest', 'boosted_trees']) AS a (name),
	LATERAL train('spent_' || name, 'SELECT id, x, visits, channel, minutes, since, spent FROM shoppers', 'spent', name, key => 'id',
		options => '{"trees": 30}') ORDER BY 1;
SELECT algorithm, task, round((metrics #>> '{validation,auc}')::numeric, 2) AS auc
FROM unnest(ARRAY['decision_tree', 'random_forest', 'boosted_trees']) AS a (name),
	LATERAL train('bought_' || name, 'SELECT id, x, visits, channel, minutes, bought FROM buyers', 'bought', name, key => 'id', options => '{"trees": 20}') ORDER BY 1;
SELECT algorithm, task, (metrics #>> '{validation,accuracy}')::float8 > 0.8 AS good
FROM unnest(ARRAY['decision_tree', 'random_forest', 'boosted_trees']) AS a (name),
	LATERAL train('class_' || name, 'SELECT id, x, visits, channel, minutes, class FROM buyers', 'class', name, key => 'id', options => '{"trees": 20}') ORDER BY 1;

-- every way in gives the same; so does the model as a value, as text and as jsonb
SELECT model, count(*), count(*) FILTER (WHERE p <> v) AS by_value, count(*) FILTER (WHERE p <> t) AS by_text, count(*) FILTER (WHERE p <> j) AS by_json
FROM (SELECT r.model, predict(r.model, s) AS p, predict(active_model(r.model), s) AS v, predict(m.t, s) AS t, predict(m.j, s) AS j
	FROM cvm.model_registry AS r, LATERAL (SELECT active_model(r.model)::text::cvm.model AS t, active_model(r.model)::jsonb::cvm.model AS j OFFSET 0) AS m,
		shoppers AS s
	WHERE r.model LIKE 'spent_%' AND s.id <= 100) AS predictions GROUP BY 1 ORDER BY 1;
SELECT r.model, bool_and(m = m::text::cvm.model), bool_and(m = m::jsonb::cvm.model)
FROM cvm.model_registry AS r, LATERAL (SELECT active_model(r.model)) AS a (m) GROUP BY 1 ORDER BY 1;
SELECT count(*), bool_and(abs(p - 1) < 1e-12) FROM (SELECT (SELECT sum(p) FROM unnest(predict_probabilities('class_random_forest', b)) AS p) AS p FROM buyers AS b) AS sums;
SELECT predict_class('class_boosted_trees', b), predict_class('bought_decision_tree', b) FROM buyers AS b WHERE id IN (7, 8, 9) ORDER BY id;
SELECT abs(e.value - auc(b.bought, predict('bought_boosted_trees', b))) < 1e-12 AS same FROM buyers AS b, evaluate('bought_boosted_trees', 'buyers') AS e
	WHERE e.metric = 'auc' GROUP BY e.value;

-- a level never seen, a missing number where there was none, everything missing
SELECT predict('spent_boosted_trees', r) BETWEEN -5 AND 15 FROM (VALUES
	(0.5::float8, 3, 'never seen', 7.5::float8, DATE '2024-05-05'), (NULL, NULL, NULL, NULL, NULL)) AS r (x, visits, channel, minutes, since);

-- what they say of themselves
SELECT algorithm, task, solver, outcome, iterations FROM active_model('bought_random_forest') AS m, fit_information(m);
SELECT name, kind FROM inputs(active_model('spent_decision_tree'));
SELECT count(*) FROM coefficients('bought_boosted_trees');
SELECT count(*) FROM feature_effects WHERE model LIKE 'bought_%';
SELECT active_model('bought_boosted_trees')::cvm.boosted_trees_model IS NOT NULL, active_model('bought_random_forest')::cvm.random_forest_model IS NOT NULL,
	active_model('bought_decision_tree')::cvm.decision_tree_model IS NOT NULL;
SELECT m ->> 'objective', m ->> 'trees', (m ->> 'out_of_bag_error')::float8 < 0.12 FROM (SELECT active_model('bought_random_forest')::jsonb AS m) AS model;

-- the same rows, options and seed give the same model; another seed another forest
SELECT version FROM train('bought_boosted_trees', 'SELECT id, x, visits, channel, minutes, bought FROM buyers', 'bought', 'boosted_trees', key => 'id', options => '{"trees": 20}');
SELECT count(DISTINCT fitted OPERATOR(cvm.=) model_version('bought_boosted_trees', 1)) FROM cvm.model_versions WHERE model = 'bought_boosted_trees';
SELECT version FROM train('bought_random_forest', 'SELECT id, x, visits, channel, minutes, bought FROM buyers', 'bought', 'random_forest', key => 'id', options => '{"trees": 20, "seed": 3}');
SELECT model_version('bought_random_forest', 1) OPERATOR(cvm.=) model_version('bought_random_forest', 2);
-- from blocks in a file, from the source again and again: the same model as from memory
SELECT driver, train('driven', 'SELECT id, x, visits, channel, minutes, bought FROM buyers', 'bought', 'boosted_trees', key => 'id',
	options => jsonb_build_object('driver', driver, 'trees', 10)) IS NOT NULL FROM unnest(ARRAY['memory', 'spill', 'passes']) AS driver;
SELECT count(DISTINCT jsonb_set(fitted::jsonb - 'driver', '{options}', '{}')) FROM cvm.model_versions WHERE model = 'driven';
-- where rows do not fit into cvm.train_memory they are kept in a file in bins, too: the same models
SELECT count(train(algorithm, 'SELECT s.id + 3000 * i AS id, x + 0.001 * i AS x, visits, channel, minutes, spent FROM shoppers AS s, generate_series(0, 9) AS i',
	'spent', algorithm, key => 'id', options => '{"trees": 4, "max_leaves": 40}')) FROM unnest(ARRAY['boosted_trees', 'random_forest', 'decision_tree']) AS algorithm;
SET cvm.train_memory = '1MB';
SELECT count(train(algorithm, 'SELECT s.id + 3000 * i AS id, x + 0.001 * i AS x, visits, channel, minutes, spent FROM shoppers AS s, generate_series(0, 9) AS i',
	'spent', algorithm, key => 'id', options => '{"trees": 4, "max_leaves": 40}')) FROM unnest(ARRAY['boosted_trees', 'random_forest', 'decision_tree']) AS algorithm;
RESET cvm.train_memory;
SELECT model, count(*), count(DISTINCT fitted::jsonb - 'driver') FROM cvm.model_versions WHERE model IN ('boosted_trees', 'random_forest', 'decision_tree') GROUP BY 1 ORDER BY 1;

-- boosting goes on from the active version: its trees come first, columns and levels are found by their names
SELECT version FROM train('going_on', 'SELECT id, x, visits, channel, minutes, spent FROM shoppers WHERE channel <> $$shop$$', 'spent', 'boosted_trees',
	key => 'id', options => '{"trees": 20, "validation": 0}');
SELECT version, metrics #>> '{fit,iterations}' AS trees FROM train('going_on', 'SELECT id, minutes, visits, x, upper(channel) AS other, channel, spent FROM shoppers', 'spent',
	'boosted_trees', key => 'id', options => '{"trees": 7, "warm_start": true, "validation": 0, "promote": "always"}');
SELECT (b #> '{leaf_values}') -> 3 = (a #> '{leaf_values}') -> 3 AS same_leaves, b -> 'base' = a -> 'base' AS same_base
	FROM (SELECT model_version('going_on', 1)::jsonb AS a, model_version('going_on', 2)::jsonb AS b) AS models;
SELECT avg((spent - predict((SELECT model_version('going_on', 2)), s)) ^ 2) < avg((spent - predict((SELECT model_version('going_on', 1)), s)) ^ 2) AS better
	FROM (SELECT *, upper(channel) AS other FROM shoppers) AS s;
-- a column that the trees ask for is gone: they are grown anew
SELECT version, metrics #>> '{fit,iterations}' AS trees FROM train('going_on', 'SELECT id, x, spent FROM shoppers', 'spent',
	'boosted_trees', key => 'id', options => '{"trees": 7, "warm_start": true, "validation": 0, "promote": "always"}');

-- monotone columns
SELECT version FROM train('rising', 'SELECT id, x, visits, channel, minutes, spent FROM shoppers', 'spent', 'boosted_trees', key => 'id',
	options => '{"increasing": ["visits"], "decreasing": "minutes", "trees": 30}');
SELECT bool_and(p >= before) FROM (SELECT predict('rising', r) AS p, lag(predict('rising', r)) OVER (PARTITION BY r.id ORDER BY r.visits) AS before
	FROM (SELECT s.id, s.x, v AS visits, s.channel, s.minutes FROM shoppers AS s, generate_series(0, 12) AS v WHERE s.id < 100) AS r) AS steps;
SELECT bool_and(p <= before) FROM (SELECT predict('rising', r) AS p, lag(predict('rising', r)) OVER (PARTITION BY r.id ORDER BY r.minutes) AS before
	FROM (SELECT s.id, s.x, s.visits, s.channel, m::float8 AS minutes FROM shoppers AS s, generate_series(0, 40) AS m WHERE s.id < 100) AS r) AS steps;

-- objectives: an integer as a number, counts, a quantile
SELECT task, (metrics #>> '{validation,r2}')::float8 > 0.5 AS good FROM train('whole', 'SELECT id, x, minutes, channel, round(spent)::integer AS spent FROM shoppers', 'spent',
	'boosted_trees', key => 'id', options => '{"objective": "squared"}');
SELECT task, metrics #> '{validation,deviance}' IS NOT NULL AS deviance FROM train('counts', 'SELECT id, x, minutes, channel, greatest(round(spent), 0)::integer AS spent FROM shoppers',
	'spent', 'boosted_trees', key => 'id', options => '{"objective": "poisson"}');
SELECT version FROM train('nine_tenths', 'SELECT id, x, visits, minutes, channel, spent FROM shoppers', 'spent', 'boosted_trees', key => 'id',
	options => '{"objective": "quantile", "quantile": 0.9, "validation": 0}');
SELECT round(avg((spent <= predict('nine_tenths', s))::integer), 1) FROM shoppers AS s;
-- weights and balanced classes
SELECT (metrics #>> '{training,recall}')::float8 > 0.9 AS good FROM train('balanced', 'SELECT id, x, visits, channel, minutes, spent > 7 AS rich, 1 + id % 3 AS w FROM shoppers', 'rich',
	'random_forest', key => 'id', weight => 'w', options => '{"class_weight": "balanced", "max_leaves": 50, "trees": 20, "impurity": "entropy"}');
-- the gate compares trees with what was there, whatever it was
SELECT version FROM train('contest', 'SELECT id, x, visits, channel, minutes, bought FROM buyers', 'bought', key => 'id');
SELECT version, status FROM train('contest', 'SELECT id, x, visits, channel, minutes, bought FROM buyers', 'bought', 'boosted_trees', key => 'id', options => '{"promote": "if_better"}');
SELECT version, status FROM train('contest', 'SELECT id, x, visits, channel, minutes, bought FROM buyers', 'bought', 'decision_tree', key => 'id', options => '{"promote": "if_not_worse", "max_leaves": 2}');
SELECT version, algorithm, status FROM versions('contest');

-- early stopping, and the learning curve
SELECT (metrics #>> '{fit,iterations}')::integer < 400 AS stopped, metrics #>> '{fit,outcome}' FROM train('curve', 'SELECT id, x, visits, bought FROM buyers', 'bought', 'boosted_trees', key => 'id',
	options => '{"trees": 400, "patience": 4, "learning_rate": 0.5}');
SELECT count(*) > 4, bool_and(training_loss > 0), bool_and(validation_loss > 0) FROM training_progress WHERE model = 'curve';

-- errors
\set VERBOSITY terse
SELECT train('wrong', 'buyers', 'bought', 'boosted_trees', options => '{"increasing": ["channel"]}');
SELECT train('wrong', 'buyers', 'bought', 'boosted_trees', options => '{"increasing": [1]}');
SELECT train('wrong', 'buyers', 'bought', 'boosted_trees', options => '{"increasing": ["x"], "decreasing": ["x"]}');
SELECT train('wrong', 'buyers', 'class', 'boosted_trees', options => '{"increasing": ["x"]}');
SELECT train('wrong', 'shoppers', 'visits', 'random_forest', options => '{"objective": "poisson"}');
SELECT train('wrong', 'shoppers', 'spent', 'boosted_trees', options => '{"objective": "poisson"}');
SELECT train('wrong', 'buyers', 'class', 'boosted_trees', options => '{"objective": "squared"}');
SELECT train('wrong', 'buyers', 'bought', 'decision_tree', options => '{"warm_start": true}');
SELECT train('wrong', 'buyers', 'bought', 'boosted_trees', options => '{"warm_start": true, "increasing": ["x"]}');
SELECT train('wrong', 'buyers', 'bought', 'boosted_trees', options => '{"trees": 0}');
SELECT train('wrong', 'buyers', 'bought', 'boosted_trees', options => '{"objective": "magic"}');
-- forged trees
SELECT jsonb_set(m, path::text[], value::jsonb)::cvm.model FROM (SELECT active_model('bought_decision_tree')::jsonb) AS a (m), (VALUES ('{node_children, 0}', '0')) AS c (path, value);
SELECT jsonb_set(m, path::text[], value::jsonb)::cvm.model FROM (SELECT active_model('bought_decision_tree')::jsonb) AS a (m), (VALUES ('{node_columns, 0}', '99')) AS c (path, value);
SELECT jsonb_set(m, path::text[], value::jsonb)::cvm.model FROM (SELECT active_model('bought_decision_tree')::jsonb) AS a (m), (VALUES ('{leaf_values, 0, 0}', '2')) AS c (path, value);
SELECT jsonb_set(m, path::text[], value::jsonb)::cvm.model FROM (SELECT active_model('bought_decision_tree')::jsonb) AS a (m), (VALUES ('{nodes}', '5')) AS c (path, value);
SELECT jsonb_set(m, path::text[], value::jsonb)::cvm.model FROM (SELECT active_model('bought_decision_tree')::jsonb) AS a (m), (VALUES ('{node_children, 1}', '1.5')) AS c (path, value);
SELECT count(drop_model(model)) FROM cvm.model_registry;
DROP TABLE shoppers CASCADE;
