-- models with segments: fits against numpy, what pooling is worth, one predict
-- for all, what belongs to a segment, what cannot be
CREATE SCHEMA segmented;
SET search_path TO segmented, public;
\pset format unaligned
\pset tuples_only on

-- the rows of test/reference/segments_numpy.py
CREATE TABLE reference_rows AS
SELECT i AS id, country, x1, x2, s * x1 + 0.2 * x2 + noise AS linear,
	s * x1 + 0.2 * x2 + 1.5 * noise > 0.3 AS logistic,
	floor(exp(0.4 * s * x1 + 0.1 * x2 + 0.3 + 0.3 * noise)) AS poisson
FROM (SELECT i, country, sin(i * 0.37) AS x1, 3 * cos(i * 0.11) AS x2, sin(i * i * 0.77) AS noise,
		CASE country WHEN 'de' THEN 1.5 WHEN 'fr' THEN -0.5 ELSE 0.5 END AS s
	FROM (SELECT i::float8 AS i, (ARRAY['de', 'fr', 'it'])[1 + least(floor(abs(sin(i * 1.3)) * 3), 2)::int] AS country
		FROM generate_series(1, 1500) AS i) AS a) AS b;
SELECT version FROM unnest(ARRAY['linear', 'logistic', 'poisson']) AS family,
	cvm.train(family, source => 'reference_rows', target => family, algorithm => family,
		features => ARRAY['x1', 'x2', 'country'],
		options => '{"segment_by": "country", "segment_shrinkage": 8, "segment_rounds": 0, "validation": 0}');
SELECT count(*) AS figures, max(abs(c.coefficient - f.figure)) < 1e-9 AS same
FROM (VALUES
	('linear', 'de', 0.046483527629, 1.469542644315, 0.215638350472),
	('linear', 'fr', 0.056226452054, -0.530646119042, 0.220073521457),
	('linear', 'it', 0.037810287252, 0.489479088212, 0.179321219644),
	('logistic', 'de', -0.439629701467, 2.081328997442, 0.446552821613),
	('logistic', 'fr', -0.105784748443, -0.541693452351, 0.248488109128),
	('logistic', 'it', -0.238144910480, 0.603267858287, 0.173996246974),
	('poisson', 'de', -0.266417589656, 1.025634223715, 0.173919106659),
	('poisson', 'fr', -0.124050627457, -0.300896055045, 0.162593063471),
	('poisson', 'it', -0.124129574123, 0.292809184056, 0.152107232717)) AS r (family, segment, a, b1, b2),
	LATERAL (VALUES ('(intercept)', a), ('x1', b1), ('x2', b2)) AS f (feature, figure),
	LATERAL cvm.coefficients(r.family, r.segment) AS c
WHERE c.feature = f.feature;

-- customers of many countries, large and small, and a few of rare ones
CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
CREATE TABLE customers AS
SELECT i AS id, CASE WHEN c < 24 THEN 'c' || c WHEN i % 3 = 0 THEN 'rare' || i % 100 END AS country, c AS region, visits, spend, plan,
	noise(i, 6) < 1 / (1 + exp(-(0.8 * (noise(c, 11) - 0.5) + (2 * noise(c, 12) - 0.5) * visits + (noise(c, 13) - 1) * spend
		+ CASE plan WHEN 'gold' THEN 0.4 ELSE 0 END))) AS churned,
	(1 + 3 * noise(c, 14)) * visits + noise(c, 15) * spend + noise(i, 7) AS value,
	CASE WHEN noise(i, 8) < 0.3 + 0.4 * noise(c, 16) THEN 'a' WHEN visits > noise(c, 17) THEN 'b' ELSE 'c' END AS choice
FROM (SELECT i, floor(25 * power(noise(i, 1), 2))::int AS c, 4 * noise(i, 2) - 2 AS visits, 4 * noise(i, 3) - 2 AS spend,
		(ARRAY['free', 'gold', 'basic'])[1 + floor(3 * noise(i, 4))::int] AS plan
	FROM generate_series(1, 8000) AS i) AS r;

-- the log loss of held-out rows: one common model, one of each country alone, and between the two
CREATE FUNCTION held_out(name text, column_name text, algorithm text, options jsonb) RETURNS float8 LANGUAGE sql AS $$
	SELECT (metrics -> 'validation' ->> CASE WHEN column_name = 'value' THEN 'rmse' ELSE 'log_loss' END)::float8
	FROM cvm.train(name, source => 'customers', target => column_name, key => 'id', algorithm => algorithm,
		features => ARRAY['country', 'visits', 'spend', 'plan'], options => options)
