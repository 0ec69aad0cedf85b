-- who sees and uses a model: its owner, those it was granted to, nobody else
CREATE ROLE regress_alice;
CREATE ROLE regress_bob;
CREATE ROLE regress_carol;
CREATE ROLE regress_team;
CREATE ROLE regress_dan IN ROLE regress_team;
CREATE SCHEMA shop;
GRANT USAGE, CREATE ON SCHEMA shop TO regress_alice, regress_bob, regress_carol, regress_team;
SET search_path TO shop, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

SET ROLE regress_alice;
CREATE TABLE customers AS
SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 400) AS i;
SELECT version, status FROM cvm.train('churn', 'customers', 'churned', key => 'id');
SELECT version, status FROM cvm.train('secret', 'customers', 'churned', key => 'id');
SET client_min_messages TO warning;
SELECT cvm.schedule('secret', every => '1 day');
RESET client_min_messages;
SELECT model, owner FROM cvm.model_overview ORDER BY 1;

-- to others the model is not there
SET ROLE regress_bob;
CREATE TABLE mine AS SELECT 0.5::float8 AS x, true AS churned;
SELECT count(*) FROM cvm.model_overview;
SELECT cvm.predict('churn', m) FROM mine AS m;
SELECT cvm.predict('churn', ARRAY[0.5]);
SELECT cvm.predict_class('churn', m) FROM mine AS m;
SELECT cvm.predict_probabilities('churn', m) FROM mine AS m;
SELECT cvm.predict_columns('churn', 1, '{x}', 0.5);
SELECT cvm.active_model('churn');
SELECT cvm.model_version('churn', 1);
SELECT cvm.classes('churn');
SELECT * FROM cvm.coefficients('churn');
SELECT * FROM cvm.versions('churn');
SELECT * FROM cvm.evaluate('churn', 'mine');
SELECT * FROM cvm.confusion_matrix('churn', 'mine');
SELECT * FROM cvm.roc_curve('churn', 'mine');
SELECT cvm.promote('churn', 1);
SELECT cvm.rollback('churn');
SELECT cvm.drop_model('churn');
SELECT cvm.rename_model('churn', 'mine');
SELECT cvm.grant_model('churn', 'regress_bob');
SELECT cvm.revoke_model('churn', 'regress_bob');
SELECT cvm.change_owner('churn', 'regress_bob');
SELECT cvm.schedule('churn', every => '1 day');
SELECT cvm.unschedule('churn');
SELECT cvm.retrain('churn', wait => true);
SELECT * FROM cvm.run_due();
-- nor to any other function that takes a model's name, whatever there will be
CREATE FUNCTION other_answers(name text) RETURNS TABLE (called text, answer text) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	FOR f IN
		SELECT p.oid::regprocedure AS signature, format('SELECT * FROM cvm.%I(%s)', proname, string_agg(
			CASE WHEN n = 1 THEN quote_literal(name)
				WHEN t = 'text'::regtype THEN '''mine'''
				WHEN t = 'name'::regtype THEN '''regress_bob'''
				WHEN t = 'record'::regtype THEN '(SELECT m FROM shop.mine AS m)'
				WHEN t = 'float8[]'::regtype THEN '''{0.5}''::float8[]'
				WHEN t = 'text[]'::regtype THEN '''{x}''::text[]'
				WHEN t = 'boolean'::regtype THEN 'true'
				WHEN t = 'interval'::regtype THEN '''1 day''::interval'
				WHEN t = 'timestamptz'::regtype THEN 'now()'
				WHEN t = 'jsonb'::regtype THEN '''{}''::jsonb'
				ELSE '1' END, ', ' ORDER BY n)) AS call
		FROM pg_proc AS p, unnest(proargtypes) WITH ORDINALITY AS a (t, n)
		WHERE pronamespace = 'cvm'::regnamespace AND provariadic = 0 AND proargtypes[0] = 'text'::regtype
			AND proargnames[1] = 'model' AND proname NOT IN ('train', 'tune', 'versions', 'schedule')
		GROUP BY p.oid ORDER BY 1
	LOOP
		BEGIN
			EXECUTE f.call;
			called := f.signature;
			answer := 'no error';
			RETURN NEXT;
		EXCEPTION WHEN OTHERS THEN
			IF SQLERRM <> format('model "%s" does not exist', name) THEN
				called := f.signature;
				answer := SQLERRM;
				RETURN NEXT;
			END IF;
		END;
	END LOOP;
END
$$;
SELECT * FROM other_answers('churn');
-- only the name is taken
SELECT version FROM cvm.train('churn', 'mine', 'x');
SELECT version FROM cvm.tune('churn', 'mine', 'x', search => '{"l2": [1, 2]}');

