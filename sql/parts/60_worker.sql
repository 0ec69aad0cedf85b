-- worker: retraining

CREATE FUNCTION cvm.schedule(model text, every interval DEFAULT NULL,
	min_new_rows bigint DEFAULT NULL, options jsonb DEFAULT '{}', at text DEFAULT NULL,
	time_zone text DEFAULT NULL, max_age interval DEFAULT NULL, after text DEFAULT NULL,
	watermark text DEFAULT NULL, drift_threshold float8 DEFAULT NULL, decay_threshold float8 DEFAULT NULL,
	probation interval DEFAULT NULL, check_every interval DEFAULT NULL,
	incremental boolean DEFAULT false, full_every integer DEFAULT 10, decay float8 DEFAULT NULL)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_schedule';

COMMENT ON FUNCTION cvm.schedule(text, interval, bigint, jsonb, text, text, interval, text, text, float8, float8, interval, interval, boolean, integer, float8) IS
	'has the background worker retrain a model with the rights of its owner whenever one of these says so: every so often; at the times of a cron expression; when so many rows were inserted into its source table, or have a greater value of a watermark column; when its last training is older than max_age; after each successful run of another model; when a feature or the scores drift past a population stability index; when live outcomes are worse than held-out rows by a share. A new version on probation is rolled back when it does worse on live outcomes than the one before. Drift, decay, probation and challengers are looked after every check_every (a day). With incremental a run learns from the rows past the watermark only, on top of the active version, whose knowledge counts decay (1) of what it did; one of every full_every runs (NULL: none) learns from all rows, and so does one that cannot do otherwise. options are added to those of the model; time_zone (the session''s) is the one whose days and hours count. Replaces an earlier schedule; only for the owner';

CREATE FUNCTION cvm.unschedule(model text) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_unschedule';

COMMENT ON FUNCTION cvm.unschedule(text) IS
	'ends the schedule of a model; only for the owner';

CREATE FUNCTION cvm.pause(model text, reason text DEFAULT 'by hand') RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_pause';

COMMENT ON FUNCTION cvm.pause(text, text) IS
	'keeps the schedule of a model, but queues nothing until resume(); only for the owner';

CREATE FUNCTION cvm.resume(model text) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_resume';

COMMENT ON FUNCTION cvm.resume(text) IS
	'goes on with a schedule that was paused, by hand or after failures; only for the owner';

CREATE FUNCTION cvm.retrain(model text, wait boolean DEFAULT false) RETURNS integer
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_retrain';

COMMENT ON FUNCTION cvm.retrain(text, boolean) IS
	'retrains a model by its definition with the rights of its owner: in the background, or with wait => true in this session; returns the number of the run; only for the owner';

CREATE FUNCTION cvm.run_due(OUT model text, OUT run integer, OUT status text, OUT reason text)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_run_due';

COMMENT ON FUNCTION cvm.run_due() IS
	'retrains here and now the caller''s models that are due or queued, for servers without the background worker; a failing model does not stop the others';

CREATE FUNCTION cvm.worker_status(OUT launcher_pid integer, OUT state text, OUT looks bigint,
	OUT looked_at timestamptz, OUT runs_at_work integer)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_worker_status';

COMMENT ON FUNCTION cvm.worker_status() IS
	'the background worker: process of the launcher, whether it is asleep or looking, looks since the server started, when the last one began, runs at work; NULL where there is none';

CREATE VIEW cvm.due_models WITH (security_barrier) AS
SELECT t.model, t.cause IS NOT NULL AS due, COALESCE(t.cause, t.waits) AS reason, t.due_at,
	t.new_rows, t.min_new_rows, t.failures, t.retry_at, t.paused_at, t.run, t.mode
FROM cvm.schedule_state AS t
WHERE pg_catalog.pg_has_role(t.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = t.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage')));

COMMENT ON VIEW cvm.due_models IS
	'one row per scheduled model: whether and why it is due, or what it waits for, and when it will be due by time';
COMMENT ON COLUMN cvm.due_models.model IS 'name of the model';
COMMENT ON COLUMN cvm.due_models.due IS 'whether the next look queues a run';
COMMENT ON COLUMN cvm.due_models.reason IS 'why it is due, or what it waits for';
COMMENT ON COLUMN cvm.due_models.due_at IS 'when it is due by time: every, at, max_age, the next check or the next attempt after a failure; NULL when it is not due by time';
COMMENT ON COLUMN cvm.due_models.new_rows IS 'rows inserted since the last successful run, as of the last look';
COMMENT ON COLUMN cvm.due_models.min_new_rows IS 'how many of them make it due';
COMMENT ON COLUMN cvm.due_models.failures IS 'failures in a row';
COMMENT ON COLUMN cvm.due_models.retry_at IS 'when it is tried again after a failure';
COMMENT ON COLUMN cvm.due_models.paused_at IS 'when it was paused; cvm.resume(model) goes on';
COMMENT ON COLUMN cvm.due_models.run IS 'its run that is queued or running';
COMMENT ON COLUMN cvm.due_models.mode IS 'what its next run by schedule is: full, or partial where that is possible';

CREATE VIEW cvm.events WITH (security_barrier) AS
SELECT e.model, e.version, e.id, e.at, e.event, e.alert, e.run, e.detail
FROM cvm.event_log AS e
JOIN cvm.model_registry AS r ON r.model = e.model
WHERE pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = e.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage')));

COMMENT ON VIEW cvm.events IS
	'one row per event, of the newest ones of each model; each is sent as a notification on the channel cvm_events';
COMMENT ON COLUMN cvm.events.model IS 'name of the model';
COMMENT ON COLUMN cvm.events.version IS 'version that it is about';
COMMENT ON COLUMN cvm.events.id IS 'number of the event, which the notification on the channel cvm_events carries';
COMMENT ON COLUMN cvm.events.at IS 'when it happened';
COMMENT ON COLUMN cvm.events.event IS 'run_queued, run_succeeded, version_promoted, run_failed, ...';
COMMENT ON COLUMN cvm.events.alert IS 'whether somebody should look at it';
COMMENT ON COLUMN cvm.events.run IS 'training run that it is about';
COMMENT ON COLUMN cvm.events.detail IS 'error message or reason';

CREATE VIEW cvm.alerts WITH (security_barrier) AS
SELECT e.model, e.version, e.id, e.at, e.event, e.run, e.detail
FROM cvm.event_log AS e
JOIN cvm.model_registry AS r ON r.model = e.model
WHERE e.alert AND (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = e.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.alerts IS
	'one row per event that somebody should look at';
COMMENT ON COLUMN cvm.alerts.model IS 'name of the model';
COMMENT ON COLUMN cvm.alerts.version IS 'version that it is about';
COMMENT ON COLUMN cvm.alerts.id IS 'number of the event, which the notification on the channel cvm_events carries';
COMMENT ON COLUMN cvm.alerts.at IS 'when it happened';
COMMENT ON COLUMN cvm.alerts.event IS 'run_failed, version_rejected, version_rolled_back, schedule_paused, ...';
COMMENT ON COLUMN cvm.alerts.run IS 'training run that it is about';
COMMENT ON COLUMN cvm.alerts.detail IS 'error message or reason';
