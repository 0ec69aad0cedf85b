-- training: columns of every usable type, and what is left out
CREATE SCHEMA inputs;
SET search_path TO inputs, public;
SET timezone TO 'Asia/Kolkata';
SET lc_monetary TO 'C';
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

-- a number in [0, 1) that depends on i and k only
CREATE FUNCTION noise(i integer, k integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(i || '/' || k), 1, 8))::bit(32)::bigint)::float8 / 4294967296.0
$$;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN share AS numeric CHECK (VALUE BETWEEN 0 AND 1);
CREATE DOMAIN small_share AS share;
CREATE DOMAIN feeling AS mood;
CREATE DOMAIN features AS float8[];

CREATE TABLE wide AS
SELECT i AS id,
	(noise(i, 1) * 100)::smallint AS a_smallint,
	CASE WHEN noise(i, 51) < 0.9 THEN (noise(i, 2) * 1000)::integer END AS an_integer,
	(noise(i, 3) * 1e12)::bigint AS a_bigint,
	round((noise(i, 4) * 500)::numeric, 2) AS a_numeric,
	(noise(i, 5) * 3)::real AS a_real,
	CASE WHEN noise(i, 55) < 0.1 THEN 'NaN' ELSE noise(i, 6) END::float8 AS a_double,
	(noise(i, 7) * 90)::numeric::money AS a_money,
	CASE WHEN noise(i, 58) < 0.8 THEN noise(i, 8) < 0.4 END AS a_boolean,
	(ARRAY['north', 'south', 'east', NULL])[1 + (noise(i, 9) * 4)::integer % 4] AS a_text,
	(ARRAY['web', 'shop'])[1 + (noise(i, 10) * 2)::integer % 2]::varchar(10) AS a_varchar,
	(ARRAY['de', 'fr', 'it'])[1 + (noise(i, 11) * 3)::integer % 3]::char(5) AS a_char,
	(ARRAY['gold', 'silver'])[1 + (noise(i, 12) * 2)::integer % 2]::name AS a_name,
	(ARRAY['A', 'B', 'C'])[1 + (noise(i, 13) * 3)::integer % 3]::"char" AS a_byte,
	(ARRAY['sad', 'ok', 'happy'])[1 + (noise(i, 14) * 3)::integer % 3]::mood AS an_enum,
	date '2020-01-01' + (noise(i, 15) * 900)::integer AS a_date,
	timestamp '2021-06-01' + noise(i, 16) * interval '500 days' AS a_timestamp,
	CASE WHEN noise(i, 66) < 0.9 THEN timestamptz '2021-06-01 00:00+00' + noise(i, 17) * interval '500 days' END AS a_timestamptz,
	noise(i, 18) * interval '3 months 4 days' AS an_interval,
	ARRAY[noise(i, 19), noise(i, 20), CASE WHEN noise(i, 70) < 0.95 THEN noise(i, 21) END] AS doubles,
	CASE WHEN i > 3 THEN ARRAY[noise(i, 22), noise(i, 23)]::float4[] END AS floats,
	round(noise(i, 24)::numeric, 3)::small_share AS a_domain,
	(ARRAY['sad', 'ok', 'happy'])[1 + (noise(i, 25) * 3)::integer % 3]::feeling AS a_domain_of_enum,
	ARRAY[noise(i, 26)]::features AS a_domain_of_array
FROM generate_series(1, 800) AS i;
ALTER TABLE wide ADD y float8, ADD bought boolean;
UPDATE wide SET y = a_smallint / 20.0 + coalesce(an_integer, 300) / 200.0 + a_numeric / 100
		+ coalesce(length(a_text), 2) + CASE an_enum WHEN 'happy' THEN 1 ELSE 0 END
		+ (a_date - date '2020-01-01') / 300.0 + noise(id, 99),
	bought = noise(id, 98) < a_numeric / 500;

SELECT algorithm, task, training_rows, validation_rows, status,
	metrics #>> '{fit,outcome}' AS outcome, metrics #>> '{fit,null_cells}' AS null_cells
FROM cvm.train('wide', 'SELECT w.*, w.bought::integer FROM wide AS w', 'bought', key => 'id',
	features => ARRAY['a_smallint']);
SELECT algorithm, task, training_rows, validation_rows, status,
	metrics #>> '{fit,outcome}' AS outcome, metrics #>> '{fit,null_cells}' AS null_cells
FROM cvm.train('wide', 'wide', 'y', key => 'id', options => '{"validation": 0}');
SELECT name, kind, elements FROM cvm.inputs(cvm.active_model('wide'));
SELECT feature, level FROM cvm.coefficients('wide');

-- the cells that were NULL or NaN, counted by hand
SELECT sum((an_integer IS NULL)::int + (a_double = 'NaN')::int + (a_boolean IS NULL)::int
	+ (a_text IS NULL)::int + (a_timestamptz IS NULL)::int + (doubles[3] IS NULL)::int
	+ CASE WHEN floats IS NULL THEN 2 ELSE 0 END) FROM wide;

