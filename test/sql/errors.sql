-- every mistake: its SQLSTATE, message and way out, and nothing half-written
CREATE SCHEMA mistakes;
SET search_path TO mistakes, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

CREATE TABLE customers AS
SELECT i AS id, sin(i) AS x, cos(3 * i) AS z, sin(i) + cos(7 * i) > 0 AS churned, date '2024-01-01' + i AS joined,
	ARRAY[sin(i), cos(i)] AS features, now() AS moment
FROM generate_series(1, 300) AS i;
SELECT version FROM cvm.train('churn', 'customers', 'churned', features => ARRAY['x', 'z'], key => 'id');
SELECT version FROM cvm.train('amount', 'SELECT x, z FROM customers', 'z');
SELECT version FROM cvm.train('idle', 'SELECT x, churned FROM customers', 'churned', options => '{"promote": "manual"}');

-- what is in the catalog, in one number
CREATE FUNCTION written() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	catalog text := '';
	part text;
	name text;
BEGIN
	FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'cvm'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1 LOOP
		EXECUTE 'SELECT md5(string_agg(t::text, '';'' ORDER BY t::text)) FROM ' || name || ' AS t' INTO part;
		catalog := catalog || name || coalesce(part, '-');
	END LOOP;
	RETURN md5(catalog);
END
$$;

CREATE TABLE tried (n serial, statement text, state text, message text, hint text);
CREATE PROCEDURE mistake(statement text) LANGUAGE plpgsql AS $$
DECLARE
	before text := written();
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	BEGIN
		EXECUTE statement;
		RAISE EXCEPTION 'no error: %', statement;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	END;
	RAISE NOTICE E'%\n  % %\n  % % %', statement, state, message, CASE WHEN written() = before THEN '' ELSE 'HALF-WRITTEN ' END, detail, replace(hint, session_user, 'SESSION USER');
	INSERT INTO tried (statement, state, message, hint) VALUES (statement, state, message, hint);
END
$$;
\set VERBOSITY terse

-- no such thing
CALL mistake($$SELECT cvm.predict('chrun', c) FROM customers AS c$$);
CALL mistake($$SELECT cvm.predict('something else', c) FROM customers AS c$$);
CALL mistake($$SELECT cvm.promote('chrun', 1)$$);
CALL mistake($$SELECT cvm.promote('churn', 7)$$);
CALL mistake($$SELECT cvm.model_version('churn', 7)$$);
CALL mistake($$SELECT cvm.rollback('churn')$$);
CALL mistake($$SELECT cvm.predict('idle', c) FROM customers AS c$$);
CALL mistake($$SELECT * FROM cvm.evaluate('chrun', 'customers')$$);
CALL mistake($$SELECT cvm.grant_model('churn', 'nobody_at_all')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'chrned')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'Churned')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'outcome of the year')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', features => '{x, y}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', key => 'idd')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', weight => 'wieght')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', 'logistik')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"vaildation": 0.1}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"temperature": 0.1}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', algorithm => 'kmeans', options => '{"clusters": 3}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', algorithm => 'kmeans', options => '{"wobble": 3}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', algorithm => 'decision_tree', options => '{"wobble": 3}')$$);
CALL mistake($$SELECT cvm.predict('churn', s) FROM (SELECT x FROM customers) AS s$$);
CALL mistake($$SELECT cvm.predict('churn', s) FROM (SELECT x, z AS zz FROM customers) AS s$$);
CALL mistake($$SELECT * FROM cvm.evaluate('churn', 'SELECT x, z FROM customers')$$);
CALL mistake($$SELECT * FROM cvm.evaluate('churn', 'SELECT x, churned FROM customers')$$);

-- options out of range or of the wrong kind
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"l2": -1}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"l2": "much"}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"validation": 1}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"epochs": 1.5}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"standardize": 1}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"solver": "magic"}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"l2": [1, 2]}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '["l2"]')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"positive": "maybe"}')$$);

