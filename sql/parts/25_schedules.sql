-- schedules: when models are retrained, and how far that is
--
-- The upper half of a row is what the owner asked for, the lower half is kept
-- by the worker.

CREATE TABLE cvm.schedules (
	model text PRIMARY KEY REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	every interval CHECK (every > interval '0'),
	at text,
	time_zone text NOT NULL,
	min_new_rows bigint CHECK (min_new_rows > 0),
	watermark text,
	max_age interval CHECK (max_age > interval '0'),
	after text REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE SET NULL CHECK (after <> model),
	drift_threshold float8 CHECK (drift_threshold > 0),
	decay_threshold float8 CHECK (decay_threshold >= 0),
	probation interval CHECK (probation > interval '0'),
	check_every interval NOT NULL CHECK (check_every > interval '0'),
	incremental boolean NOT NULL DEFAULT false CHECK (NOT incremental OR watermark IS NOT NULL),
	full_every integer CHECK (full_every > 0),
	decay float8 CHECK (decay > 0 AND decay <= 1),
	options jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL,

	next_due timestamptz,
	next_check timestamptz,
	trained_at timestamptz NOT NULL,
	new_rows bigint NOT NULL DEFAULT 0,
	new_rows_at_start bigint NOT NULL DEFAULT 0,
	rows_counted bigint,
	watermark_seen text,
	recount_at timestamptz,
	after_run integer NOT NULL DEFAULT 0,
	partial_runs integer NOT NULL DEFAULT 0,
	failures integer NOT NULL DEFAULT 0,
	retry_at timestamptz,
	paused_at timestamptz,
	paused_reason text
);

COMMENT ON TABLE cvm.schedules IS
	'one row per scheduled model; people read cvm.due_models';

SELECT pg_catalog.pg_extension_config_dump('cvm.schedules', '');

CREATE FUNCTION cvm.clock() RETURNS timestamptz
	LANGUAGE C STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cvm_clock_now';

COMMENT ON FUNCTION cvm.clock() IS
	'the time that schedules go by: the system''s clock, but in tests';

CREATE FUNCTION cvm.rows_inserted(source text, search_path text) RETURNS bigint
	LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cvm_rows_inserted';

COMMENT ON FUNCTION cvm.rows_inserted(text, text) IS
	'rows ever inserted into the plain or partitioned table that a source names, by the server''s counters; NULL when it is no table; for the worker';

CREATE FUNCTION cvm.next_time(at text, time_zone text DEFAULT NULL, after timestamptz DEFAULT NULL)
	RETURNS timestamptz
	LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_next_time';

COMMENT ON FUNCTION cvm.next_time(text, text, timestamptz) IS
	'the first time of a cron expression ("30 3 * * mon-fri", "03:30", "@weekly") after another time (now), in a time zone (the session''s)';

-- What the worker queues, and what cvm.due_models shows.  The order of the
-- cases is the order in which causes are named when there is more than one.
CREATE VIEW cvm.schedule_state AS
SELECT s.model, r.owner, s.failures, s.new_rows, s.min_new_rows, s.next_due, s.retry_at,
	s.paused_at, u.run, u.status,
	CASE WHEN s.incremental AND coalesce(s.partial_runs + 1 < s.full_every, true)
		THEN 'partial' ELSE 'full' END AS mode,
	CASE
		WHEN s.paused_at IS NOT NULL OR u.run IS NOT NULL OR s.retry_at > c.now THEN NULL
		WHEN s.retry_at IS NOT NULL
			THEN pg_catalog.format('attempt %s, after a failure', s.failures + 1)
		WHEN s.next_due <= c.now THEN 'due by time'
		WHEN s.new_rows >= s.min_new_rows THEN pg_catalog.format('%s new rows', s.new_rows)
		WHEN s.trained_at + s.max_age <= c.now THEN 'older than ' || s.max_age
		WHEN o.run > s.after_run
			THEN pg_catalog.format('after run %s of model "%s"', o.run, s.after)
		WHEN s.next_check <= c.now THEN 'due for a check'
	END AS cause,
	CASE
		WHEN s.paused_at IS NOT NULL THEN 'paused: ' || s.paused_reason
		WHEN u.run IS NOT NULL THEN pg_catalog.format('run %s is %s', u.run, u.status)
			|| CASE WHEN u.status = 'queued' AND u.reason IS NOT NULL THEN ': ' || u.reason ELSE '' END
		WHEN s.retry_at > c.now THEN pg_catalog.format('waits, failures in a row: %s', s.failures)
		ELSE 'not yet'
			|| CASE WHEN s.min_new_rows IS NOT NULL
				THEN pg_catalog.format(', %s of %s new rows', s.new_rows, s.min_new_rows) ELSE '' END
			|| CASE WHEN s.after IS NOT NULL
				THEN pg_catalog.format(', no new run of model "%s"', s.after) ELSE '' END
	END AS waits,
	CASE
		WHEN s.paused_at IS NOT NULL THEN NULL
		WHEN s.retry_at IS NOT NULL THEN s.retry_at
		ELSE LEAST(s.next_due, s.trained_at + s.max_age, s.next_check)
	END AS due_at
FROM cvm.schedules AS s
JOIN cvm.model_registry AS r ON r.model = s.model
CROSS JOIN (SELECT cvm.clock() AS now) AS c
LEFT JOIN cvm.training_runs AS u ON u.model = s.model AND u.status IN ('queued', 'running')
LEFT JOIN LATERAL (
	SELECT t.run FROM cvm.training_runs AS t
	WHERE t.model = s.after AND t.status = 'succeeded'
	ORDER BY t.run DESC LIMIT 1) AS o ON true;

COMMENT ON VIEW cvm.schedule_state IS
	'what is due, for the worker; people read cvm.due_models';
