-- sgd_: one pass of mini-batch steps, with a state that is small and merges:
-- parallel, over partitions and shards, and in window frames
--
-- y, x and missing values as for fit_.  sgd_..._partial ends in the state, to
-- be merged by cvm.merge_fit.

CREATE AGGREGATE cvm.sgd_linear(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd linear',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_linear(float8, float8[]) IS
	'least squares by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_linear_partial(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd linear',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_linear_partial(float8, float8[]) IS
	'cvm.sgd_linear as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_linear(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd linear',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_linear(float8, float8[], jsonb) IS
	'least squares by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_linear_partial(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd linear',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_linear_partial(float8, float8[], jsonb) IS
	'cvm.sgd_linear as a state, to be merged with others by cvm.merge_fit';

CREATE AGGREGATE cvm.sgd_logistic(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic(float8, float8[]) IS
	'logistic regression of two classes by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_logistic_partial(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic_partial(float8, float8[]) IS
	'cvm.sgd_logistic as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_logistic(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic(float8, float8[], jsonb) IS
	'logistic regression of two classes by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_logistic_partial(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic_partial(float8, float8[], jsonb) IS
	'cvm.sgd_logistic as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_logistic(y boolean, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic(boolean, float8[]) IS
	'logistic regression of two classes by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_logistic_partial(y boolean, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic_partial(boolean, float8[]) IS
	'cvm.sgd_logistic as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_logistic(y boolean, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic(boolean, float8[], jsonb) IS
	'logistic regression of two classes by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_logistic_partial(y boolean, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd logistic',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_logistic_partial(boolean, float8[], jsonb) IS
	'cvm.sgd_logistic as a state, to be merged with others by cvm.merge_fit';

CREATE AGGREGATE cvm.sgd_softmax(y text, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax(text, float8[]) IS
	'multinomial logistic regression by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_softmax_partial(y text, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax_partial(text, float8[]) IS
	'cvm.sgd_softmax as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_softmax(y text, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax(text, float8[], jsonb) IS
	'multinomial logistic regression by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_softmax_partial(y text, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax_partial(text, float8[], jsonb) IS
	'cvm.sgd_softmax as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_softmax(y bigint, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax(bigint, float8[]) IS
	'multinomial logistic regression by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_softmax_partial(y bigint, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax_partial(bigint, float8[]) IS
	'cvm.sgd_softmax as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_softmax(y bigint, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax(bigint, float8[], jsonb) IS
	'multinomial logistic regression by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_softmax_partial(y bigint, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd softmax',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_softmax_partial(bigint, float8[], jsonb) IS
	'cvm.sgd_softmax as a state, to be merged with others by cvm.merge_fit';

CREATE AGGREGATE cvm.sgd_poisson(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd poisson',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_poisson(float8, float8[]) IS
	'Poisson regression with log link by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_poisson_partial(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd poisson',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_poisson_partial(float8, float8[]) IS
	'cvm.sgd_poisson as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_poisson(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd poisson',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_poisson(float8, float8[], jsonb) IS
	'Poisson regression with log link by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_poisson_partial(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd poisson',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_poisson_partial(float8, float8[], jsonb) IS
	'cvm.sgd_poisson as a state, to be merged with others by cvm.merge_fit';

CREATE AGGREGATE cvm.sgd_svm(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm(float8, float8[]) IS
	'a linear support vector machine (squared hinge) by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_svm_partial(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm_partial(float8, float8[]) IS
	'cvm.sgd_svm as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_svm(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm(float8, float8[], jsonb) IS
	'a linear support vector machine (squared hinge) by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_svm_partial(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm_partial(float8, float8[], jsonb) IS
	'cvm.sgd_svm as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_svm(y boolean, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm(boolean, float8[]) IS
	'a linear support vector machine (squared hinge) by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_svm_partial(y boolean, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm_partial(boolean, float8[]) IS
	'cvm.sgd_svm as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_svm(y boolean, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm(boolean, float8[], jsonb) IS
	'a linear support vector machine (squared hinge) by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_svm_partial(y boolean, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd svm',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_svm_partial(boolean, float8[], jsonb) IS
	'cvm.sgd_svm as a state, to be merged with others by cvm.merge_fit';

CREATE AGGREGATE cvm.sgd_huber(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd huber',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_huber(float8, float8[]) IS
	'robust regression by the Huber loss by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_huber_partial(y float8, x float8[]) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd huber',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_huber_partial(float8, float8[]) IS
	'cvm.sgd_huber as a state, to be merged with others by cvm.merge_fit';
CREATE AGGREGATE cvm.sgd_huber(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd huber',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_huber(float8, float8[], jsonb) IS
	'robust regression by the Huber loss by one pass of mini-batch stochastic gradient descent';
CREATE AGGREGATE cvm.sgd_huber_partial(y float8, x float8[], options jsonb) (
	SFUNC = cvm.fit_add, STYPE = cvm.fit_state, SSPACE = 32768, INITCOND = 'sgd huber',
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_partial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.sgd_huber_partial(float8, float8[], jsonb) IS
	'cvm.sgd_huber as a state, to be merged with others by cvm.merge_fit';

CREATE AGGREGATE cvm.merge_fit(state cvm.fit_state) (
	SFUNC = cvm.fit_merge, STYPE = cvm.fit_state, SSPACE = 32768,
	COMBINEFUNC = cvm.fit_merge, FINALFUNC = cvm.fit_model, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cvm.merge_fit(cvm.fit_state) IS
	'the model of several states, which were made by the same aggregate with the same options';