-- sources
CALL mistake($$SELECT cvm.train('m', 'custmers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', '', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT * FROM custmers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT * FORM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'DELETE FROM customers RETURNING *', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'WITH d AS (DELETE FROM customers RETURNING *) SELECT * FROM d', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT * INTO other FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT * FROM customers FOR UPDATE', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT * FROM customers; SELECT 1', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, x, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT 1 / (id - 5) AS x, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.evaluate('churn', 'DROP TABLE customers')$$);

-- rows
CALL mistake($$SELECT cvm.train('m', 'SELECT * FROM customers WHERE false', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, NULL::boolean AS churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, churned, 0 AS w FROM customers', 'churned', weight => 'w')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, churned, -1 AS w FROM customers', 'churned', weight => 'w')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, true AS churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT 1 AS x, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT CASE id WHEN 9 THEN ''infinity'' ELSE x END AS x, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT CASE id WHEN 9 THEN 1e308 ELSE x END AS x, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT CASE id WHEN 9 THEN ''-infinity'' ELSE x END AS x, z FROM customers', 'x')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT CASE id WHEN 9 THEN ARRAY[1.0::float8] ELSE features END AS features, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT CASE id WHEN 9 THEN ARRAY[features] ELSE features END AS features, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"validation_after": "1990-01-01", "time_column": "joined"}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', options => '{"validation_after": "2024-03-01"}')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, churned FROM customers', 'churned', options => '{"validation_after": "2024-03-01"}')$$);
CALL mistake($$SELECT * FROM cvm.evaluate('churn', 'SELECT x, z, NULL::boolean AS churned FROM customers')$$);
CALL mistake($$SELECT * FROM cvm.evaluate('churn', 'SELECT x, z, ''maybe'' AS churned FROM customers')$$);

-- roles of columns, and types
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', features => '{x, churned}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', features => '{x, x}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', features => '{}')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', features => ARRAY['x', NULL])$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', key => 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned', weight => 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'moment')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, point(x, x) AS place, churned FROM customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, churned, point(x, x) AS place FROM customers', 'churned', key => 'place')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, churned, ''many'' AS w FROM customers', 'churned', weight => 'w')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'id', 'logistic')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, id::text AS label FROM customers', 'label', 'linear')$$);
CALL mistake($$SELECT cvm.train('m', 'SELECT x, z FROM customers', 'z', 'poisson')$$);
CALL mistake($$SELECT cvm.predict('churn', s) FROM (SELECT x::text, z FROM customers) AS s$$);
CALL mistake($$SELECT cvm.predict('churn', ARRAY[1.0])$$);
CALL mistake($$SELECT cvm.predict('churn', ARRAY[[1.0, 2.0]])$$);
CALL mistake($$SELECT cvm.predict_class('amount', c) FROM customers AS c$$);
CALL mistake($$SELECT * FROM cvm.confusion_matrix('amount', 'customers')$$);
CALL mistake($$SELECT * FROM cvm.roc_curve('amount', 'customers')$$);

-- arguments, names
CALL mistake($$SELECT cvm.train(NULL, 'customers', 'churned')$$);
CALL mistake($$SELECT cvm.train('m', NULL, 'churned')$$);
CALL mistake($$SELECT cvm.train('m', 'customers')$$);
CALL mistake($$SELECT cvm.train('', 'customers', 'churned')$$);
CALL mistake($$SELECT cvm.rename_model('churn', 'amount')$$);
CALL mistake($$SELECT cvm.rename_model('churn', '')$$);

-- models from elsewhere
CALL mistake($$SELECT '{"format": 99}'::cvm.model$$);
CALL mistake($$SELECT (jsonb_set(cvm.active_model('churn')::jsonb, '{format}', '2'))::cvm.model$$);
CALL mistake($$SELECT (cvm.active_model('churn')::jsonb - 'seed')::cvm.model$$);
CALL mistake($$SELECT (cvm.active_model('churn')::jsonb || '{"sede": 1}')::cvm.model$$);
CALL mistake($$SELECT 'nonsense'::cvm.model$$);
CALL mistake($$SELECT '{}'::cvm.model$$);

-- memory
SET cvm.train_memory TO '1MB';
CALL mistake($$SELECT cvm.train('m', 'SELECT c.* FROM customers AS c, generate_series(1, 200)', 'churned', options => '{"driver": "memory"}')$$);
RESET cvm.train_memory;
CALL mistake($$SELECT cvm.train('m', 'SELECT x + random() AS x, churned FROM customers TABLESAMPLE BERNOULLI (50)', 'churned', options => '{"driver": "passes"}')$$);

-- rights
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA mistakes TO regress_reader;
GRANT INSERT, SELECT ON tried TO regress_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA cvm TO regress_reader;
GRANT USAGE ON SEQUENCE tried_n_seq TO regress_reader;
SELECT cvm.grant_model('amount', 'regress_reader');
SET ROLE regress_reader;
CALL mistake($$SELECT cvm.drop_model('amount')$$);
CALL mistake($$SELECT cvm.drop_model('churn')$$);
CALL mistake($$SELECT cvm.train('amount', 'SELECT 1 AS z', 'z')$$);
CALL mistake($$SELECT cvm.train('churn', 'SELECT 1 AS z', 'z')$$);
CALL mistake($$SELECT cvm.train('m', 'customers', 'churned')$$);
RESET ROLE;
REVOKE SELECT ON ALL TABLES IN SCHEMA cvm FROM regress_reader;
BEGIN READ ONLY;
SELECT cvm.train('m', 'customers', 'churned');
ROLLBACK;

-- errors of ours without a way out
SELECT DISTINCT state, message FROM tried WHERE hint = '' AND state NOT IN ('42P01', '42601', '22012', '42501', '22P02') ORDER BY 1, 2;

SELECT count(cvm.drop_model(model)) FROM cvm.model_overview;
SET client_min_messages TO warning;
DROP SCHEMA mistakes CASCADE;
DROP ROLE regress_reader;
