-- catalog: models and their history
--
-- Written by functions only; people read the views.  Every table is dumped
-- by pg_dump.  Keys are natural ones (no sequences), so that a restored dump
-- cannot collide.

CREATE TABLE cvm.model_registry (
	model text PRIMARY KEY
		CHECK (model <> '' AND octet_length(model) <= 128),
	owner regrole NOT NULL,
	algorithm text NOT NULL,
	task text NOT NULL CHECK (task IN ('regression', 'binary', 'multiclass', 'segmentation', 'projection', 'recommendation')),
	source text NOT NULL,
	search_path text NOT NULL,
	target text,
	features text[],
	key text,
	weight text,
	options jsonb NOT NULL DEFAULT '{}',
	active_version integer,
	last_version integer NOT NULL DEFAULT 0,
	last_run integer NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE cvm.model_versions (
	model text NOT NULL REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	version integer NOT NULL CHECK (version > 0),
	fitted cvm.model NOT NULL,
	status text NOT NULL
		CHECK (status IN ('candidate', 'challenger', 'active', 'retired', 'rejected')),
	reason text,
	parent integer,
	run integer,
	training_rows bigint NOT NULL,
	validation_rows bigint NOT NULL,
	watermark text,
	profile_watermark text,
	mode text NOT NULL DEFAULT 'full' CHECK (mode IN ('full', 'partial')),
	partial_fits integer NOT NULL DEFAULT 0,
	effective_rows float8 NOT NULL,
	seed bigint NOT NULL,
	library_version text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	created_by regrole NOT NULL,
	promoted_at timestamptz,
	duration interval NOT NULL,
	PRIMARY KEY (model, version)
);
-- numbers hardly get smaller by compression, which takes longer than reading them
ALTER TABLE cvm.model_versions ALTER COLUMN fitted SET STORAGE EXTERNAL;

CREATE UNIQUE INDEX model_versions_active ON cvm.model_versions (model)
	WHERE status = 'active';

CREATE TABLE cvm.model_grants (
	model text NOT NULL REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	grantee regrole NOT NULL,
	granted_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (model, grantee)
);

CREATE TABLE cvm.model_metrics (
	model text NOT NULL,
	version integer NOT NULL,
	data_set text NOT NULL CHECK (data_set IN ('training', 'validation')),
	metric text NOT NULL,
	value float8 NOT NULL,
	measured_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (model, version, data_set, metric),
	FOREIGN KEY (model, version) REFERENCES cvm.model_versions (model, version)
		ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE cvm.feature_profile (
	model text NOT NULL,
	version integer NOT NULL,
	feature text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('number', 'indicator', 'category')),
	missing_share float8 NOT NULL,
	mean float8,
	deviation float8,
	quantiles float8[],
	categories text[],
	category_shares float8[],
	PRIMARY KEY (model, version, feature),
	FOREIGN KEY (model, version) REFERENCES cvm.model_versions (model, version)
		ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE cvm.training_runs (
	model text NOT NULL REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	run integer NOT NULL,
	trigger text NOT NULL
		CHECK (trigger IN ('train', 'retrain', 'partial_fit', 'schedule')),
	mode text CHECK (mode IN ('full', 'partial')),
	mode_reason text,
	status text NOT NULL
		CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'skipped', 'cancelled')),
	cause text,
	reason text,
	version integer,
	attempt integer NOT NULL DEFAULT 1,
	requested_at timestamptz NOT NULL DEFAULT now(),
	started_at timestamptz,
	finished_at timestamptz,
	process_id integer,
	training_rows bigint,
	validation_rows bigint,
	rows_left_out bigint,
	null_cells bigint,
	iterations integer,
	outcome text,
	error text,
	PRIMARY KEY (model, run)
);

-- at most one unfinished run a model
CREATE UNIQUE INDEX training_runs_unfinished ON cvm.training_runs (model)
	WHERE status IN ('queued', 'running');

CREATE TABLE cvm.training_log (
	model text NOT NULL,
	run integer NOT NULL,
	epoch integer NOT NULL,
	training_loss float8,
	validation_loss float8,
	learning_rate float8,
	gradient_norm float8,
	logged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (model, run, epoch),
	FOREIGN KEY (model, run) REFERENCES cvm.training_runs (model, run)
		ON UPDATE CASCADE ON DELETE CASCADE
);

COMMENT ON TABLE cvm.model_registry IS
	'one row per model: its owner, and how it is trained and retrained';
COMMENT ON TABLE cvm.model_versions IS
	'one row per version: the model as a value, its status and where it came from';
COMMENT ON TABLE cvm.model_grants IS
	'one row per model and role (0 for public) that may see it and score with it';
COMMENT ON TABLE cvm.model_metrics IS
	'one row per version, data set and metric';
COMMENT ON TABLE cvm.feature_profile IS
	'one row per version and feature: what the training rows looked like, against which drift is measured';
COMMENT ON TABLE cvm.training_runs IS
	'one row per training, by hand or by the worker, with what it gave or why it failed';
COMMENT ON TABLE cvm.training_log IS
	'one row per epoch of a training';

SELECT pg_catalog.pg_extension_config_dump('cvm.model_registry', '');
SELECT pg_catalog.pg_extension_config_dump('cvm.model_versions', '');
-- a role that is no longer there would come back as whoever has its number
SELECT pg_catalog.pg_extension_config_dump('cvm.model_grants',
	'WHERE grantee::oid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.oid = grantee)');
SELECT pg_catalog.pg_extension_config_dump('cvm.model_metrics', '');
SELECT pg_catalog.pg_extension_config_dump('cvm.feature_profile', '');
SELECT pg_catalog.pg_extension_config_dump('cvm.training_runs', '');
SELECT pg_catalog.pg_extension_config_dump('cvm.training_log', '');
