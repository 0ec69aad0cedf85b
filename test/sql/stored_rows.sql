-- rows that are copied as they are stored, against the same rows taken apart:
-- an expression among the columns makes the server take them apart
SET search_path TO public, cvm;
SET client_min_messages TO warning;
\pset tuples_only on
\pset format unaligned

CREATE TYPE plan AS ENUM ('basic', 'extra', 'all');
CREATE TABLE stored (
	age int2, balance float8, limits float8, calls int4, minutes float4, bytes int8,
	active bool, letter "char", signup date, seen timestamptz, tenure interval,
	paid money, subscription plan, churned bool);
SELECT setseed(0.5);
INSERT INTO stored SELECT
	(random() * 60)::int2, random() * 1000 - 500, random(), (random() * 1e6)::int4,
	random()::float4, (random() * 1e12)::int8, random() < 0.3, (ARRAY['a', 'b', 'c'])[1 + i % 3]::"char",
	date '2020-01-01' + (random() * 900)::int, timestamptz '2021-01-01' + random() * 900 * interval '1 day',
	random() * interval '100 days', (random() * 100)::numeric::money,
	(ARRAY['basic', 'extra', 'all'])[1 + (random() * 2)::int]::plan, random() < 0.4
	FROM generate_series(1, 3000) AS i;

-- what a model learned, and how many cells it found missing
CREATE FUNCTION learned(source text, options jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	result training_result = train('stored', source, 'churned', options => '{"promote": "always"}' || options);
BEGIN
	RETURN jsonb_build_object('model', active_model('stored')::jsonb,
		'null_cells', result.metrics #> '{fit,null_cells}',
		'left_out', result.metrics #> '{fit,rows_left_out}');
END $$;
CREATE FUNCTION same(source text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT (learned(source, options) =
		learned(format('SELECT *, 1 AS one FROM %s AS source', source), options)) || ', ' ||
		(learned(source, options) -> 'null_cells')::text || ' missing'
$$;
SELECT same('stored');
SELECT same('stored', '{"driver": "spill"}');
SELECT same('stored', '{"driver": "passes"}');

-- some rows with NULLs, in every column
UPDATE stored SET balance = NULL WHERE ctid IN (SELECT ctid FROM stored ORDER BY ctid LIMIT 50);
UPDATE stored SET age = NULL, letter = NULL, seen = NULL WHERE calls % 7 = 0;
UPDATE stored SET churned = NULL WHERE calls % 100 = 0;
UPDATE stored SET limits = 'NaN', subscription = NULL WHERE calls % 11 = 0;
SELECT same('stored');

-- rows older than their last column, a dropped column, a text before the last ones
ALTER TABLE stored ADD COLUMN added float8 DEFAULT 0.5;
UPDATE stored SET added = random() WHERE calls % 3 = 0;
SELECT same('stored');
ALTER TABLE stored ADD COLUMN label text DEFAULT 'none', ADD COLUMN last int4;
UPDATE stored SET label = calls % 5, last = calls % 13 WHERE calls % 2 = 0;
SELECT same('stored');
ALTER TABLE stored DROP COLUMN minutes;
SELECT same('stored');

-- partitions whose columns come in another order
CREATE TABLE parted (id int, x float8, y int4, churned bool) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
CREATE TABLE parted_2 (churned bool, y int4, id int, x float8);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (1000) TO (2000);
CREATE TABLE parted_3 PARTITION OF parted FOR VALUES FROM (2000) TO (4000);
INSERT INTO parted SELECT i, random(), random() * 100, random() < 0.5 FROM generate_series(1, 3000) AS i;
SELECT same('parted');

-- who may read only some columns trains on these
CREATE ROLE reader;
GRANT SELECT (x, churned) ON parted TO reader;
SET ROLE reader;
SELECT training_rows > 0 FROM train('readers', 'parted', 'churned', features => ARRAY['x']);
SELECT train('readers', 'parted', 'churned', features => ARRAY['x', 'y']);
RESET ROLE;

SELECT drop_model('stored');
SELECT drop_model('readers');
DROP FUNCTION learned, same;
DROP TABLE stored, parted;
DROP TYPE plan;
DROP OWNED BY reader;
DROP ROLE reader;
