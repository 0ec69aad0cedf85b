-- descend: one exact step over all rows from a model: the epoch of a fit of
-- many passes
--
-- The result can be descended from again; its loss and gradient norm
-- (cvm.fit_information) are those of the model that the step began at.

CREATE AGGREGATE cvm.descend(model cvm.model, y float8, x float8[]) (
	SFUNC = cvm.descend_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'descend',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.descend(cvm.model, float8, float8[]) IS
	'the model after one full-batch step from model, which must be the same in all rows of a group: a Newton step, or with option solver "sgd" (and for more than 600 coefficients) a gradient step';
CREATE AGGREGATE cvm.descend(model cvm.model, y float8, x float8[], options jsonb) (
	SFUNC = cvm.descend_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'descend',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.descend(cvm.model, float8, float8[], jsonb) IS
	'the model after one full-batch step from model, which must be the same in all rows of a group: a Newton step, or with option solver "sgd" (and for more than 600 coefficients) a gradient step';
CREATE AGGREGATE cvm.descend(model cvm.model, y boolean, x float8[]) (
	SFUNC = cvm.descend_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'descend',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.descend(cvm.model, boolean, float8[]) IS
	'the model after one full-batch step from model, which must be the same in all rows of a group: a Newton step, or with option solver "sgd" (and for more than 600 coefficients) a gradient step';
CREATE AGGREGATE cvm.descend(model cvm.model, y boolean, x float8[], options jsonb) (
	SFUNC = cvm.descend_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'descend',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.descend(cvm.model, boolean, float8[], jsonb) IS
	'the model after one full-batch step from model, which must be the same in all rows of a group: a Newton step, or with option solver "sgd" (and for more than 600 coefficients) a gradient step';
CREATE AGGREGATE cvm.descend(model cvm.model, y text, x float8[]) (
	SFUNC = cvm.descend_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'descend',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.descend(cvm.model, text, float8[]) IS
	'the model after one full-batch step from model, which must be the same in all rows of a group: a Newton step, or with option solver "sgd" (and for more than 600 coefficients) a gradient step';
CREATE AGGREGATE cvm.descend(model cvm.model, y text, x float8[], options jsonb) (
	SFUNC = cvm.descend_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'descend',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.descend(cvm.model, text, float8[], jsonb) IS
	'the model after one full-batch step from model, which must be the same in all rows of a group: a Newton step, or with option solver "sgd" (and for more than 600 coefficients) a gradient step';
