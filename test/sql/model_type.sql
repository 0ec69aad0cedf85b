-- the type cvm.model: text, jsonb, binary, comparison, facts, coefficients
SET search_path TO cvm, public;
SET client_encoding TO 'UTF8';
\set QUIET on
\pset format unaligned
\pset tuples_only on

\set logistic '{"format": 1, "algorithm": "logistic", "task": "binary", "target": "churned", "classes": ["no", "yes"], "class_shares": [0.75, 0.25], "inputs": [{"name": "tenure", "kind": "number"}, {"name": "contract", "kind": "category"}, {"name": "x", "kind": "array", "elements": 2}], "terms": [{"name": "tenure", "kind": "number", "input": "tenure", "part": 0, "missing_share": 0.125, "mean": 30, "deviation": 20.5, "center": 30, "scale": 20.5, "fill": 30, "flag": true}, {"name": "contract", "kind": "category", "input": "contract", "part": 0, "missing_share": 0, "levels": ["month", "jährlich", "(other)"], "level_shares": [0.5, 0.25, 0.25], "other_level": 2, "missing_level": null}, {"name": "x2", "kind": "number", "input": "x", "part": 1, "missing_share": 0, "mean": 0.1, "deviation": 1e-300, "center": 0, "scale": 1, "fill": 0, "flag": false}], "coefficients": [[-0.1, 0.5, 0.3333333333333333, -1.5, 2e-05, 1e+22]], "standard_errors": [[0.05, null, 0.1, 0.25, 1, 2]], "dispersion": 1, "residual_freedom": 0, "options": {"l2": 0, "seed": 42}, "solver": "newton", "driver": "memory", "outcome": "converged", "seed": -9223372036854775808, "rows": 7043, "rows_left_out": 3, "validation_rows": 0, "total_weight": 7043, "iterations": 6, "rank": null, "loss": 0.41, "validation_loss": null, "gradient_norm": 1e-10, "library_version": "1.0"}'

-- one model a family, all from the one above
CREATE TABLE fitted (family text PRIMARY KEY, model cvm.model);
INSERT INTO fitted VALUES ('logistic', :'logistic');
INSERT INTO fitted
	SELECT change.family, (model::jsonb || changes::jsonb)::cvm.model
	FROM fitted, (VALUES
		('svm', '{"algorithm": "svm", "standard_errors": null}'),
		('linear', '{"algorithm": "linear", "task": "regression", "classes": [], "class_shares": [],
			"dispersion": 2.5, "residual_freedom": 10}'),
		('poisson', '{"algorithm": "poisson", "task": "regression", "classes": [], "class_shares": []}'),
		('huber', '{"algorithm": "huber", "task": "regression", "classes": [], "class_shares": [],
			"delta": 1.345, "standard_errors": null}'),
		('softmax', '{"algorithm": "softmax", "task": "multiclass", "classes": ["a", "b"],
			"coefficients": [[1, 2, 3, 4, 5, 6], [-1, -2, -3, -4, -5, -6]], "standard_errors": null}')
		) AS change (family, changes);

-- text and jsonb are lossless
SELECT family, algorithm(model), task(model), model::text::cvm.model = model AS text,
	model::text::cvm.model::text = model::text AS same_text,
	model::jsonb::cvm.model = model AS jsonb,
	model::jsonb = model::text::jsonb AS same_jsonb
	FROM fitted ORDER BY family;
SELECT model::text = :'logistic' FROM fitted WHERE family = 'logistic';

-- a negative zero is zero, options are jsonb
SELECT replace(:'logistic', '[-0.1,', '[-0.0,')::cvm.model =
	replace(replace(:'logistic', '[-0.1,', '[0,'),
		'{"l2": 0, "seed": 42}', '{"seed": 42,   "l2": 1, "l2": 0}')::cvm.model;

-- what a model says of itself
SELECT input.* FROM fitted, inputs(model) AS input WHERE family = 'logistic';
SELECT family, classes(model) FROM fitted ORDER BY family;
SELECT training_options(model) FROM fitted WHERE family = 'logistic';
\pset format aligned
\pset tuples_only off
\x on
SELECT f.* FROM fitted, fit_information(model) AS f WHERE family = 'logistic';
\x off

