-- pca and discriminant through every door
CREATE TEMP TABLE habits AS
SELECT i AS id, kind, base + 0.1 * sin(i) AS visits, 2 * base + 0.2 * cos(5 * i) AS pages,
	-base + 0.3 * sin(9 * i) AS complaints, other AS age, (ARRAY['app', 'web'])[1 + i % 2] AS channel
FROM (SELECT i, i % 3 AS kind, sin(3.1 * i) + 2 * (i % 3) AS base, cos(7.7 * i) AS other
	FROM generate_series(1, 900) AS i) AS made_up;

SELECT model, algorithm, task, status, metrics->'validation' ? 'rmse' AS measured
FROM cvm.train('axes', 'habits', algorithm => 'pca', features => ARRAY['visits', 'pages', 'complaints', 'age'], key => 'id');
SELECT DISTINCT component, round(share::numeric, 2) AS share, round(cumulative_share::numeric, 2) AS cumulative
FROM cvm.components('axes') ORDER BY component;
SELECT feature, round(abs(loading)::numeric, 1) AS loading FROM cvm.components('axes') WHERE component = 1 ORDER BY feature;
SELECT array_length(cvm.transform('axes', h), 1) AS components, cvm.predict('axes', h) < 1 AS usual,
	cvm.predict('axes', o) > 3 AS unusual
FROM habits AS h, (SELECT 9 AS visits, -9 AS pages, 9 AS complaints, 0 AS age) AS o WHERE id = 5;
-- components have the variance that is told of them, and by the planner or not are the same
SELECT abs(variance(t[1]) / min(c.variance) - 1) < 0.05 AS as_told
FROM (SELECT cvm.transform('axes', h) AS t FROM habits AS h) AS rows, cvm.components('axes') AS c WHERE component = 1;
SELECT count(*) AS different FROM habits AS h, LATERAL (SELECT cvm.active_model('axes') AS m) AS fitted
WHERE cvm.transform('axes', h) IS DISTINCT FROM cvm.transform(m, h);
EXPLAIN (VERBOSE, COSTS off) SELECT cvm.transform('axes', h) FROM habits AS h;

-- randomized, with a category, and driven otherwise
SELECT version FROM cvm.train('axes', 'habits', algorithm => 'pca', key => 'id',
	features => ARRAY['visits', 'pages', 'complaints', 'age', 'channel'], options => '{"decomposition": "randomized", "components": 3, "driver": "passes"}');
SELECT max(component), count(*), count(level) AS levels FROM cvm.components('axes');
SELECT m::text::cvm.model OPERATOR(cvm.=) m AS same, m::cvm.pca_model IS NOT NULL AS in_domain FROM cvm.active_model('axes') AS m;

SELECT model, algorithm, task, (metrics->'validation'->>'accuracy')::float8 > 0.6 AS good
FROM cvm.train('kind', 'habits', 'kind', algorithm => 'discriminant', key => 'id');
SELECT round(sum(p)::numeric, 9) AS sum FROM habits AS h, unnest(cvm.predict_probabilities('kind', h)) AS p WHERE id = 7;
SELECT array_length(cvm.transform('kind', h), 1) BETWEEN 1 AND 2 AS axes FROM habits AS h WHERE id = 7;
SELECT task, (metrics->'training'->>'auc')::float8 > 0.9 AS good
FROM cvm.train('first_kind', 'SELECT id, kind = 0 AS first, visits, pages, channel FROM habits', 'first', algorithm => 'discriminant', key => 'id');
SELECT m::text::cvm.model OPERATOR(cvm.=) m AS same FROM cvm.active_model('first_kind') AS m;

-- what goes wrong
SELECT cvm.transform('no such model', h) FROM habits AS h LIMIT 1;
SELECT cvm.train('linear', 'habits', 'visits', algorithm => 'linear', features => ARRAY['age']) IS NOT NULL AS trained;
SELECT cvm.transform('linear', h) FROM habits AS h LIMIT 1;
SELECT cvm.components('linear');
SELECT cvm.segment_profile('axes');
SELECT cvm.train('few', 'SELECT kind, age FROM habits LIMIT 3', 'kind', algorithm => 'discriminant', options => '{"validation": 0}');
SELECT count(cvm.drop_model(model)) FROM cvm.model_overview WHERE model IN ('axes', 'kind', 'first_kind', 'linear');
