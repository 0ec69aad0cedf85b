-- kmeans: segments through every door
CREATE TEMP TABLE shoppers AS
SELECT i AS id,
	(ARRAY[200, 45, 8])[kind] + 2 * (sin(i) + sin(12.9898 * i) + sin(37.719 * i) + sin(78.233 * i)) AS spent,
	(ARRAY[2, 12, 1])[kind] + 0.3 * (cos(3 * i) + cos(17.31 * i) + cos(41.77 * i) + cos(93.1 * i)) AS visits,
	(ARRAY['shop', 'web', 'web'])[kind] AS channel, kind
FROM (SELECT i, CASE WHEN i % 10 < 5 THEN 3 WHEN i % 10 < 8 THEN 2 ELSE 1 END AS kind
	FROM generate_series(1, 2000) AS i) AS made_up;

-- three groups are found, by silhouette and by gap, whatever the seed
SELECT model, version, algorithm, task, status, metrics->'validation' ? 'rmse' AS measured
FROM cvm.train('groups', 'shoppers', algorithm => 'kmeans', features => ARRAY['spent', 'visits', 'channel'], key => 'id');
SELECT cvm.predict('groups', s) AS segment, cvm.predict_class('groups', s), min(kind), max(kind), count(*)
FROM shoppers AS s GROUP BY 1, 2 ORDER BY 1;
SELECT version, status FROM cvm.train('groups', 'shoppers', algorithm => 'kmeans',
	features => ARRAY['spent', 'visits', 'channel'], options => '{"choose_by": "gap", "seed": 7}');
SELECT reason FROM cvm.versions('groups') WHERE version = 2;
SELECT count(DISTINCT cvm.predict('groups', s)) AS segments FROM shoppers AS s;

-- what sets them apart
SELECT segment, round(share::numeric, 2) AS share, feature, level, round(value::numeric, 1) AS value,
	round(overall::numeric, 1) AS overall, round(difference::numeric, 1) AS difference
FROM cvm.segment_profile('groups') ORDER BY segment, feature, level;

-- given numbers of segments; mini-batches; the drivers agree
SELECT cvm.train('four', 'shoppers', algorithm => 'kmeans', features => ARRAY['spent', 'visits'],
	options => '{"segments": 4}') IS NOT NULL AS trained;
SELECT cvm.train('batches', 'shoppers', algorithm => 'kmeans', features => ARRAY['spent', 'visits'],
	options => '{"segments": 3, "solver": "sgd"}') IS NOT NULL AS trained;
SELECT count(*) FROM (SELECT DISTINCT segment FROM cvm.segment_profile('four')) AS s;
SELECT count(DISTINCT (kind, cvm.predict('batches', s))) AS pairs FROM shoppers AS s;
SELECT driver, cvm.train('by_' || driver, 'shoppers', algorithm => 'kmeans', features => ARRAY['spent', 'visits', 'channel'],
	options => jsonb_build_object('driver', driver, 'segments', 3)) IS NOT NULL AS trained
FROM unnest(ARRAY['memory', 'spill', 'passes']) AS driver;
SELECT count(DISTINCT cvm.active_model('by_' || driver)::jsonb->'centers') AS different_centers
FROM unnest(ARRAY['memory', 'spill', 'passes']) AS driver;

-- evaluate without a target; a value; NULLs
SELECT metric, value > 0 AS positive FROM cvm.evaluate('groups', 'shoppers') WHERE metric IN ('rmse', 'mae', 'rows') ORDER BY metric;
SELECT m::text::cvm.model OPERATOR(cvm.=) m AS same FROM cvm.active_model('groups') AS m;
SELECT cvm.predict('groups', s) IS NOT NULL AS segment FROM (SELECT NULL::float8 AS spent, 3 AS visits, NULL::text AS channel) AS s;
SELECT model, task, primary_metric, target IS NULL AS no_target FROM cvm.model_overview WHERE model = 'groups';

-- what goes wrong
SELECT cvm.train('groups', 'shoppers', 'kind', algorithm => 'kmeans');
SELECT cvm.train('groups', 'shoppers', algorithm => 'logistic');
SELECT cvm.train('groups', 'shoppers');
SELECT cvm.train('many', 'SELECT spent FROM shoppers LIMIT 3', algorithm => 'kmeans', options => '{"segments": 10}');
SELECT cvm.train('many', 'shoppers', algorithm => 'kmeans', options => '{"solver": "newton"}');
SELECT cvm.predict_probabilities('groups', s) FROM shoppers AS s LIMIT 1;
SELECT array_length(cvm.transform('groups', s), 1) AS distances FROM shoppers AS s LIMIT 1;
SELECT cvm.confusion_matrix('groups', 'shoppers');
SELECT count(cvm.drop_model(model)) FROM cvm.model_overview WHERE model IN ('groups', 'four', 'batches', 'by_memory', 'by_spill', 'by_passes');