-- coefficients; p-values against scipy.stats
SELECT c.feature, c.level, c.coefficient::numeric(20, 6), c.std_error, round(c.z::numeric, 6) AS z,
	round(c.p_value::numeric, 10) AS p_value,
	c.standardized_coefficient::numeric(20, 6), c.class
	FROM fitted, coefficients(model) AS c WHERE family = 'logistic' AND feature <> '(intercept)';
SELECT abs(c.z + 2) < 1e-12 AS t, abs(c.p_value - 0.07338803477074045) < 1e-12 AS student
	FROM fitted, coefficients(model) AS c WHERE family = 'linear' AND feature = 'tenure' AND level IS NULL;
SELECT abs(c.p_value - 0.04550026389635842) < 1e-12 AS normal
	FROM fitted, coefficients(model) AS c WHERE family = 'poisson' AND feature = 'tenure' AND level IS NULL;
SELECT c.feature, c.level, c.coefficient, c.std_error, c.z, c.p_value,
	c.standardized_coefficient::numeric(20, 6), c.class
	FROM fitted, coefficients(model) AS c WHERE family = 'softmax' AND feature <> 'x2';

-- comparison: DISTINCT, GROUP BY, joins, unique indexes, by hash and by sort
CREATE TABLE twice AS SELECT family, model FROM fitted, generate_series(1, 2);
SELECT count(DISTINCT model) FROM twice;
SELECT count(*) FROM (SELECT model FROM twice GROUP BY model HAVING count(*) = 2) AS pairs;
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT DISTINCT model FROM twice) AS each;
SET enable_hashjoin = off;
SELECT count(*) FROM fitted JOIN twice USING (model);
SET enable_mergejoin = off;
RESET enable_hashjoin;
SELECT count(*) FROM fitted JOIN twice USING (model);
RESET ALL;
SET search_path TO cvm, public;
SELECT bool_and((a.model < b.model) = (b.model > a.model) AND
		(a.model <= b.model) = (model_cmp(a.model, b.model) <= 0) AND
		(a.model >= b.model) = NOT (a.model < b.model) AND
		(a.model <> b.model) = (a.family <> b.family)) FROM fitted a, fitted b;
ALTER TABLE fitted ADD UNIQUE (model);
INSERT INTO fitted SELECT 'copy', model FROM fitted WHERE family = 'svm' ON CONFLICT DO NOTHING;
SELECT count(*) FROM fitted;

-- domains
CREATE TABLE churn_models (model cvm.logistic_model);
INSERT INTO churn_models SELECT model FROM fitted WHERE family = 'logistic';
INSERT INTO churn_models VALUES (NULL);
INSERT INTO churn_models SELECT model FROM fitted WHERE family = 'linear';
SELECT model::cvm.linear_model IS NULL, model::cvm.logistic_model IS NULL FROM fitted WHERE family = 'svm';
SELECT bool_and(CASE family
	WHEN 'linear' THEN model::cvm.linear_model IS NOT NULL
	WHEN 'softmax' THEN model::cvm.softmax_model IS NOT NULL
	WHEN 'poisson' THEN model::cvm.poisson_model IS NOT NULL
	WHEN 'svm' THEN model::cvm.svm_model IS NOT NULL
	WHEN 'huber' THEN model::cvm.huber_model IS NOT NULL
	ELSE true END) FROM fitted;

ALTER TABLE fitted DROP CONSTRAINT fitted_model_key;

-- large enough to be stored out of line
INSERT INTO fitted
	SELECT 'large', jsonb_set(jsonb_set(jsonb_set(model::jsonb,
			'{terms, 1}', model::jsonb #> '{terms, 1}' || jsonb_build_object(
				'levels', (SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 3000) i),
				'level_shares', (SELECT jsonb_agg(1 / 3000.0) FROM generate_series(1, 3000)),
				'other_level', null)),
			'{coefficients}', jsonb_build_array((SELECT jsonb_agg(sqrt(i)) FROM generate_series(1, 3003) i))),
			'{standard_errors}', 'null')::cvm.model
	FROM fitted WHERE family = 'logistic';
