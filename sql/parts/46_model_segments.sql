-- segments of a model (option segment_by): what they are, each as a model of its own

CREATE FUNCTION cvm.segments(model cvm.model,
	OUT segment text, OUT training_rows bigint, OUT validation_rows bigint, OUT loss float8,
	OUT validation_loss float8, OUT common_validation_loss float8, OUT gain float8,
	OUT shrinkage float8) RETURNS SETOF record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'cvm_segments';

COMMENT ON FUNCTION cvm.segments(cvm.model) IS
	'one row for each segment of a model trained with option segment_by: its rows, its mean training loss, the mean loss of its held-out rows (log loss of classes, deviance of poisson, else the squared error) by its own and by the common parameters, what it gains by the former, and the pull between the two; no rows for a model without segments';

CREATE FUNCTION cvm.segment_model(model cvm.model, segment text) RETURNS cvm.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_segment_model_sql';

COMMENT ON FUNCTION cvm.segment_model(cvm.model, text) IS
	'one segment of a model as a model of its own, over all columns but the segment column; an error where the value has no parameters of its own';

CREATE FUNCTION cvm.coefficients(model cvm.model, segment text,
	OUT feature text, OUT level text, OUT coefficient float8, OUT std_error float8,
	OUT z float8, OUT p_value float8, OUT standardized_coefficient float8,
	OUT class text, OUT reference_level text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 30
BEGIN ATOMIC
	SELECT c.feature, c.level, c.coefficient, c.std_error, c.z, c.p_value,
		c.standardized_coefficient, c.class, c.reference_level
	FROM cvm.coefficients(cvm.segment_model(model, segment)) AS c;
END;

COMMENT ON FUNCTION cvm.coefficients(cvm.model, text) IS
	'the coefficients of one segment of a model; see cvm.coefficients(cvm.model)';
