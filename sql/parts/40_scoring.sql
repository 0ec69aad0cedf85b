-- scoring: predict, predict_class, predict_probabilities, transform

CREATE FUNCTION cvm.predict_support(internal) RETURNS internal
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cvm_predict_support';

COMMENT ON FUNCTION cvm.predict_support(internal) IS
	'planner support: turns a prediction for a whole row into one for the columns that the model needs';

CREATE FUNCTION cvm.predict(model text, customer record) RETURNS float8
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5
	SUPPORT cvm.predict_support AS 'MODULE_PATHNAME', 'cvm_predict_name_row';

COMMENT ON FUNCTION cvm.predict(text, record) IS
	'the predicted value: a number, for two classes the probability of the positive one, for a segmentation the number of the segment, for a projection the distance from what its components stand for, for a recommendation how well user and item suit each other; an error for more classes; active version of a model that the caller owns or was granted, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.predict(model text, features float8[]) RETURNS float8
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_name_array';

COMMENT ON FUNCTION cvm.predict(text, float8[]) IS
	'the predicted value: a number, for two classes the probability of the positive one, for a segmentation the number of the segment, for a projection the distance from what its components stand for, for a recommendation how well user and item suit each other; an error for more classes; active version of a model that the caller owns or was granted, features by position';

CREATE FUNCTION cvm.predict(model cvm.model, customer record) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_value_row';

COMMENT ON FUNCTION cvm.predict(cvm.model, record) IS
	'the predicted value: a number, for two classes the probability of the positive one, for a segmentation the number of the segment, for a projection the distance from what its components stand for, for a recommendation how well user and item suit each other; an error for more classes; model given as a value, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.predict(model cvm.model, features float8[]) RETURNS float8
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_value_array';

COMMENT ON FUNCTION cvm.predict(cvm.model, float8[]) IS
	'the predicted value: a number, for two classes the probability of the positive one, for a segmentation the number of the segment, for a projection the distance from what its components stand for, for a recommendation how well user and item suit each other; an error for more classes; model given as a value, features by position';

CREATE FUNCTION cvm.predict_columns(model text, version integer, columns text[], VARIADIC "any") RETURNS float8
	LANGUAGE C STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_columns';

COMMENT ON FUNCTION cvm.predict_columns(text, integer, text[], "any") IS
	'what the planner makes of cvm.predict(model, row): the same for just the columns that the version needs, whose names are given; not meant to be called by hand';

CREATE FUNCTION cvm.predict_class(model text, customer record) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5
	SUPPORT cvm.predict_support AS 'MODULE_PATHNAME', 'cvm_predict_class_name_row';

COMMENT ON FUNCTION cvm.predict_class(text, record) IS
	'the label of the most probable class (for two classes the positive one above 0.5), or the number of the segment; an error for models that predict numbers; active version of a model that the caller owns or was granted, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.predict_class(model text, features float8[]) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_class_name_array';

COMMENT ON FUNCTION cvm.predict_class(text, float8[]) IS
	'the label of the most probable class (for two classes the positive one above 0.5), or the number of the segment; an error for models that predict numbers; active version of a model that the caller owns or was granted, features by position';

CREATE FUNCTION cvm.predict_class(model cvm.model, customer record) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_class_value_row';

COMMENT ON FUNCTION cvm.predict_class(cvm.model, record) IS
	'the label of the most probable class (for two classes the positive one above 0.5), or the number of the segment; an error for models that predict numbers; model given as a value, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.predict_class(model cvm.model, features float8[]) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_class_value_array';

COMMENT ON FUNCTION cvm.predict_class(cvm.model, float8[]) IS
	'the label of the most probable class (for two classes the positive one above 0.5), or the number of the segment; an error for models that predict numbers; model given as a value, features by position';

CREATE FUNCTION cvm.predict_class_columns(model text, version integer, columns text[], VARIADIC "any") RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_class_columns';