-- scoring does to a row what training did: the same metrics by either way
CREATE FUNCTION same_metrics(model text, source text, data_set text) RETURNS TABLE (metric text, same boolean)
LANGUAGE sql AS $$
	SELECT h.metric, abs(h.value - e.value) <= 1e-11 * greatest(1, abs(h.value))
	FROM cvm.metric_history AS h JOIN cvm.evaluate(model, source) AS e ON e.metric = h.metric
		JOIN cvm.model_overview AS o ON o.model = h.model AND o.version = h.version
	WHERE h.model = same_metrics.model AND h.data_set = same_metrics.data_set
	ORDER BY 1
$$;
SELECT * FROM same_metrics('wide', 'wide', 'training');
-- whatever the session's time zone
SET timezone TO 'America/Los_Angeles';
SELECT * FROM same_metrics('wide', 'wide', 'training');

-- and with held-out rows, which teach nothing
SELECT training_rows, validation_rows
FROM cvm.train('wide', 'SELECT * FROM wide', 'bought', key => 'id', options => '{"seed": 7}');
SELECT * FROM same_metrics('wide', 'SELECT * FROM wide WHERE NOT cvm.held_out(id, seed => 7)', 'training');
SELECT * FROM same_metrics('wide', 'SELECT * FROM wide WHERE cvm.held_out(id, seed => 7)', 'validation');
CREATE TABLE twisted AS TABLE wide;
UPDATE twisted SET a_smallint = -999, an_integer = NULL, a_text = 'west ' || id, an_enum = 'ok',
	a_date = '1999-12-31', doubles = '{9,9,9}', bought = NOT bought
WHERE cvm.held_out(id, seed => 7);
SELECT training_rows, validation_rows
FROM cvm.train('twisted', 'twisted', 'bought', key => 'id',
	features => (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'wide'::regclass AND attnum > 1 AND attname NOT IN ('bought')),
	options => '{"seed": 7}');
SELECT count(*), count(*) FILTER (WHERE w.coefficient = t.coefficient AND w.level IS NOT DISTINCT FROM t.level) AS same
FROM (SELECT *, row_number() OVER () AS n FROM cvm.coefficients('wide')) AS w
	FULL JOIN (SELECT *, row_number() OVER () AS n FROM cvm.coefficients('twisted')) AS t
		ON t.n = w.n AND t.feature = w.feature;

-- what a category's rare and unseen levels share
CREATE TABLE towns AS
SELECT i AS id, CASE WHEN i <= 300 THEN 'big' WHEN i <= 550 THEN 'middle' WHEN i <= 560 THEN 'small'
		WHEN i <= 590 THEN 'hamlet ' || i END AS town,
	CASE WHEN i <= 300 THEN 10 WHEN i <= 550 THEN 20 WHEN i <= 560 THEN 30 WHEN i <= 590 THEN 40 ELSE 50 END AS spent
FROM generate_series(1, 600) AS i;
SELECT version FROM cvm.train('towns', 'towns', 'spent', algorithm => 'linear', key => 'id',
	options => '{"validation": 0, "l2": 0, "min_category_count": 20}');
SELECT feature, level, round(coefficient::numeric, 6) FROM cvm.coefficients('towns');
SELECT town, round(cvm.predict('towns', t)::numeric, 6)
FROM (VALUES ('big'), ('middle'), ('small'), ('hamlet 570'), ('never seen'), (NULL), ('(other)')) AS t (town);
SELECT version FROM cvm.train('towns', 'towns', 'spent', algorithm => 'linear', key => 'id',
	options => '{"validation": 0, "max_categories": 2}');
SELECT level FROM cvm.coefficients('towns');
-- no level of its own for what was never missing: unseen values count as the reference
SELECT version FROM cvm.train('towns', 'SELECT * FROM towns WHERE id <= 550', 'spent', algorithm => 'linear',
	key => 'id', options => '{"validation": 0, "l2": 0}');
SELECT town, round(cvm.predict('towns', t)::numeric, 6)
FROM (VALUES ('big'), ('middle'), ('never seen'), (NULL)) AS t (town);

-- left out, with a notice
CREATE TABLE odd AS
SELECT i AS id, 7 AS always_seven, NULL::text AS nothing, NULL::float8 AS no_number, md5(i::text) AS token,
	10000 + 3 * i AS account, NULL::float8[] AS no_array, CASE WHEN i % 2 = 0 THEN 5 END AS five_or_nothing,
	now() AS moment, noise(i, 1) AS x, noise(i, 2) + noise(i, 1) AS y
FROM generate_series(1, 500) AS i;
SELECT version FROM cvm.train('odd', 'odd', 'y');
SELECT feature, level FROM cvm.coefficients('odd');
SELECT version FROM cvm.train('odd', 'SELECT always_seven, nothing, y FROM odd', 'y');
-- a lone integer that counts up is meant
SELECT version FROM cvm.train('odd', 'SELECT id, y FROM odd', 'y');
-- a table of one column
SELECT version FROM cvm.train('odd', 'SELECT y FROM odd', 'y');

