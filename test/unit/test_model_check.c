/*
 * test_model_check.c
 *		Every rule of the validator, broken once.
 */
#include "check.h"

#include "model_fixture.h"

static CvmModel *model;
static CvmTerm *terms;
static CvmLinearPredictor *linear;

/* Starts from a good model each time. */
static void
fresh(CvmFamily family)
{
	model = make_model(family);
	terms = model->encoder.terms;
	linear = model->payload;
}

static void
check_refused(const char *part_of_message, int line)
{
	CvmError	error = {0};
	CvmStatus	status = cvm_model_check(model, &error);

	check_count++;
	if (status == CVM_OK || strstr(error.message, part_of_message) == NULL)
	{
		check_failures++;
		printf("%s:%d: \"%s\" has no \"%s\"\n", __FILE__, line, error.message, part_of_message);
	}
}

/* After this change to a fresh model of the family, the message says this. */
#define REFUSED(family, change, part_of_message) \
	do { \
		fresh(family); \
		change; \
		check_refused(part_of_message, __LINE__); \
	} while (0)

static double *
coefficient(int index)
{
	return (double *) linear->coefficients + index;
}

static void
test_answer(void)
{
	REFUSED(CVM_LINEAR, model->learner = NULL, "algorithm is not known");
	REFUSED(CVM_LINEAR, model->task = (CvmTask) 7, "task 7");
	REFUSED(CVM_LINEAR, model->task = CVM_BINARY, "task");
	REFUSED(CVM_LINEAR, model->target = NULL, "target");
	REFUSED(CVM_LINEAR, model->class_count = 2, "number of classes");
	REFUSED(CVM_LOGISTIC, model->class_count = 3, "number of classes");
	REFUSED(CVM_SOFTMAX, model->class_count = 1, "number of classes");
	REFUSED(CVM_LOGISTIC, model->classes[1] = NULL, "class 2");
	REFUSED(CVM_LOGISTIC, model->classes[1] = "no", "class \"no\" occurs twice");
	REFUSED(CVM_LOGISTIC, model->class_shares[0] = 1.5, "class 1");
	REFUSED(CVM_LOGISTIC, model->class_shares[0] = NAN, "class 1");
	REFUSED(CVM_HUBER, linear->delta = 0, "delta");
	REFUSED(CVM_HUBER, linear->delta = INFINITY, "delta");
	REFUSED(CVM_LINEAR, linear->delta = 1, "delta");
}

static void
test_inputs(void)
{
	REFUSED(CVM_LINEAR, model->encoder.inputs[1].name = "", "input 2 has no name");
	REFUSED(CVM_LINEAR, model->encoder.inputs[1].name = "tenure", "\"tenure\" occurs twice");
	REFUSED(CVM_LINEAR, model->encoder.inputs[1].kind = (CvmInputKind) 7, "kind 7");
	REFUSED(CVM_LINEAR, model->encoder.inputs[4].elements = 0, "elements");
	REFUSED(CVM_LINEAR, model->encoder.inputs[0].elements = 1, "elements");
	REFUSED(CVM_LINEAR, model->encoder.input_count = -1, "negative");
	REFUSED(CVM_LINEAR, model->encoder.term_count--, "input \"x\" has no term");
}

static void
test_terms(void)
{
	REFUSED(CVM_LINEAR, terms[0].name = NULL, "term 1 has no name");
	REFUSED(CVM_LINEAR, terms[0].kind = (CvmTermKind) 3, "kind 3");
	REFUSED(CVM_LINEAR, terms[0].kind = CVM_TERM_CATEGORY, "does not fit its input");
	REFUSED(CVM_LINEAR, terms[0].input = 5, "does not fit its input");
	REFUSED(CVM_LINEAR, terms[0].input = -1, "does not fit its input");
	REFUSED(CVM_LINEAR, terms[0].part = 1, "does not fit its input");
	REFUSED(CVM_LINEAR, terms[6].part = 3, "does not fit its input");
	REFUSED(CVM_LINEAR, terms[4].part = 0, "does not fit its input");
	REFUSED(CVM_LINEAR, terms[5].part = 1, "out of order");
	REFUSED(CVM_LINEAR, terms[1] = terms[0], "out of order");
	REFUSED(CVM_LINEAR, terms[0].missing_share = -0.1, "share of missing");
	REFUSED(CVM_LINEAR, terms[0].mean = NAN, "mean");
	REFUSED(CVM_LINEAR, terms[0].deviation = -1, "deviation");
	REFUSED(CVM_LINEAR, terms[0].center = INFINITY, "center");
	REFUSED(CVM_LINEAR, terms[0].scale = 0, "scale");
	REFUSED(CVM_LINEAR, terms[0].fill = NAN, "fill");
	REFUSED(CVM_LINEAR, terms[0].level_count = 1, "levels");
	REFUSED(CVM_LINEAR, terms[2].level_count = 0, "no levels");
	REFUSED(CVM_LINEAR, terms[2].other_level = 4, "out of place");
	REFUSED(CVM_LINEAR, terms[2].missing_level = 2, "out of place");
	REFUSED(CVM_LINEAR, terms[2].levels[0] = NULL, "level 1");
	REFUSED(CVM_LINEAR, terms[2].level_shares[1] = 2, "level 2");
	REFUSED(CVM_LINEAR, terms[2].levels[1] = "a", "level \"a\"");
}

