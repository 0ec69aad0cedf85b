-- no way to run code as another role, and no way out of a read-only source
CREATE ROLE regress_mallory;
CREATE ROLE regress_victim;
CREATE SCHEMA den;
GRANT USAGE, CREATE ON SCHEMA den TO regress_mallory;
SET search_path TO den, public;
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE TABLE treasure AS SELECT 42 AS gold;
CREATE SEQUENCE counter;
GRANT USAGE ON SEQUENCE counter TO regress_mallory;

SET ROLE regress_mallory;
CREATE TABLE customers AS
SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 200) AS i;
CREATE TABLE log (entry text);

-- Source text that is more or other than one SELECT.
CREATE FUNCTION try(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM cvm.train('t', source, 'churned', options => '{"validation": 0}');
	RETURN 'trained';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT try('customers');
SELECT try('den.customers');
SELECT try('"den"."customers"');
SELECT try('TABLE customers');
SELECT try('SELECT * FROM customers;');
SELECT try('  (SELECT * FROM customers) -- with a comment');
SELECT try('SELECT * FROM customers /* a comment */');
SELECT try('WITH c AS (SELECT * FROM customers) SELECT * FROM c');
SELECT try('VALUES (1, true), (2, false)');
SELECT try('customers; DROP TABLE customers');
SELECT try('SELECT * FROM customers; DROP TABLE customers');
SELECT try('SELECT * FROM customers; SELECT 1');
SELECT try('SELECT * FROM customers) AS source; DROP TABLE customers; --');
SELECT try('SELECT 1 AS x, true AS churned) AS source, (SELECT 2 AS y');
SELECT try('customers AS source, treasure');
SELECT try('customers) AS a');
SELECT try('"customers; DROP TABLE customers"');
SELECT try('');
SELECT try('--');
SELECT try(';');
SELECT try('SELECT');
SELECT try('DROP TABLE customers');
SELECT try('DELETE FROM customers RETURNING *');
SELECT try('INSERT INTO log VALUES (1) RETURNING 1 AS x, true AS churned');
SELECT try('WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone');
SELECT try('SELECT * FROM (WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone) AS s');
SELECT try('SELECT * INTO copy FROM customers');
SELECT try('CREATE TABLE copy AS SELECT * FROM customers');
SELECT try('SELECT * FROM customers FOR UPDATE');
SELECT try('SELECT * FROM (SELECT * FROM customers FOR UPDATE) AS s');
SELECT try('EXPLAIN SELECT * FROM customers');
SELECT try('EXECUTE something');
SELECT try('DO $do$ BEGIN END $do$');
SELECT try('COPY customers TO STDOUT');
SELECT try('SET ROLE regress_victim');
SELECT try('COMMIT');
SELECT try('SELECT $1 AS x, true AS churned');
SELECT try('SELECT id, churned, (SELECT gold FROM treasure) AS gold FROM customers');
SELECT try('treasure');
SELECT try('pg_authid');
SELECT try('no.such.table.name');
SELECT try('customers_id');
SELECT try('counter');
SELECT count(*) FROM customers;
-- names of columns that look like SQL
CREATE TABLE quoted AS SELECT id, x AS "x"") FROM customers; DROP TABLE customers; --", churned AS "a'b""c; d" FROM customers;
SELECT algorithm FROM cvm.train('quoted', 'quoted', 'a''b"c; d', key => 'id');
SELECT count(cvm.predict('quoted', q)) FROM quoted AS q;
SELECT count(*) FROM cvm.evaluate('quoted', 'quoted');
SELECT feature FROM cvm.coefficients('quoted');

-- Functions in the source, that try to break out.  They say what they see.
CREATE FUNCTION break(attack text) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE attack;
	RAISE NOTICE 'broken by: %', attack;
	RETURN 1;
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE '% %', SQLSTATE, SQLERRM;
	RETURN 1;
END
$$;
CREATE FUNCTION who() RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'I am %, reading only: %', current_user, current_setting('transaction_read_only');
	RETURN 1;
END
$$;
CREATE TABLE attacks (n integer, attack text);
INSERT INTO attacks VALUES
	(1, 'INSERT INTO den.log VALUES (''written'')'),
	(2, 'UPDATE den.customers SET churned = true'),
	(3, 'CREATE TABLE den.made (i integer)'),
	(4, 'DROP TABLE den.quoted'),
	(5, 'SELECT nextval(''den.counter'')'),
	(6, 'SET transaction_read_only TO off'),
	(7, 'SELECT set_config(''transaction_read_only'', ''off'', false)'),
	(8, 'SELECT * FROM den.customers FOR UPDATE'),
	(9, 'SELECT cvm.promote(''hijacked'', 1)'),
	(10, 'SELECT cvm.drop_model(''hijacked'')'),
	(11, 'SELECT cvm.train(''nested'', ''den.customers'', ''churned'')'),
	(12, 'NOTIFY cvm, ''x'''),
	(13, 'COMMIT'),
	(14, 'SELECT gold FROM den.treasure');
-- attacks that only matter in somebody else's session
CREATE TABLE takeovers (n integer, attack text);
INSERT INTO takeovers VALUES
	(1, 'SET ROLE postgres'),
	(2, 'RESET ROLE'),
	(3, 'SELECT set_config(''role'', ''none'', false)'),
	(4, 'SET SESSION AUTHORIZATION DEFAULT'),
	(5, 'SELECT set_config(''session_authorization'', session_user, false)'),
	(6, 'CREATE TEMPORARY TABLE treasure (gold integer)'),
	(7, 'LISTEN den'),
	(8, 'PREPARE later AS SELECT den.who()'),
	(9, 'DECLARE later CURSOR WITH HOLD FOR SELECT den.who()'),
	(10, 'LOAD ''plpgsql'''),
	(11, 'SET search_path TO den'),
	(12, 'SELECT set_config(''search_path'', ''den, pg_catalog'', false)'),
	(13, 'SET statement_timeout TO 1'),
	(14, 'SET cvm.train_memory TO ''1MB'''),
	(15, 'SET row_security TO off'),
	(16, 'SET session_replication_role TO replica'),
	(17, 'GRANT regress_victim TO regress_mallory'),
	(18, 'ALTER ROLE regress_mallory SUPERUSER');
-- a way to switch the attacks on later, without writing: the source is a view
CREATE VIEW trap AS SELECT id, x, churned FROM customers;
SELECT version FROM cvm.train('hijacked', 'trap', 'churned', key => 'id');
CREATE OR REPLACE VIEW trap AS SELECT c.id, c.x, c.churned FROM customers AS c,
	(SELECT who() AS a, sum(break(attack)) AS b FROM attacks GROUP BY ()) AS s WHERE a + b > 0;
-- by its owner
SELECT count(*) FROM cvm.train('hijacked', 'trap', 'churned', key => 'id');
SELECT count(*) FROM cvm.evaluate('hijacked', 'trap');
SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM customers WHERE NOT churned) > 0 AS kept, to_regclass('den.made'), to_regclass('den.quoted');

