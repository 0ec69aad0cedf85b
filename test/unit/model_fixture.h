/*
 * model_fixture.h
 *		A model with one of everything, for tests to encode, bend and break.
 *
 * Inputs: a number that may be missing, a boolean, a category with a shared
 * level, a time (a number and two categories) and an array of which only the
 * last element is used.
 */
#ifndef CVM_MODEL_FIXTURE_H
#define CVM_MODEL_FIXTURE_H

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/bayes/naive_bayes.h"
#include "learn/components/scatter.h"
#include "learn/linear/information.h"
#include "model/learner.h"
#include "model/learners/learner_bayes.h"
#include "model/learners/learner_components.h"
#include "model/learners/factorization_payload.h"
#include "model/learners/learner_ensemble.h"
#include "model/learners/learner_kmeans.h"
#include "model/learners/learner_network.h"
#include "model/learners/learner_pipeline.h"
#include "model/learners/learner_tree.h"
#include "model/segments/segment_set.h"

static inline CvmTerm
number_term(const char *name, int input, int part, double center, double scale)
{
	CvmTerm		term = {
		.name = name,.kind = CVM_TERM_NUMBER,.input = input,.part = part,
		.mean = center,.deviation = scale,.center = center,.scale = scale,
		.fill = center,.flag_slot = -1,.other_level = -1,.missing_level = -1
	};

	return term;
}

/* Levels "a", "b", ...; the weights of the shares fall by half. */
static inline CvmTerm
category_term(const char *name, int input, int part, int level_count)
{
	static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	CvmTerm		term = {
		.name = name,.kind = CVM_TERM_CATEGORY,.input = input,.part = part,
		.scale = 1,.flag_slot = -1,.level_count = level_count,
		.other_level = -1,.missing_level = -1
	};

	term.levels = CVM_NEW(const char *, level_count);
	term.level_shares = CVM_NEW(double, level_count);
	for (int i = 0; i < level_count; i++)
	{
		term.levels[i] = letters[i];
		term.level_shares[i] = ldexp(1, i < level_count - 1 ? -i - 1 : -i);
	}
	return term;
}

static inline void
fill_encoder(CvmEncoder *encoder)
{
	CvmInput	inputs[] = {
		{"tenure", CVM_INPUT_NUMBER, 0}, {"senior", CVM_INPUT_BOOLEAN, 0},
		{"contract", CVM_INPUT_CATEGORY, 0}, {"signup", CVM_INPUT_TIME, 0},
		{"x", CVM_INPUT_ARRAY, 3}
	};
	CvmTerm		terms[] = {
		number_term("tenure", 0, 0, 32.5, 24.25), number_term("senior", 1, 0, 0, 1),
		category_term("contract", 2, 0, 4), number_term("signup", 3, 0, 8000, 365.5),
		category_term("signup (month)", 3, 1, 3), category_term("signup (weekday)", 3, 2, 2),
		number_term("x[3]", 4, 2, -1.5, 0.001)
	};

	terms[0].flag_slot = 0;
	terms[0].missing_share = 0.125;
	terms[0].fill = 30;
	terms[1].kind = CVM_TERM_INDICATOR;
	terms[1].mean = 0.25;
	terms[1].deviation = sqrt(0.25 * 0.75);
	terms[2].levels[2] = CVM_OTHER_LEVEL;
	terms[2].other_level = 2;
	terms[2].levels[3] = CVM_MISSING_LEVEL;
	terms[2].missing_level = 3;
	terms[2].missing_share = 0.125;

	encoder->input_count = sizeof(inputs) / sizeof(inputs[0]);
	encoder->inputs = CVM_NEW(CvmInput, encoder->input_count);
	memcpy(encoder->inputs, inputs, sizeof(inputs));
	encoder->term_count = sizeof(terms) / sizeof(terms[0]);
	encoder->terms = CVM_NEW(CvmTerm, encoder->term_count);
	memcpy(encoder->terms, terms, sizeof(terms));
	(void) cvm_model_assign_slots(encoder, NULL);
}

