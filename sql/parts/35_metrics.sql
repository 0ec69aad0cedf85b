-- metrics: how good predictions of any origin are, as aggregates and curves
--
-- Rows with a NULL do not count.  Labels of two classes are boolean, or numbers
-- that are 0 or 1.  A weight, where one is given, is the last argument.

-- aggregates that look at the order of the scores

CREATE FUNCTION cvm.rank_add(internal, boolean, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_add_boolean';
COMMENT ON FUNCTION cvm.rank_add(internal, boolean, float8) IS
	'transition for metric aggregates over ranked rows: label, score';

CREATE FUNCTION cvm.rank_add(internal, boolean, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_add_boolean';
COMMENT ON FUNCTION cvm.rank_add(internal, boolean, float8, float8) IS
	'transition for metric aggregates over ranked rows: label, score, weight';

CREATE FUNCTION cvm.rank_share_add(internal, boolean, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_share_add_boolean';
COMMENT ON FUNCTION cvm.rank_share_add(internal, boolean, float8, float8) IS
	'transition for metric aggregates over ranked rows: label, score, share';

CREATE FUNCTION cvm.rank_share_add(internal, boolean, float8, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_share_add_boolean';
COMMENT ON FUNCTION cvm.rank_share_add(internal, boolean, float8, float8, float8) IS
	'transition for metric aggregates over ranked rows: label, score, share, weight';

CREATE FUNCTION cvm.rank_add(internal, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_add_number';
COMMENT ON FUNCTION cvm.rank_add(internal, float8, float8) IS
	'transition for metric aggregates over ranked rows: label, score';

CREATE FUNCTION cvm.rank_add(internal, float8, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_add_number';
COMMENT ON FUNCTION cvm.rank_add(internal, float8, float8, float8) IS
	'transition for metric aggregates over ranked rows: label, score, weight';

CREATE FUNCTION cvm.rank_share_add(internal, float8, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_share_add_number';
COMMENT ON FUNCTION cvm.rank_share_add(internal, float8, float8, float8) IS
	'transition for metric aggregates over ranked rows: label, score, share';

CREATE FUNCTION cvm.rank_share_add(internal, float8, float8, float8, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_share_add_number';
COMMENT ON FUNCTION cvm.rank_share_add(internal, float8, float8, float8, float8) IS
	'transition for metric aggregates over ranked rows: label, score, share, weight';

CREATE FUNCTION cvm.rank_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_combine';
COMMENT ON FUNCTION cvm.rank_combine(internal, internal) IS
	'combine for metric aggregates over ranked rows';

CREATE FUNCTION cvm.rank_serialize(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_state_serialize';
COMMENT ON FUNCTION cvm.rank_serialize(internal) IS
	'serialization for metric aggregates over ranked rows';

CREATE FUNCTION cvm.rank_deserialize(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_state_deserialize';
COMMENT ON FUNCTION cvm.rank_deserialize(bytea, internal) IS
	'deserialization for metric aggregates over ranked rows';

CREATE FUNCTION cvm.rank_auc(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_auc';
COMMENT ON FUNCTION cvm.rank_auc(internal) IS
	'result for metric aggregates over ranked rows: auc';

CREATE FUNCTION cvm.rank_gini(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_gini';
COMMENT ON FUNCTION cvm.rank_gini(internal) IS
	'result for metric aggregates over ranked rows: gini';

CREATE FUNCTION cvm.rank_average_precision(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_average_precision';
COMMENT ON FUNCTION cvm.rank_average_precision(internal) IS
	'result for metric aggregates over ranked rows: average_precision';

CREATE FUNCTION cvm.rank_lift(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_rank_lift';
COMMENT ON FUNCTION cvm.rank_lift(internal) IS
	'result for metric aggregates over ranked rows: lift';

CREATE AGGREGATE cvm.auc(label boolean, score float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_auc,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.auc(boolean, float8) IS
	'area under the ROC curve, ties counted half; NULL where a class is missing';

CREATE AGGREGATE cvm.auc(label boolean, score float8, weight float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_auc,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.auc(boolean, float8, float8) IS
	'area under the ROC curve, ties counted half; NULL where a class is missing; weighted';

CREATE AGGREGATE cvm.auc(label float8, score float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_auc,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.auc(float8, float8) IS
	'area under the ROC curve, ties counted half; NULL where a class is missing';

CREATE AGGREGATE cvm.auc(label float8, score float8, weight float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_auc,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.auc(float8, float8, float8) IS
	'area under the ROC curve, ties counted half; NULL where a class is missing; weighted';

CREATE AGGREGATE cvm.gini(label boolean, score float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_gini,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.gini(boolean, float8) IS
	'Gini coefficient of a classifier: 2 auc - 1';

CREATE AGGREGATE cvm.gini(label boolean, score float8, weight float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_gini,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.gini(boolean, float8, float8) IS
	'Gini coefficient of a classifier: 2 auc - 1; weighted';

CREATE AGGREGATE cvm.gini(label float8, score float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_gini,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.gini(float8, float8) IS
	'Gini coefficient of a classifier: 2 auc - 1';

CREATE AGGREGATE cvm.gini(label float8, score float8, weight float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_gini,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.gini(float8, float8, float8) IS
	'Gini coefficient of a classifier: 2 auc - 1; weighted';

CREATE AGGREGATE cvm.average_precision(label boolean, score float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_average_precision,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.average_precision(boolean, float8) IS
	'precision at each score, weighted by the recall that it adds; NULL without positives';

CREATE AGGREGATE cvm.average_precision(label boolean, score float8, weight float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_average_precision,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.average_precision(boolean, float8, float8) IS
	'precision at each score, weighted by the recall that it adds; NULL without positives; weighted';

CREATE AGGREGATE cvm.average_precision(label float8, score float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_average_precision,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.average_precision(float8, float8) IS
	'precision at each score, weighted by the recall that it adds; NULL without positives';

CREATE AGGREGATE cvm.average_precision(label float8, score float8, weight float8) (
	SFUNC = cvm.rank_add, STYPE = internal, FINALFUNC = cvm.rank_average_precision,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.average_precision(float8, float8, float8) IS
	'precision at each score, weighted by the recall that it adds; NULL without positives; weighted';

CREATE AGGREGATE cvm.lift_at(label boolean, score float8, share float8) (
	SFUNC = cvm.rank_share_add, STYPE = internal, FINALFUNC = cvm.rank_lift,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.lift_at(boolean, float8, float8) IS
	'how many times more positives there are among that share of the rows with the highest scores than among all; a tie at the edge counts in part';

CREATE AGGREGATE cvm.lift_at(label boolean, score float8, share float8, weight float8) (
	SFUNC = cvm.rank_share_add, STYPE = internal, FINALFUNC = cvm.rank_lift,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.lift_at(boolean, float8, float8, float8) IS
	'how many times more positives there are among that share of the rows with the highest scores than among all; a tie at the edge counts in part; weighted';

CREATE AGGREGATE cvm.lift_at(label float8, score float8, share float8) (
	SFUNC = cvm.rank_share_add, STYPE = internal, FINALFUNC = cvm.rank_lift,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.lift_at(float8, float8, float8) IS
	'how many times more positives there are among that share of the rows with the highest scores than among all; a tie at the edge counts in part';

CREATE AGGREGATE cvm.lift_at(label float8, score float8, share float8, weight float8) (
	SFUNC = cvm.rank_share_add, STYPE = internal, FINALFUNC = cvm.rank_lift,
	COMBINEFUNC = cvm.rank_combine,
	SERIALFUNC = cvm.rank_serialize, DESERIALFUNC = cvm.rank_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.lift_at(float8, float8, float8, float8) IS
	'how many times more positives there are among that share of the rows with the highest scores than among all; a tie at the edge counts in part; weighted';

-- aggregates that are means of a loss; their state is a float8[] that can be stored and merged

CREATE FUNCTION cvm.square_add(float8[], float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_square';
COMMENT ON FUNCTION cvm.square_add(float8[], float8, float8) IS
	'transition for metric aggregates that are means: label, prediction';

CREATE FUNCTION cvm.square_add(float8[], float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_square';
COMMENT ON FUNCTION cvm.square_add(float8[], float8, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, weight';

CREATE FUNCTION cvm.absolute_add(float8[], float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_absolute';
COMMENT ON FUNCTION cvm.absolute_add(float8[], float8, float8) IS
	'transition for metric aggregates that are means: label, prediction';

CREATE FUNCTION cvm.absolute_add(float8[], float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_absolute';
COMMENT ON FUNCTION cvm.absolute_add(float8[], float8, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, weight';

CREATE FUNCTION cvm.percentage_add(float8[], float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_percentage';
COMMENT ON FUNCTION cvm.percentage_add(float8[], float8, float8) IS
	'transition for metric aggregates that are means: label, prediction';

CREATE FUNCTION cvm.percentage_add(float8[], float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_percentage';
COMMENT ON FUNCTION cvm.percentage_add(float8[], float8, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, weight';

CREATE FUNCTION cvm.pinball_add(float8[], float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_pinball';
COMMENT ON FUNCTION cvm.pinball_add(float8[], float8, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, quantile';

CREATE FUNCTION cvm.pinball_add(float8[], float8, float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_pinball';
COMMENT ON FUNCTION cvm.pinball_add(float8[], float8, float8, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, quantile, weight';

CREATE FUNCTION cvm.brier_add(float8[], boolean, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_brier_boolean';
COMMENT ON FUNCTION cvm.brier_add(float8[], boolean, float8) IS
	'transition for metric aggregates that are means: label, prediction';

CREATE FUNCTION cvm.brier_add(float8[], boolean, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_brier_boolean';
COMMENT ON FUNCTION cvm.brier_add(float8[], boolean, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, weight';

CREATE FUNCTION cvm.brier_add(float8[], float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_brier_number';
COMMENT ON FUNCTION cvm.brier_add(float8[], float8, float8) IS
	'transition for metric aggregates that are means: label, prediction';

CREATE FUNCTION cvm.brier_add(float8[], float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_brier_number';
COMMENT ON FUNCTION cvm.brier_add(float8[], float8, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, weight';

CREATE FUNCTION cvm.log_loss_add(float8[], boolean, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_log_loss_boolean';
COMMENT ON FUNCTION cvm.log_loss_add(float8[], boolean, float8) IS
	'transition for metric aggregates that are means: label, prediction';

CREATE FUNCTION cvm.log_loss_add(float8[], boolean, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_log_loss_boolean';
COMMENT ON FUNCTION cvm.log_loss_add(float8[], boolean, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, weight';

CREATE FUNCTION cvm.log_loss_add(float8[], float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_log_loss_number';
COMMENT ON FUNCTION cvm.log_loss_add(float8[], float8, float8) IS
	'transition for metric aggregates that are means: label, prediction';

CREATE FUNCTION cvm.log_loss_add(float8[], float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_add_log_loss_number';
COMMENT ON FUNCTION cvm.log_loss_add(float8[], float8, float8, float8) IS
	'transition for metric aggregates that are means: label, prediction, weight';

CREATE FUNCTION cvm.mean_combine(float8[], float8[]) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_combine';
COMMENT ON FUNCTION cvm.mean_combine(float8[], float8[]) IS
	'combine for metric aggregates that are means; merges stored states too';

CREATE FUNCTION cvm.mean_result(float8[]) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_result';
COMMENT ON FUNCTION cvm.mean_result(float8[]) IS
	'result for metric aggregates that are means; of a stored state too';

CREATE FUNCTION cvm.root_mean_result(float8[]) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_mean_root_result';
COMMENT ON FUNCTION cvm.root_mean_result(float8[]) IS
	'result of rmse; of a stored state too';

CREATE FUNCTION cvm.variance_add(float8[], float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_variance_add';
COMMENT ON FUNCTION cvm.variance_add(float8[], float8, float8) IS
	'transition of r2: label, prediction';

CREATE FUNCTION cvm.variance_add(float8[], float8, float8, float8) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_variance_add';
COMMENT ON FUNCTION cvm.variance_add(float8[], float8, float8, float8) IS
	'transition of r2: label, prediction, weight';

CREATE FUNCTION cvm.variance_combine(float8[], float8[]) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_variance_combine';
COMMENT ON FUNCTION cvm.variance_combine(float8[], float8[]) IS
	'combine of r2; merges stored states too';

CREATE FUNCTION cvm.r2_result(float8[]) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_variance_r2';
COMMENT ON FUNCTION cvm.r2_result(float8[]) IS
	'result of r2; of a stored state too';

CREATE AGGREGATE cvm.rmse(label float8, prediction float8) (
	SFUNC = cvm.square_add, STYPE = float8[], FINALFUNC = cvm.root_mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.rmse(float8, float8) IS
	'root of the mean squared error';

CREATE AGGREGATE cvm.rmse(label float8, prediction float8, weight float8) (
	SFUNC = cvm.square_add, STYPE = float8[], FINALFUNC = cvm.root_mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.rmse(float8, float8, float8) IS
	'root of the mean squared error; weighted';

CREATE AGGREGATE cvm.mae(label float8, prediction float8) (
	SFUNC = cvm.absolute_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.mae(float8, float8) IS
	'mean absolute error';

CREATE AGGREGATE cvm.mae(label float8, prediction float8, weight float8) (
	SFUNC = cvm.absolute_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.mae(float8, float8, float8) IS
	'mean absolute error; weighted';

CREATE AGGREGATE cvm.mape(label float8, prediction float8) (
	SFUNC = cvm.percentage_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.mape(float8, float8) IS
	'mean absolute error as a share of the label';

CREATE AGGREGATE cvm.mape(label float8, prediction float8, weight float8) (
	SFUNC = cvm.percentage_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.mape(float8, float8, float8) IS
	'mean absolute error as a share of the label; weighted';

CREATE AGGREGATE cvm.r2(label float8, prediction float8) (
	SFUNC = cvm.variance_add, STYPE = float8[], FINALFUNC = cvm.r2_result,
	COMBINEFUNC = cvm.variance_combine,
	INITCOND = '{0,0,0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.r2(float8, float8) IS
	'share of the variance of the labels that the predictions explain; NULL where labels do not vary';

CREATE AGGREGATE cvm.r2(label float8, prediction float8, weight float8) (
	SFUNC = cvm.variance_add, STYPE = float8[], FINALFUNC = cvm.r2_result,
	COMBINEFUNC = cvm.variance_combine,
	INITCOND = '{0,0,0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.r2(float8, float8, float8) IS
	'share of the variance of the labels that the predictions explain; NULL where labels do not vary; weighted';

CREATE AGGREGATE cvm.pinball_loss(label float8, prediction float8, quantile float8) (
	SFUNC = cvm.pinball_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.pinball_loss(float8, float8, float8) IS
	'mean loss of the prediction of a quantile (0.5: half the absolute error)';

CREATE AGGREGATE cvm.pinball_loss(label float8, prediction float8, quantile float8, weight float8) (
	SFUNC = cvm.pinball_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.pinball_loss(float8, float8, float8, float8) IS
	'mean loss of the prediction of a quantile (0.5: half the absolute error); weighted';

CREATE AGGREGATE cvm.brier(label boolean, probability float8) (
	SFUNC = cvm.brier_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.brier(boolean, float8) IS
	'mean squared difference of label (0 or 1) and probability';

CREATE AGGREGATE cvm.brier(label boolean, probability float8, weight float8) (
	SFUNC = cvm.brier_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.brier(boolean, float8, float8) IS
	'mean squared difference of label (0 or 1) and probability; weighted';

CREATE AGGREGATE cvm.log_loss(label boolean, probability float8) (
	SFUNC = cvm.log_loss_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.log_loss(boolean, float8) IS
	'mean negative logarithm of the probability that the label was given, kept 2^-52 away from 0';

CREATE AGGREGATE cvm.log_loss(label boolean, probability float8, weight float8) (
	SFUNC = cvm.log_loss_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.log_loss(boolean, float8, float8) IS
	'mean negative logarithm of the probability that the label was given, kept 2^-52 away from 0; weighted';

CREATE AGGREGATE cvm.brier(label float8, probability float8) (
	SFUNC = cvm.brier_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.brier(float8, float8) IS
	'mean squared difference of label (0 or 1) and probability';

CREATE AGGREGATE cvm.brier(label float8, probability float8, weight float8) (
	SFUNC = cvm.brier_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.brier(float8, float8, float8) IS
	'mean squared difference of label (0 or 1) and probability; weighted';

CREATE AGGREGATE cvm.log_loss(label float8, probability float8) (
	SFUNC = cvm.log_loss_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.log_loss(float8, float8) IS
	'mean negative logarithm of the probability that the label was given, kept 2^-52 away from 0';

CREATE AGGREGATE cvm.log_loss(label float8, probability float8, weight float8) (
	SFUNC = cvm.log_loss_add, STYPE = float8[], FINALFUNC = cvm.mean_result,
	COMBINEFUNC = cvm.mean_combine,
	INITCOND = '{0,0,0,0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.log_loss(float8, float8, float8) IS
	'mean negative logarithm of the probability that the label was given, kept 2^-52 away from 0; weighted';

-- aggregates over actual and predicted labels of any type

CREATE FUNCTION cvm.class_add(internal, anyelement, anyelement) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_add_row';
COMMENT ON FUNCTION cvm.class_add(internal, anyelement, anyelement) IS
	'transition for metric aggregates over classes: actual, predicted';

CREATE FUNCTION cvm.class_add(internal, anyelement, anyelement, float8) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_add_row';
COMMENT ON FUNCTION cvm.class_add(internal, anyelement, anyelement, float8) IS
	'transition for metric aggregates over classes: actual, predicted, weight';

CREATE FUNCTION cvm.class_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_combine';
COMMENT ON FUNCTION cvm.class_combine(internal, internal) IS
	'combine for metric aggregates over classes';

CREATE FUNCTION cvm.class_serialize(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_state_serialize';
COMMENT ON FUNCTION cvm.class_serialize(internal) IS
	'serialization for metric aggregates over classes';

CREATE FUNCTION cvm.class_deserialize(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_state_deserialize';
COMMENT ON FUNCTION cvm.class_deserialize(bytea, internal) IS
	'deserialization for metric aggregates over classes';

CREATE FUNCTION cvm.class_accuracy(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_accuracy';
COMMENT ON FUNCTION cvm.class_accuracy(internal) IS
	'result for metric aggregates over classes: accuracy';

CREATE FUNCTION cvm.class_balanced_accuracy(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_balanced_accuracy';
COMMENT ON FUNCTION cvm.class_balanced_accuracy(internal) IS
	'result for metric aggregates over classes: balanced_accuracy';

CREATE FUNCTION cvm.class_f1(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_f1';
COMMENT ON FUNCTION cvm.class_f1(internal) IS
	'result for metric aggregates over classes: f1';

CREATE FUNCTION cvm.class_matthews(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_class_matthews';
COMMENT ON FUNCTION cvm.class_matthews(internal) IS
	'result for metric aggregates over classes: matthews';

CREATE AGGREGATE cvm.accuracy(actual anyelement, predicted anyelement) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_accuracy,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.accuracy(anyelement, anyelement) IS
	'share of the rows whose label was predicted';

CREATE AGGREGATE cvm.accuracy(actual anyelement, predicted anyelement, weight float8) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_accuracy,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.accuracy(anyelement, anyelement, float8) IS
	'share of the rows whose label was predicted; weighted';

CREATE AGGREGATE cvm.balanced_accuracy(actual anyelement, predicted anyelement) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_balanced_accuracy,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.balanced_accuracy(anyelement, anyelement) IS
	'mean recall over the classes that are met';

CREATE AGGREGATE cvm.balanced_accuracy(actual anyelement, predicted anyelement, weight float8) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_balanced_accuracy,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.balanced_accuracy(anyelement, anyelement, float8) IS
	'mean recall over the classes that are met; weighted';

CREATE AGGREGATE cvm.f1(actual anyelement, predicted anyelement) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_f1,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.f1(anyelement, anyelement) IS
	'harmonic mean of precision and recall: of true, or of 1 where labels are 0 and 1, else the mean over the classes';

CREATE AGGREGATE cvm.f1(actual anyelement, predicted anyelement, weight float8) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_f1,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.f1(anyelement, anyelement, float8) IS
	'harmonic mean of precision and recall: of true, or of 1 where labels are 0 and 1, else the mean over the classes; weighted';

CREATE AGGREGATE cvm.matthews(actual anyelement, predicted anyelement) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_matthews,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.matthews(anyelement, anyelement) IS
	'correlation of actual and predicted labels, -1 to 1; 0 where either does not vary';

CREATE AGGREGATE cvm.matthews(actual anyelement, predicted anyelement, weight float8) (
	SFUNC = cvm.class_add, STYPE = internal, FINALFUNC = cvm.class_matthews,
	COMBINEFUNC = cvm.class_combine,
	SERIALFUNC = cvm.class_serialize, DESERIALFUNC = cvm.class_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.matthews(anyelement, anyelement, float8) IS
	'correlation of actual and predicted labels, -1 to 1; 0 where either does not vary; weighted';

-- aggregates over one ranked list of items, one user's: GROUP BY user, and take the mean

CREATE FUNCTION cvm.list_add(internal, boolean, float8, integer) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_add_boolean';
COMMENT ON FUNCTION cvm.list_add(internal, boolean, float8, integer) IS
	'transition for metric aggregates over lists: relevant, score, k';

CREATE FUNCTION cvm.list_add(internal, float8, float8, integer) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_add_number';
COMMENT ON FUNCTION cvm.list_add(internal, float8, float8, integer) IS
	'transition for metric aggregates over lists: relevance, score, k';

CREATE FUNCTION cvm.list_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_combine';
COMMENT ON FUNCTION cvm.list_combine(internal, internal) IS
	'combine for metric aggregates over lists';

CREATE FUNCTION cvm.list_serialize(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_serialize';
COMMENT ON FUNCTION cvm.list_serialize(internal) IS
	'serialization for metric aggregates over lists';

CREATE FUNCTION cvm.list_deserialize(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_deserialize';
COMMENT ON FUNCTION cvm.list_deserialize(bytea, internal) IS
	'deserialization for metric aggregates over lists';

CREATE FUNCTION cvm.list_ndcg(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_ndcg_result';
COMMENT ON FUNCTION cvm.list_ndcg(internal) IS
	'result for metric aggregates over lists: ndcg_at';

CREATE FUNCTION cvm.list_map(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_map_result';
COMMENT ON FUNCTION cvm.list_map(internal) IS
	'result for metric aggregates over lists: map_at';

CREATE FUNCTION cvm.list_hit_rate(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_list_hit_rate_result';
COMMENT ON FUNCTION cvm.list_hit_rate(internal) IS
	'result for metric aggregates over lists: hit_rate_at';

CREATE AGGREGATE cvm.ndcg_at(relevant boolean, score float8, k integer) (
	SFUNC = cvm.list_add, STYPE = internal, FINALFUNC = cvm.list_ndcg,
	COMBINEFUNC = cvm.list_combine,
	SERIALFUNC = cvm.list_serialize, DESERIALFUNC = cvm.list_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.ndcg_at(boolean, float8, integer) IS
	'normalized discounted cumulative gain of the first k items; ties count as their mean';

CREATE AGGREGATE cvm.ndcg_at(relevance float8, score float8, k integer) (
	SFUNC = cvm.list_add, STYPE = internal, FINALFUNC = cvm.list_ndcg,
	COMBINEFUNC = cvm.list_combine,
	SERIALFUNC = cvm.list_serialize, DESERIALFUNC = cvm.list_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.ndcg_at(float8, float8, integer) IS
	'normalized discounted cumulative gain of the first k items; ties count as their mean';

CREATE AGGREGATE cvm.map_at(relevant boolean, score float8, k integer) (
	SFUNC = cvm.list_add, STYPE = internal, FINALFUNC = cvm.list_map,
	COMBINEFUNC = cvm.list_combine,
	SERIALFUNC = cvm.list_serialize, DESERIALFUNC = cvm.list_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.map_at(boolean, float8, integer) IS
	'average precision of the first k items of a list: the mean over lists is the mean average precision; ties count as their mean';

CREATE AGGREGATE cvm.map_at(relevance float8, score float8, k integer) (
	SFUNC = cvm.list_add, STYPE = internal, FINALFUNC = cvm.list_map,
	COMBINEFUNC = cvm.list_combine,
	SERIALFUNC = cvm.list_serialize, DESERIALFUNC = cvm.list_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.map_at(float8, float8, integer) IS
	'average precision of the first k items of a list: the mean over lists is the mean average precision; ties count as their mean';

CREATE AGGREGATE cvm.hit_rate_at(relevant boolean, score float8, k integer) (
	SFUNC = cvm.list_add, STYPE = internal, FINALFUNC = cvm.list_hit_rate,
	COMBINEFUNC = cvm.list_combine,
	SERIALFUNC = cvm.list_serialize, DESERIALFUNC = cvm.list_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.hit_rate_at(boolean, float8, integer) IS
	'the chance that one of the first k items is relevant; ties count as their mean';

CREATE AGGREGATE cvm.hit_rate_at(relevance float8, score float8, k integer) (
	SFUNC = cvm.list_add, STYPE = internal, FINALFUNC = cvm.list_hit_rate,
	COMBINEFUNC = cvm.list_combine,
	SERIALFUNC = cvm.list_serialize, DESERIALFUNC = cvm.list_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.hit_rate_at(float8, float8, integer) IS
	'the chance that one of the first k items is relevant; ties count as their mean';

-- segments

CREATE FUNCTION cvm.silhouette_add(internal, bigint, float8[]) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_silhouette_add';
COMMENT ON FUNCTION cvm.silhouette_add(internal, bigint, float8[]) IS
	'transition of silhouette: segment, features';

CREATE FUNCTION cvm.silhouette_combine(internal, internal) RETURNS internal
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_silhouette_combine';
COMMENT ON FUNCTION cvm.silhouette_combine(internal, internal) IS
	'combine of silhouette';

CREATE FUNCTION cvm.silhouette_serialize(internal) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_silhouette_serialize';
COMMENT ON FUNCTION cvm.silhouette_serialize(internal) IS
	'serialization of silhouette';

CREATE FUNCTION cvm.silhouette_deserialize(bytea, internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_silhouette_deserialize';
COMMENT ON FUNCTION cvm.silhouette_deserialize(bytea, internal) IS
	'deserialization of silhouette';

CREATE FUNCTION cvm.silhouette_result(internal) RETURNS float8
	LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_silhouette_result';
COMMENT ON FUNCTION cvm.silhouette_result(internal) IS
	'result of silhouette';

CREATE AGGREGATE cvm.silhouette(segment bigint, features float8[]) (
	SFUNC = cvm.silhouette_add, STYPE = internal, FINALFUNC = cvm.silhouette_result,
	COMBINEFUNC = cvm.silhouette_combine,
	SERIALFUNC = cvm.silhouette_serialize, DESERIALFUNC = cvm.silhouette_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.silhouette(bigint, float8[]) IS
	'how well points lie within their segments, -1 to 1; needs every pair of points, so take a sample of large tables';

-- curves and tables over the rows of a source: a table, a view or a SELECT

CREATE FUNCTION cvm.roc_curve(source text, label text, score text, weight text = NULL,
	OUT threshold float8, OUT false_positive_rate float8, OUT true_positive_rate float8) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000 AS 'MODULE_PATHNAME', 'cvm_scores_roc_curve';
COMMENT ON FUNCTION cvm.roc_curve(text, text, text, text) IS
	'ROC curve of the columns label and score of a source: a point a distinct score, from (0, 0)';

CREATE FUNCTION cvm.pr_curve(source text, label text, score text, weight text = NULL,
	OUT threshold float8, OUT "precision" float8, OUT recall float8) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000 AS 'MODULE_PATHNAME', 'cvm_scores_pr_curve';
COMMENT ON FUNCTION cvm.pr_curve(text, text, text, text) IS
	'precision and recall when rows of at least this score are taken: a point a distinct score';

CREATE FUNCTION cvm.lift_curve(source text, label text, score text, bins integer = 10, weight text = NULL,
	OUT bin integer, OUT lowest_score float8, OUT rows float8, OUT positives float8, OUT lift float8, OUT cumulative_lift float8) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'cvm_scores_lift_curve';
COMMENT ON FUNCTION cvm.lift_curve(text, text, text, integer, text) IS
	'rows in bins of equal size from the highest scores down: how many times more positives a bin, and all bins so far, hold than the whole; ties are divided';

CREATE FUNCTION cvm.gains_curve(source text, label text, score text, bins integer = 10, weight text = NULL,
	OUT share_of_rows float8, OUT share_of_positives float8) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 11 AS 'MODULE_PATHNAME', 'cvm_scores_gains_curve';
COMMENT ON FUNCTION cvm.gains_curve(text, text, text, integer, text) IS
	'which share of the positives is met when this share of the rows with the highest scores is taken; ties are divided';

CREATE FUNCTION cvm.profit_curve(source text, label text, score text, true_positive float8, false_positive float8,
	true_negative float8 = 0, false_negative float8 = 0, weight text = NULL,
	OUT threshold float8, OUT share_of_rows float8, OUT profit float8) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000 AS 'MODULE_PATHNAME', 'cvm_scores_profit_curve';
COMMENT ON FUNCTION cvm.profit_curve(text, text, text, float8, float8, float8, float8, text) IS
	'what contacting the rows of at least this score is worth in all, by the profit of each of the four things that can come of a row (costs are negative): a point a distinct score, from nobody';

CREATE FUNCTION cvm.calibration_curve(source text, label text, score text, bins integer = 10, strategy text = 'uniform',
	OUT bin integer, OUT mean_score float8, OUT positive_share float8, OUT rows float8) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'cvm_scores_calibration_curve';
COMMENT ON FUNCTION cvm.calibration_curve(text, text, text, integer, text) IS
	'mean probability against the share of positives, by bins of equal width (uniform) or of equally many rows (quantile); empty bins are left out';

CREATE FUNCTION cvm.confusion_matrix(source text, actual text, predicted text, weight text = NULL,
	OUT actual_label text, OUT predicted_label text, OUT count float8) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 9 AS 'MODULE_PATHNAME', 'cvm_labels_confusion_matrix';
COMMENT ON FUNCTION cvm.confusion_matrix(text, text, text, text) IS
	'how often which label was predicted where which was right, of the columns actual and predicted of a source';
