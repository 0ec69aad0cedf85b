/*
 * learner_factorization.c
 *		matrix_factorization as a learner: ratings and recommendations.
 *
 * Of ratings the task is a regression, judged as any other one; of events it
 * is a recommendation, judged by lists.  Ratings are learned in units of their
 * deviation, so that a penalty means the same for stars and for percents, and
 * what is kept is on their own scale.
 */
#include "model/learners/learner_factorization.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/learners/factorization_payload.h"

static unsigned
tasks_of(const CvmLearner *learner, const CvmOptions *options)
{
	switch ((CvmFactorization) options->factorization)
	{
		case CVM_FACTORIZATION_ALS:
			return CVM_TASK_BIT(CVM_REGRESSION);
		case CVM_FACTORIZATION_IMPLICIT:
		case CVM_FACTORIZATION_BPR:
			return CVM_TASK_BIT(CVM_RECOMMENDATION);
		case CVM_FACTORIZATION_AUTO:
			break;
	}
	return learner->tasks;
}

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return CVM_LINEAR;
}

static void
roles_of(const CvmOptions *options, CvmColumnRoles *roles)
{
	*roles = (CvmColumnRoles)
	{
		.words = {"user", "item"},
		.identifiers = {options->user, options->item},
		.attributes = {options->user_attributes, options->item_attributes}
	};
}

/* ---- fitting ---- */

static CvmFactorization
factorization_of(const CvmLesson *lesson)
{
	if (lesson->task == CVM_REGRESSION)
		return CVM_FACTORIZATION_ALS;
	return lesson->options->factorization == CVM_FACTORIZATION_BPR ? CVM_FACTORIZATION_BPR :
		CVM_FACTORIZATION_IMPLICIT;
}

/* Inputs that describe a user, of those that the encoder has kept. */
static int
count_user_inputs(const CvmLesson *lesson)
{
	const CvmEncoder *encoder = lesson->encoder;
	int			count = 0;

	for (int i = CVM_IDENTIFIERS; i < encoder->input_count; i++)
		for (char **name = lesson->options->user_attributes; name != NULL && *name != NULL; name++)
			count += strcmp(*name, encoder->inputs[i].name) == 0;
	return count;
}

static CvmStatus
check_size(const CvmLesson *lesson, const CvmPairLayout *layout, CvmCellKind kind,
		   const CvmAttributes *users, const CvmAttributes *items, CvmError *error)
{
	int			width = lesson->options->factors;
	size_t		size = cvm_interactions_size(layout, lesson->training->rows, kind) +
		cvm_factors_size(layout->users, layout->items, width);

	if (users->width > CVM_MOST_ATTRIBUTES || items->width > CVM_MOST_ATTRIBUTES)
	{
		cvm_fail(error, CVM_LIMIT, "%d numbers and levels describe %s, which is too many",
				 users->width > CVM_MOST_ATTRIBUTES ? users->width : items->width,
				 users->width > CVM_MOST_ATTRIBUTES ? "a user" : "an item");
		cvm_hint(error, "Lower option \"max_categories\", or leave out attributes.");
		return CVM_LIMIT;
	}
	if (((int64_t) layout->users + layout->items + users->width + items->width) * (width + 1) >
		CVM_MODEL_MAX_COEFFICIENTS)
	{
		cvm_fail(error, CVM_LIMIT, "%d factors of %d users and %d items are more than a model can hold",
				 width, layout->users, layout->items);
		cvm_hint(error, "Lower option \"factors\".");
		return CVM_LIMIT;
	}
	if (lesson->memory > 0 && size > lesson->memory)
	{
		cvm_fail(error, CVM_LIMIT, "%llu rows of %d users and %d items need %zu kB of memory",
				 (unsigned long long) lesson->training->rows, layout->users, layout->items,
				 size / 1024);
		cvm_hint(error, "Raise cvm.train_memory, lower option \"factors\", or group the rows by user and item.");
		return CVM_LIMIT;
	}
	return CVM_OK;
}

static double
deviation_of(const CvmSparse *cells)
{
	double		weight = 0;
	double		sum = 0;
	double		squares = 0;
	double		first = cells->values[0];

	for (int64_t i = 0; i < cells->starts[cells->rows]; i++)
	{
		double		own = cells->weights != NULL ? cells->weights[i] : 1;
		double		value = cells->values[i] - first;

		weight += own;
		sum += own * value;
		squares += own * value * value;
	}
	squares = squares / weight - (sum / weight) * (sum / weight);
	return squares > 0 ? sqrt(squares) : 1;
}

static void
scale(size_t count, double factor, double *numbers)
{
	for (size_t i = 0; i < count; i++)
		numbers[i] *= factor;
}

