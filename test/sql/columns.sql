-- values of every usable type, as scoring reads them
SET search_path TO cvm, public;
SET client_encoding TO 'UTF8';
SET timezone TO 'America/New_York';
SET lc_monetary TO 'C';
\set QUIET on
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse

-- A model of one input x that gives back its number (0.5 for missing), or,
-- of categories, the position of the level (0 for the first, the last for missing).
CREATE FUNCTION identity(kind text, levels text[] DEFAULT NULL, part integer DEFAULT 0, elements integer DEFAULT 0)
RETURNS cvm.model LANGUAGE sql AS $$
	SELECT jsonb_build_object('format', 1, 'algorithm', 'linear', 'task', 'regression', 'target', 'y',
		'classes', '[]'::jsonb, 'class_shares', '[]'::jsonb,
		'inputs', jsonb_build_array(jsonb_build_object('name', 'x', 'kind', kind) ||
			CASE WHEN elements > 0 THEN jsonb_build_object('elements', elements) ELSE '{}' END),
		'terms', jsonb_build_array(jsonb_build_object('name', 'x', 'input', 'x', 'part', part, 'missing_share', 0.5) ||
			CASE WHEN levels IS NULL THEN jsonb_build_object(
				'kind', CASE kind WHEN 'boolean' THEN 'indicator' ELSE 'number' END,
				'mean', 0, 'deviation', 1, 'center', 0, 'scale', 1, 'fill', 0.5, 'flag', false)
			ELSE jsonb_build_object('kind', 'category', 'levels', levels || ARRAY['(missing)'],
				'level_shares', array_fill(0, ARRAY[cardinality(levels) + 1]),
				'other_level', NULL, 'missing_level', cardinality(levels)) END),
		'coefficients', jsonb_build_array(
			CASE WHEN levels IS NULL THEN ARRAY[1, 0]
			ELSE (SELECT array_agg(i) FROM generate_series(1, cardinality(levels)) AS i) || 0 END),
		'standard_errors', NULL, 'dispersion', 1, 'residual_freedom', 0, 'options', '{}'::jsonb,
		'solver', 'newton', 'driver', 'memory', 'outcome', 'converged', 'seed', 0, 'rows', 1,
		'rows_left_out', 0, 'validation_rows', 0, 'total_weight', 1, 'iterations', 1, 'rank', NULL,
		'loss', 0, 'validation_loss', NULL, 'gradient_norm', 0, 'library_version', '1.0')::cvm.model
$$;

-- numbers
SELECT predict(identity('number'), r) FROM (SELECT 1.5::float8 AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT 1.5::float4 AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT (-3)::int2 AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT 2147483647 AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT -9007199254740992 AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT '-12.50'::money AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT true AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT NULL::int AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT 'NaN'::numeric AS x) AS r;

-- a numeric is the float8 that the server makes of it
SELECT count(*), count(*) FILTER (WHERE predict(identity, r) = x::float8) AS same
	FROM identity('number'), LATERAL (
		SELECT (i::bigint * i * 7919 % 1000003)::numeric * 10::numeric ^ (i % 60 - 40) * (i % 3 - 1) AS x
			FROM generate_series(1, 2000) AS i
		UNION ALL SELECT round((i::bigint * i * 7919 % 1000003) / 97.0, i % 12) FROM generate_series(1, 2000) AS i
		UNION ALL SELECT 2::numeric ^ (i % 200) + i % 2 FROM generate_series(1, 400) AS i
		UNION ALL VALUES (0), (0.00), (9007199254740993), (99999999999999.99), (0.1), (1e22), (1e23)) AS r;
SELECT predict(identity('number'), r) FROM (VALUES (1e-400), (1e308), (-1e308)) AS r (x);
-- also when it is stored compressed or out of line
CREATE TABLE long_numbers (x numeric);
INSERT INTO long_numbers VALUES (repeat('1', 10000)::numeric / 10::numeric ^ 9998), ('1.5');
SELECT round(predict(identity('number'), long_numbers)::numeric, 6) FROM long_numbers;

-- boolean, and numbers where true or false was learned
SELECT predict(identity('boolean'), r) FROM (VALUES (true), (false), (NULL)) AS r (x);
SELECT predict(identity('boolean'), r) FROM (VALUES (3), (0), (NULL)) AS r (x);
SELECT predict(identity('boolean'), r) FROM (VALUES (0.01), (0.00), ('NaN')) AS r (x);

