-- Calibration as a part of the model: every algorithm of classes, every way
-- to ask for a score, and what cannot be.
SET client_min_messages = warning;
CREATE TABLE calibrated_customers AS
	SELECT i AS id, sin(i * 0.37) * 2 AS spend, sin(i * 0.37) + 0.1 * cos(i) AS orders, cos(i * 0.11) AS visits,
		(ARRAY['north', 'south', 'east'])[1 + i % 3] AS region,
		sin(i * 0.37) * 2 + cos(i * 0.11) + 1.5 * sin(i * i * 0.77) > 0.5 AS churned,
		(ARRAY['low', 'middle', 'high'])[1 + CASE
			WHEN sin(i * 0.37) * 2 + sin(i * i * 0.77) > 1 THEN 2
			WHEN sin(i * 0.37) * 2 + sin(i * i * 0.77) > -0.5 THEN 1 ELSE 0 END] AS value
	FROM generate_series(1, 2000) AS i;

CREATE FUNCTION figure(name text, target text, algorithm text, options jsonb, metric text) RETURNS float8
LANGUAGE sql AS $$
	SELECT (metrics -> 'validation' ->> metric)::float8
	FROM cvm.train(name, 'calibrated_customers', target, algorithm => algorithm, key => 'id',
		features => '{spend,orders,visits,region}', options => options || '{"seed": 7}')
$$;

-- an overconfident learner: the log loss of held-out rows falls, the order of rows stays
SELECT method, figure('bayes', 'churned', 'naive_bayes', jsonb_build_object('calibration', method), 'log_loss')
		< figure('raw', 'churned', 'naive_bayes', '{}', 'log_loss') AS better,
	abs(figure('bayes', 'churned', 'naive_bayes', jsonb_build_object('calibration', method), 'auc')
		- figure('raw', 'churned', 'naive_bayes', '{}', 'auc')) < 0.01 AS same_order
FROM (VALUES ('platt'), ('isotonic')) AS v(method);

-- every classifier, two classes and three
SELECT algorithm, figure('two', 'churned', algorithm, '{"calibration": "platt", "trees": 5, "epochs": 20}', 'log_loss') < 0.6 AS two,
	figure('three', 'value', algorithm, '{"calibration": "isotonic", "trees": 5, "epochs": 20}', 'log_loss') < 1.1 AS three
FROM unnest('{naive_bayes,discriminant,decision_tree,random_forest,boosted_trees,neural_network}'::text[]) AS algorithm;
SELECT figure('logistic', 'churned', 'logistic', '{"calibration": "isotonic"}', 'log_loss') < 0.6 AS logistic,
	figure('svm', 'churned', 'svm', '{"calibration": "platt"}', 'log_loss') < 0.6 AS svm,
	figure('softmax', 'value', 'softmax', '{"calibration": "platt"}', 'log_loss') < 1 AS softmax;

-- class_weight shifts probabilities; calibration brings them back to what happens
SELECT figure('weighted', 'churned', 'logistic', '{"calibration": "platt", "class_weight": "balanced"}', 'brier') > 0 AS trained;
SELECT abs(avg(cvm.predict('weighted', c)) - avg(churned::int)) < 0.03 AS calibrated FROM calibrated_customers AS c;

-- wherever the rows are kept, the same maps
SELECT driver, figure(driver, 'churned', 'logistic', jsonb_build_object('calibration', 'isotonic', 'driver', driver), 'auc') > 0.5 AS trained
FROM unnest('{memory,spill,passes}'::text[]) AS driver;
SELECT driver, cvm.active_model(driver)::jsonb -> 'calibration' = cvm.active_model('logistic')::jsonb -> 'calibration' AS same
FROM unnest('{memory,spill,passes}'::text[]) AS driver;

-- by name, by value, by row and by argument, text and jsonb: one score
SELECT count(*) AS rows,
	bool_and(abs(cvm.predict('logistic', c) - cvm.predict(cvm.active_model('logistic'), c)) = 0) AS by_value,
	bool_and(cvm.predict('logistic', c) = cvm.predict(cvm.active_model('logistic')::text::cvm.model, c)) AS by_text,
	bool_and(cvm.predict('logistic', c) = cvm.predict(cvm.active_model('logistic')::jsonb::cvm.model, c)) AS by_json,
	bool_and(cvm.predict('logistic', c) BETWEEN 0 AND 1) AS probabilities
FROM calibrated_customers AS c;
SELECT bool_and(abs(p[1] + p[2] + p[3] - 1) < 1e-12) AS sum_to_one
FROM calibrated_customers AS c, LATERAL (SELECT cvm.predict_probabilities('three', c) AS p) AS l;
SELECT value BETWEEN 0 AND 0.6 AS evaluated FROM cvm.evaluate('logistic', 'calibrated_customers') WHERE metric = 'log_loss';

-- the gate compares calibrated scores; the same rows give the same model
SELECT status FROM cvm.train('logistic', 'calibrated_customers', 'churned', algorithm => 'logistic', key => 'id',
	features => '{spend,orders,visits,region}', options => '{"seed": 7, "calibration": "isotonic", "promote": "if_not_worse"}');
SELECT reason FROM cvm.versions('logistic') ORDER BY version DESC LIMIT 1;

-- what cannot be
SELECT * FROM cvm.train('wrong', 'calibrated_customers', 'spend', features => '{visits}', options => '{"calibration": "platt"}');
SELECT figure('wrong', 'churned', 'logistic', '{"calibration": "sigmoid"}', 'auc');
SELECT cvm.fit_logistic(churned, ARRAY[spend, visits], '{"calibration": "platt"}') FROM calibrated_customers;
SELECT * FROM cvm.train('wrong', 'calibrated_customers', algorithm => 'kmeans', features => '{spend,visits}',
	options => '{"calibration": "platt"}');
SELECT * FROM cvm.train('wrong', $$SELECT spend, id = 5 AS rare FROM calibrated_customers LIMIT 20$$, 'rare',
	options => '{"calibration": "platt", "validation": 0, "seed": 1}');

-- stored maps that nobody would learn
CREATE FUNCTION bent(path text[], value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
BEGIN
	PERFORM jsonb_set(cvm.active_model(path[1])::jsonb, path[2:], value)::cvm.model;
	RETURN 'accepted';
EXCEPTION WHEN invalid_text_representation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
	RETURN message;
END
$$;
SELECT bent('{bayes,calibration,probabilities,0}', '2');
SELECT bent('{bayes,calibration,scores,0}', '0.9999');
SELECT bent('{bayes,calibration,map_points,0}', '1');
SELECT bent('{bayes,calibration,points}', '3');
SELECT bent('{bayes,calibration,method}', '"none"');
SELECT bent('{bayes,calibration,method}', '"best"');
SELECT bent('{bayes,calibration}', 'null');
SELECT bent('{bayes,calibration,slope}', '1');
SELECT bent('{svm,calibration,slopes,0}', '-1');
SELECT bent('{svm,calibration,slopes,0}', '1e999');
SELECT bent('{svm,calibration,intercepts}', '[]');

SELECT cvm.drop_model(model) FROM cvm.model_overview ORDER BY model;
DROP TABLE calibrated_customers;
DROP FUNCTION figure, bent;