/* Factors of users or items that another model knows too. */
static void
carry_over(const CvmTerm *from, const CvmTerm *to, int width, const double *known,
		   const double *known_biases, double factor, double *factors, double *biases)
{
	CvmLevelLookup *lookup = cvm_level_lookup_create(from);

	for (int level = 0; level < to->level_count - 1; level++)
	{
		int			old = cvm_level_find(lookup, to->levels[level], (int) strlen(to->levels[level]));

		if (old == from->other_level)
			continue;
		for (int k = 0; k < width; k++)
			factors[(size_t) level * width + k] = known[(size_t) old * width + k] * sqrt(factor);
		biases[level] = known_biases[old] * factor;
	}
	cvm_level_lookup_release(lookup);
}

/* factor: from the scale of the ratings to the one that is learned on. */
static void
start_from(const CvmLesson *lesson, double factor, CvmFactors *factors)
{
	const CvmModel *model = lesson->start;
	const CvmFactorizationPayload *known;

	if (model == NULL)
		return;
	known = (const CvmFactorizationPayload *) model->payload;
	if (known->factors != factors->width)
		return;
	carry_over(&model->encoder.terms[0], &lesson->encoder->terms[0], factors->width,
			   known->user_factors, known->user_biases, factor, factors->user_factors,
			   factors->user_biases);
	carry_over(&model->encoder.terms[1], &lesson->encoder->terms[1], factors->width,
			   known->item_factors, known->item_biases, factor, factors->item_factors,
			   factors->item_biases);
}

static void
fit_ratings(const CvmLesson *lesson, CvmInteractions *interactions, CvmFactors *factors,
			CvmFactorResult *result)
{
	double		deviation = deviation_of(&interactions->by_user);
	double		root = sqrt(deviation);

	scale(interactions->cells, 1 / deviation, interactions->by_user.values);
	scale(interactions->cells, 1 / deviation, interactions->by_item.values);
	start_from(lesson, 1 / deviation, factors);
	cvm_factors_start(factors, lesson->options->seed);
	cvm_factors_of_ratings(interactions, lesson->options, lesson->progress, factors, result);
	factors->mean *= deviation;
	scale((size_t) factors->users * factors->width, root, factors->user_factors);
	scale((size_t) factors->items * factors->width, root, factors->item_factors);
	scale(factors->users, deviation, factors->user_biases);
	scale(factors->items, deviation, factors->item_biases);
	result->loss *= deviation * deviation;
}

static double *
fit_newcomers(const CvmLesson *lesson, const CvmPairLayout *layout, bool users,
			  const CvmAttributes *attributes, const CvmFactors *factors)
{
	double	   *weights = CVM_NEW(double, (size_t) attributes->width * (factors->width + 1));

	cvm_newcomers_fit(attributes, layout, users, lesson->training, factors, lesson->options->l2,
					  weights);
	return weights;
}

/* Which items each user has met. */
static void
keep_seen(const CvmInteractions *interactions, bool keep, CvmFactorizationPayload *payload)
{
	const CvmSparse *cells = &interactions->by_user;
	int32_t    *starts = CVM_NEW_ZERO(int32_t, (size_t) cells->rows + 1);
	int32_t    *items = CVM_NEW(int32_t, keep ? interactions->cells : 0);

	if (keep)
	{
		for (int user = 0; user <= cells->rows; user++)
			starts[user] = (int32_t) cells->starts[user];
		memcpy(items, cells->indexes, sizeof(int32_t) * interactions->cells);
		payload->seen = (int) interactions->cells;
	}
	payload->seen_starts = starts;
	payload->seen_items = items;
}

