-- training: what can be predicted, classes, weights
CREATE SCHEMA targets;
SET search_path TO targets, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
CREATE TYPE answer AS ENUM ('yes', 'no');
CREATE TYPE size AS ENUM ('small', 'medium', 'large');
CREATE DOMAIN verdict AS text;
CREATE TABLE customers AS
SELECT i AS id, x, u, u < x AS a_boolean, (u < x)::integer::smallint AS a_smallint, (u < x)::integer AS an_integer,
	(u < x)::integer + 6::bigint AS a_bigint, CASE WHEN u < x THEN 'yes' ELSE 'no' END AS a_text,
	CASE WHEN u < x THEN 'yes' ELSE 'no' END::answer AS an_enum,
	CASE WHEN u < x THEN 'stays' ELSE 'leaves' END::verdict AS a_domain,
	CASE WHEN u < x THEN 'Y' ELSE 'N' END::char(3) AS a_char,
	floor(3 * (x + u) / 2)::integer AS three, (ARRAY['small', 'medium', 'large'])[1 + floor(3 * (x + u) / 2)::integer]::size AS a_size,
	floor(40 * x + 10 * u)::integer AS visits, round((10 * x + u)::numeric, 2) AS a_numeric,
	(10 * x + u)::real AS a_real, (u < x)::integer::numeric AS a_numeric_flag, 1 + (i % 3) AS w
FROM (SELECT i, noise(i, 1) AS x, noise(i, 2) AS u FROM generate_series(1, 400) AS i) AS s;

CREATE FUNCTION trained(target text, algorithm text DEFAULT 'auto', options jsonb DEFAULT '{}', source text DEFAULT 'customers')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	SELECT t.algorithm || ', ' || t.task INTO result
	FROM cvm.train('m', source, target, algorithm, ARRAY['x'], 'id', options => options || '{"promote": "always"}') AS t;
	RETURN result || coalesce(': ' || array_to_string(cvm.classes('m'), ', '), '');
END
$$;

-- two values are two classes, the later one positive
SELECT trained('a_boolean');
SELECT trained('a_smallint');
SELECT trained('an_integer');
SELECT trained('a_bigint');
SELECT trained('a_text');
SELECT trained('an_enum');
SELECT trained('a_domain');
SELECT trained('a_char');
-- unless options say otherwise
SELECT trained('an_enum', options => '{"positive": "yes"}');
SELECT trained('a_boolean', options => '{"positive": false}');
SELECT trained('a_bigint', options => '{"positive": 6}');
SELECT trained('a_domain', options => '{"positive": "leaves"}');
SELECT trained('a_domain', options => '{"positive": "goes"}');
SELECT trained('three', options => '{"positive": 1}');
SELECT trained('a_real', options => '{"positive": 1}');
-- the probability is that of the positive class
SELECT trained('a_text', options => '{"positive": "no"}');
SELECT cvm.predict('m', low) > 0.5, cvm.predict('m', high) > 0.5, cvm.predict_class('m', low), cvm.predict_class('m', high),
	(cvm.predict_probabilities('m', low))[2] = cvm.predict('m', low)
FROM (SELECT 0.1::float8 AS x) AS low, (SELECT 0.9::float8 AS x) AS high;

-- more values: classes in the order of their type
SELECT trained('three');
SELECT trained('a_size');
SELECT cvm.predict_class('m', c) FROM (VALUES (0.02), (0.5), (0.98)) AS c (x);
SELECT round(p[1] + p[2] + p[3], 12) FROM (SELECT cvm.predict_probabilities('m', c)::numeric[] AS p FROM (SELECT 0.3 AS x) AS c) AS s;
SELECT cvm.predict('m', c) FROM (SELECT 0.3 AS x) AS c;

-- numbers
SELECT trained('visits');
SELECT trained('a_numeric');
SELECT trained('a_real');
SELECT cvm.predict_class('m', c) FROM (SELECT 0.3 AS x) AS c;
SELECT cvm.predict_probabilities('m', c) FROM (SELECT 0.3 AS x) AS c;
SELECT trained('visits', 'poisson');
SELECT trained('visits', 'linear');
SELECT trained('an_integer', 'linear');
SELECT trained('a_boolean', 'linear');
SELECT trained('a_numeric_flag');
SELECT trained('a_numeric_flag', 'logistic');
SELECT trained('three', 'huber');
SELECT trained('a_text', 'svm');
SELECT trained('an_integer', 'softmax');