-- types that cannot be used name the column and the way out
ALTER TABLE odd ADD token_uuid uuid DEFAULT '00000000-0000-0000-0000-000000000001';
SELECT version FROM cvm.train('odd', 'odd', 'y');
SELECT version FROM cvm.train('odd', 'odd', 'y', features => ARRAY['x', 'token_uuid']);
SELECT version FROM cvm.train('odd', 'SELECT x, token_uuid::text AS token, y FROM odd', 'y');
SELECT version FROM cvm.train('odd', $$SELECT x, '{"a": 1}'::jsonb AS properties, y FROM odd$$, 'y');
SELECT version FROM cvm.train('odd', 'SELECT x, ARRAY[1, 2] AS integers, y FROM odd', 'y');

-- columns that are left out by name: several at once, of one name too, and in every retraining
SELECT version FROM cvm.train('odd', $$SELECT *, '{"a": 1}'::jsonb AS properties, point(x, x) AS "a ""place""" FROM odd$$, 'y');
SELECT version FROM cvm.train('odd', $$SELECT *, '{"a": 1}'::jsonb AS properties, point(x, x) AS "a ""place""" FROM odd$$, 'y',
	key => 'id', options => '{"exclude": ["token_uuid", "properties", "a \"place\"", "id", "y", "always_seven", "nothing"]}');
SELECT string_agg(name, ', ' ORDER BY name) FROM cvm.inputs(cvm.active_model('odd'));
SELECT count(*) FROM cvm.retrain('odd', wait => true);
SELECT string_agg(name, ', ' ORDER BY name) FROM cvm.inputs(cvm.active_model('odd'));
SELECT version FROM cvm.train('odd', 'SELECT a.*, b.* FROM (SELECT id, x FROM odd) AS a JOIN (SELECT id, y FROM odd) AS b ON a.id = b.id', 'y',
	options => '{"exclude": "id"}');
SELECT version FROM cvm.train('odd', 'odd', 'y', options => '{"exclude": ["tokenuuid"]}');
SELECT version FROM cvm.train('odd', 'odd', 'y', features => ARRAY['x', 'id'], options => '{"exclude": ["id"]}');
SELECT version FROM cvm.train('odd', 'odd', 'y', options => '{"drop": ["id"]}');

-- infinity, and arrays of varying length
SELECT version FROM cvm.train('odd', $$SELECT CASE id WHEN 77 THEN 'infinity' ELSE x END AS x, y FROM odd$$, 'y');
SELECT version FROM cvm.train('odd', $$SELECT id, CASE id WHEN 77 THEN 'infinity' ELSE x END AS x, y FROM odd$$, 'y', key => 'id');
SELECT version FROM cvm.train('odd', $$SELECT x, CASE id WHEN 3 THEN 'infinity' ELSE date '2020-01-01' + id END AS day, y FROM odd$$, 'y');
SELECT version FROM cvm.train('odd', 'SELECT CASE id WHEN 77 THEN ARRAY[x] ELSE ARRAY[x, x] END AS features, y FROM odd', 'y');
SELECT version FROM cvm.train('odd', 'SELECT CASE id WHEN 77 THEN ARRAY[[x, x]] ELSE ARRAY[x, x * x] END AS features, y FROM odd', 'y');

-- an array's length is that of the first value, however late it comes
SELECT version FROM cvm.train('odd',
	'SELECT CASE WHEN id > 400 THEN ARRAY[x, x * x] END AS features, y FROM odd', 'y', options => '{"validation": 0}');
SELECT feature, level FROM cvm.coefficients('odd');
SELECT * FROM same_metrics('odd', 'SELECT CASE WHEN id > 400 THEN ARRAY[x, x * x] END AS features, y FROM odd', 'training');

-- arrays that are stored out of line, or compressed
CREATE TABLE long_arrays (id integer, features float8[], same_numbers float8[], y float8);
ALTER TABLE long_arrays ALTER features SET STORAGE EXTERNAL;
INSERT INTO long_arrays
SELECT i AS id, (SELECT array_agg(noise(i, k) ORDER BY k) FROM generate_series(1, 700) AS k) AS features,
	array_fill(noise(i, 7), ARRAY[600]) AS same_numbers, noise(i, 3) AS y FROM generate_series(1, 60) AS i;
SELECT min(pg_column_size(features)) > 5000 AS external, max(pg_column_size(same_numbers)) < 2000 AS compressed, count(*) FROM long_arrays;
SELECT training_rows, metrics #>> '{fit,outcome}' AS outcome FROM cvm.train('long', 'long_arrays', 'y', key => 'id', options => '{"validation": 0, "solver": "lbfgs", "tolerance": 1e-4}');
SELECT count(*) FROM cvm.coefficients('long');
SELECT * FROM same_metrics('long', 'long_arrays', 'training');
SELECT count(*) FILTER (WHERE abs(cvm.predict('long', l) - cvm.predict('long', s)) < 1e-12) AS same
FROM long_arrays AS l, LATERAL (SELECT l.features || '{}'::float8[] AS features, l.same_numbers || '{}'::float8[] AS same_numbers) AS s;

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA inputs CASCADE;