/* Some number in (-2, 2) for a position. */
static inline double
some_number(int i)
{
	return 2 * sin(1.7 * i + 0.3);
}

static inline CvmLinearPredictor *
make_linear_predictor(const CvmModel *model)
{
	CvmLinearPredictor *linear = CVM_NEW_ZERO(CvmLinearPredictor, 1);
	int			count = model->outputs * (model->encoder.slots + 1);
	double	   *coefficients = CVM_NEW(double, count);
	double	   *errors = CVM_NEW(double, count);

	for (int i = 0; i < count; i++)
	{
		coefficients[i] = some_number(i);
		errors[i] = fabs(some_number(i + 100));
	}
	errors[1] = NAN;
	linear->coefficients = coefficients;
	if (model->family == CVM_LINEAR || model->family == CVM_SOFTMAX)
		linear->standard_errors = errors;
	linear->dispersion = 1;
	linear->residual_freedom = model->family == CVM_LINEAR ? 7000 : 0;
	linear->delta = model->family == CVM_HUBER ? 1.345 : 0;
	return linear;
}

static inline CvmModel *
make_model(CvmFamily family)
{
	static const char *const labels[] = {"no", "yes", "perhaps"};
	CvmModel   *model = CVM_NEW_ZERO(CvmModel, 1);

	model->learner = cvm_learner_of_family(family);
	model->family = family;
	model->task = family == CVM_SOFTMAX ? CVM_MULTICLASS :
		family == CVM_LOGISTIC || family == CVM_SVM ? CVM_BINARY : CVM_REGRESSION;
	model->target = "churned";
	model->class_count = model->task == CVM_MULTICLASS ? 3 : model->task == CVM_BINARY ? 2 : 0;
	model->classes = CVM_NEW(const char *, 3);
	model->class_shares = CVM_NEW(double, 3);
	for (int i = 0; i < 3; i++)
	{
		model->classes[i] = labels[i];
		model->class_shares[i] = 1.0 / model->class_count;
	}
	fill_encoder(&model->encoder);

	model->outputs = cvm_prediction_size(model->task, model->class_count);
	model->payload = make_linear_predictor(model);
	model->options = "{\"l2\": 1}";
	model->solver = CVM_SOLVER_NEWTON;
	model->driver = CVM_DRIVER_MEMORY;
	model->outcome = CVM_CONVERGED;
	model->seed = -42;
	model->rows = 7043;
	model->rows_left_out = 11;
	model->validation_rows = 1400;
	model->total_weight = 7043.5;
	model->iterations = 6;
	model->rank = -1;
	model->loss = 0.41;
	model->validation_loss = NAN;
	model->gradient_norm = 1e-10;
	model->library_version = CVM_LIBRARY_VERSION;
	return model;
}

/* The encoding that learners see which do with missing numbers. */
static inline void
keep_missing(CvmEncoder *encoder)
{
	for (int i = 0; i < encoder->term_count; i++)
	{
		CvmTerm    *term = &encoder->terms[i];

		if (term->kind == CVM_TERM_CATEGORY)
			continue;
		term->center = 0;
		term->scale = 1;
		term->fill = NAN;
		term->flag_slot = -1;
	}
	(void) cvm_model_assign_slots(encoder, NULL);
}