-- what does not fit
SELECT trained('three', 'logistic');
SELECT trained('visits', 'svm');
SELECT trained('a_text', 'linear');
SELECT trained('x', 'poisson', source => 'SELECT id, x - 0.5 AS x, u FROM customers');
SELECT * FROM cvm.train('m', 'SELECT x, u - 0.5 AS u FROM customers', 'u', 'poisson');
SELECT * FROM cvm.train('m', 'SELECT x, true AS a_boolean FROM customers', 'a_boolean');
SELECT * FROM cvm.train('m', $$SELECT x, 'only one' AS label FROM customers$$, 'label');
SELECT * FROM cvm.train('m', 'SELECT x, now() AS moment FROM customers', 'moment');
SELECT * FROM cvm.train('m', 'SELECT x, ARRAY[u] AS u FROM customers', 'u');
SELECT * FROM cvm.train('m', $$SELECT x, CASE id WHEN 9 THEN 'infinity' ELSE u END AS u FROM customers$$, 'u');
SELECT * FROM cvm.train('m', 'SELECT x, id::text AS label FROM (SELECT noise(id, 3) AS x, id FROM generate_series(1, 3000) AS id) AS s', 'label');
SELECT * FROM cvm.train('m', 'customers', 'x', 'bayes');

-- a row without a target is left out, and counted
SELECT training_rows, validation_rows, metrics #>> '{fit,rows_left_out}' AS left_out
FROM cvm.train('m', 'SELECT id, x, CASE WHEN id > 100 THEN a_boolean END AS a_boolean FROM customers', 'a_boolean', key => 'id');
SELECT training_rows, validation_rows, metrics #>> '{fit,rows_left_out}' AS left_out
FROM cvm.train('m', $$SELECT id, x, CASE WHEN id > 100 THEN u ELSE 'NaN' END AS u FROM customers$$, 'u', key => 'id');
-- a class of held-out rows alone cannot be learned
SELECT training_rows + validation_rows, metrics #>> '{fit,rows_left_out}' AS left_out
FROM cvm.train('m', $$SELECT id, x, CASE WHEN id < 30 AND cvm.held_out(id) THEN 'new' ELSE a_text END AS a_text FROM customers$$,
	'a_text', key => 'id');

-- a weight is so many rows
CREATE FUNCTION coefficients(model text) RETURNS TABLE (feature text, coefficient numeric) LANGUAGE sql AS $$
	SELECT feature, round(coefficient::numeric, 9) FROM cvm.coefficients(model)
$$;
SELECT training_rows FROM cvm.train('weighted', 'customers', 'a_boolean', features => ARRAY['x'], weight => 'w',
	options => '{"validation": 0, "tolerance": 1e-13}');
SELECT training_rows FROM cvm.train('repeated', 'SELECT c.* FROM customers AS c, generate_series(1, w)', 'a_boolean',
	features => ARRAY['x'], options => '{"validation": 0, "tolerance": 1e-13}');
SELECT count(*) FROM coefficients('weighted') AS w JOIN coefficients('repeated') AS r USING (feature, coefficient);
SELECT count(*), count(*) FILTER (WHERE abs(w.value - r.value) < 1e-9) AS same
FROM cvm.metric_history AS w JOIN cvm.metric_history AS r USING (metric, data_set)
WHERE w.model = 'weighted' AND r.model = 'repeated';
SELECT metric, round(w.value::numeric, 9) = round(r.value::numeric, 9) AS same
FROM cvm.evaluate('weighted', 'customers') AS w JOIN cvm.evaluate('repeated', 'SELECT c.* FROM customers AS c, generate_series(1, w)') AS r
	USING (metric) ORDER BY 1;