static void
test_slots(void)
{
	REFUSED(CVM_LINEAR, terms[0].slot = 1, "slots");
	REFUSED(CVM_LINEAR, terms[0].flag_slot = 3, "slots");
	REFUSED(CVM_LINEAR, terms[1].flag_slot = 0, "slots");
	REFUSED(CVM_LINEAR, terms[2].slot++, "slots");
	REFUSED(CVM_LINEAR, model->encoder.slots++, "slots");
	REFUSED(CVM_LINEAR, model->encoder.dense_columns++, "slots");
	REFUSED(CVM_LINEAR, model->encoder.coded_columns++, "slots");
}

static void
test_fit(void)
{
	REFUSED(CVM_LINEAR, model->outputs = 2, "outputs");
	REFUSED(CVM_SOFTMAX, model->outputs = 1, "outputs");
	REFUSED(CVM_LINEAR, model->payload = NULL, "nothing was fitted");
	REFUSED(CVM_LINEAR, model->family = CVM_POISSON, "loss does not fit");
	REFUSED(CVM_LINEAR, linear->coefficients = NULL, "coefficients");
	REFUSED(CVM_LINEAR, *coefficient(3) = NAN, "coefficient 4");
	REFUSED(CVM_LINEAR, *coefficient(11) = INFINITY, "coefficient 12");
	REFUSED(CVM_LINEAR, ((double *) linear->standard_errors)[2] = -1, "standard error 3");
	REFUSED(CVM_LINEAR, linear->dispersion = NAN, "dispersion");
	REFUSED(CVM_LINEAR, linear->residual_freedom = -1, "freedom");
	REFUSED(CVM_LINEAR, model->options = NULL, "options");
	REFUSED(CVM_LINEAR, model->solver = (CvmSolver) 7, "solver");
	REFUSED(CVM_LINEAR, model->driver = (CvmDriver) 4, "driver");
	REFUSED(CVM_LINEAR, model->outcome = (CvmOutcome) 7, "outcome");
	REFUSED(CVM_LINEAR, model->rows = -1, "rows");
	REFUSED(CVM_LINEAR, model->total_weight = NAN, "weight");
	REFUSED(CVM_LINEAR, model->iterations = -1, "iterations");
	REFUSED(CVM_LINEAR, model->rank = -2, "rank");
	REFUSED(CVM_LINEAR, model->loss = INFINITY, "losses");
	REFUSED(CVM_LINEAR, model->gradient_norm = -1, "gradient norm");
}

static void
test_accepted(void)
{
	for (int family = 0; family < CVM_FAMILY_COUNT; family++)
	{
		fresh((CvmFamily) family);
		CHECK(cvm_model_check(model, NULL) == CVM_OK);
	}

	/* a real level may be called like the shared one */
	fresh(CVM_LINEAR);
	terms[2].levels[0] = CVM_OTHER_LEVEL;
	CHECK(cvm_model_check(model, NULL) == CVM_OK);

	/* a share that rounding left just outside */
	fresh(CVM_LOGISTIC);
	model->class_shares[0] = 1 + 1e-15;
	model->class_shares[1] = -1e-16;
	CHECK(cvm_model_check(model, NULL) == CVM_OK);

	/* nothing but an intercept */
	fresh(CVM_LINEAR);
	model->encoder.input_count = 0;
	model->encoder.term_count = 0;
	CHECK(cvm_model_assign_slots(&model->encoder, NULL) == CVM_OK);
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
}

static void
test_limit(void)
{
	CvmError	error = {0};

	fresh(CVM_LINEAR);
	terms[2].level_count = 2000000000;
	CHECK(cvm_model_assign_slots(&model->encoder, &error) == CVM_LIMIT);
	CHECK(strstr(error.message, "at most") != NULL);
}