SELECT count(*), sum(c.coefficient)::numeric(20, 4) FROM fitted, coefficients(model) AS c WHERE family = 'large';
SELECT model::text::cvm.model = model FROM fitted WHERE family = 'large';

-- JSON that is no model
CREATE FUNCTION refusal(model jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM model::cvm.model;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, nullif('HINT: ' || hint, 'HINT: '));
END $$;
\pset format unaligned
\pset tuples_only on
SELECT refusal(model::jsonb) FROM fitted WHERE family = 'logistic';
SELECT refusal('[1]');
SELECT refusal('{}');
SELECT refusal('"model"');
SELECT refusal(model::jsonb - key) FROM fitted, unnest(ARRAY['algorithm', 'coefficients', 'seed']) AS key
	WHERE family = 'logistic';
SELECT refusal(model::jsonb || '{"coeficients": []}') FROM fitted WHERE family = 'logistic';
SELECT refusal(model::jsonb || '{"z": 1}') FROM fitted WHERE family = 'logistic';
SELECT refusal(model::jsonb || '{"delta": 1}') FROM fitted WHERE family = 'logistic';
SELECT refusal(model::jsonb - 'delta') FROM fitted WHERE family = 'huber';
SELECT refusal(jsonb_set(model::jsonb, path::text[], value::jsonb)) FROM fitted, (VALUES
	('{format}', '2'), ('{format}', '0'), ('{format}', '"1"'), ('{algorithm}', '"magic"'), ('{task}', '"multiclass"'),
	('{classes}', '["no"]'), ('{classes}', '["no", "no"]'), ('{classes}', '["no", 1]'),
	('{class_shares}', '[0.5]'), ('{class_shares}', '[0.5, 1.5]'),
	('{inputs}', '{}'), ('{inputs, 0}', '1'), ('{inputs, 0, kind}', '"color"'), ('{inputs, 0, elements}', '3'),
	('{inputs, 2, elements}', '3000000000'), ('{inputs, 2, elements}', '1'), ('{inputs, 1, name}', '"tenure"'),
	('{terms, 0, kind}', '"nmber"'), ('{terms, 0, input}', '"contract"'), ('{terms, 0, part}', '-1'),
	('{terms, 0, part}', '1'), ('{terms, 0, scale}', '0'), ('{terms, 0, scale}', '"1"'), ('{terms, 0, scale}', '1e400'),
	('{terms, 0, flag}', '1'), ('{terms, 0, flg}', 'true'), ('{terms, 1, other_level}', '3'),
	('{terms, 1, levels}', '["a", "b"]'), ('{terms, 1, levels, 1}', '"month"'),
	('{terms}', '[]'), ('{coefficients}', '[]'), ('{coefficients}', '[[1, 2]]'), ('{coefficients}', '[1, 2]'),
	('{coefficients, 0, 2}', 'null'), ('{standard_errors, 0, 2}', '-1'), ('{options}', '[]'),
	('{solver}', '"magic"'), ('{driver}', '"magic"'), ('{outcome}', '"magic"'),
	('{seed}', '9223372036854775808'), ('{seed}', '0.5'), ('{rows}', '-1'), ('{iterations}', '-1'),
	('{rank}', '-1'), ('{dispersion}', 'null'), ('{library_version}', 'null')
	) AS change (path, value)
	WHERE family = 'logistic';
\set VERBOSITY terse
SELECT 'churn'::cvm.model;
SELECT ''::cvm.model;
\set VERBOSITY default

-- binary: what send gives, receive takes; both through COPY
CREATE TABLE received (model cvm.model);
CREATE FUNCTION receive(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	path text := current_setting('data_directory') || '/cvm_model_type.copy';
	hint text;
BEGIN
	TRUNCATE received;
	-- a bytea and a model of the same bytes look the same in a binary COPY
	EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', bytes, path);
	EXECUTE format('COPY received FROM %L (FORMAT binary)', path);
	RETURN CASE WHEN model_send(model) = bytes THEN 'accepted' ELSE 'accepted, other bytes' END FROM received;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, nullif('HINT: ' || hint, 'HINT: '));
END $$;

