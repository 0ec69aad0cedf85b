-- cvm.model: a fitted model with the encoding of its inputs

CREATE TYPE cvm.model;

CREATE FUNCTION cvm.model_in(cstring) RETURNS cvm.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_in';
COMMENT ON FUNCTION cvm.model_in(cstring) IS
	'input of cvm.model: JSON as written by its output; every key is required and others are errors';

CREATE FUNCTION cvm.model_out(cvm.model) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_out';
COMMENT ON FUNCTION cvm.model_out(cvm.model) IS
	'output of cvm.model: canonical JSON that reads back as the same model, bit by bit';

CREATE FUNCTION cvm.model_recv(internal) RETURNS cvm.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_recv';
COMMENT ON FUNCTION cvm.model_recv(internal) IS
	'binary input of cvm.model: the checksummed, versioned byte format, texts in UTF-8';

CREATE FUNCTION cvm.model_send(cvm.model) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_send';
COMMENT ON FUNCTION cvm.model_send(cvm.model) IS
	'binary output of cvm.model: the checksummed, versioned byte format, texts in UTF-8';

CREATE TYPE cvm.model (
	INPUT = cvm.model_in,
	OUTPUT = cvm.model_out,
	RECEIVE = cvm.model_recv,
	SEND = cvm.model_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE cvm.model IS
	'a fitted model: input columns with their encodings, classes, coefficients, and how it was fitted';

-- casts

CREATE FUNCTION cvm.model_to_jsonb(cvm.model) RETURNS jsonb
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_to_jsonb';
COMMENT ON FUNCTION cvm.model_to_jsonb(cvm.model) IS
	'a model as jsonb; cast back it is the same model';

CREATE FUNCTION cvm.jsonb_to_model(jsonb) RETURNS cvm.model
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_from_jsonb';
COMMENT ON FUNCTION cvm.jsonb_to_model(jsonb) IS
	'a model from jsonb; a key that is missing, unknown or of a wrong value is an error that names it';

CREATE CAST (cvm.model AS jsonb) WITH FUNCTION cvm.model_to_jsonb(cvm.model) AS ASSIGNMENT;
COMMENT ON CAST (cvm.model AS jsonb) IS 'every field of a model by name';
CREATE CAST (jsonb AS cvm.model) WITH FUNCTION cvm.jsonb_to_model(jsonb) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS cvm.model) IS 'a model exported as jsonb, checked';

-- comparison: two models are equal if every field is, how they were fitted included

CREATE FUNCTION cvm.model_eq(cvm.model, cvm.model) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_eq';
COMMENT ON FUNCTION cvm.model_eq(cvm.model, cvm.model) IS 'implementation of = operator';
CREATE FUNCTION cvm.model_ne(cvm.model, cvm.model) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_ne';
COMMENT ON FUNCTION cvm.model_ne(cvm.model, cvm.model) IS 'implementation of <> operator';
CREATE FUNCTION cvm.model_lt(cvm.model, cvm.model) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_lt';
COMMENT ON FUNCTION cvm.model_lt(cvm.model, cvm.model) IS 'implementation of < operator';
CREATE FUNCTION cvm.model_le(cvm.model, cvm.model) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_le';
COMMENT ON FUNCTION cvm.model_le(cvm.model, cvm.model) IS 'implementation of <= operator';
CREATE FUNCTION cvm.model_gt(cvm.model, cvm.model) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_gt';
COMMENT ON FUNCTION cvm.model_gt(cvm.model, cvm.model) IS 'implementation of > operator';
CREATE FUNCTION cvm.model_ge(cvm.model, cvm.model) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_ge';
COMMENT ON FUNCTION cvm.model_ge(cvm.model, cvm.model) IS 'implementation of >= operator';
CREATE FUNCTION cvm.model_cmp(cvm.model, cvm.model) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_cmp';
COMMENT ON FUNCTION cvm.model_cmp(cvm.model, cvm.model) IS
	'-1, 0 or 1: an order without a meaning of its own, for sorting and unique indexes';