-- in the session of a superuser, who retrains the model
CREATE OR REPLACE VIEW trap AS SELECT c.id, c.x, c.churned FROM customers AS c,
	(SELECT who() AS a, sum(break(attack)) AS b FROM (SELECT * FROM attacks UNION ALL SELECT * FROM takeovers) AS t GROUP BY ()) AS s WHERE a + b > 0;
RESET ROLE;
SET search_path TO den, public;
SELECT cvm.retrain('hijacked', wait => true);
SELECT current_user = session_user AS own, current_setting('search_path'), current_setting('statement_timeout'),
	current_setting('cvm.train_memory'), current_setting('row_security'), current_setting('session_replication_role'),
	current_setting('role'), current_setting('transaction_read_only');
SELECT count(*) FROM pg_prepared_statements;
SELECT count(*) FROM pg_cursors;
SELECT count(*) FROM pg_listening_channels();
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mallory';
SELECT status, error FROM cvm.retraining_status WHERE model = 'hijacked' ORDER BY run DESC LIMIT 1;

-- also in each of several passes over the source, and with warm starts
SET ROLE regress_mallory;
CREATE OR REPLACE VIEW trap AS SELECT c.id, c.x, c.churned FROM customers AS c, (SELECT who() AS a, break('SET ROLE postgres') AS b) AS s WHERE a + b > 0;
SELECT version FROM cvm.train('passes', 'SELECT * FROM customers', 'churned', key => 'id');
SELECT count(*) FROM cvm.train('passes', 'trap', 'churned', key => 'id', options => '{"driver": "passes", "epochs": 2, "warm_start": true}');
RESET ROLE;
SELECT run > 0 AS run FROM cvm.retrain('passes', wait => true) AS run;

