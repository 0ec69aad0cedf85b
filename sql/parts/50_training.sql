-- training: train, versions, privileges

CREATE TYPE cvm.training_result AS (
	model text,
	version integer,
	algorithm text,
	task text,
	training_rows bigint,
	validation_rows bigint,
	metrics jsonb,
	status text,
	duration interval
);

COMMENT ON TYPE cvm.training_result IS
	'what cvm.train() did: the version that it stored, its metrics and its status (active, candidate, rejected)';

CREATE FUNCTION cvm.train(
	model text,
	source text,
	target text DEFAULT NULL,
	algorithm text DEFAULT 'auto',
	features text[] DEFAULT NULL,
	key text DEFAULT NULL,
	weight text DEFAULT NULL,
	options jsonb DEFAULT '{}')
RETURNS cvm.training_result
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_train_sql';

COMMENT ON FUNCTION cvm.train(text, text, text, text, text[], text, text, jsonb) IS
	'trains a new version of a model on a table, view or SELECT with the rights of the caller, and makes it the active one unless option promote says otherwise; algorithm: auto, which goes by the target, or a name; options: see cvm.options()';

CREATE FUNCTION cvm.partial_fit(
	model text,
	source text DEFAULT NULL,
	decay float8 DEFAULT NULL,
	options jsonb DEFAULT '{}')
RETURNS cvm.training_result
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_partial_fit_sql';

COMMENT ON FUNCTION cvm.partial_fit(text, text, float8, jsonb) IS
	'trains a new version from new rows only, on top of the active one, whose knowledge counts decay (option decay, 1) of what it did: the rows of the model''s source past its watermark (as the owner), or all rows of a source (with the rights of the caller); NULL when there are none; needs a version trained with option incremental; only for the owner';

CREATE FUNCTION cvm.promote(model text, version integer) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_promote';

COMMENT ON FUNCTION cvm.promote(text, integer) IS
	'makes a version the active one; part of the transaction; only for the owner';

CREATE FUNCTION cvm.rollback(model text) RETURNS integer
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_rollback';

COMMENT ON FUNCTION cvm.rollback(text) IS
	'makes the version active that was active before, and returns its number; only for the owner';

CREATE FUNCTION cvm.drop_model(model text) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_drop_model';

COMMENT ON FUNCTION cvm.drop_model(text) IS
	'drops a model with its versions, metrics, runs, schedule and grants; only for the owner';

CREATE FUNCTION cvm.rename_model(model text, new_name text) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_rename_model';

COMMENT ON FUNCTION cvm.rename_model(text, text) IS
	'renames a model; only for the owner';

CREATE FUNCTION cvm.grant_model(model text, role name) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_grant_model';

COMMENT ON FUNCTION cvm.grant_model(text, name) IS
	'lets a role (or public) see a model and predict with it; only for the owner';

CREATE FUNCTION cvm.revoke_model(model text, role name) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_revoke_model';

COMMENT ON FUNCTION cvm.revoke_model(text, name) IS
	'takes back what cvm.grant_model gave; only for the owner';

CREATE FUNCTION cvm.change_owner(model text, role name) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_change_owner';

COMMENT ON FUNCTION cvm.change_owner(text, name) IS
	'gives a model to another role, whose rights its retraining has from then on; the caller must own the model and be a member of the role';

CREATE FUNCTION cvm.active_model(model text) RETURNS cvm.model
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cvm_active_model';

COMMENT ON FUNCTION cvm.active_model(text) IS
	'the active version of a model as a value';

CREATE FUNCTION cvm.model_version(model text, version integer) RETURNS cvm.model
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cvm_model_version';

COMMENT ON FUNCTION cvm.model_version(text, integer) IS
	'any version of a model as a value';

CREATE FUNCTION cvm.classes(model text) RETURNS text[]
	LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
	RETURN cvm.classes(cvm.active_model(model));

COMMENT ON FUNCTION cvm.classes(text) IS
	'the class labels of a model''s active version, in the order of cvm.predict_probabilities; for two classes the second is the positive one';

CREATE FUNCTION cvm.coefficients(model text,
	OUT feature text, OUT level text, OUT coefficient float8, OUT std_error float8,
	OUT z float8, OUT p_value float8, OUT standardized_coefficient float8, OUT class text,
	OUT reference_level text)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 30
BEGIN ATOMIC
	SELECT c.feature, c.level, c.coefficient, c.std_error, c.z, c.p_value,
		c.standardized_coefficient, c.class, c.reference_level
	FROM cvm.coefficients(cvm.active_model(model)) AS c;
END;

COMMENT ON FUNCTION cvm.coefficients(text) IS
	'the coefficients of a model''s active version; see cvm.coefficients(cvm.model)';

