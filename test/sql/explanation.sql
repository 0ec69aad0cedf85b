-- explain, feature_importance, partial_dependence
SET search_path TO cvm, public;
CREATE TABLE visitors AS
SELECT i AS id, x, z, CASE WHEN i % 6 = 0 THEN NULL ELSE minutes END AS minutes, channel, x > 0.8 AS member,
	2 * x + minutes / 10 * z + CASE channel WHEN 'mail' THEN 1 WHEN 'shop' THEN 2 ELSE 0 END + sin(i) AS spent
FROM (SELECT i, (i * 7919 % 1009) / 1009.0::float8 AS x, (i * 4241 % 769) / 769.0::float8 AS z, (i * 104729 % 997) / 30.0::float8 AS minutes,
		(ARRAY['search', 'mail', 'shop'])[1 + i * 17 % 3] AS channel
	FROM generate_series(1, 1500) AS i) AS made_up;
CREATE VIEW classes AS SELECT id, x, z, minutes, channel, member, spent > 5 AS bought,
	CASE WHEN spent > 6 THEN 'high' WHEN spent > 3 THEN 'middle' ELSE 'low' END AS class FROM visitors;
\pset format unaligned
\pset tuples_only on
SELECT count(train(a.name || ' spent', 'SELECT id, x, z, minutes, channel, member, spent FROM visitors', 'spent', a.name, key => 'id', options => '{"trees": 20}'))
	FROM unnest(ARRAY['linear', 'decision_tree', 'random_forest', 'boosted_trees']) AS a (name);
SELECT count(train(a.name || ' bought', 'SELECT id, x, z, minutes, channel, member, bought FROM classes', 'bought', a.name, key => 'id', options => '{"trees": 20}'))
	FROM unnest(ARRAY['logistic', 'svm', 'decision_tree', 'random_forest', 'boosted_trees']) AS a (name);
SELECT count(train(a.name || ' class', 'SELECT id, x, z, minutes, channel, member, class FROM classes', 'class', a.name, key => 'id', options => '{"trees": 20}'))
	FROM unnest(ARRAY['softmax', 'random_forest', 'boosted_trees']) AS a (name);

-- contributions add up to the score: of the linear predictor, or of the prediction
SELECT r.model, max(abs(p - CASE WHEN r.algorithm IN ('decision_tree', 'random_forest', 'linear') OR r.model LIKE '% spent' THEN score ELSE 1 / (1 + exp(-score)) END)) < 1e-12
FROM cvm.model_registry AS r, visitors AS v, LATERAL (SELECT predict(r.model, v)) AS q (p), LATERAL (SELECT sum(contribution) FROM explain(r.model, v)) AS e (score)
WHERE r.model NOT LIKE '% class' AND v.id <= 60 GROUP BY 1 ORDER BY 1;
SELECT r.model, max(abs(p[k] - CASE WHEN r.model LIKE 'random%' THEN score ELSE exp(score) / total END)) < 1e-12
FROM cvm.model_registry AS r, visitors AS v, LATERAL (SELECT predict_probabilities(r.model, v)) AS q (p),
	LATERAL (SELECT array_position(cvm.classes(r.model), class), sum(contribution), sum(exp(sum(contribution))) OVER () FROM explain(r.model, v) GROUP BY class) AS e (k, score, total)
WHERE r.model LIKE '% class' AND v.id <= 60 GROUP BY 1 ORDER BY 1;

-- of a linear model: coefficient times the distance from the mean of the training rows
SELECT bool_and(abs(e.contribution - c.coefficient * (v.x - p.mean)) < 1e-12)
FROM visitors AS v, explain('linear spent', v) AS e, coefficients('linear spent') AS c, cvm.feature_profile AS p
WHERE v.id < 50 AND e.feature = 'x' AND c.feature = 'x' AND p.model = 'linear spent' AND p.feature = 'x';
-- contributions of the training rows have mean zero, in each feature
SELECT e.feature, abs(avg(e.contribution)) < 1e-9 AS zero
FROM visitors AS v, explain('linear spent', v) AS e
WHERE NOT held_out(v.id) AND e.feature <> '(base)' GROUP BY 1 ORDER BY 1;
SELECT feature, value, contribution IS NOT NULL AS told, class FROM visitors AS v, explain(active_model('boosted_trees bought'), v) WHERE v.id = 6;
SELECT count(*), count(DISTINCT class) FROM visitors AS v, explain('softmax class', v) WHERE v.id = 6;
-- a number that does not matter contributes little
SELECT e.feature, avg(abs(e.contribution)) > 0.1 AS matters FROM visitors AS v, explain('boosted_trees spent', v) AS e WHERE v.id <= 100 GROUP BY 1 ORDER BY 1;

