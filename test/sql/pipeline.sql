-- Stages that are one model.
SET client_min_messages = warning;
CREATE TABLE visitors AS
	SELECT i AS id, sin(i * 0.37) * 2 AS spend, sin(i * 0.37) * 2 + 0.2 * cos(i * i * 0.3) AS basket,
		cos(i * 0.11) AS visits, CASE WHEN i % 7 > 0 THEN cos(i * 0.21) * (i % 13) END AS pages,
		(ARRAY['north', 'south', 'east'])[1 + i % 3] AS region,
		sin(i * 0.37) * 2 + cos(i * 0.11) + 1.5 * sin(i * i * 0.77) > 0.5 AS bought,
		(ARRAY['low', 'middle', 'high'])[1 + CASE
			WHEN sin(i * 0.37) * 2 + sin(i * i * 0.77) > 1 THEN 2
			WHEN sin(i * 0.37) * 2 + sin(i * i * 0.77) > -0.5 THEN 1 ELSE 0 END] AS value
	FROM generate_series(1, 2000) AS i;
CREATE VIEW features AS SELECT id, spend, basket, visits, pages, region, bought FROM visitors;

SELECT algorithm, task, (metrics -> 'validation' ->> 'auc')::float8 > 0.85 AS good
FROM cvm.train('both', 'features', 'bought', 'logistic', key => 'id',
	options => '{"pipeline": [{"algorithm": "pca", "components": 3}], "seed": 5}');

-- the same in two models by hand: stages see the training rows only
SELECT algorithm FROM cvm.train('first', 'SELECT id, spend, basket, visits, pages, region FROM features', algorithm => 'pca', key => 'id',
	options => '{"components": 3, "seed": 5}');
CREATE TABLE component_rows AS SELECT id, bought, cvm.transform('first', f) AS components FROM features AS f;
SELECT algorithm FROM cvm.train('second', 'component_rows', 'bought', 'logistic', key => 'id', options => '{"seed": 5}');
SELECT count(*) AS rows, max(abs(cvm.predict('both', f) - cvm.predict('second', r))) < 1e-9 AS same,
	bool_and(cvm.transform('both', f) = r.components) AS same_components
FROM features AS f JOIN component_rows AS r USING (id);

-- one value: text, jsonb, a table, held-out rows, evaluation
SELECT bool_and(cvm.predict('both', f) = cvm.predict(cvm.active_model('both')::text::cvm.model, f)) AS by_text,
	bool_and(cvm.predict('both', f) = cvm.predict(cvm.active_model('both')::jsonb::cvm.model, f)) AS by_json,
	bool_and(cvm.predict_class('both', f) = CASE WHEN cvm.predict('both', f) > 0.5 THEN 'true' ELSE 'false' END) AS by_class
FROM features AS f;
SELECT cvm.algorithm(cvm.active_model('both')), (SELECT string_agg(name, ', ') FROM cvm.inputs(cvm.active_model('both'))) AS inputs,
	jsonb_array_length(cvm.active_model('both')::jsonb -> 'stages') AS stages,
	cvm.active_model('both')::jsonb -> 'stages' -> 0 -> 'options' AS options_of_the_first;
SELECT round(value::numeric, 1) AS auc FROM cvm.evaluate('both', 'features') WHERE metric = 'auc';
SELECT count(*) = 5 AS inputs FROM cvm.feature_importance('both', 'features', repeats => 1);
SELECT model, algorithm, task FROM cvm.model_overview WHERE model = 'both';

-- other stages, other algorithms, calibrated, by class, without a target
SELECT algorithm, (metrics -> 'validation' ->> 'auc')::float8 > 0.85 AS good
FROM cvm.train('trees', 'features', 'bought', 'boosted_trees', key => 'id',
	options => '{"pipeline": [{"algorithm": "kmeans", "segments": 6}, {"algorithm": "pca"}], "trees": 20, "calibration": "platt"}');
SELECT algorithm, task FROM cvm.train('classes', 'SELECT id, spend, basket, visits, pages, value FROM visitors', 'value', 'naive_bayes', key => 'id',
	options => '{"pipeline": [{"algorithm": "discriminant"}]}');