$$;
SELECT algorithm, partial < common * 1.001 AS no_worse_than_common, partial < alone * 1.001 AS no_worse_than_alone
FROM (VALUES ('churned', 'logistic'), ('value', 'linear'), ('value', 'huber'), ('choice', 'softmax')) AS a (target, algorithm),
	LATERAL (SELECT held_out(algorithm || ' common', target, algorithm, '{}') AS common,
		held_out(algorithm || ' alone', target, algorithm, '{"segment_by": "country", "segment_shrinkage": 0.0001, "segment_rounds": 0, "segment_min_rows": 1}') AS alone,
		held_out(algorithm || ' segments', target, algorithm, '{"segment_by": "country"}') AS partial) AS l;
SELECT held_out('svm common', 'churned', 'svm', '{}') > held_out('svm segments', 'churned', 'svm', '{"segment_by": "country"}') AS svm;
SELECT held_out('network common', 'churned', 'neural_network', '{"hidden_layers": 6, "epochs": 15}')
	> held_out('network segments', 'churned', 'neural_network', '{"hidden_layers": 6, "epochs": 15, "segment_by": "country"}') - 0.002 AS as_good;

-- each segment has its numbers, and each version its segments
SELECT count(*), min(training_rows) >= 50 AS enough, bool_and(validation_loss > 0 AND loss > 0) AS losses,
	bool_and(abs(gain - (common_validation_loss - validation_loss)) < 1e-12) AS gains, count(DISTINCT shrinkage) AS pulls
FROM cvm.segments('logistic segments');
SELECT segment FROM cvm.segments('logistic segments') LIMIT 2;
SELECT count(*) FROM cvm.segments('logistic common');
SELECT model, version, status, count(*) FROM cvm.version_segments WHERE model LIKE '%segments' GROUP BY 1, 2, 3 ORDER BY 1;

-- rows, columns, values and blocks are scored alike, segments and others
SELECT max(abs(cvm.predict('logistic segments', c) - cvm.predict(m, c))) < 1e-15 AS by_value,
	count(*) FILTER (WHERE cvm.predict('logistic segments', c) = cvm.predict('logistic common', c)) < 100 AS of_their_own
FROM customers AS c, cvm.active_model('logistic segments') AS m;
SELECT e.metric, abs(e.value - b.value) < 1e-12 AS same
FROM cvm.evaluate('logistic segments', 'customers') AS e,
	(SELECT avg(-ln(CASE WHEN churned THEN p ELSE 1 - p END)) AS value FROM (SELECT churned, cvm.predict('logistic segments', c) AS p FROM customers AS c) AS s) AS b
WHERE e.metric = 'log_loss';
SELECT segment, abs(avg(cvm.predict('logistic segments', c) - cvm.predict(cvm.segment_model(m, segment), c))) < 1e-12 AS same
FROM cvm.active_model('logistic segments') AS m, unnest(ARRAY['c0', 'c5']) AS segment, customers AS c
WHERE c.country = segment GROUP BY 1 ORDER BY 1;
SELECT abs(avg(cvm.predict('linear segments', c) - cvm.predict(cvm.segment_model(m, 'c1'), c))) < 1e-12 AS linear
FROM cvm.active_model('linear segments') AS m, customers AS c WHERE c.country = 'c1';
SELECT max(abs((cvm.predict_probabilities('softmax segments', c))[2] - (cvm.predict_probabilities(cvm.segment_model(m, 'c2'), c))[2])) < 1e-12 AS softmax
FROM cvm.active_model('softmax segments') AS m, customers AS c WHERE c.country = 'c2';
SELECT max(abs(cvm.predict('network segments', c) - cvm.predict(cvm.segment_model(m, 'c2'), c))) < 1e-6 AS network
FROM cvm.active_model('network segments') AS m, customers AS c WHERE c.country = 'c2';
-- values that are no segment, new ones and NULL get the common parameters
SELECT count(DISTINCT cvm.predict('logistic segments', c)) AS predictions
FROM (SELECT country, 1.0::float8 AS visits, 0.5::float8 AS spend, 'gold' AS plan FROM unnest(ARRAY['never seen', 'nor this']) AS country) AS c;
SELECT cvm.predict('logistic segments', c) BETWEEN 0 AND 1 AS missing FROM (SELECT NULL::text AS country, 1.0::float8 AS visits, NULL::float8 AS spend, 'gold' AS plan) AS c;

-- what is said of a row and of features
SELECT count(*), abs(sum(x.contribution) - ln(p / (1 - p))) < 1e-9 AS adds_up
FROM customers AS c, LATERAL cvm.explain('logistic segments', c) AS x, LATERAL (SELECT cvm.predict('logistic segments', c) AS p) AS s
WHERE c.id IN (7, 8, 9) GROUP BY c.id, p ORDER BY c.id;
SELECT feature FROM cvm.coefficients('logistic segments', 'c0');
SELECT count(*) > 10 AS common FROM cvm.coefficients('logistic segments');
SELECT feature, importance > 0 AS matters FROM cvm.feature_importance('logistic segments', 'customers') ORDER BY 1;
SELECT feature, gain > 0 AS gains FROM cvm.feature_importance(cvm.active_model('logistic segments')) ORDER BY 1;
SELECT count(*) FROM cvm.partial_dependence('logistic segments', 'visits', 'customers', 5);