-- gains
SELECT feature, round(importance::numeric, 1) AS importance, gain > 0 AS gained, splits IS NOT NULL AS splits FROM feature_importance('linear spent') ORDER BY 1;
SELECT r.model, round(sum(i.importance)::numeric, 10) AS sum, min(i.gain) >= 0 AS gained, sum(i.splits) > 5 AS splits FROM cvm.model_registry AS r, feature_importance(r.model) AS i GROUP BY 1 ORDER BY 1;
SELECT feature FROM feature_importance('boosted_trees spent') ORDER BY gain DESC LIMIT 1;

-- permutation: of any algorithm; what does not matter loses nothing
SELECT r.model, (SELECT string_agg(feature, ' ' ORDER BY feature) FROM feature_importance(r.model, 'visitors', 3) WHERE importance > 0.05) AS matter
FROM cvm.model_registry AS r WHERE r.model LIKE '% spent' ORDER BY 1;
SELECT feature, importance > 0.005 AS matters, deviation < 0.1 AS sure, metric FROM feature_importance('boosted_trees bought', 'classes') ORDER BY 1;
SELECT DISTINCT metric FROM feature_importance('softmax class', 'classes', repeats => 1) WHERE deviation IS NULL;
-- the same each time
SELECT (SELECT array_agg(importance) FROM feature_importance('logistic bought', 'classes')) = (SELECT array_agg(importance) FROM feature_importance('logistic bought', 'classes'));

-- partial dependence: of a linear model a line of its slope
SELECT count(*), max(abs((p.prediction - p.first) - c.coefficient * (p.number - p.start))) < 1e-9
FROM (SELECT number, prediction, first_value(prediction) OVER (ORDER BY number) AS first, first_value(number) OVER (ORDER BY number) AS start
	FROM partial_dependence('linear spent', 'x', 'visitors', points => 7)) AS p, coefficients('linear spent') AS c WHERE c.feature = 'x';
SELECT value, number, round(prediction::numeric, 1) AS spent FROM partial_dependence('boosted_trees spent', 'channel', 'visitors') ORDER BY prediction;
SELECT class, count(*) FROM partial_dependence('boosted_trees class', 'z', 'classes', points => 5) GROUP BY 1 ORDER BY 1;
SELECT corr(number, prediction) > 0.9 FROM partial_dependence('random_forest spent', 'minutes', 'visitors');
SELECT value, number FROM partial_dependence('linear spent', 'member', 'visitors');

-- errors
\set VERBOSITY terse
SELECT count(train('bayes', 'SELECT id, x, z, bought FROM classes', 'bought', 'naive_bayes', key => 'id'));
SELECT explain('bayes', v) FROM visitors AS v WHERE id = 1;
SELECT feature_importance('bayes');
SELECT count(*) FROM feature_importance('bayes', 'classes');
SELECT explain('nothing', v) FROM visitors AS v WHERE id = 1;
SELECT explain('linear spent', r) FROM (SELECT 1 AS x) AS r;
SELECT * FROM partial_dependence('linear spent', 'y', 'visitors');
SELECT * FROM partial_dependence('linear spent', 'x', 'visitors', 0);
SELECT * FROM feature_importance('linear spent', 'visitors', 0);
SELECT * FROM feature_importance('linear spent', 'classes');
SET cvm.train_memory = '1MB';
SELECT * FROM feature_importance('linear spent', 'SELECT v.* FROM visitors AS v, generate_series(1, 20)');
RESET cvm.train_memory;
SELECT count(drop_model(model)) FROM cvm.model_registry;
DROP TABLE visitors CASCADE;