SELECT array_length(cvm.predict_probabilities('classes', v), 1) AS classes, array_length(cvm.transform('classes', v), 1) AS axes
FROM visitors AS v LIMIT 1;
SELECT algorithm, task FROM cvm.train('number', 'SELECT id, basket, visits, pages, region, spend FROM visitors', 'spend', key => 'id',
	options => '{"pipeline": [{"algorithm": "pca", "standardize": true}], "driver": "passes"}');
SELECT algorithm, task FROM cvm.train('groups', 'SELECT spend, basket, visits, pages FROM visitors', algorithm => 'kmeans',
	options => '{"pipeline": [{"algorithm": "pca", "components": 2}], "segments": 3}');
SELECT count(DISTINCT cvm.predict('groups', v)) AS segments FROM visitors AS v;
SELECT task FROM cvm.train('distances', 'SELECT spend, basket FROM visitors', algorithm => 'kmeans', options => '{"segments": 4}');
SELECT abs(value - (SELECT sqrt(avg(distance * distance)) FROM (SELECT (SELECT min(d) FROM unnest(cvm.transform('distances', v)) AS d) AS distance
	FROM visitors AS v) AS n)) < 1e-9 AS nearest FROM cvm.evaluate('distances', 'visitors') WHERE metric = 'rmse';

-- every driver, the same model
SELECT driver, (SELECT model FROM cvm.train(driver, 'features', 'bought', 'logistic', key => 'id',
	options => jsonb_build_object('driver', driver, 'pipeline', '[{"algorithm": "pca", "components": 3}]'::jsonb)))
FROM unnest('{memory,spill,passes}'::text[]) AS driver;
SELECT count(DISTINCT cvm.active_model(driver)::jsonb -> 'stages' -> 1 -> 'coefficients') AS models
FROM unnest('{memory,spill,passes}'::text[]) AS driver;

-- retraining by the gate
SELECT status FROM cvm.train('both', 'features', 'bought', 'logistic', key => 'id',
	options => '{"pipeline": [{"algorithm": "pca", "components": 2}], "seed": 5, "promote": "if_not_worse"}');
SELECT reason LIKE 'auc % on the same held-out rows %' AS compared FROM cvm.versions('both') ORDER BY version DESC LIMIT 1;

-- what cannot be
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "pca", "componets": 3}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "pca"}, {"algorithm": "pca", "components": -1}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "pca", "validation": 0.1}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "pca", "pipeline": []}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"components": 3}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": ["pca"]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": "pca"}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": {"algorithm": "pca"}}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "logistic"}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "pac"}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'pipeline');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "pca"}], "warm_start": true}');
SELECT model FROM cvm.train('w', 'features', 'pages', 'linear', options => '{"pipeline": [{"algorithm": "pca"}, {"algorithm": "discriminant"}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => '{"pipeline": [{"algorithm": "pca", "components": 300}]}');
SELECT model FROM cvm.train('w', 'features', 'bought', 'logistic', options => jsonb_build_object('pipeline',
	(SELECT jsonb_agg(jsonb_build_object('algorithm', 'pca')) FROM generate_series(1, 5))));
SELECT * FROM cvm.explain('both', (SELECT f FROM features AS f LIMIT 1));
SELECT * FROM cvm.components('both');

-- stored models that nobody would train
CREATE FUNCTION bent(path text[], value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
BEGIN
	PERFORM jsonb_set(cvm.active_model('both')::jsonb, path, value)::cvm.model;
	RETURN 'accepted';
EXCEPTION WHEN invalid_text_representation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
	RETURN message;
END
$$;
SELECT bent('{stages}', '[]');
SELECT bent('{stages,0}', 'null');
SELECT bent('{stages,1,inputs,0,elements}', '7');
SELECT bent('{stages,0,inputs}', '[{"kind": "number", "name": "spend"}]');
SELECT bent('{stages,1,format}', '1');
SELECT bent('{stages,1}', cvm.active_model('second')::jsonb - 'format');
SELECT bent('{stages,1}', cvm.active_model('number')::jsonb - 'format');
SELECT bent('{stages}', (SELECT jsonb_agg(cvm.active_model('both')::jsonb -> 'stages' -> 0) FROM generate_series(1, 65)));
SELECT bent('{stages,1,stages}', '1');

SELECT cvm.drop_model(model) FROM cvm.model_overview ORDER BY model;
DROP TABLE visitors, component_rows CASCADE;
DROP FUNCTION bent;