-- as a value
SELECT model, m::jsonb::cvm.model OPERATOR(cvm.=) m AS json, m::text::cvm.model OPERATOR(cvm.=) m AS text
FROM unnest(ARRAY['logistic segments', 'softmax segments', 'network segments']) AS model, cvm.active_model(model) AS m;
SELECT jsonb_array_length(m::jsonb -> 'segment_parameters' -> 'segments') = (SELECT count(*) FROM cvm.segments(m)) AS listed
FROM cvm.active_model('logistic segments') AS m;
CREATE FUNCTION bent(path text[], value jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT jsonb_set(cvm.active_model('logistic segments')::jsonb, '{segment_parameters}' || path, value)::cvm.model IS NOT NULL
$$;
SELECT bent('{term}', '1');
SELECT bent('{term}', '77');
SELECT bent('{levels,0}', '0');
SELECT bent('{levels,1}', '1');
SELECT bent('{levels,0}', '-3');
SELECT bent('{count}', '3');
SELECT bent('{count}', '0');
SELECT bent('{shrinkage}', '-1');
SELECT bent('{rows,0}', '2.5');
SELECT bent('{segments,0,coefficients,0,0}', '"a"');
SELECT bent('{segments,0,coefficients}', '[[1, 2]]');
SELECT bent('{segments,0,more}', '1');
SELECT bent('{segments}', '[]');

-- retraining keeps the segments; the same rows and seed give the same model, wherever rows are kept
SELECT cvm.retrain('logistic segments', wait => true) > 0 AS retrained;
SELECT version, count(*) FROM cvm.version_segments WHERE model = 'logistic segments' GROUP BY 1 ORDER BY 1;
CREATE FUNCTION parameters(driver text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT held_out('driver', 'churned', 'logistic', jsonb_build_object('segment_by', 'country', 'driver', driver)) - 1;
	SELECT m::jsonb -> 'segment_parameters' FROM cvm.active_model('driver') AS m
$$;
SELECT parameters('memory') = parameters('spill') AS spill, parameters('memory') = parameters('passes') AS passes;

-- calibrated
SELECT held_out('calibrated', 'churned', 'logistic', '{"segment_by": "country", "calibration": "platt"}')
	- held_out('raw', 'churned', 'logistic', '{"segment_by": "country"}') < 0.01 AS calibrated;

-- integers and booleans can make segments
SELECT version FROM cvm.train('regions', source => 'SELECT region, visits, spend, churned FROM customers', target => 'churned',
	options => '{"segment_by": "region"}');
SELECT count(*) > 10 AS segments, bool_and(segment ~ '^\d+$') AS integers FROM cvm.segments('regions');
SELECT cvm.predict('regions', c) BETWEEN 0 AND 1 AS scored FROM (SELECT 3 AS region, 0.5::float8 AS visits, 1::float8 AS spend) AS c;
SELECT version FROM cvm.train('flags', source => 'SELECT id % 2 = 0 AS even, visits, spend, churned FROM customers', target => 'churned',
	features => ARRAY['visits', 'spend'], options => '{"segment_by": "even"}');
SELECT segment FROM cvm.segments('flags') ORDER BY 1;

-- what cannot be
CREATE FUNCTION refused(options jsonb, algorithm text DEFAULT 'logistic', key text DEFAULT NULL) RETURNS integer LANGUAGE sql AS $$
	SELECT version FROM cvm.train('refused', source => 'customers', target => 'churned', algorithm => algorithm, key => key, options => options)
$$;
SELECT refused('{"segment_by": "contry"}');
SELECT refused('{"segment_by": "churned"}');
SELECT refused('{"segment_by": "id"}', key => 'id');
SELECT refused('{"segment_by": "spend"}');
SELECT refused('{"segment_by": "country", "segment_limit": 5}');
SELECT refused('{"segment_by": "country", "segment_min_rows": 100000}');
SELECT refused('{"segment_by": "country"}', 'random_forest');
SELECT refused('{"segment_by": "country", "incremental": true}');
SELECT refused('{"segment_by": "country", "segment_shrinkage": -1}');
SELECT version FROM cvm.train('refused', source => 'SELECT country, churned FROM customers', target => 'churned', options => '{"segment_by": "country"}');
SELECT version FROM cvm.train('refused', source => 'SELECT NULL::text AS country, visits, churned FROM customers', target => 'churned', options => '{"segment_by": "country"}');
SELECT cvm.segment_model(cvm.active_model('logistic segments'), 'nowhere');
SELECT cvm.segment_model(cvm.active_model('logistic common'), 'c0');
SELECT * FROM cvm.coefficients('logistic segments', 'rare1');

SELECT count(cvm.drop_model(model)) > 10 AS dropped FROM cvm.model_overview;
DROP SCHEMA segmented CASCADE;
