-- recommendation: lists of items, items like another one, single ratings

CREATE FUNCTION cvm.recommend(model text, customer "any", n integer DEFAULT 10,
	exclude_seen boolean DEFAULT true, attributes record DEFAULT NULL,
	OUT item text, OUT score float8, OUT rank integer)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'cvm_recommend_name';

COMMENT ON FUNCTION cvm.recommend(text, "any", integer, boolean, record) IS
	'the n items that suit a user best by a model of the algorithm matrix_factorization, without those that the user has met in training unless exclude_seen is false; a user who is new is described by a row of attributes, or else is the average one; active version of a model that the caller owns or was granted';

CREATE FUNCTION cvm.recommend(model cvm.model, customer "any", n integer DEFAULT 10,
	exclude_seen boolean DEFAULT true, attributes record DEFAULT NULL,
	OUT item text, OUT score float8, OUT rank integer)
RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'cvm_recommend_value';

COMMENT ON FUNCTION cvm.recommend(cvm.model, "any", integer, boolean, record) IS
	'the n items that suit a user best by a model of the algorithm matrix_factorization, without those that the user has met in training unless exclude_seen is false; a user who is new is described by a row of attributes, or else is the average one; model given as a value';

CREATE FUNCTION cvm.recommend_all(model text, n integer DEFAULT 10, exclude_seen boolean DEFAULT true,
	customers text[] DEFAULT NULL,
	OUT customer text, OUT item text, OUT score float8, OUT rank integer)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE ROWS 10000 COST 100000 AS 'MODULE_PATHNAME', 'cvm_recommend_all_name';

COMMENT ON FUNCTION cvm.recommend_all(text, integer, boolean, text[]) IS
	'the lists of cvm.recommend() for all users that the model knows, or for those that are named, many at a time; active version of a model that the caller owns or was granted';

CREATE FUNCTION cvm.recommend_all(model cvm.model, n integer DEFAULT 10, exclude_seen boolean DEFAULT true,
	customers text[] DEFAULT NULL,
	OUT customer text, OUT item text, OUT score float8, OUT rank integer)
RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10000 COST 100000 AS 'MODULE_PATHNAME', 'cvm_recommend_all_value';

COMMENT ON FUNCTION cvm.recommend_all(cvm.model, integer, boolean, text[]) IS
	'the lists of cvm.recommend() for all users that the model knows, or for those that are named, many at a time; model given as a value';

CREATE FUNCTION cvm.similar_items(model text, item "any", n integer DEFAULT 10,
	OUT similar_item text, OUT similarity float8, OUT rank integer)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'cvm_similar_items_name';

COMMENT ON FUNCTION cvm.similar_items(text, "any", integer) IS
	'the n items whose factors point in the direction of those of an item most closely: cosine, 1 for the same direction, 0 for none in common; active version of a model that the caller owns or was granted';

CREATE FUNCTION cvm.similar_items(model cvm.model, item "any", n integer DEFAULT 10,
	OUT similar_item text, OUT similarity float8, OUT rank integer)
RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'cvm_similar_items_value';

COMMENT ON FUNCTION cvm.similar_items(cvm.model, "any", integer) IS
	'the n items whose factors point in the direction of those of an item most closely: cosine, 1 for the same direction, 0 for none in common; model given as a value';

CREATE FUNCTION cvm.predict_rating(model text, customer "any", item "any") RETURNS float8
LANGUAGE C STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_rating_name';

COMMENT ON FUNCTION cvm.predict_rating(text, "any", "any") IS
	'the rating that a user is expected to give an item, or how well the two suit each other; who or what is new counts as the average one; active version of a model that the caller owns or was granted';

CREATE FUNCTION cvm.predict_rating(model cvm.model, customer "any", item "any") RETURNS float8
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'cvm_predict_rating_value';

COMMENT ON FUNCTION cvm.predict_rating(cvm.model, "any", "any") IS
	'the rating that a user is expected to give an item, or how well the two suit each other; who or what is new counts as the average one; model given as a value';