COMMENT ON FUNCTION cvm.predict_class_columns(text, integer, text[], "any") IS
	'what the planner makes of cvm.predict_class(model, row): the same for just the columns that the version needs, whose names are given; not meant to be called by hand';

CREATE FUNCTION cvm.predict_probabilities(model text, customer record) RETURNS float8[]
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5
	SUPPORT cvm.predict_support AS 'MODULE_PATHNAME', 'cvm_predict_probabilities_name_row';

COMMENT ON FUNCTION cvm.predict_probabilities(text, record) IS
	'one probability a class, in the order of cvm.classes(model); an error for models that predict numbers; active version of a model that the caller owns or was granted, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.predict_probabilities(model text, features float8[]) RETURNS float8[]
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_probabilities_name_array';

COMMENT ON FUNCTION cvm.predict_probabilities(text, float8[]) IS
	'one probability a class, in the order of cvm.classes(model); an error for models that predict numbers; active version of a model that the caller owns or was granted, features by position';

CREATE FUNCTION cvm.predict_probabilities(model cvm.model, customer record) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_probabilities_value_row';

COMMENT ON FUNCTION cvm.predict_probabilities(cvm.model, record) IS
	'one probability a class, in the order of cvm.classes(model); an error for models that predict numbers; model given as a value, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.predict_probabilities(model cvm.model, features float8[]) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_probabilities_value_array';

COMMENT ON FUNCTION cvm.predict_probabilities(cvm.model, float8[]) IS
	'one probability a class, in the order of cvm.classes(model); an error for models that predict numbers; model given as a value, features by position';

CREATE FUNCTION cvm.predict_probabilities_columns(model text, version integer, columns text[], VARIADIC "any") RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_probabilities_columns';

COMMENT ON FUNCTION cvm.predict_probabilities_columns(text, integer, text[], "any") IS
	'what the planner makes of cvm.predict_probabilities(model, row): the same for just the columns that the version needs, whose names are given; not meant to be called by hand';

CREATE FUNCTION cvm.transform(model text, customer record) RETURNS float8[]
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5
	SUPPORT cvm.predict_support AS 'MODULE_PATHNAME', 'cvm_transform_name_row';

COMMENT ON FUNCTION cvm.transform(text, record) IS
	'the row as components: one number for each component of a model of the algorithm pca or discriminant, the most important first; of kmeans the distance from each center; of a pipeline what its last such stage gives; an error for other models; active version of a model that the caller owns or was granted, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.transform(model text, features float8[]) RETURNS float8[]
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_transform_name_array';

COMMENT ON FUNCTION cvm.transform(text, float8[]) IS
	'the row as components: one number for each component of a model of the algorithm pca or discriminant, the most important first; of kmeans the distance from each center; of a pipeline what its last such stage gives; an error for other models; active version of a model that the caller owns or was granted, features by position';

CREATE FUNCTION cvm.transform(model cvm.model, customer record) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_transform_value_row';

COMMENT ON FUNCTION cvm.transform(cvm.model, record) IS
	'the row as components: one number for each component of a model of the algorithm pca or discriminant, the most important first; of kmeans the distance from each center; of a pipeline what its last such stage gives; an error for other models; model given as a value, columns of the row matched by name, others ignored';

CREATE FUNCTION cvm.transform(model cvm.model, features float8[]) RETURNS float8[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_transform_value_array';

COMMENT ON FUNCTION cvm.transform(cvm.model, float8[]) IS
	'the row as components: one number for each component of a model of the algorithm pca or discriminant, the most important first; of kmeans the distance from each center; of a pipeline what its last such stage gives; an error for other models; model given as a value, features by position';

CREATE FUNCTION cvm.transform_columns(model text, version integer, columns text[], VARIADIC "any") RETURNS float8[]
	LANGUAGE C STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_transform_columns';

COMMENT ON FUNCTION cvm.transform_columns(text, integer, text[], "any") IS
	'what the planner makes of cvm.transform(model, row): the same for just the columns that the version needs, whose names are given; not meant to be called by hand';
