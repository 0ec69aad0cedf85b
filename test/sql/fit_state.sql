-- The type cvm.fit_state: text and binary forms, what is refused.

CREATE TABLE points AS
	SELECT i, sin(i) * 2 + cos(i * 1.3) AS y, ARRAY[sin(i), cos(i * 0.7)] AS x,
		CASE WHEN i % 5 = 0 THEN 'größer' WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END AS label
	FROM generate_series(1, 1000) i;
CREATE TABLE states (name text, state cvm.fit_state);
INSERT INTO states SELECT 'softmax', cvm.sgd_softmax_partial(label, x) FROM points;
INSERT INTO states SELECT 'linear', cvm.sgd_linear_partial(y, x, '{"l2": 0.5, "solver": "momentum"}') FROM points;
INSERT INTO states SELECT 'small', cvm.sgd_linear_partial(y, x) FROM points WHERE i <= 3;
INSERT INTO states SELECT 'none', cvm.sgd_linear_partial(y, x) FROM points WHERE false;
INSERT INTO states SELECT 'no target', cvm.sgd_linear_partial(NULL::float8, x) FROM points;
INSERT INTO states SELECT 'no array', cvm.sgd_linear_partial(y, NULL) FROM points;

SELECT name, split_part(state::text, ' ', 1) AS method, split_part(state::text, ' ', 2) AS algorithm,
	(cvm.fit_state_information(state)).*
FROM states ORDER BY name;

-- what has no rows is words
SELECT state FROM states WHERE name = 'none';
SELECT 'fit svm'::cvm.fit_state, ' sgd   huber '::cvm.fit_state, 'descend'::cvm.fit_state;

-- text and binary form read back as the same state
SELECT bool_and(state::text::cvm.fit_state::text = state::text) AS same FROM states;
CREATE TABLE copied (name text, state cvm.fit_state);
\set file `mktemp -u /tmp/cvm-fit-state.XXXXXX`
COPY states TO :'file' (FORMAT binary);
COPY copied FROM :'file' (FORMAT binary);
\setenv FILE :file
\! rm -f "$FILE"
SELECT count(*), bool_and(s.state::text = c.state::text) AS same FROM states s JOIN copied c USING (name);

SELECT bool_and(state::jsonb::cvm.fit_state OPERATOR(cvm.=) state) AS same FROM states;
SELECT a.name, b.name FROM states a, states b WHERE a.state OPERATOR(cvm.=) b.state AND a.name < b.name;
SELECT name, state::jsonb - 'state' AS json FROM states WHERE state OPERATOR(cvm.<>) 'sgd linear' ORDER BY name;

-- a stored state can be finished, and go on
SELECT name, cvm.algorithm(cvm.fit_model(state)), (cvm.fit_information(cvm.fit_model(state))).training_rows
FROM states ORDER BY name;
SELECT round(cvm.predict(cvm.fit_model(state), '{0.5, 0}'::float8[])::numeric, 3) =
	round(cvm.predict((SELECT cvm.sgd_linear(y, x, '{"l2": 0.5, "solver": "momentum"}') FROM points), '{0.5, 0}'::float8[])::numeric, 3) AS same
FROM states WHERE name = 'linear';
SELECT cvm.merge_fit(state) IS NULL AS nothing FROM states WHERE name IN ('none', 'no target', 'no array');
SELECT (cvm.fit_information(cvm.merge_fit(state))).*  FROM states WHERE name IN ('small', 'none', 'no target') \gset
SELECT :training_rows AS rows, :rows_left_out AS left_out;
SELECT cvm.classes(cvm.merge_fit(state)) FROM (SELECT state FROM states WHERE name = 'softmax'
	UNION ALL SELECT 'sgd softmax' UNION ALL SELECT cvm.sgd_softmax_partial('new', x) FROM points) s;

-- states of fit_ and descend are seen where combine functions are called
CREATE AGGREGATE state_of_fit(text, float8[]) (SFUNC = cvm.fit_add, STYPE = cvm.fit_state, INITCOND = 'fit softmax');
CREATE AGGREGATE state_of_descent(cvm.model, float8, float8[]) (SFUNC = cvm.descend_add, STYPE = cvm.fit_state, INITCOND = 'descend');
SELECT (cvm.fit_state_information(f)).*, f::text::cvm.fit_state::text = f::text AS same,
	cvm.fit_model(f) OPERATOR(cvm.=) (SELECT cvm.fit_softmax(label, x) FROM points) AS same_model
FROM (SELECT state_of_fit(label, x) AS f FROM points) s;
SELECT (cvm.fit_state_information(d)).*, d::text::cvm.fit_state::text = d::text AS same,
	cvm.fit_model(d) OPERATOR(cvm.=) (SELECT cvm.descend(m, y, x) FROM points) AS same_model
FROM (SELECT cvm.fit_linear(y, x) AS m FROM points WHERE i < 50) f, LATERAL (SELECT state_of_descent(m, y, x) AS d FROM points) s;
SELECT (cvm.fit_state_information(state_of_descent(NULL, y, x))).* FROM points;
DROP AGGREGATE state_of_fit(text, float8[]), state_of_descent(cvm.model, float8, float8[]);

-- refused
\set VERBOSITY default
SELECT ''::cvm.fit_state;
SELECT 'guess linear'::cvm.fit_state;
SELECT 'sgd'::cvm.fit_state;
SELECT 'sgd tree'::cvm.fit_state;
SELECT 'descend linear'::cvm.fit_state;
SELECT 'sgd linear 0'::cvm.fit_state;
SELECT 'sgd linear 0g'::cvm.fit_state;
SELECT 'sgd linear 00 00'::cvm.fit_state;
SELECT 'sgd linear 00'::cvm.fit_state;
SELECT replace(state::text, 'sgd linear', 'sgd huber')::cvm.fit_state FROM states WHERE name = 'linear';
SELECT left(state::text, length('sgd linear ') + 20)::cvm.fit_state FROM states WHERE name = 'linear';
SELECT overlay(state::text placing 'f' from 300)::cvm.fit_state FROM states WHERE name = 'linear';
SELECT overlay(state::text placing '4e' from 12)::cvm.fit_state FROM states WHERE name = 'linear';

-- aggregates that are put together wrongly
CREATE AGGREGATE wrong(float8, float8[]) (SFUNC = cvm.fit_add, STYPE = cvm.fit_state, INITCOND = 'descend');
SELECT wrong(y, x) FROM points;
DROP AGGREGATE wrong(float8, float8[]);
CREATE AGGREGATE wrong(text, float8[]) (SFUNC = cvm.fit_add, STYPE = cvm.fit_state, INITCOND = 'fit linear');
SELECT wrong(label, x) FROM points;
DROP AGGREGATE wrong(text, float8[]);
CREATE AGGREGATE wrong(cvm.model, float8, float8[]) (SFUNC = cvm.descend_add, STYPE = cvm.fit_state, INITCOND = 'sgd linear');
SELECT wrong(m, y, x) FROM points, (SELECT cvm.fit_linear(y, x) AS m FROM points) f;
DROP AGGREGATE wrong(cvm.model, float8, float8[]);
CREATE AGGREGATE wrong(float8, float8[]) (SFUNC = cvm.fit_add, STYPE = cvm.fit_state);
SELECT wrong(y, x) FROM points;
DROP AGGREGATE wrong(float8, float8[]);
SELECT cvm.fit_merge('sgd linear', 'sgd linear');

DROP TABLE points, states, copied;