static inline CvmModel *
make_naive_bayes_model(void)
{
	CvmModel   *model = make_model(CVM_LOGISTIC);
	CvmNaiveBayes *learned = CVM_NEW_ZERO(CvmNaiveBayes, 1);
	double	   *priors = CVM_NEW(double, 2);
	double	   *means;
	double	   *variances;
	double	   *levels;
	int			numbers;
	int			level_total = 0;

	keep_missing(&model->encoder);
	numbers = 2 * model->encoder.dense_columns;
	for (int i = 0; i < model->encoder.term_count; i++)
		level_total += model->encoder.terms[i].level_count;
	means = CVM_NEW(double, numbers);
	variances = CVM_NEW(double, numbers);
	levels = CVM_NEW(double, 2 * level_total);
	for (int i = 0; i < numbers; i++)
	{
		means[i] = some_number(i);
		variances[i] = 1 + fabs(some_number(i));
	}
	/* the second column is an indicator */
	for (int k = 0; k < 2; k++)
	{
		means[k * numbers / 2 + 1] = 0.25;
		variances[k * numbers / 2 + 1] = NAN;
	}
	for (int i = 0; i < 2 * level_total; i++)
		levels[i] = 0.5;
	priors[0] = 0.75;
	priors[1] = 0.25;
	learned->priors = priors;
	learned->means = means;
	learned->variances = variances;
	learned->level_probabilities = levels;
	model->learner = &cvm_learner_naive_bayes;
	model->payload = learned;
	return model;
}

/* Dense columns, and all levels of categories. */
static inline int
expanded_width(const CvmEncoder *encoder)
{
	int			width = encoder->dense_columns;

	for (int i = 0; i < encoder->term_count; i++)
		width += encoder->terms[i].level_count;
	return width;
}

static inline CvmModel *
make_kmeans_model(void)
{
	CvmModel   *model = make_model(CVM_LINEAR);
	CvmSegmentation *segmentation = CVM_NEW_ZERO(CvmSegmentation, 1);
	int			count = 3 * expanded_width(&model->encoder);
	double	   *centers = CVM_NEW(double, count);
	double	   *shares = CVM_NEW(double, 3);

	for (int i = 0; i < count; i++)
		centers[i] = some_number(i);
	for (int k = 0; k < 3; k++)
		shares[k] = (3.0 - k) / 6;
	segmentation->segments = 3;
	segmentation->centers = centers;
	segmentation->shares = shares;
	segmentation->inertia = 2.5;
	model->learner = &cvm_learner_kmeans;
	model->task = CVM_SEGMENTATION;
	model->target = "";
	model->outputs = 2;
	model->payload = segmentation;
	return model;
}

/* Two hidden layers, three classes. */
static inline CvmModel *
make_network_model(void)
{
	CvmModel   *model = make_model(CVM_SOFTMAX);
	CvmNetworkPayload *payload = CVM_NEW_ZERO(CvmNetworkPayload, 1);
	int			inputs = model->encoder.slots;
	const int	outputs[] = {4, 2, model->outputs};

	payload->activation = 1;
	payload->hidden_layers = 2;
	payload->scale = 1;
	for (int l = 0; l <= 2; l++)
	{
		double	   *weights = CVM_NEW(double, inputs * outputs[l]);
		double	   *biases = CVM_NEW(double, outputs[l]);

		for (int i = 0; i < inputs * outputs[l]; i++)
			weights[i] = some_number(i + 7 * l);
		for (int i = 0; i < outputs[l]; i++)
			biases[i] = some_number(i + 50);
		payload->units[l] = l < 2 ? outputs[l] : 0;
		payload->weights[l] = weights;
		payload->biases[l] = biases;
		inputs = outputs[l];
	}
	model->learner = &cvm_learner_neural_network;
	model->payload = payload;
	return model;
}

/* Two axes; task: CVM_PROJECTION for pca, else discriminant. */
static inline CvmModel *
make_projection_model(CvmTask task)
{
	CvmModel   *model = make_model(task == CVM_PROJECTION ? CVM_LINEAR : CVM_SOFTMAX);
	CvmProjection *projection = CVM_NEW_ZERO(CvmProjection, 1);
	int			width = expanded_width(&model->encoder);
	double	   *numbers = CVM_NEW(double, 3 * width);
	double	   *variances = CVM_NEW(double, 2);
	double	   *scores = CVM_NEW(double, 3 * (width + 1));

	for (int i = 0; i < 3 * width; i++)
		numbers[i] = some_number(i);
	for (int i = 0; i < 3 * (width + 1); i++)
		scores[i] = some_number(i);
	variances[0] = 0.75;
	variances[1] = 0.25;
	projection->axes = 2;
	projection->means = numbers;
	projection->loadings = numbers + width;
	projection->variances = variances;
	projection->total_variance = 1;
	model->task = task;
	model->learner = &cvm_learner_discriminant;
	model->payload = projection;
	if (task == CVM_PROJECTION)
	{
		model->learner = &cvm_learner_pca;
		model->target = "";
	}
	else
		projection->scores = scores;
	return model;
}

