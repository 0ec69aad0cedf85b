-- cross-validation and tuning

CREATE FUNCTION cvm.cross_validate(
	source text,
	target text DEFAULT NULL,
	algorithm text DEFAULT 'auto',
	features text[] DEFAULT NULL,
	key text DEFAULT NULL,
	weight text DEFAULT NULL,
	options jsonb DEFAULT '{}',
	folds integer DEFAULT 5,
	by text DEFAULT 'rows',
	OUT metric text, OUT mean float8, OUT deviation float8, OUT fold_values float8[])
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10 AS 'MODULE_PATHNAME', 'cvm_cross_validate';

COMMENT ON FUNCTION cvm.cross_validate(text, text, text, text[], text, text, jsonb, integer, text) IS
	'how good models of this kind are on rows that they did not learn from: each fold is held out once from a model of the others; by rows (those of one key stay together; without a key each class is dealt out evenly) or by time (each fold is later than the rows of its model); nothing is stored; reads the source once a fold with the rights of the caller';

CREATE TABLE cvm.tuning_trials (
	model text NOT NULL REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	tuning integer NOT NULL CHECK (tuning > 0),
	trial integer NOT NULL CHECK (trial > 0),
	options jsonb NOT NULL,
	metric text NOT NULL,
	mean float8,
	deviation float8,
	folds integer NOT NULL,
	share float8 NOT NULL,
	chosen boolean NOT NULL,
	seconds float8 NOT NULL,
	tried_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (model, tuning, trial)
);

COMMENT ON TABLE cvm.tuning_trials IS
	'one row per trial of cvm.tune(); people read cvm.trials';

SELECT pg_catalog.pg_extension_config_dump('cvm.tuning_trials', '');

CREATE FUNCTION cvm.tune(
	model text,
	source text,
	target text DEFAULT NULL,
	algorithm text DEFAULT 'auto',
	features text[] DEFAULT NULL,
	key text DEFAULT NULL,
	weight text DEFAULT NULL,
	options jsonb DEFAULT '{}',
	search jsonb DEFAULT NULL,
	method text DEFAULT 'grid',
	budget integer DEFAULT 20,
	folds integer DEFAULT 3)
RETURNS cvm.training_result
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_tune';

COMMENT ON FUNCTION cvm.tune(text, text, text, text, text[], text, text, jsonb, jsonb, text, integer, integer) IS
	'tries combinations of option values by cross-validation and trains a version with the best of them, as cvm.train() does; search: for each option a list of values or a range {"min", "max", "scale": "linear" or "log", "integer", "steps"}; method: grid (every combination, at most budget), random (budget of them) or halving (budget of them on few rows, the best third on three times as many, ...); every trial is in cvm.trials';

CREATE VIEW cvm.trials WITH (security_barrier) AS
SELECT r.model, t.tuning, t.trial, t.options::text AS options, t.metric, t.mean, t.deviation,
	t.folds, t.share, t.chosen, t.seconds, t.tried_at
FROM cvm.model_registry AS r
JOIN cvm.tuning_trials AS t ON t.model = r.model
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.trials IS
	'one row per trial of cvm.tune()';
COMMENT ON COLUMN cvm.trials.model IS 'name of the model';
COMMENT ON COLUMN cvm.trials.tuning IS 'number of the call of cvm.tune(), from 1';
COMMENT ON COLUMN cvm.trials.trial IS 'number of the trial, in the order in which they were made';
COMMENT ON COLUMN cvm.trials.options IS 'the options that were tried, as JSON text';
COMMENT ON COLUMN cvm.trials.metric IS 'metric by which trials are compared';
COMMENT ON COLUMN cvm.trials.mean IS 'its mean over the folds';
COMMENT ON COLUMN cvm.trials.deviation IS 'its standard deviation over the folds';
COMMENT ON COLUMN cvm.trials.folds IS 'number of folds';
COMMENT ON COLUMN cvm.trials.share IS 'share of the rows that were used';
COMMENT ON COLUMN cvm.trials.chosen IS 'whether the version was trained with these options';
COMMENT ON COLUMN cvm.trials.seconds IS 'time that it took';
COMMENT ON COLUMN cvm.trials.tried_at IS 'when the tuning began';