/* What is kept for partial fits. */
static void
test_knowledge(void)
{
	for (int index = FIXTURE_ALGORITHMS; index < FIXTURE_MODELS; index++)
	{
		CvmModel   *model = make_any_model(index);
		CvmError	error = {0};

		CHECK(cvm_model_check(model, &error) == CVM_OK);
		if (model->knowledge == NULL)
		{
			model->knowledge = CVM_NEW_ZERO(CvmKnowledge, 1);
			CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
			continue;
		}
		model->knowledge->effective_rows = NAN;
		CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
		model->knowledge->effective_rows = 1;
		model->knowledge->partial_fits = -1;
		CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
	}
	{
		CvmModel   *model = make_any_model(FIXTURE_ALGORITHMS + CVM_LOGISTIC);
		CvmInformation *information = (CvmInformation *) model->knowledge->learned;
		CvmError	error = {0};

		((double *) information->curvature)[3] = INFINITY;
		CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
		information->curvature = NULL;
		CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
	}
	{
		CvmModel   *model = make_any_model(FIXTURE_ALGORITHMS + CVM_FAMILY_COUNT);
		CvmBayesSums *sums = (CvmBayesSums *) model->knowledge->learned;
		CvmError	error = {0};

		sums->moments[0].squares = -1;
		CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
	}
}

/* A copy of a calibrated model's maps that may be bent. */
static CvmCalibration *
fresh_calibration(CvmModel *from)
{
	CvmCalibration *calibration = CVM_NEW(CvmCalibration, 1);

	model = from;
	*calibration = *from->calibration;
	model->calibration = calibration;
	return calibration;
}

static void
test_sections(void)
{
	static const double falling[] = {0.5, 0.25, 1};
	static const double endless[] = {0, INFINITY, NAN};
	static const int32_t too_many[] = {4};
	static const int32_t too_few[] = {2};
	CvmProfit	profit = {.true_positive = 1,.false_positive = -1,.threshold = 0.5};

	fresh_calibration(make_platt_model())->slopes = endless;
	check_refused("map 2 of its calibration", __LINE__);
	fresh_calibration(make_platt_model())->intercepts = endless;
	check_refused("map 2 of its calibration", __LINE__);
	fresh_calibration(make_platt_model())->maps = 2;
	check_refused("wrong number of maps", __LINE__);
	fresh_calibration(make_platt_model())->method = CVM_CALIBRATION_NONE;
	check_refused("no method", __LINE__);
	fresh_calibration(make_isotonic_model())->scores = falling;
	check_refused("map 1 of its calibration", __LINE__);
	fresh_calibration(make_isotonic_model())->probabilities = falling;
	check_refused("map 1 of its calibration", __LINE__);
	fresh_calibration(make_isotonic_model())->scores = endless;
	check_refused("map 1 of its calibration", __LINE__);
	fresh_calibration(make_isotonic_model())->map_points = too_many;
	check_refused("wrong number of points, 4", __LINE__);
	fresh_calibration(make_isotonic_model())->map_points = too_few;
	check_refused("belong to no map", __LINE__);
	REFUSED(CVM_LINEAR, model->calibration = make_isotonic_model()->calibration,
			"a regression model cannot be calibrated");

	REFUSED(CVM_SOFTMAX, model->profit = &profit, "a multiclass model cannot have a profit");
	REFUSED(CVM_LOGISTIC, model->profit = &profit; profit.threshold = 1.5, "threshold");
	REFUSED(CVM_LOGISTIC, model->profit = &profit; profit.false_positive = 1, "worth more");
	REFUSED(CVM_LOGISTIC, model->profit = &profit; profit.true_positive = NAN, "worth more");
}

static CvmSegmentSet *
fresh_segments(CvmModel *from)
{
	model = add_segments(from);
	linear = model->payload;
	return model->segments;
}

static void
test_segments(void)
{
	CvmSegmentSet *set;

	fresh_segments(make_model(CVM_SOFTMAX))->count = 0;
	check_refused("do not fit its inputs", __LINE__);
	fresh_segments(make_model(CVM_SOFTMAX))->shrinkage = -1;
	check_refused("shrinkage", __LINE__);
	fresh_segments(make_model(CVM_SOFTMAX))->shrinkage = NAN;
	check_refused("shrinkage", __LINE__);
	fresh_segments(make_network_model())->segments[1].rows = -1;
	check_refused("segment 2 has a wrong number of rows", __LINE__);
	fresh_segments(make_network_model())->segments[0].validation_rows = -1;
	check_refused("segment 1 has a wrong number of rows", __LINE__);
	fresh_segments(make_model(CVM_SOFTMAX))->segments[0].common_validation_loss = INFINITY;
	check_refused("losses of segment 1", __LINE__);
	fresh_segments(make_model(CVM_SOFTMAX))->segments[1].payload = NULL;
	check_refused("segment 2 has no parameters", __LINE__);
	set = fresh_segments(make_model(CVM_SOFTMAX));
	((double *) ((CvmLinearPredictor *) set->segments[1].payload)->coefficients)[3] = NAN;
	check_refused("coefficient 4 is not finite", __LINE__);
}

int
main(void)
{
	test_knowledge();
	test_accepted();
	test_answer();
	test_inputs();
	test_terms();
	test_slots();
	test_fit();
	test_limit();
	test_sections();
	test_segments();
	return check_done();
}
