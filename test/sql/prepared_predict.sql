-- what a session keeps of a model between statements follows every change
SET search_path TO public, cvm;
SET client_min_messages TO warning;
SET plan_cache_mode TO force_generic_plan;
\pset tuples_only on
\pset format unaligned

CREATE TYPE size AS ENUM ('small', 'large');
CREATE TABLE people (id int PRIMARY KEY, x float8, y float8, size size, paid money, label text, bought boolean);
INSERT INTO people SELECT i, i % 7, i % 11, (ARRAY['small', 'large'])[1 + i % 2]::size, (i % 5)::numeric::money,
	(ARRAY['a', 'b', 'c'])[1 + i % 3], (i % 7 + i % 11 + i % 2 + i % 5) % 3 = 0 FROM generate_series(1, 400) AS i;
SELECT version FROM train('buys', 'people', 'bought', key => 'id', features => ARRAY['x', 'y'], options => '{"validation": 0}');

-- by row, by array and as a value are the same, call after call
CREATE TABLE scores (turn int, by_row float8, by_array float8, by_value float8);
PREPARE score(int) AS INSERT INTO scores SELECT $1, predict('buys', p), predict('buys', ARRAY[x, y]),
	predict((SELECT active_model('buys')), p) FROM people AS p WHERE id <= 3;
EXECUTE score(1);
EXECUTE score(1);
SELECT count(*), count(*) FILTER (WHERE by_row = by_array AND by_row = by_value), count(DISTINCT by_row) FROM scores;

-- a new version, one with another column, the way back
SELECT version FROM train('buys', 'people', 'bought', key => 'id', features => ARRAY['x', 'y'],
	options => '{"validation": 0, "l2": 100, "promote": "always"}');
EXECUTE score(2);
SELECT count(*), count(*) FILTER (WHERE by_row = by_array AND by_row = by_value) FROM scores WHERE turn = 2;
SELECT version FROM train('buys', 'people', 'bought', key => 'id', features => ARRAY['y', 'x', 'label'],
	options => '{"validation": 0, "promote": "always"}');
EXECUTE score(3);
SELECT promote('buys', 1);
EXECUTE score(4);
SELECT count(*), count(*) FILTER (WHERE by_row = by_array AND by_row = by_value) FROM scores WHERE turn = 4;
SELECT count(DISTINCT by_row) FROM scores WHERE turn IN (1, 4);
SELECT count(DISTINCT by_row) FROM scores WHERE turn IN (1, 2);

-- other types of the same columns, in one session
SELECT count(*) FROM (SELECT 1.5::float8 AS x, 2::float8 AS y) AS r WHERE predict('buys', r) BETWEEN 0 AND 1;
SELECT a = b, a = c FROM (SELECT predict('buys', r) AS a FROM (SELECT 1.5::float8 AS x, 2::float8 AS y) AS r) AS one,
	(SELECT predict('buys', r) AS b FROM (SELECT 1.5::float4 AS x, 2::int AS y) AS r) AS two,
	(SELECT predict('buys', r) AS c FROM (SELECT 2::numeric AS y, 1.5::numeric AS x) AS r) AS three;

-- labels of an enum that are renamed
SELECT version FROM train('sizes', 'people', 'bought', key => 'id', features => ARRAY['size', 'paid'], options => '{"validation": 0}');
CREATE TABLE renamed (turn int, score float8);
PREPARE keep(int) AS INSERT INTO renamed SELECT $1, predict('sizes', p) FROM people AS p WHERE id <= 2;
EXECUTE keep(1);
ALTER TYPE size RENAME VALUE 'large' TO 'big';
ALTER TYPE size RENAME VALUE 'small' TO 'large';
EXECUTE keep(2);
ALTER TYPE size RENAME VALUE 'large' TO 'small';
ALTER TYPE size RENAME VALUE 'big' TO 'large';
EXECUTE keep(3);
SELECT count(DISTINCT score) FROM renamed WHERE turn IN (1, 3);
SELECT count(DISTINCT score) FROM renamed WHERE turn IN (1, 2);

-- two models in one row, and one model in two ways
SELECT count(*), count(*) FILTER (WHERE a = c AND b = d) FROM (
	SELECT predict('buys', p) AS a, predict('sizes', p) AS b, predict('buys', p) AS c, predict('sizes', p) AS d FROM people AS p) AS q;

-- PL/pgSQL keeps the state of an expression while its variables change
SELECT version FROM train('spare', 'people', 'bought', key => 'id', features => ARRAY['x', 'y'],
	options => '{"validation": 0, "l2": 1000}');
DO $$
DECLARE
	name text;
	model cvm.model;
	score float8;
BEGIN
	FOREACH name IN ARRAY ARRAY['buys', 'spare', 'buys'] LOOP
		score := cvm.predict(name, ARRAY[3, 5]);
		IF score IS DISTINCT FROM (SELECT cvm.predict(cvm.active_model(m), ARRAY[3, 5]) FROM (VALUES (name)) AS v (m)) THEN
			RAISE EXCEPTION 'scored by a model of another name than %', name;
		END IF;
		model := cvm.active_model(name);
		IF score IS DISTINCT FROM cvm.predict(model, ARRAY[3, 5]) THEN
			RAISE EXCEPTION 'scored by another value than that of %', name;
		END IF;
	END LOOP;
END
$$;

-- nor does it keep what active_model() gave past a promotion, in a session that has not scored yet either
\c -
SET search_path TO public, cvm;
SET client_min_messages TO warning;
\pset tuples_only on
\pset format unaligned
DO $$
DECLARE
	model cvm.model;
BEGIN
	FOR version IN 1..2 LOOP
		PERFORM cvm.promote('buys', version);
		model := cvm.active_model('buys');
		IF model <> cvm.model_version('buys', version) THEN
			RAISE EXCEPTION 'version % is not the active one', version;
		END IF;
	END LOOP;
	PERFORM cvm.promote('buys', 1);
END
$$;

-- rows of two types in turn take no more memory
DO $$
DECLARE
	customer record;
	score float8;
	other float8;
BEGIN
	FOR i IN 1..2000 LOOP
		IF i % 2 = 0 THEN
			SELECT 3::float8 AS x, 5::float8 AS y INTO customer;
		ELSE
			SELECT 'more' AS label, 5 AS y, 3::numeric AS x INTO customer;
		END IF;
		score := cvm.predict('buys', customer);
		IF score <> other THEN
			RAISE EXCEPTION 'a customer has two scores';
		END IF;
		other := score;
	END LOOP;
	IF (SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'cvm predict%') > 100000 THEN
		RAISE EXCEPTION 'scorers of rows that are gone are kept';
	END IF;
END
$$;

-- what is not a column of the statement is still said
SELECT predict('buys', r) FROM (SELECT 1.5::float8 AS x) AS r;
SELECT predict('buys', ARRAY[1.5]);
SELECT predict('buys', r) FROM (SELECT 1.5::float8 AS x, 'two'::text AS y) AS r;
SELECT count(*) FROM people AS p WHERE predict('buys', p) >= 0;

DEALLOCATE ALL;
SELECT drop_model('buys');
SELECT drop_model('sizes');
SELECT drop_model('spare');
DROP TABLE people, scores, renamed;
DROP TYPE size;