-- texts
CREATE TYPE mood AS ENUM ('sad', 'zwölf');
CREATE DOMAIN mood_domain AS mood;
CREATE DOMAIN label AS varchar(10) CHECK (VALUE <> 'never');
CREATE DOMAIN short_label AS label;
CREATE FUNCTION moods() RETURNS cvm.model LANGUAGE sql AS $$ SELECT cvm.identity('category', '{other,sad,zwölf,a ,""}') $$;
SELECT predict(moods(), r) FROM (VALUES ('sad'::text), ('zwölf'), ('a '), ('a'), (''), ('new'), (NULL)) AS r (x);
SELECT predict(moods(), r) FROM (VALUES ('sad'::short_label), ('zwölf'), ('a '), (NULL)) AS r (x);
SELECT predict(moods(), r) FROM (VALUES ('sad'::char(8)), ('zwölf'), ('a '), (''), (NULL)) AS r (x);
SELECT predict(moods(), r) FROM (VALUES ('sad'::name), ('zwölf'), (''), (NULL)) AS r (x);
SELECT predict(moods(), r) FROM (VALUES ('sad'::mood), ('zwölf'), (NULL)) AS r (x);
SELECT predict(moods(), r) FROM (VALUES ('zwölf'::mood_domain), ('sad')) AS r (x);
SELECT predict(identity('category', '{a,b,""}'), r) FROM (VALUES ('a'::"char"), ('b'), (''), (NULL)) AS r (x);
-- compressed and out of line
CREATE TABLE long_texts (x text);
ALTER TABLE long_texts ALTER x SET STORAGE EXTERNAL;
INSERT INTO long_texts VALUES (repeat('long ', 10000)), (repeat('long ', 10001)), ('short');
SELECT predict(identity('category', ARRAY['other', repeat('long ', 10001)]), long_texts) FROM long_texts;

-- times: days since 2000, month and weekday in UTC
CREATE VIEW times AS SELECT * FROM (VALUES
	('2000-01-01 00:00:00+00'::timestamptz), ('1999-12-31 23:59:59+00'), ('2024-02-29 19:30:00-05'),
	('1900-03-01 12:00+00'), (NULL)) AS t (x);
SELECT round(predict(identity('time'), times)::numeric, 6),
	predict(identity('time', '{1,2,3,4,5,6,7,8,9,10,11,12}', 1), times) + 1,
	predict(identity('time', '{1,2,3,4,5,6,7}', 2), times) + 1 FROM times;
SELECT predict(identity('time'), r) FROM (VALUES ('2000-01-01'::date), ('1999-12-01'), (NULL)) AS r (x);
SELECT predict(identity('time'), r) FROM (VALUES ('2000-01-01 06:00'::timestamp), ('1999-12-31 18:00')) AS r (x);
SELECT count(*), count(*) FILTER (
		WHERE predict(month, r) + 1 = extract(month FROM x) AND predict(weekday, r) + 1 = extract(isodow FROM x))
	FROM identity('time', '{1,2,3,4,5,6,7,8,9,10,11,12}', 1) AS month, identity('time', '{1,2,3,4,5,6,7}', 2) AS weekday,
		LATERAL (SELECT '1890-01-01'::timestamp + i * interval '5 days 7 hours' AS x FROM generate_series(0, 15000) AS i) AS r;

-- intervals in days
SELECT predict(identity('interval'), r)
	FROM (VALUES ('1 day 06:00'::interval), ('1 month'), ('2 years -1 day'), ('-12:00'), (NULL)) AS r (x);

-- arrays of any lower bound, short and long, of either width
SELECT predict(identity('array', NULL, 1, 3), r) FROM (VALUES ('{1,2,3}'::float8[]), ('[5:7]={1,4,3}'), ('{1,NULL,3}'), (NULL)) AS r (x);
SELECT predict(identity('array', NULL, 1, 2), r) FROM (VALUES ('{1,2.5}'::float4[]), ('{NULL,7}'), ('{7,NULL}')) AS r (x);
SELECT predict(identity('array', NULL, 41, 50), r)
	FROM (SELECT array_agg(CASE WHEN i % 3 = 1 THEN i END::float8 ORDER BY i) AS x FROM generate_series(1, 50) AS i
		UNION ALL SELECT array_agg(i::float8 ORDER BY i) FROM generate_series(1, 50) AS i) AS r;
CREATE TABLE long_arrays (x float8[]);
INSERT INTO long_arrays SELECT array_agg(CASE WHEN i % 7 <> 3 THEN sin(i) END ORDER BY i) FROM generate_series(1, 5000) AS i;
SELECT predict(identity('array', NULL, 4998, 5000), long_arrays) = sin(4999) FROM long_arrays;

-- what cannot be read
SELECT predict(identity('number'), r) FROM (SELECT 'a'::text AS x) AS r;
SELECT predict(identity('boolean'), r) FROM (SELECT 'true'::text AS x) AS r;
SELECT predict(identity('category', '{a}'), r) FROM (SELECT 1.5 AS x) AS r;
SELECT predict(identity('time'), r) FROM (SELECT 1 AS x) AS r;
SELECT predict(identity('interval'), r) FROM (SELECT '2020-01-01'::date AS x) AS r;
SELECT predict(identity('number'), r) FROM (SELECT gen_random_uuid() AS x) AS r;
SELECT predict(identity('array', NULL, 0, 2), r) FROM (SELECT '{1,2}'::int[] AS x) AS r;
SELECT predict(identity('array', NULL, 0, 2), r) FROM (SELECT '{1,2,3}'::float8[] AS x) AS r;
SELECT predict(identity('array', NULL, 0, 2), r) FROM (SELECT '{}'::float8[] AS x) AS r;
SELECT predict(identity('array', NULL, 0, 2), r) FROM (SELECT '{{1,2}}'::float8[] AS x) AS r;

DROP TABLE long_numbers, long_texts, long_arrays;
DROP VIEW times;
DROP FUNCTION moods(), identity(text, text[], integer, integer);
DROP DOMAIN short_label, label, mood_domain;
DROP TYPE mood;
