-- explanation: what features contribute to one score, and to the model as a whole

CREATE FUNCTION cvm.explain(model text, customer record,
	OUT feature text, OUT value text, OUT contribution float8, OUT class text)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'cvm_explain_name';

COMMENT ON FUNCTION cvm.explain(text, record) IS
	'what each feature contributes to the score of a row: Shapley values, exact for linear families (against the means of the training rows) and for trees (path-dependent TreeSHAP); with the row (base) they add up to the score: the linear predictor, of decision_tree and random_forest the prediction; class by class for more than two; active version of a model that the caller owns or was granted';

CREATE FUNCTION cvm.explain(model cvm.model, customer record,
	OUT feature text, OUT value text, OUT contribution float8, OUT class text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'cvm_explain_value';

COMMENT ON FUNCTION cvm.explain(cvm.model, record) IS
	'what each feature contributes to the score of a row: Shapley values, exact for linear families (against the means of the training rows) and for trees (path-dependent TreeSHAP); with the row (base) they add up to the score: the linear predictor, of decision_tree and random_forest the prediction; class by class for more than two; model given as a value';

CREATE FUNCTION cvm.feature_importance(model cvm.model,
	OUT feature text, OUT importance float8, OUT gain float8, OUT splits bigint)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'cvm_feature_gains';

COMMENT ON FUNCTION cvm.feature_importance(cvm.model) IS
	'what each feature has gained in training, also as a share of all: of trees the sum over their splits of what they were chosen by, of linear families the deviation of its part of the linear predictor; an error for algorithms that do not know';

CREATE FUNCTION cvm.feature_importance(model text,
	OUT feature text, OUT importance float8, OUT gain float8, OUT splits bigint)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED ROWS 20
BEGIN ATOMIC
	SELECT i.feature, i.importance, i.gain, i.splits
	FROM cvm.feature_importance(cvm.active_model(model)) AS i;
END;

COMMENT ON FUNCTION cvm.feature_importance(text) IS
	'what each feature of the active version has gained in training, also as a share of all; for a model that the caller owns or was granted';

CREATE FUNCTION cvm.feature_importance(model text, source text, repeats integer DEFAULT 5,
	OUT feature text, OUT importance float8, OUT deviation float8, OUT metric text)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 20 AS 'MODULE_PATHNAME', 'cvm_permutation_importance';

COMMENT ON FUNCTION cvm.feature_importance(text, text, integer) IS
	'what the metric by which versions are compared loses on a labelled source when the values of one column are dealt out to other rows: mean and deviation over the repeats; for any algorithm; active version of a model that the caller owns or was granted, source with the rights of the caller';

CREATE FUNCTION cvm.partial_dependence(model text, feature text, source text, points integer DEFAULT 20,
	OUT value text, OUT number float8, OUT prediction float8, OUT class text)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 20 AS 'MODULE_PATHNAME', 'cvm_partial_dependence';

COMMENT ON FUNCTION cvm.partial_dependence(text, text, text, integer) IS
	'the mean prediction over the rows of a labelled source when all of them have the same value of a feature: of a number at so many quantiles, of a category at each level; active version of a model that the caller owns or was granted, source with the rights of the caller';
