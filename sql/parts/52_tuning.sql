-- cross-validation and tuning

CREATE FUNCTION cvm.cross_validate(
	source text,
	target text DEFAULT NULL,
	algorithm text DEFAULT 'auto',
	features text[] DEFAULT NULL,
	key text DEFAULT NULL,
	weight text DEFAULT NULL,
	options jsonb DEFAULT '{}',
	folds integer DEFAULT 5,
	by text DEFAULT 'rows',
	OUT metric text, OUT mean float8, OUT deviation float8, OUT fold_values float8[])
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10 AS 'MODULE_PATHNAME', 'cvm_cross_validate';

COMMENT ON FUNCTION cvm.cross_validate(text, text, text, text[], text, text, jsonb, integer, text) IS
	'how good models of this kind are on rows that they did not learn from: each fold is held out once from a model of the others; by rows (those of one key stay together; without a key each class is dealt out evenly) or by time (each fold is later than the rows of its model); nothing is stored; reads the source once a fold with the rights of the caller';