CREATE FUNCTION cvm.coefficients(model text, segment text,
	OUT feature text, OUT level text, OUT coefficient float8, OUT std_error float8,
	OUT z float8, OUT p_value float8, OUT standardized_coefficient float8, OUT class text,
	OUT reference_level text)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 30
BEGIN ATOMIC
	SELECT c.feature, c.level, c.coefficient, c.std_error, c.z, c.p_value,
		c.standardized_coefficient, c.class, c.reference_level
	FROM cvm.coefficients(cvm.active_model(model), segment) AS c;
END;

COMMENT ON FUNCTION cvm.coefficients(text, text) IS
	'the coefficients of one segment of a model''s active version; see cvm.coefficients(cvm.model, text)';

CREATE FUNCTION cvm.segments(model text,
	OUT segment text, OUT training_rows bigint, OUT validation_rows bigint, OUT loss float8,
	OUT validation_loss float8, OUT common_validation_loss float8, OUT gain float8,
	OUT shrinkage float8)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 20
BEGIN ATOMIC
	SELECT s.segment, s.training_rows, s.validation_rows, s.loss, s.validation_loss,
		s.common_validation_loss, s.gain, s.shrinkage
	FROM cvm.segments(cvm.active_model(model)) AS s;
END;

COMMENT ON FUNCTION cvm.segments(text) IS
	'the segments of a model''s active version; see cvm.segments(cvm.model)';

CREATE FUNCTION cvm.segment_profile(model text,
	OUT segment integer, OUT share float8, OUT feature text, OUT level text,
	OUT value float8, OUT overall float8, OUT difference float8)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 100
BEGIN ATOMIC
	SELECT s.segment, s.share, s.feature, s.level, s.value, s.overall, s.difference
	FROM cvm.segment_profile(cvm.active_model(model)) AS s;
END;

COMMENT ON FUNCTION cvm.segment_profile(text) IS
	'what sets the segments of a model''s active version apart; see cvm.segment_profile(cvm.model)';

CREATE FUNCTION cvm.components(model text,
	OUT component integer, OUT variance float8, OUT share float8, OUT cumulative_share float8,
	OUT feature text, OUT level text, OUT loading float8)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 100
BEGIN ATOMIC
	SELECT c.component, c.variance, c.share, c.cumulative_share, c.feature, c.level, c.loading
	FROM cvm.components(cvm.active_model(model)) AS c;
END;

COMMENT ON FUNCTION cvm.components(text) IS
	'the components of a model''s active version; see cvm.components(cvm.model)';

CREATE FUNCTION cvm.options(
	OUT name text, OUT kind text, OUT "default" text, OUT minimum float8,
	OUT maximum float8, OUT choices text, OUT help text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 30 AS 'MODULE_PATHNAME', 'cvm_options';

COMMENT ON FUNCTION cvm.options() IS
	'all options that cvm.train() and the fitting aggregates understand';

CREATE FUNCTION cvm.held_out(key anyelement, share float8 DEFAULT 0.2, seed bigint DEFAULT 0)
RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_held_out';

COMMENT ON FUNCTION cvm.held_out(anyelement, float8, bigint) IS
	'whether cvm.train() with this key holds the row out: true for the rows that a model with the options validation (share) and seed did not learn from; the type must be that of the key column';

CREATE FUNCTION cvm.evaluate(model text, source text,
	OUT metric text, OUT value float8)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 10 AS 'MODULE_PATHNAME', 'cvm_evaluate';

COMMENT ON FUNCTION cvm.evaluate(text, text) IS
	'metrics of the active version on a labelled table, view or SELECT, which is run with the rights of the caller and must have the model''s target and input columns; NULL for a metric that has no value there, like the auc of one class';

CREATE FUNCTION cvm.confusion_matrix(model text, source text,
	OUT actual text, OUT predicted text, OUT "count" float8)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 9 AS 'MODULE_PATHNAME', 'cvm_confusion_matrix';

COMMENT ON FUNCTION cvm.confusion_matrix(text, text) IS
	'rows (weighted, where the model has a weight column) by actual and predicted class on a labelled source';

CREATE FUNCTION cvm.roc_curve(model text, source text,
	OUT threshold float8, OUT false_positive_rate float8, OUT true_positive_rate float8)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'cvm_roc_curve';

COMMENT ON FUNCTION cvm.roc_curve(text, text) IS
	'points of the ROC curve of a binary model on a labelled source, from (0, 0) with an infinite threshold to (1, 1)';

CREATE FUNCTION cvm.profit_curve(model text, source text,
	OUT threshold float8, OUT share_of_rows float8, OUT profit float8)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'cvm_profit_curve';

COMMENT ON FUNCTION cvm.profit_curve(text, text) IS
	'what contacting the rows of at least this score is worth in all, by the profit that the model was trained with, on a labelled source; from nobody, with an infinite threshold, to everybody';