static CvmStatus
fit_factorization(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmOptions *options = lesson->options;
	const CvmEncoder *encoder = lesson->encoder;
	CvmFactorization method = factorization_of(lesson);
	CvmCellKind kind = method == CVM_FACTORIZATION_ALS ? CVM_CELL_RATING :
		model->target[0] != '\0' ? CVM_CELL_AMOUNT : CVM_CELL_EVENT;
	CvmFactorizationPayload *payload = CVM_NEW_ZERO(CvmFactorizationPayload, 1);
	CvmInteractions interactions;
	CvmFactors	factors;
	CvmFactorResult result = {0};
	CvmAttributes *user_attributes;
	CvmAttributes *item_attributes;
	CvmPairLayout layout;
	CvmStatus	status;
	int			middle;

	if (encoder->input_count < CVM_IDENTIFIERS || encoder->inputs[1].kind != CVM_INPUT_IDENTIFIER)
		return cvm_fail(error, CVM_NO_ROWS, "no row has both a user and an item");
	layout = cvm_pair_layout(encoder);
	payload->user_inputs = count_user_inputs(lesson);
	middle = CVM_IDENTIFIERS + payload->user_inputs;
	user_attributes = cvm_attributes_of_inputs(encoder, CVM_IDENTIFIERS, middle);
	item_attributes = cvm_attributes_of_inputs(encoder, middle, encoder->input_count);
	status = check_size(lesson, &layout, kind, user_attributes, item_attributes, error);
	if (status != CVM_OK)
		return status;
	cvm_interactions_read(&layout, lesson->training, kind, &interactions);
	if (interactions.cells == 0)
		return cvm_fail(error, CVM_NO_ROWS, "no row has a user, an item and more than nothing of an event");
	if (interactions.cells > INT32_MAX)
		return cvm_fail(error, CVM_LIMIT, "%lld pairs of users and items are too many for a model",
						(long long) interactions.cells);

	cvm_factors_init(&factors, layout.users, layout.items, options->factors);
	if (method == CVM_FACTORIZATION_ALS)
		fit_ratings(lesson, &interactions, &factors, &result);
	else
	{
		start_from(lesson, 1, &factors);
		cvm_factors_start(&factors, options->seed);
		if (method == CVM_FACTORIZATION_BPR)
			cvm_factors_by_pairs(&interactions, options, lesson->progress, &factors, &result);
		else
			cvm_factors_of_events(&interactions, options, lesson->progress, &factors, &result);
	}

	payload->factorization = method;
	payload->factors = factors.width;
	payload->mean = factors.mean;
	payload->user_factors = factors.user_factors;
	payload->user_biases = factors.user_biases;
	payload->item_factors = factors.item_factors;
	payload->item_biases = factors.item_biases;
	payload->user_newcomers = fit_newcomers(lesson, &layout, true, user_attributes, &factors);
	payload->item_newcomers = fit_newcomers(lesson, &layout, false, item_attributes, &factors);
	keep_seen(&interactions, options->keep_seen, payload);
	cvm_interactions_free(&interactions);
	model->payload = payload;
	model->solver = CVM_SOLVER_AUTO;
	model->outcome = result.outcome;
	model->iterations = result.epochs;
	model->rank = -1;
	model->loss = isfinite(result.loss) ? result.loss : NAN;
	model->validation_loss = model->gradient_norm = NAN;
	return CVM_OK;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	CvmRecommender recommender;	/* first */
	double	   *newcomers;		/* a user's and an item's factors and bias */
} Prepared;

static void *
prepare_factorization(const CvmModel *model)
{
	Prepared   *prepared = CVM_NEW_ZERO(Prepared, 1);

	cvm_factorization_view(model, &prepared->recommender);
	prepared->newcomers = CVM_NEW(double, 2 * ((size_t) prepared->recommender.items.width + 1));
	return prepared;
}

static const CvmRecommender *
recommender_of(const void *state)
{
	return &((const Prepared *) state)->recommender;
}

static void
predict_factorization(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;
	const CvmRecommender *recommender = &prepared->recommender;
	int			width = recommender->items.width;

	for (int row = 0; row < block->rows; row++)
	{
		int			user;
		int			item;
		const double *x = prepared->newcomers;
		const double *y = prepared->newcomers + width + 1;
		double		sum = recommender->mean;

		cvm_pair_of_row(&recommender->layout, block, row, &user, &item);
		if (user < 0)
			cvm_newcomer(recommender->user_attributes, recommender->user_newcomers, width, block,
						 row, prepared->newcomers);
		if (item < 0)
			cvm_newcomer(recommender->item_attributes, recommender->item_newcomers, width, block,
						 row, prepared->newcomers + width + 1);
		sum += user < 0 ? x[width] : recommender->user_biases[user];
		sum += item < 0 ? y[width] : recommender->items.biases[item];
		if (user >= 0)
			x = recommender->user_factors + (size_t) user * width;
		if (item >= 0)
			y = recommender->items.factors + (size_t) item * width;
		for (int k = 0; k < width; k++)
			sum += x[k] * y[k];
		predictions[row] = sum;
	}
}

const CvmLearner cvm_learner_matrix_factorization = {
	.name = "matrix_factorization",.number = CVM_ALGORITHM_MATRIX_FACTORIZATION,
	.tasks = CVM_TASK_BIT(CVM_REGRESSION) | CVM_TASK_BIT(CVM_RECOMMENDATION),
	.roles = roles_of,.narrow = tasks_of,.family = family_of,.fit = fit_factorization,
	.describe = cvm_factorization_describe,.check = cvm_factorization_check,
	.prepare = prepare_factorization,.predict = predict_factorization,
	.recommender = recommender_of
};
