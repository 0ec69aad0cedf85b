/*
 * test_nearest_name.c
 *		The name that may have been meant.
 */
#include "check.h"

#include <stdbool.h>
#include <string.h>

#include "base/nearest_name.h"
#include "learn/options.h"
#include "model/learner.h"

static const char *
near(const char *name)
{
	static const char *const names[] = {"customer_id", "age", "Revenue", "l2", "validation"};

	return cvm_nearest_of(name, names, sizeof(names) / sizeof(names[0]));
}

static bool
is(const char *found, const char *wanted)
{
	return wanted == NULL ? found == NULL : found != NULL && strcmp(found, wanted) == 0;
}

static void
test_edits(void)
{
	CHECK(is(near("costumer_id"), "customer_id"));
	CHECK(is(near("customerid"), "customer_id"));
	CHECK(is(near("revenue"), "Revenue"));
	CHECK(is(near("REVENEU"), "Revenue"));
	CHECK(is(near("agee"), "age"));
	CHECK(is(near("aeg"), "age"));
	CHECK(is(near("l3"), "l2"));
	CHECK(is(near("vaildation"), "validation"));
}

/* Nothing that has nothing in common, and nothing that is too long. */
static void
test_far(void)
{
	char		long_name[300];

	CHECK(is(near(""), NULL));
	CHECK(is(near("x"), NULL));
	CHECK(is(near("zz"), NULL));
	CHECK(is(near("temperature"), NULL));
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	CHECK(is(near(long_name), NULL));
	long_name[128] = '\0';
	CHECK(is(near(long_name), NULL));
	CHECK(is(cvm_nearest_of("age", (const char *const[]) {long_name}, 1), NULL));
}

/* Names of other libraries lead to options and algorithms that there are. */
static void
test_elsewhere(void)
{
	static const char *const options[] = {
		"n_estimators", "C", "test_size", "random_state", "clusters", "k", "drop", "subsample"
	};
	static const char *const algorithms[] = {
		"xgboost", "ridge", "mlp", "lda", "als", "logit", "k-means", "gbm"
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
	{
		const char *found = cvm_option_nearest(options[i]);

		CHECK(found != NULL && cvm_option_find(found) != NULL);
	}
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
	{
		const char *found = cvm_learner_nearest(algorithms[i]);

		CHECK(found != NULL && cvm_learner_by_name(found) != NULL);
	}
	CHECK(is(cvm_option_nearest("clusters"), "segments"));
	CHECK(is(cvm_learner_nearest("xgboost"), "boosted_trees"));
	CHECK(is(cvm_learner_nearest("logistc"), "logistic"));
	CHECK(is(cvm_learner_nearest("magic"), NULL));
}

int
main(void)
{
	test_edits();
	test_far();
	test_elsewhere();
	return check_done();
}