/*
 * Two trees: of a number, a category of four levels and another number; and of
 * a single leaf.
 */
static inline void
fill_forest(CvmForest *forest, int leaf_size)
{
	static const int32_t tree_sizes[] = {7, 1};
	static const int32_t columns[] = {0, 4, 3, -1, -1, -1, -1, -1};
	static const int32_t children[] = {1, 3, 5, 0, 1, 2, 3, 4};
	static const int32_t missing_left[] = {1, 0, 0, 0, 0, 0, 0, 0};
	static const double thresholds[] = {12.5, 0, -1.5, 0, 0, 0, 0, 0};
	static const int32_t words[] = {0x5};
	double	   *numbers = CVM_NEW_ZERO(double, 16);
	double	   *leaves = CVM_NEW(double, 5 * leaf_size);

	for (int i = 0; i < 5 * leaf_size; i++)
		leaves[i] = 1.0 / leaf_size;
	for (int i = 0; i < 8; i++)
		numbers[8 + i] = 100 - 10 * i;
	numbers[0] = 3.5;
	numbers[1] = 0.25;
	numbers[2] = 0.125;
	forest->tree_count = 2;
	forest->node_count = 8;
	forest->leaf_count = 5;
	forest->leaf_size = leaf_size;
	forest->word_count = 1;
	forest->tree_sizes = tree_sizes;
	forest->columns = columns;
	forest->children = children;
	forest->missing_left = missing_left;
	forest->thresholds = thresholds;
	forest->words = words;
	forest->gains = numbers;
	forest->covers = numbers + 8;
	forest->leaves = leaves;
}

static inline CvmModel *
make_tree_model(const CvmLearner *learner, CvmFamily family, CvmTreeObjective objective)
{
	CvmModel   *model = make_model(family);
	CvmTreePayload *payload = CVM_NEW_ZERO(CvmTreePayload, 1);
	bool		boosted = learner == &cvm_learner_boosted_trees;
	double	   *base = CVM_NEW_ZERO(double, model->outputs);

	keep_missing(&model->encoder);
	base[0] = -1.25;
	payload->objective = objective;
	payload->base = boosted ? base : NULL;
	payload->out_of_bag_error = learner == &cvm_learner_random_forest ? 0.125 : NAN;
	fill_forest(&payload->forest, boosted ? 1 : model->outputs);
	model->learner = learner;
	model->payload = payload;
	return model;
}

/* ---- what is kept for partial fits ---- */

static inline double *
some_weights(int count)
{
	double	   *weights = CVM_NEW(double, count);

	for (int i = 0; i < count; i++)
		weights[i] = 1 + fabs(some_number(i));
	return weights;
}

static inline CvmInformation *
make_information(int parameters)
{
	CvmInformation *information = CVM_NEW_ZERO(CvmInformation, 1);

	information->loss = 2900.5;
	information->gradient = some_weights(parameters);
	information->curvature = some_weights((int) cvm_information_size(parameters));
	return information;
}

static inline CvmBayesSums *
make_bayes_sums(const CvmModel *model)
{
	CvmBayesSums *sums = CVM_NEW_ZERO(CvmBayesSums, 1);
	int			width = expanded_width(&model->encoder);
	int			dense = model->encoder.dense_columns;

	sums->classes = model->class_count;
	sums->class_weights = some_weights(sums->classes);
	sums->moments = (CvmBayesMoments *) some_weights(3 * sums->classes * dense);
	sums->level_weights = some_weights(sums->classes * (width - dense));
	return sums;
}