-- an error of the source's choice: the superuser's session goes on as itself
SET ROLE regress_mallory;
CREATE FUNCTION fail(condition text) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('search_path', 'den', false);
	RAISE EXCEPTION 'failed by % as %', 'design', current_user USING ERRCODE = condition;
END
$$;
CREATE OR REPLACE VIEW trap AS SELECT c.id, c.x, c.churned FROM customers AS c, (SELECT fail('P0001') AS f) AS s WHERE f > 0;
RESET ROLE;
SELECT cvm.retrain('hijacked', wait => true);
SELECT current_user = session_user AS own, current_setting('search_path');
SELECT status, error FROM cvm.retraining_status WHERE model = 'hijacked' ORDER BY run DESC LIMIT 1;

-- also one that looks like a cancel of the superuser's statement
SET ROLE regress_mallory;
CREATE OR REPLACE VIEW trap AS SELECT c.id, c.x, c.churned FROM customers AS c, (SELECT fail('57014') AS f) AS s WHERE f > 0;
RESET ROLE;
SELECT cvm.retrain('hijacked', wait => true);

-- operators and functions that stand before the built-in ones
SET ROLE regress_mallory;
CREATE FUNCTION den.steal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'operator run by %', current_user; RETURN true; END $$;
CREATE OPERATOR den.= (LEFTARG = text, RIGHTARG = text, FUNCTION = den.steal);
CREATE FUNCTION den.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'function run by %', current_user; RETURN pg_catalog.now(); END $$;
CREATE FUNCTION den.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'function run by %', current_user; RETURN pg_catalog.clock_timestamp(); END $$;
CREATE FUNCTION den.abs(float8) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'function run by %', current_user; RETURN 0; END $$;
CREATE FUNCTION den.pg_has_role(oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OR REPLACE VIEW trap AS SELECT id, x, churned FROM customers;
SET search_path TO den, pg_catalog;
SELECT version > 1 FROM cvm.train('hijacked', 'trap', 'churned', key => 'id');
SELECT count(*) OPERATOR(pg_catalog.>) 0 FROM cvm.version_history;
SELECT cvm.rename_model('hijacked', 'renamed');
RESET ROLE;
SET search_path TO den, pg_catalog;
SELECT cvm.retrain('renamed', wait => true) OPERATOR(pg_catalog.>) 0;
SELECT pg_catalog.count(cvm.predict('renamed', c)) FROM den.customers AS c;
SELECT pg_catalog.count(*) FROM cvm.versions('renamed');
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 FROM cvm.feature_effects;
SELECT pg_catalog.count(*) FROM cvm.evaluate('renamed', 'den.customers');
SELECT cvm.promote('renamed', 1);
SET search_path TO public;

-- temporary objects of the caller stand before nothing of ours
CREATE TEMPORARY TABLE model_registry AS SELECT 'fake'::text AS model;
CREATE TEMPORARY TABLE customers AS SELECT 1 AS id, 0.5::float8 AS x, true AS churned;
SELECT cvm.retrain('renamed', wait => true) > 0;
SELECT training_rows + validation_rows FROM cvm.retraining_status WHERE model = 'renamed' ORDER BY run DESC LIMIT 1;
DROP TABLE pg_temp.model_registry, pg_temp.customers;

-- an owner that is no more
SET ROLE regress_mallory;
SELECT cvm.drop_model('quoted'), cvm.drop_model('t'), cvm.drop_model('passes');
RESET ROLE;
DROP OWNED BY regress_mallory;
DROP ROLE regress_mallory;
SELECT cvm.retrain('renamed', wait => true);
SELECT count(*) FROM cvm.run_due();
SELECT model, owner ~ 'unknown' AS owner FROM cvm.model_overview WHERE model = 'renamed';
SELECT cvm.change_owner('renamed', 'regress_victim');
SELECT owner FROM cvm.model_overview WHERE model = 'renamed';
SELECT cvm.drop_model('renamed');

\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA den CASCADE;
DROP ROLE regress_victim;