-- what a forger does: puts length and checksum (CRC-32C) right
CREATE FUNCTION crc(bytes bytea) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	crc bigint := 4294967295;
BEGIN
	FOR i IN 0 .. length(bytes) - 1 LOOP
		crc := crc # get_byte(bytes, i);
		FOR bit IN 1 .. 8 LOOP
			crc := (crc >> 1) # CASE WHEN crc & 1 = 1 THEN x'82f63b78'::bigint ELSE 0 END;
		END LOOP;
	END LOOP;
	RETURN crc # 4294967295;
END $$;
CREATE FUNCTION put(bytes bytea, place integer, number bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT set_byte(set_byte(set_byte(set_byte(bytes,
		place, (number & 255)::int), place + 1, (number >> 8 & 255)::int),
		place + 2, (number >> 16 & 255)::int), place + 3, (number >> 24 & 255)::int)
$$;
CREATE FUNCTION seal(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT put(sized, 12, crc(substr(sized, 1, 12) || substr(sized, 17)))
	FROM (SELECT put(bytes, 8, length(bytes))) AS it (sized)
$$;

CREATE TABLE sent AS SELECT family, model, model_send(model) AS bytes FROM fitted;
SELECT family, receive(bytes) FROM sent ORDER BY family;
SELECT bool_and(seal(bytes) = bytes) FROM sent WHERE family <> 'large';

-- truncated, flipped, replaced
SELECT DISTINCT left(receive(substr(bytes, 1, length)), 5)
	FROM sent, generate_series(0, length(bytes) - 1, 37) AS length WHERE family = 'logistic';
SELECT DISTINCT left(receive(set_bit(bytes, bit, 1 - get_bit(bytes, bit))), 5)
	FROM sent, generate_series(0, length(bytes) * 8 - 1, 101) AS bit WHERE family = 'logistic';
SELECT receive('');
SELECT receive('hello');
SELECT receive(repeat('x', 100)::bytea);
SELECT receive(substr(bytes, 1, 100)) FROM sent WHERE family = 'logistic';
SELECT receive(set_byte(bytes, 200, 255)) FROM sent WHERE family = 'logistic';

-- from the future
SELECT receive(seal(set_byte(bytes, 4, 2))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(set_byte(bytes, 16, 77))) FROM sent WHERE family = 'logistic';

-- forged with a right checksum: the head, counts of the first section, a tail
SELECT receive(seal(set_byte(bytes, 6, 1))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(set_byte(bytes, 18, 9))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(set_byte(bytes, 20, 1))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(put(bytes, 24, 7))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(put(bytes, 28, 4294967288))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(put(bytes, 32, 2147483647))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(put(bytes, 32, 4294967295))) FROM sent WHERE family = 'logistic';
SELECT receive(seal(bytes || '\x0000000000000000')) FROM sent WHERE family = 'logistic';
-- a four-byte number anywhere in the structure is either refused or harmless
SELECT bool_and(left(answer, 5) IN ('accep', '22P03', '22021', '54000', '0A000', '22P02')), count(*)
	FROM (SELECT receive(seal(put(bytes, place, value))) AS answer
		FROM sent, generate_series(16, 600, 12) AS place, unnest(ARRAY[0, 1, 2147483647, 4294967295]) AS value
		WHERE family = 'logistic') AS forged;

-- text in it has to be valid, options have to be an object
SELECT receive(seal(set_byte(bytes, position('churned'::bytea IN bytes), 255))) FROM sent WHERE family = 'logistic';
SELECT left(receive(seal(set_byte(bytes, position('jährlich'::bytea IN bytes), 255))), 5) FROM sent WHERE family = 'logistic';
SELECT left(receive(seal(set_byte(bytes, position('{"l2"'::bytea IN bytes) - 1, ascii('[')))), 5) FROM sent WHERE family = 'logistic';

DO $$
BEGIN
	EXECUTE format('COPY (SELECT) TO PROGRAM %L',
		'cat >/dev/null; rm ' || quote_literal(current_setting('data_directory') || '/cvm_model_type.copy'));
END $$;
DROP FUNCTION refusal(jsonb), receive(bytea), seal(bytea), put(bytea, integer, bigint), crc(bytea);
DROP TABLE fitted, twice, churn_models, received, sent;
