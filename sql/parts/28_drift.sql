-- drift: how far today's rows are from those that a version learned from

CREATE TABLE cvm.drift_log (
	model text NOT NULL,
	version integer NOT NULL,
	day date NOT NULL,
	feature text NOT NULL,
	rows bigint NOT NULL,
	psi float8 NOT NULL,
	ks float8,
	chi_squared float8,
	p_value float8,
	missing_share float8 NOT NULL,
	trained_missing_share float8 NOT NULL,
	unseen_share float8,
	trained_unseen_share float8,
	PRIMARY KEY (model, version, day, feature),
	FOREIGN KEY (model, version) REFERENCES cvm.model_versions (model, version)
		ON UPDATE CASCADE ON DELETE CASCADE
);

COMMENT ON TABLE cvm.drift_log IS
	'one row per version, day and feature on which drift was measured; people read cvm.feature_drift';

SELECT pg_catalog.pg_extension_config_dump('cvm.drift_log', '');

CREATE FUNCTION cvm.measure_drift(model text, source text DEFAULT NULL,
	OUT rows bigint, OUT feature text, OUT psi float8)
RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_measure_drift_sql';

COMMENT ON FUNCTION cvm.measure_drift(text, text) IS
	'compares the features of a source (the model''s own, past the watermark of its active version where that has one) with those that the active version learned from, and writes what it finds into cvm.feature_drift as of today; returns the rows that were compared and the feature with the largest population stability index; a source is run with the rights of the caller, the model''s own with those of its owner; only for the owner';

CREATE TABLE cvm.score_profile (
	model text NOT NULL,
	version integer NOT NULL,
	data_set text NOT NULL CHECK (data_set IN ('training', 'validation')),
	rows bigint NOT NULL,
	mean float8 NOT NULL,
	edges float8[] NOT NULL,
	bin_rows float8[] NOT NULL,
	classes text[],
	class_rows float8[],
	PRIMARY KEY (model, version),
	FOREIGN KEY (model, version) REFERENCES cvm.model_versions (model, version)
		ON UPDATE CASCADE ON DELETE CASCADE
);

COMMENT ON TABLE cvm.score_profile IS
	'one row per version: how its scores were distributed on held-out rows, or on training rows where none were held out; cvm.score_drift compares with it';
COMMENT ON COLUMN cvm.score_profile.edges IS
	'between the bins: a score is in bin b when it is greater than b of them';

SELECT pg_catalog.pg_extension_config_dump('cvm.score_profile', '');

CREATE FUNCTION cvm.distribution_drift(expected float8[], counts float8[],
	OUT psi float8, OUT ks float8, OUT p_value float8)
RETURNS record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_distribution_drift';

COMMENT ON FUNCTION cvm.distribution_drift(float8[], float8[]) IS
	'how far apart two samples are whose rows were counted in the same bins: population stability index, Kolmogorov-Smirnov distance of ordered bins, and how often two samples of one distribution would be as far apart; NULL without rows; an error for anything but counts';