SELECT sum("count") FROM cvm.confusion_matrix('weighted', 'customers');
-- rows of weight zero or NULL do not count
SELECT training_rows, metrics #>> '{fit,rows_left_out}' AS left_out
FROM cvm.train('weighted', 'SELECT x, a_boolean, CASE WHEN id <= 50 THEN 0 WHEN id > 60 THEN 1 END AS w FROM customers', 'a_boolean',
	weight => 'w', options => '{"validation": 0}');
SELECT * FROM cvm.train('weighted', 'SELECT x, a_boolean, -1 AS w FROM customers', 'a_boolean', weight => 'w');
SELECT * FROM cvm.train('weighted', $$SELECT x, a_boolean, 'infinity'::float8 AS w FROM customers$$, 'a_boolean', weight => 'w');
SELECT * FROM cvm.train('weighted', 'SELECT x, a_boolean, a_text AS w FROM customers', 'a_boolean', weight => 'w');
SELECT * FROM cvm.train('weighted', 'SELECT x, a_boolean, 0 AS w FROM customers', 'a_boolean', weight => 'w');

-- balanced classes: as if the rare class had been repeated
CREATE TABLE unequal AS SELECT * FROM customers WHERE NOT a_boolean OR id % 5 = 0;
SELECT count(*) FILTER (WHERE a_boolean) AS n1, count(*) FILTER (WHERE NOT a_boolean) AS n0 FROM unequal \gset
SELECT training_rows FROM cvm.train('balanced', 'unequal', 'a_boolean', features => ARRAY['x'],
	options => '{"validation": 0, "class_weight": "balanced", "tolerance": 1e-13, "l2": 3}');
CREATE VIEW by_hand AS SELECT *, CASE WHEN a_boolean THEN (:n0 + :n1) / (2.0 * :n1) ELSE (:n0 + :n1) / (2.0 * :n0) END AS class_weight FROM unequal;
SELECT training_rows FROM cvm.train('by hand', 'by_hand', 'a_boolean', features => ARRAY['x'], weight => 'class_weight',
	options => '{"validation": 0, "standardize": false, "tolerance": 1e-13, "l2": 0}');
SELECT training_rows FROM cvm.train('balanced', 'unequal', 'a_boolean', features => ARRAY['x'],
	options => '{"validation": 0, "class_weight": "balanced", "standardize": false, "tolerance": 1e-13, "l2": 0}');
SELECT count(*) FROM coefficients('balanced') AS b JOIN coefficients('by hand') AS h USING (feature, coefficient);
-- metrics count real rows, whatever the fit did
SELECT round(value::numeric, 9) = (SELECT round(value::numeric, 9) FROM cvm.evaluate('balanced', 'unequal') WHERE metric = 'accuracy') AS same
FROM cvm.metric_history WHERE model = 'balanced' AND version = 2 AND metric = 'accuracy';

-- labelled rows of another type of number
SELECT version FROM cvm.train('m', 'customers', 'a_bigint', features => ARRAY['x'], options => '{"promote": "always"}');
SELECT metric, round(i.value::numeric, 9) = round(n.value::numeric, 9) AS same
FROM cvm.evaluate('m', 'customers') AS i
	JOIN cvm.evaluate('m', 'SELECT x, a_bigint::numeric(10,2) AS a_bigint FROM customers') AS n USING (metric) ORDER BY 1;
SELECT * FROM cvm.evaluate('m', 'SELECT x, a_bigint + 0.5 AS a_bigint FROM customers');
SELECT * FROM cvm.evaluate('m', 'SELECT x, now() AS a_bigint FROM customers');
SET extra_float_digits TO -5;
SELECT version FROM cvm.train('m', 'SELECT x, a_smallint / 3.0::float8 AS third FROM customers', 'third', 'logistic', options => '{"promote": "always"}');
SELECT metric FROM cvm.evaluate('m', 'SELECT x, a_smallint / 3.0::float8 AS third FROM customers') ORDER BY 1;

-- an identifier is no target
SELECT version, training_rows FROM cvm.train('m', $$SELECT sin(i) AS x, 'customer ' || i AS name FROM generate_series(1, 50) AS i$$, 'name', options => '{"validation": 0}');

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA targets CASCADE;
