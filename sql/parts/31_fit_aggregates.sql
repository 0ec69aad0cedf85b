-- fit_: the converged fit of all rows, one model a group
--
-- y is the target, x the features, of equal length in all rows; features in
-- the model are x1, x2, ...  Rows whose y is NULL or NaN are left out; NULL and
-- NaN elements of x are filled and flagged.  Options: cvm.options().

CREATE AGGREGATE cvm.fit_linear(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit linear',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_linear(float8, float8[]) IS
	'least squares, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_linear(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit linear',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_linear(float8, float8[], jsonb) IS
	'least squares, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';

CREATE AGGREGATE cvm.fit_logistic(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit logistic',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_logistic(float8, float8[]) IS
	'logistic regression of two classes, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_logistic(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit logistic',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_logistic(float8, float8[], jsonb) IS
	'logistic regression of two classes, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_logistic(y boolean, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit logistic',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_logistic(boolean, float8[]) IS
	'logistic regression of two classes, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_logistic(y boolean, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit logistic',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_logistic(boolean, float8[], jsonb) IS
	'logistic regression of two classes, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';

CREATE AGGREGATE cvm.fit_softmax(y text, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit softmax',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_softmax(text, float8[]) IS
	'multinomial logistic regression, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_softmax(y text, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit softmax',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_softmax(text, float8[], jsonb) IS
	'multinomial logistic regression, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_softmax(y bigint, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit softmax',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_softmax(bigint, float8[]) IS
	'multinomial logistic regression, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_softmax(y bigint, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit softmax',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_softmax(bigint, float8[], jsonb) IS
	'multinomial logistic regression, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';

CREATE AGGREGATE cvm.fit_poisson(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit poisson',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_poisson(float8, float8[]) IS
	'Poisson regression with log link, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_poisson(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit poisson',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_poisson(float8, float8[], jsonb) IS
	'Poisson regression with log link, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';

CREATE AGGREGATE cvm.fit_svm(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit svm',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_svm(float8, float8[]) IS
	'a linear support vector machine (squared hinge), fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_svm(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit svm',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_svm(float8, float8[], jsonb) IS
	'a linear support vector machine (squared hinge), fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_svm(y boolean, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit svm',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_svm(boolean, float8[]) IS
	'a linear support vector machine (squared hinge), fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_svm(y boolean, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit svm',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_svm(boolean, float8[], jsonb) IS
	'a linear support vector machine (squared hinge), fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';

CREATE AGGREGATE cvm.fit_huber(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit huber',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_huber(float8, float8[]) IS
	'robust regression by the Huber loss, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
CREATE AGGREGATE cvm.fit_huber(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 65536, INITCOND = 'fit huber',
	COMBINEFUNC = cvm.fit_concatenate, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.fit_huber(float8, float8[], jsonb) IS
	'robust regression by the Huber loss, fitted to convergence; the rows are kept in memory up to cvm.train_memory, then in a temporary file';
