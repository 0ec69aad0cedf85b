-- Every function and aggregate of the extension, called with what nobody
-- should: NULL, infinities, extremes, empty arrays, models that do not exist.
-- An answer and an error are both right; an internal error, a cancelled
-- statement (a loop that nothing bounds) and a crash are not.
BEGIN;
SELECT plan(3);
SET LOCAL client_min_messages = error;
SET LOCAL statement_timeout = '10s';
SELECT setseed(0.5) \g /dev/null

CREATE TABLE customers AS
SELECT i AS id, sin(i) AS x, (ARRAY['a', 'b', 'c'])[1 + i % 3] AS plan, sin(i) > 0.2 * cos(9 * i) AS churned FROM generate_series(1, 300) AS i;
SELECT FROM cvm.train('churn', 'customers', 'churned', key => 'id') \g /dev/null
SELECT FROM cvm.train('churn_trees', 'customers', 'churned', key => 'id', algorithm => 'boosted_trees', options => '{"trees": 5}') \g /dev/null
SELECT FROM cvm.train('groups', 'SELECT x, plan FROM customers', algorithm => 'kmeans', options => '{"segments": 2}') \g /dev/null

-- What an argument of a type may be, as SQL.
CREATE TEMPORARY TABLE arguments (type regtype, expressions text[]);
INSERT INTO arguments VALUES
	('text', ARRAY['''churn''', '''churn_trees''', '''groups''', '''''', '''nobody''', '''x''', '''plan''', '''customers''', '''SELECT 1''',
		'''SELECT x, churned FROM customers''', 'repeat(''x'', 70000)', '''{"l2": 1}''', '''1 day''', '''* * * * *''', '''logistic''', 'E''\\u00fc"''']),
	('integer', ARRAY['0', '1', '3', '-1', '2147483647', '-2147483648']),
	('bigint', ARRAY['0', '1', '-1', '9223372036854775807', '-9223372036854775808']),
	('double precision', ARRAY['0', '1', '0.5', '-1', '''NaN''', '''Infinity''', '''-Infinity''', '1e308', '1e-320']),
	('numeric', ARRAY['0', '''NaN''', '1e100']),
	('boolean', ARRAY['true', 'false']),
	('jsonb', ARRAY['''{}''', '''[]''', '''null''', '''1''', '''"x"''', '''{"l2": 1}''', '''{"l2": {"a": [1, 2]}}''', '''{"l2": [0, 1e400]}''']),
	('interval', ARRAY['''1 day''', '''-1 day''', '''0''', '''178000000 years''']),
	('timestamptz', ARRAY['now()', '''infinity''', '''-infinity''', '''4713-01-01 BC''', '''294276-12-31''']),
	('regclass', ARRAY['''customers''', '0']),
	('bytea', ARRAY['''''', '''\x00''', '''\xdeadbeef''']),
	('text[]', ARRAY['''{}''', '''{NULL}''', '''{x}''', '''{{a,b},{c,d}}''']),
	('integer[]', ARRAY['''{}''', '''{NULL}''', '''{1,2}''']),
	('bigint[]', ARRAY['''{}''', '''{NULL}''', '''{1,2}''']),
	('double precision[]', ARRAY['''{}''', '''{NULL}''', '''{1}''', '''{NaN,Infinity}''', '''{{1,2},{3,4}}''', 'array_fill(1::float8, ARRAY[3000])']),
	('record', ARRAY['ROW()', 'ROW(1, ''a'')', 'NULL::customers', '(SELECT c FROM customers AS c WHERE id = 7)']),
	('cvm.model', ARRAY['cvm.active_model(''churn'')', 'cvm.active_model(''churn_trees'')', 'cvm.active_model(''groups'')']),
	('anyelement', ARRAY['1', '''a''::text', '''NaN''::float8', 'NULL::customers', '(SELECT c FROM customers AS c WHERE id = 7)']),
	('anynonarray', ARRAY['1', '''a''::text', 'NULL::bool']);

CREATE FUNCTION pg_temp.argument(wanted regtype) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN random() < 0.1 OR expressions IS NULL THEN format('NULL::%s', CASE WHEN wanted::text LIKE 'any%' THEN 'text' ELSE wanted::text END)
		WHEN wanted::text LIKE 'any%' OR wanted = 'record'::regtype THEN pick
		ELSE format('(%s)::%s', pick, wanted) END
	FROM (SELECT expressions, expressions[1 + floor(random() * cardinality(expressions))] AS pick
		FROM (SELECT wanted) AS w LEFT JOIN arguments ON type = wanted OFFSET 0) AS a
$$;

CREATE TEMPORARY TABLE calls AS
SELECT p.oid::regproc::text AS name, p.prokind = 'a' AS aggregates, p.proargtypes::oid[] AS types
FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'cvm' JOIN pg_proc AS p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
	AND NOT p.proargtypes::oid[] && ARRAY['internal', 'cstring']::regtype[]::oid[];

-- Each call is undone, so that each finds the same database.
CREATE TEMPORARY TABLE outcomes (call text, state text, message text);
DO $$
DECLARE
	c record;
	call text;
	state text;
	message text;
BEGIN
	FOR c IN SELECT * FROM calls CROSS JOIN generate_series(1, 6) AS round ORDER BY round, name, types LOOP
		SELECT format('SELECT count(x) FROM (SELECT %s(%s) AS x FROM generate_series(1, 2)%s) AS q', c.name,
			string_agg(pg_temp.argument(type::regtype), ', ' ORDER BY n), CASE WHEN c.aggregates THEN ' AS g' ELSE '' END)
		INTO call FROM unnest(c.types) WITH ORDINALITY AS t (type, n);
		BEGIN
			EXECUTE call;
			RAISE EXCEPTION 'done' USING ERRCODE = 'CV000';
		EXCEPTION WHEN OTHERS OR query_canceled THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
		END;
		INSERT INTO outcomes VALUES (call, state, message);
	END LOOP;
END $$;

SELECT is_empty($$SELECT state, message, call FROM outcomes WHERE state LIKE 'XX%' OR state LIKE '58%' OR state = '57014'$$,
	'no internal error, and an end to every loop');
SELECT cmp_ok((SELECT count(*) FROM outcomes WHERE state = 'CV000'), '>', 200::bigint, 'many calls have an answer');
SELECT cmp_ok((SELECT count(DISTINCT name) FROM calls), '>', 100::bigint, 'all functions are called');
SELECT * FROM finish();
ROLLBACK;