CREATE FUNCTION cvm.model_hash(cvm.model) RETURNS integer
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_hash';
COMMENT ON FUNCTION cvm.model_hash(cvm.model) IS 'hash of a model, for GROUP BY and DISTINCT';
CREATE FUNCTION cvm.model_hash_extended(cvm.model, bigint) RETURNS bigint
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_model_hash_extended';
COMMENT ON FUNCTION cvm.model_hash_extended(cvm.model, bigint) IS
	'seeded 64-bit hash of a model, for hash partitioning';

CREATE OPERATOR cvm.= (
	LEFTARG = cvm.model, RIGHTARG = cvm.model, FUNCTION = cvm.model_eq,
	COMMUTATOR = OPERATOR(cvm.=), NEGATOR = OPERATOR(cvm.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR cvm.= (cvm.model, cvm.model) IS 'equal in every field';
CREATE OPERATOR cvm.<> (
	LEFTARG = cvm.model, RIGHTARG = cvm.model, FUNCTION = cvm.model_ne,
	COMMUTATOR = OPERATOR(cvm.<>), NEGATOR = OPERATOR(cvm.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR cvm.<> (cvm.model, cvm.model) IS 'different in some field';
CREATE OPERATOR cvm.< (
	LEFTARG = cvm.model, RIGHTARG = cvm.model, FUNCTION = cvm.model_lt,
	COMMUTATOR = OPERATOR(cvm.>), NEGATOR = OPERATOR(cvm.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR cvm.< (cvm.model, cvm.model) IS 'before, in an order without a meaning of its own';
CREATE OPERATOR cvm.<= (
	LEFTARG = cvm.model, RIGHTARG = cvm.model, FUNCTION = cvm.model_le,
	COMMUTATOR = OPERATOR(cvm.>=), NEGATOR = OPERATOR(cvm.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR cvm.<= (cvm.model, cvm.model) IS 'before or equal, in an order without a meaning of its own';
CREATE OPERATOR cvm.> (
	LEFTARG = cvm.model, RIGHTARG = cvm.model, FUNCTION = cvm.model_gt,
	COMMUTATOR = OPERATOR(cvm.<), NEGATOR = OPERATOR(cvm.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR cvm.> (cvm.model, cvm.model) IS 'after, in an order without a meaning of its own';
CREATE OPERATOR cvm.>= (
	LEFTARG = cvm.model, RIGHTARG = cvm.model, FUNCTION = cvm.model_ge,
	COMMUTATOR = OPERATOR(cvm.<=), NEGATOR = OPERATOR(cvm.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR cvm.>= (cvm.model, cvm.model) IS 'after or equal, in an order without a meaning of its own';

CREATE OPERATOR CLASS cvm.model_ops DEFAULT FOR TYPE cvm.model USING btree AS
	OPERATOR 1 cvm.<,
	OPERATOR 2 cvm.<=,
	OPERATOR 3 cvm.=,
	OPERATOR 4 cvm.>=,
	OPERATOR 5 cvm.>,
	FUNCTION 1 cvm.model_cmp(cvm.model, cvm.model);
COMMENT ON OPERATOR CLASS cvm.model_ops USING btree IS 'sorting of models, for DISTINCT and unique indexes';
CREATE OPERATOR CLASS cvm.model_ops DEFAULT FOR TYPE cvm.model USING hash AS
	OPERATOR 1 cvm.=,
	FUNCTION 1 cvm.model_hash(cvm.model),
	FUNCTION 2 cvm.model_hash_extended(cvm.model, bigint);
COMMENT ON OPERATOR CLASS cvm.model_ops USING hash IS 'hashing of models, for GROUP BY and DISTINCT';

-- what a model says of itself

CREATE FUNCTION cvm.algorithm(model cvm.model) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_algorithm';
COMMENT ON FUNCTION cvm.algorithm(cvm.model) IS
	'the family of the model: linear, logistic, softmax, poisson, svm or huber';

CREATE FUNCTION cvm.task(model cvm.model) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_task';
COMMENT ON FUNCTION cvm.task(cvm.model) IS
	'what the model is for: regression, binary, multiclass, segmentation, projection or recommendation';

CREATE FUNCTION cvm.primary_metric(model cvm.model) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_primary_metric_of_model';
COMMENT ON FUNCTION cvm.primary_metric(cvm.model) IS
	'the metric by which versions of such a model are compared: auc for two classes, log_loss for more, deviance for poisson, pinball_loss for a quantile, rmse for other numbers, ndcg_at_10 for recommendations';

CREATE FUNCTION cvm.threshold(model cvm.model) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_threshold';
COMMENT ON FUNCTION cvm.threshold(cvm.model) IS
	'the probability above which a binary model predicts the positive class: 0.5, or what option profit makes of it; NULL for others';

CREATE FUNCTION cvm.calibration(model cvm.model) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_calibration';
COMMENT ON FUNCTION cvm.calibration(cvm.model) IS
	'how the model makes scores into probabilities: none, platt or isotonic; NULL without classes';

CREATE FUNCTION cvm.classes(model cvm.model) RETURNS text[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_classes';
COMMENT ON FUNCTION cvm.classes(cvm.model) IS
	'labels in the order of predict_probabilities, for binary models the positive class last; NULL for regression';

CREATE FUNCTION cvm.inputs(model cvm.model,
	OUT name text, OUT kind text, OUT elements integer) RETURNS SETOF record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'cvm_inputs';
COMMENT ON FUNCTION cvm.inputs(cvm.model) IS
	'the columns that the model reads: name, kind (number, boolean, category, time, interval, array, identifier) and, for arrays, how many elements';

CREATE FUNCTION cvm.training_options(model cvm.model) RETURNS jsonb
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_training_options';
COMMENT ON FUNCTION cvm.training_options(cvm.model) IS
	'the options that the model was trained with, as they were given';

CREATE FUNCTION cvm.fit_information(model cvm.model,
	OUT algorithm text, OUT task text, OUT target text,
	OUT solver text, OUT driver text, OUT outcome text, OUT converged boolean,
	OUT iterations integer, OUT rank integer,
	OUT training_rows bigint, OUT rows_left_out bigint, OUT validation_rows bigint,
	OUT total_weight float8, OUT loss float8, OUT validation_loss float8,
	OUT gradient_norm float8, OUT dispersion float8, OUT residual_freedom float8,
	OUT seed bigint, OUT library_version text) RETURNS record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_fit_information';
COMMENT ON FUNCTION cvm.fit_information(cvm.model) IS
	'how the model was fitted: solver, outcome, iterations, rows, mean losses a unit of weight, gradient norm, dispersion; NULL where there is no figure';

CREATE FUNCTION cvm.coefficients(model cvm.model,
	OUT feature text, OUT level text, OUT coefficient float8, OUT std_error float8,
	OUT z float8, OUT p_value float8, OUT standardized_coefficient float8,
	OUT class text, OUT reference_level text) RETURNS SETOF record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 30 AS 'MODULE_PATHNAME', 'cvm_coefficients';
COMMENT ON FUNCTION cvm.coefficients(cvm.model) IS
	'coefficients in the units of the columns, the intercept as (intercept); level: of a category, against its most frequent one, or (missing); std_error, z (t for linear) and p_value for fits without a penalty; standardized: times the deviation of the column; class: for softmax; reference_level: the most frequent one, against which the level is measured';

-- one family only

CREATE DOMAIN cvm.linear_model AS cvm.model
	CONSTRAINT linear_model CHECK (cvm.algorithm(VALUE) = 'linear');
COMMENT ON DOMAIN cvm.linear_model IS 'a model of the algorithm linear';
CREATE DOMAIN cvm.logistic_model AS cvm.model
	CONSTRAINT logistic_model CHECK (cvm.algorithm(VALUE) = 'logistic');
COMMENT ON DOMAIN cvm.logistic_model IS 'a model of the algorithm logistic';
CREATE DOMAIN cvm.softmax_model AS cvm.model
	CONSTRAINT softmax_model CHECK (cvm.algorithm(VALUE) = 'softmax');
COMMENT ON DOMAIN cvm.softmax_model IS 'a model of the algorithm softmax';
CREATE DOMAIN cvm.poisson_model AS cvm.model
	CONSTRAINT poisson_model CHECK (cvm.algorithm(VALUE) = 'poisson');
COMMENT ON DOMAIN cvm.poisson_model IS 'a model of the algorithm poisson';
CREATE DOMAIN cvm.svm_model AS cvm.model
	CONSTRAINT svm_model CHECK (cvm.algorithm(VALUE) = 'svm');
COMMENT ON DOMAIN cvm.svm_model IS 'a model of the algorithm svm';
CREATE DOMAIN cvm.huber_model AS cvm.model
	CONSTRAINT huber_model CHECK (cvm.algorithm(VALUE) = 'huber');
COMMENT ON DOMAIN cvm.huber_model IS 'a model of the algorithm huber';
CREATE DOMAIN cvm.naive_bayes_model AS cvm.model
	CONSTRAINT naive_bayes_model CHECK (cvm.algorithm(VALUE) = 'naive_bayes');
COMMENT ON DOMAIN cvm.naive_bayes_model IS 'a model of the algorithm naive_bayes';
CREATE DOMAIN cvm.discriminant_model AS cvm.model
	CONSTRAINT discriminant_model CHECK (cvm.algorithm(VALUE) = 'discriminant');
COMMENT ON DOMAIN cvm.discriminant_model IS 'a model of the algorithm discriminant';
CREATE DOMAIN cvm.kmeans_model AS cvm.model
	CONSTRAINT kmeans_model CHECK (cvm.algorithm(VALUE) = 'kmeans');
COMMENT ON DOMAIN cvm.kmeans_model IS 'a model of the algorithm kmeans';
CREATE DOMAIN cvm.pca_model AS cvm.model
	CONSTRAINT pca_model CHECK (cvm.algorithm(VALUE) = 'pca');
COMMENT ON DOMAIN cvm.pca_model IS 'a model of the algorithm pca';
CREATE DOMAIN cvm.matrix_factorization_model AS cvm.model
	CONSTRAINT matrix_factorization_model CHECK (cvm.algorithm(VALUE) = 'matrix_factorization');
COMMENT ON DOMAIN cvm.matrix_factorization_model IS 'a model of the algorithm matrix_factorization';
CREATE DOMAIN cvm.decision_tree_model AS cvm.model
	CONSTRAINT decision_tree_model CHECK (cvm.algorithm(VALUE) = 'decision_tree');
COMMENT ON DOMAIN cvm.decision_tree_model IS 'a model of the algorithm decision_tree';
CREATE DOMAIN cvm.random_forest_model AS cvm.model
	CONSTRAINT random_forest_model CHECK (cvm.algorithm(VALUE) = 'random_forest');
COMMENT ON DOMAIN cvm.random_forest_model IS 'a model of the algorithm random_forest';
CREATE DOMAIN cvm.boosted_trees_model AS cvm.model
	CONSTRAINT boosted_trees_model CHECK (cvm.algorithm(VALUE) = 'boosted_trees');
COMMENT ON DOMAIN cvm.boosted_trees_model IS 'a model of the algorithm boosted_trees';
CREATE DOMAIN cvm.pipeline_model AS cvm.model
	CONSTRAINT pipeline_model CHECK (cvm.algorithm(VALUE) = 'pipeline');
COMMENT ON DOMAIN cvm.pipeline_model IS 'a model of stages (option pipeline)';
CREATE DOMAIN cvm.ensemble_model AS cvm.model
	CONSTRAINT ensemble_model CHECK (cvm.algorithm(VALUE) = 'ensemble');
COMMENT ON DOMAIN cvm.ensemble_model IS 'a model of the algorithm ensemble';
CREATE DOMAIN cvm.neural_network_model AS cvm.model
	CONSTRAINT neural_network_model CHECK (cvm.algorithm(VALUE) = 'neural_network');
COMMENT ON DOMAIN cvm.neural_network_model IS 'a model of the algorithm neural_network';
