-- segments and components: what they are

CREATE FUNCTION cvm.segment_profile(model cvm.model,
	OUT segment integer, OUT share float8, OUT feature text, OUT level text,
	OUT value float8, OUT overall float8, OUT difference float8)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME', 'cvm_segment_profile';

COMMENT ON FUNCTION cvm.segment_profile(cvm.model) IS
	'what sets the segments of a model of the algorithm kmeans apart: for each segment (from 1, the largest first, with its share of the training weight) and feature the mean in the segment (of a category, the share of each level), the mean overall, and the difference in standard deviations';

CREATE FUNCTION cvm.components(model cvm.model,
	OUT component integer, OUT variance float8, OUT share float8, OUT cumulative_share float8,
	OUT feature text, OUT level text, OUT loading float8)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME', 'cvm_components';

COMMENT ON FUNCTION cvm.components(cvm.model) IS
	'the components of a model of the algorithm pca or discriminant, one row for each component and feature: variance along it (of discriminant, between the classes, as a share), its share of the whole and with those before it, and the weight of the standardized feature in it';