-- granted: to see and to score, not to change
RESET ROLE;
SET ROLE regress_alice;
SELECT cvm.grant_model('churn', 'regress_bob');
SELECT cvm.grant_model('churn', 'regress_bob');
SELECT cvm.grant_model('churn', 'regress_nobody');
RESET ROLE;
SET ROLE regress_bob;
SELECT model, owner FROM cvm.model_overview;
SELECT cvm.predict('churn', m) > 0.5, cvm.predict_columns('churn', 1, '{x}', 0.5) > 0.5 FROM mine AS m;
SELECT feature FROM cvm.coefficients('churn');
SELECT version FROM cvm.versions('churn');
SELECT metric FROM cvm.evaluate('churn', 'mine') ORDER BY 1;
SELECT metric FROM cvm.evaluate('churn', 'customers');
SELECT cvm.promote('churn', 1);
SELECT cvm.rollback('churn');
SELECT cvm.drop_model('churn');
SELECT cvm.rename_model('churn', 'mine');
SELECT cvm.grant_model('churn', 'regress_carol');
SELECT cvm.revoke_model('churn', 'regress_bob');
SELECT cvm.change_owner('churn', 'regress_bob');
SELECT cvm.schedule('churn', every => '1 day');
SELECT cvm.retrain('churn', wait => true);
SELECT version FROM cvm.train('churn', 'mine', 'churned');
-- each view that anybody may read shows the one model and nothing else
CREATE FUNCTION seen() RETURNS TABLE (seen_view regclass, rows boolean, models text) LANGUAGE plpgsql AS $$
BEGIN
	FOR seen_view IN SELECT oid::regclass FROM pg_class
		WHERE relnamespace = 'cvm'::regnamespace AND relkind = 'v' AND has_table_privilege('public', oid, 'SELECT') ORDER BY relname
	LOOP
		EXECUTE format('SELECT count(*) > 0, coalesce(string_agg(DISTINCT model, '' ''), '''') FROM %s', seen_view) INTO rows, models;
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT seen_view, models FROM seen() WHERE models NOT IN ('churn', '');
SELECT count(*) >= 6 AS views, bool_and(rows) AS rows FROM seen() WHERE seen_view::text IN ('cvm.model_overview', 'cvm.version_history',
	'cvm.metric_history', 'cvm.feature_effects', 'cvm.retraining_status', 'cvm.training_progress');
-- the catalog itself is nobody's
SELECT count(*) FROM cvm.model_registry;
SELECT count(*) FROM cvm.model_versions;
INSERT INTO cvm.model_grants VALUES ('secret', 'regress_bob');
UPDATE cvm.model_registry SET owner = 'regress_bob';
SELECT relname FROM pg_class WHERE relnamespace = 'cvm'::regnamespace AND relkind IN ('r', 'S', 'p')
	AND (has_table_privilege(oid, 'SELECT') OR has_table_privilege(oid, 'INSERT') OR has_table_privilege(oid, 'UPDATE')
		OR has_table_privilege(oid, 'DELETE') OR has_table_privilege(oid, 'TRUNCATE'));
SELECT relname FROM pg_class WHERE relnamespace = 'cvm'::regnamespace AND relkind = 'v'
	AND (has_table_privilege(oid, 'INSERT') OR has_table_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE'));
-- a condition that tells what it sees is not shown other people's rows
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN true; END $$;
SELECT model FROM cvm.model_overview WHERE tell(model);
SELECT DISTINCT model FROM cvm.version_history WHERE tell(model);
RESET ROLE;

-- by membership, and to everybody
SET ROLE regress_dan;
SELECT cvm.predict('churn', ARRAY[0.5]) > 0.5;
RESET ROLE;
SET ROLE regress_alice;
SELECT cvm.grant_model('churn', 'regress_team');
RESET ROLE;
SET ROLE regress_dan;
SELECT cvm.predict('churn', ARRAY[0.5]) > 0.5;
RESET ROLE;
SET ROLE regress_carol;
SELECT cvm.predict('churn', ARRAY[0.5]) > 0.5;
RESET ROLE;
SET ROLE regress_alice;
SELECT cvm.grant_model('churn', 'public');
RESET ROLE;
SET ROLE regress_carol;
SELECT cvm.predict('churn', ARRAY[0.5]) > 0.5;
SELECT model FROM cvm.model_overview;
SELECT cvm.predict('secret', ARRAY[0.5]);
SELECT cvm.predict('chur', ARRAY[0.5]);
SELECT cvm.predict('secre', ARRAY[0.5]);
RESET ROLE;

-- taken back: also in a prepared statement, and in an expression that was kept
SET ROLE regress_bob;
PREPARE score AS SELECT cvm.predict('churn', m) > 0.5 FROM mine AS m;
EXECUTE score;
EXECUTE score;
RESET ROLE;
SET ROLE regress_alice;
SELECT cvm.revoke_model('churn', 'public'), cvm.revoke_model('churn', 'regress_bob'), cvm.revoke_model('churn', 'regress_team');
RESET ROLE;
SET ROLE regress_bob;
EXECUTE score;
SELECT count(*) FROM cvm.model_overview;
RESET ROLE;
CREATE FUNCTION kept() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN cvm.predict(''churn'', ARRAY[0.5]) > 0.5; END';
BEGIN;
SET LOCAL ROLE regress_alice;
SELECT kept();
SET LOCAL ROLE regress_carol;
SELECT kept();
ROLLBACK;
-- a plan made by one role and run by another
PREPARE other AS SELECT cvm.predict('churn', m) > 0.5 FROM mine AS m;
GRANT SELECT ON mine TO regress_carol;
EXECUTE other;
SET ROLE regress_carol;
EXECUTE other;
RESET ROLE;

-- a model can be given away to a role that its owner can become
SET ROLE regress_alice;
SELECT cvm.change_owner('churn', 'regress_carol');
RESET ROLE;
GRANT regress_team TO regress_alice;
SET ROLE regress_alice;
SELECT cvm.change_owner('churn', 'regress_team');
SELECT model, owner FROM cvm.model_overview ORDER BY 1;
RESET ROLE;
SET ROLE regress_dan;
SELECT model, owner FROM cvm.model_overview ORDER BY 1;
-- who has the owner's rights may change the model, but needs rights on the source
SELECT cvm.promote('churn', 1);
SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id');
-- and retraining has the rights of the owner, not of the caller
SELECT cvm.retrain('churn', wait => true);
SELECT status, error FROM cvm.retraining_status WHERE model = 'churn' AND trigger = 'retrain';
RESET ROLE;
SELECT cvm.retrain('churn', wait => true);
SELECT status, error FROM cvm.retraining_status WHERE model = 'churn' AND trigger = 'retrain' ORDER BY run;
GRANT SELECT ON customers TO regress_team;
SELECT cvm.retrain('churn', wait => true);
SELECT status, error FROM cvm.retraining_status WHERE model = 'churn' AND trigger = 'retrain' ORDER BY run;

-- row security of the source holds for training
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY first_ones ON customers FOR SELECT TO regress_team USING (id <= 300);
SET ROLE regress_dan;
SELECT training_rows + validation_rows FROM cvm.train('filtered', 'customers', 'churned', key => 'id');
RESET ROLE;
SELECT cvm.retrain('filtered', wait => true);
SELECT training_rows + validation_rows FROM cvm.retraining_status WHERE model = 'filtered' ORDER BY run;

-- comments: every function, view and column says what it is
SELECT p.oid::regprocedure FROM pg_proc AS p WHERE pronamespace = 'cvm'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT oid::regclass FROM pg_class WHERE relnamespace = 'cvm'::regnamespace AND relkind IN ('r', 'v', 'p') AND obj_description(oid, 'pg_class') IS NULL;
SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'cvm'::regnamespace AND relkind = 'v' AND has_table_privilege('public', attrelid, 'SELECT')
	AND attnum > 0 AND col_description(attrelid, attnum) IS NULL ORDER BY 1, attnum;
SELECT t.oid::regtype FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE typnamespace = 'cvm'::regnamespace AND (typtype IN ('b', 'd') AND typelem = 0 OR c.relkind = 'c')
	AND obj_description(t.oid, 'pg_type') IS NULL;
-- views begin with the model (and version), and have plain types: these do not
SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
WHERE relnamespace = 'cvm'::regnamespace AND relkind = 'v' AND has_table_privilege('public', attrelid, 'SELECT')
GROUP BY relname
HAVING min(attname) FILTER (WHERE attnum = 1) <> 'model' OR bool_or(attname = 'version' AND attnum > 2 AND relname <> 'model_overview')
	OR bool_or(atttypid NOT IN ('text'::regtype, 'integer'::regtype, 'bigint'::regtype, 'float8'::regtype, 'boolean'::regtype,
		'timestamptz'::regtype, 'interval'::regtype, 'name'::regtype, 'numeric'::regtype, 'date'::regtype));
-- functions have no search_path of their callers
SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_language AS l ON l.oid = prolang
WHERE pronamespace = 'cvm'::regnamespace AND (prosecdef OR lanname NOT IN ('c', 'internal') AND prosqlbody IS NULL AND proconfig IS NULL);

SELECT count(cvm.drop_model(model)) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA shop CASCADE;
DROP ROLE regress_dan, regress_team, regress_carol, regress_bob, regress_alice;
