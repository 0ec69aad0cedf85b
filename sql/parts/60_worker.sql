-- worker: retraining

CREATE FUNCTION cvm.schedule(model text, every interval DEFAULT NULL,
	min_new_rows bigint DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_schedule';

COMMENT ON FUNCTION cvm.schedule(text, interval, bigint, jsonb) IS
	'has the background worker retrain a model every so often, or when so many rows were inserted into its source table, with the rights of its owner; options are added to those of the model; replaces an earlier schedule; only for the owner';

CREATE FUNCTION cvm.unschedule(model text) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_unschedule';

COMMENT ON FUNCTION cvm.unschedule(text) IS
	'ends the schedule of a model; only for the owner';

CREATE FUNCTION cvm.retrain(model text, wait boolean DEFAULT false) RETURNS integer
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_retrain';

COMMENT ON FUNCTION cvm.retrain(text, boolean) IS
	'retrains a model by its definition with the rights of its owner: in the background, or with wait => true in this session; returns the number of the run; only for the owner';

CREATE FUNCTION cvm.run_due(OUT model text, OUT run integer, OUT status text, OUT reason text)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_run_due';

COMMENT ON FUNCTION cvm.run_due() IS
	'retrains here and now the caller''s models that are due or queued, for servers without the background worker; a failing model does not stop the others';

CREATE FUNCTION cvm.worker_status(OUT launcher_pid integer, OUT looks bigint, OUT runs_at_work integer)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_worker_status';

COMMENT ON FUNCTION cvm.worker_status() IS
	'the background worker: process of the launcher, looks since the server started, runs at work; NULL where there is none';