static inline CvmScatter *
make_scatter(const CvmModel *model)
{
	CvmScatter *scatter = CVM_NEW_ZERO(CvmScatter, 1);
	int			width = expanded_width(&model->encoder);

	scatter->groups = model->task == CVM_PROJECTION ? 1 : model->class_count;
	scatter->width = width;
	scatter->weights = some_weights(scatter->groups);
	scatter->means = some_weights(scatter->groups * width);
	scatter->squares = some_weights((int) CVM_SCATTER_SQUARES(width));
	return scatter;
}

/* Of those that can have it. */
static inline void
add_knowledge(CvmModel *model)
{
	if (model->learner->partial_fit == NULL)
		return;
	model->knowledge = CVM_NEW_ZERO(CvmKnowledge, 1);
	model->knowledge->partial_fits = 3;
	model->knowledge->effective_rows = 5000.25;
	if (cvm_model_linear(model) != NULL)
		model->knowledge->learned = make_information(model->outputs * (model->encoder.slots + 1));
	else if (model->learner == &cvm_learner_naive_bayes)
		model->knowledge->learned = make_bayes_sums(model);
	else if (model->learner == &cvm_learner_pca || model->learner == &cvm_learner_discriminant)
		model->knowledge->learned = make_scatter(model);
}

/* Platt's maps for three classes. */
static inline CvmModel *
make_platt_model(void)
{
	CvmModel   *model = make_model(CVM_SOFTMAX);
	CvmCalibration *calibration = CVM_NEW_ZERO(CvmCalibration, 1);
	static const double slopes[] = {0.75, 0, 1.5};
	static const double intercepts[] = {0.125, -1, 2};

	calibration->method = CVM_CALIBRATION_PLATT;
	calibration->maps = 3;
	calibration->slopes = slopes;
	calibration->intercepts = intercepts;
	model->calibration = calibration;
	return model;
}

/* An isotonic map for two classes, and a profit. */
static inline CvmModel *
make_isotonic_model(void)
{
	CvmModel   *model = make_model(CVM_LOGISTIC);
	CvmCalibration *calibration = CVM_NEW_ZERO(CvmCalibration, 1);
	CvmProfit  *profit = CVM_NEW_ZERO(CvmProfit, 1);
	static const int32_t map_points[] = {3};
	static const double scores[] = {0.125, 0.5, 0.75};
	static const double probabilities[] = {0, 0.25, 1};

	calibration->method = CVM_CALIBRATION_ISOTONIC;
	calibration->maps = 1;
	calibration->points = 3;
	calibration->map_points = map_points;
	calibration->scores = scores;
	calibration->probabilities = probabilities;
	model->calibration = calibration;
	profit->true_positive = 90;
	profit->false_positive = -10;
	profit->threshold = 0.1;
	model->profit = profit;
	return model;
}

/* Users and items, and the other inputs as their attributes: the first two of users. */
static inline void
identify_encoder(CvmEncoder *encoder)
{
	int			rest = encoder->input_count;
	int			rest_terms = encoder->term_count;
	CvmInput   *inputs = CVM_NEW(CvmInput, rest + 2);
	CvmTerm    *terms = CVM_NEW(CvmTerm, rest_terms + 2);

	inputs[0] = (CvmInput) {"customer", CVM_INPUT_IDENTIFIER, 0};
	inputs[1] = (CvmInput) {"product", CVM_INPUT_IDENTIFIER, 0};
	terms[0] = category_term("customer", 0, 0, 5);
	terms[1] = category_term("product", 1, 0, 4);
	for (int i = 0; i < 2; i++)
	{
		terms[i].other_level = terms[i].level_count - 1;
		terms[i].levels[terms[i].other_level] = CVM_OTHER_LEVEL;
	}
	memcpy(inputs + 2, encoder->inputs, rest * sizeof(CvmInput));
	memcpy(terms + 2, encoder->terms, rest_terms * sizeof(CvmTerm));
	for (int i = 0; i < rest_terms; i++)
		terms[i + 2].input += 2;
	encoder->inputs = inputs;
	encoder->terms = terms;
	encoder->input_count += 2;
	encoder->term_count += 2;
	(void) cvm_model_assign_slots(encoder, NULL);
}

static inline CvmModel *
make_factorization_model(void)
{
	static const int32_t seen_starts[] = {0, 2, 2, 3, 5};
	static const int32_t seen_items[] = {0, 2, 1, 1, 2};
	CvmModel   *model = make_model(CVM_LINEAR);
	CvmFactorizationPayload *payload = CVM_NEW_ZERO(CvmFactorizationPayload, 1);
	CvmAttributes *users;
	CvmAttributes *items;
	double	   *numbers;
	int			count;

	identify_encoder(&model->encoder);
	users = cvm_attributes_of_inputs(&model->encoder, 2, 4);
	items = cvm_attributes_of_inputs(&model->encoder, 4, model->encoder.input_count);
	count = 3 * (4 + 3 + users->width + items->width);
	numbers = CVM_NEW(double, count);
	for (int i = 0; i < count; i++)
		numbers[i] = some_number(i);
	payload->factorization = CVM_FACTORIZATION_BPR;
	payload->factors = 2;
	payload->user_inputs = 2;
	payload->mean = 3.5;
	payload->user_factors = numbers;
	payload->user_biases = numbers + 8;
	payload->item_factors = numbers + 12;
	payload->item_biases = numbers + 18;
	payload->user_newcomers = numbers + 21;
	payload->item_newcomers = numbers + 21 + 3 * users->width;
	payload->seen = 5;
	payload->seen_starts = seen_starts;
	payload->seen_items = seen_items;
	model->task = CVM_RECOMMENDATION;
	model->learner = &cvm_learner_matrix_factorization;
	model->payload = payload;
	return model;
}

/* Two levels of "contract" with parameters of their own, a little off the common ones. */
static inline CvmModel *
add_segments(CvmModel *model)
{
	CvmSegmentSet *set = CVM_NEW_ZERO(CvmSegmentSet, 1);
	CvmTerm    *term = &model->encoder.terms[2];

	term->levels[0] = CVM_OTHER_LEVEL;
	term->levels[2] = "c";
	term->other_level = 0;
	set->term = 2;
	set->shrinkage = 16.5;
	set->rounds = 2;
	set->count = 2;
	set->segments = CVM_NEW_ZERO(CvmSegment, 2);
	model->segments = set;
	for (int i = 0; i < 2; i++)
		set->segments[i].level = i + 1;
	(void) cvm_segment_set_index(model, NULL);
	for (int i = 0; i < 2; i++)
	{
		CvmSegment *segment = &set->segments[i];
		CvmModel	common = cvm_segment_model(model, i);
		CvmModel	own = common;

		common.payload = model->learner->at_level(model, 2, 0, &set->encoder);
		own.payload = model->learner->at_level(model, 2, i + 1, &set->encoder);
		model->learner->move(&own, -1, &common, &own, 0.25);
		segment->payload = own.payload;
		segment->rows = 2000 - i;
		segment->validation_rows = 300 * i;
		segment->loss = 0.375;
		segment->validation_loss = i == 0 ? NAN : 0.25;
		segment->common_validation_loss = i == 0 ? NAN : 0.5;
	}
	return model;
}

/* Two components, and a logistic model of them. */
static inline CvmModel *
make_pipeline_model(void)
{
	CvmModel   *model = make_model(CVM_LOGISTIC);
	CvmModel   *last = make_model(CVM_LOGISTIC);
	CvmPipeline *pipeline = CVM_NEW_ZERO(CvmPipeline, 1);
	static const CvmInput components = {"components", CVM_INPUT_ARRAY, 2};
	const CvmTerm terms[] = {
		number_term("components[1]", 0, 0, 0, 1.5), number_term("components[2]", 0, 1, 0, 0.5)
	};
	CvmEncoder *encoder = &last->encoder;

	encoder->input_count = 1;
	encoder->inputs = CVM_NEW(CvmInput, 1);
	encoder->inputs[0] = components;
	encoder->term_count = 2;
	encoder->terms = CVM_NEW(CvmTerm, 2);
	memcpy(encoder->terms, terms, sizeof(terms));
	(void) cvm_model_assign_slots(encoder, NULL);
	last->payload = make_linear_predictor(last);
	pipeline->stages.count = 2;
	pipeline->stages.models = CVM_NEW(CvmModel *, 2);
	pipeline->stages.models[0] = make_projection_model(CVM_PROJECTION);
	pipeline->stages.models[0]->encoder = model->encoder;
	pipeline->stages.models[1] = last;
	model->learner = &cvm_learner_pipeline;
	model->payload = pipeline;
	return model;
}

/* Two members, one of which keeps numbers as they are and knows other levels. */
static inline CvmModel *
make_ensemble_model(void)
{
	static const char *const names[] = {"first", "second"};
	CvmModel   *model = make_model(CVM_LOGISTIC);
	CvmEnsemble *ensemble = CVM_NEW_ZERO(CvmEnsemble, 1);
	double	   *weights = CVM_NEW(double, 2);
	CvmMembers	members = {.names = names};

	weights[0] = weights[1] = 0.5;
	ensemble->members.count = 2;
	ensemble->members.models = CVM_NEW(CvmModel *, 2);
	ensemble->members.models[0] = make_model(CVM_LOGISTIC);
	ensemble->members.models[1] = make_tree_model(&cvm_learner_boosted_trees, CVM_LOGISTIC,
												  CVM_OBJECTIVE_LOGISTIC);
	ensemble->members.models[1]->encoder.terms[2].levels[1] = "z";
	ensemble->weights = weights;
	members.list = ensemble->members;
	(void) cvm_ensemble_encoder(&members, &model->encoder, NULL);
	model->learner = &cvm_learner_ensemble;
	model->payload = ensemble;
	return model;
}

static inline CvmModel *
make_stack_model(void)
{
	CvmModel   *model = make_ensemble_model();
	CvmEnsemble *ensemble = (CvmEnsemble *) model->payload;

	ensemble->method = CVM_ENSEMBLE_STACK;
	ensemble->biases = CVM_NEW_ZERO(double, 2);
	return model;
}

/* A model of every algorithm: the linear families by number, then others. */
#define FIXTURE_ALGORITHMS (CVM_FAMILY_COUNT + 15)

static inline CvmModel *
make_plain_model(int index)
{
	switch (index - CVM_FAMILY_COUNT)
	{
		case 0:
			return make_naive_bayes_model();
		case 1:
			return make_kmeans_model();
		case 2:
			return make_network_model();
		case 3:
			return make_projection_model(CVM_PROJECTION);
		case 4:
			return make_projection_model(CVM_MULTICLASS);
		case 5:
			return make_tree_model(&cvm_learner_boosted_trees, CVM_LOGISTIC,
								   CVM_OBJECTIVE_LOGISTIC);
		case 6:
			return make_tree_model(&cvm_learner_random_forest, CVM_SOFTMAX,
								   CVM_OBJECTIVE_SOFTMAX);
		case 7:
			return make_platt_model();
		case 8:
			return make_isotonic_model();
		case 9:
			return make_factorization_model();
		case 10:
			return add_segments(make_model(CVM_SOFTMAX));
		case 11:
			return add_segments(make_network_model());
		case 12:
			return make_pipeline_model();
		case 13:
			return make_ensemble_model();
		case 14:
			return make_stack_model();
		default:
			return make_model((CvmFamily) index);
	}
}

/* The same again with what is kept for partial fits. */
#define FIXTURE_MODELS (2 * FIXTURE_ALGORITHMS)

static inline CvmModel *
make_any_model(int index)
{
	CvmModel   *model = make_plain_model(index % FIXTURE_ALGORITHMS);

	if (index >= FIXTURE_ALGORITHMS)
		add_knowledge(model);
	return model;
}

#endif							/* CVM_MODEL_FIXTURE_H */
