/*
 * learner_components.c
 *		pca and discriminant as learners: rows as fewer numbers.
 *
 * Both project rows on axes, and share payload and transform.  pca predicts how
 * far a row is from what its components stand for: large for rows unlike those
 * of the training.  discriminant is a classifier as well.
 */
#include "model/learners/learner_components.h"

#include <math.h>

#include "base/memory.h"
#include "encode/expand.h"
#include "learn/components/discriminant.h"
#include "learn/components/pca.h"
#include "learn/components/scatter.h"
#include "linalg/dense.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* Vectors of a block take 8 * CVM_BLOCK_ROWS bytes a column. */
#define MOST_COLUMNS 16384

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return task == CVM_PROJECTION ? CVM_LINEAR : task == CVM_BINARY ? CVM_LOGISTIC : CVM_SOFTMAX;
}

/* ---- fitting ---- */

static CvmStatus
too_wide(const char *what, int width, int most, CvmError *error)
{
	cvm_fail(error, CVM_LIMIT, "%d columns and category levels are too many for %s", width, what);
	cvm_hint(error, "At most %d are possible: lower option \"max_categories\", or leave out columns.",
			 most);
	return CVM_LIMIT;
}

static void
fill_history(CvmModel *model, int passes)
{
	model->solver = CVM_SOLVER_AUTO;
	model->outcome = CVM_CONVERGED;
	model->iterations = passes;
	model->rank = -1;
	model->loss = model->validation_loss = model->gradient_norm = NAN;
}

static void
take_principal(const CvmPrincipal *principal, CvmModel *model)
{
	CvmProjection *projection = CVM_NEW_ZERO(CvmProjection, 1);

	projection->axes = principal->components;
	projection->means = principal->means;
	projection->loadings = principal->loadings;
	projection->variances = principal->variances;
	projection->total_variance = principal->total_variance;
	model->payload = projection;
	fill_history(model, principal->passes);
}

static void
take_discriminant(const CvmDiscriminant *learned, CvmModel *model)
{
	CvmProjection *projection = CVM_NEW_ZERO(CvmProjection, 1);

	projection->axes = learned->axes;
	projection->means = learned->means;
	projection->loadings = learned->loadings;
	projection->variances = learned->explained;
	projection->total_variance = 1;
	projection->scores = learned->scores;
	model->payload = projection;
	fill_history(model, 2);
}

/* From sums, which are kept where the model is to keep knowledge. */
static CvmStatus
settle_scatter(const CvmLesson *lesson, CvmScatter *scatter, CvmModel *model, CvmError *error)
{
	const CvmOptions *options = lesson->options;
	CvmPrincipal principal;
	CvmDiscriminant discriminant;
	CvmStatus	status;

	if (lesson->task == CVM_PROJECTION)
	{
		status = cvm_pca_of_scatter(scatter, options->components, options->explained, &principal,
									error);
		if (status == CVM_OK)
			take_principal(&principal, model);
	}
	else
	{
		status = cvm_discriminant_of_scatter(scatter, &discriminant, error);
		if (status == CVM_OK)
			take_discriminant(&discriminant, model);
	}
	if (status == CVM_OK && model->knowledge != NULL)
		model->knowledge->learned = scatter;
	else
		cvm_scatter_free(scatter);
	return status;
}

static CvmScatter *
scatter_of_rows(const CvmLesson *lesson, const CvmExpansion *expansion)
{
	CvmScatter *scatter = CVM_NEW(CvmScatter, 1);
	CvmVectors	vectors;

	if (lesson->task != CVM_PROJECTION)
		cvm_discriminant_scatter(expansion, lesson->class_count, lesson->training, scatter);
	else
	{
		cvm_vectors_of_blocks(&vectors, lesson->training, expansion);
		cvm_pca_scatter(&vectors, scatter);
	}
	return scatter;
}

static CvmStatus
fit_pca(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmOptions *options = lesson->options;
	CvmExpansion *expansion = cvm_expansion_create(lesson->encoder);
	bool		randomized = options->decomposition == CVM_DECOMPOSITION_RANDOMIZED ||
		(options->decomposition == CVM_DECOMPOSITION_AUTO &&
		 expansion->width > CVM_MOST_PAIRED_COLUMNS);
	CvmPrincipal principal;
	CvmVectors	vectors;
	CvmRandom	random;
	CvmStatus	status;

	if (!randomized && expansion->width > CVM_MOST_PAIRED_COLUMNS)
		return too_wide("decomposition \"exact\"", expansion->width, CVM_MOST_PAIRED_COLUMNS, error);
	if (expansion->width > MOST_COLUMNS)
		return too_wide("algorithm \"pca\"", expansion->width, MOST_COLUMNS, error);
	if (!randomized)
		return settle_scatter(lesson, scatter_of_rows(lesson, expansion), model, error);
	model->knowledge = NULL;
	cvm_random_seed(&random, options->seed);
	cvm_vectors_of_blocks(&vectors, lesson->training, expansion);
	status = cvm_pca_fit(&vectors, randomized, options->components, options->explained, &random,
						 &principal, error);
	if (status == CVM_OK)
		take_principal(&principal, model);
	return status;
}

static CvmStatus
fit_discriminant(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	CvmExpansion *expansion = cvm_expansion_create(lesson->encoder);

	if (expansion->width > CVM_MOST_PAIRED_COLUMNS)
		return too_wide("algorithm \"discriminant\"", expansion->width, CVM_MOST_PAIRED_COLUMNS,
						error);
	return settle_scatter(lesson, scatter_of_rows(lesson, expansion), model, error);
}

/* The sums of earlier rows are decayed, and those of the new rows added: without
 * decay that is the fit of all rows. */
static CvmStatus
partial_fit_scatter(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	CvmExpansion *expansion = cvm_expansion_create(lesson->encoder);
	CvmScatter *scatter = scatter_of_rows(lesson, expansion);

	cvm_scatter_merge(scatter, (const CvmScatter *) lesson->start->knowledge->learned,
					  lesson->options->decay);
	return settle_scatter(lesson, scatter, model, error);
}

/* ---- the payload ---- */

static bool
is_discriminant(const CvmModel *model)
{
	return model->task != CVM_PROJECTION;
}

static void
describe_projection(CvmModel *model, CvmFields *fields)
{
	CvmExpansion *expansion = cvm_expansion_create(&model->encoder);
	CvmProjection *projection;

	if (fields->reading)
	{
		model->family = family_of(model->learner, model->task, NULL);
		model->payload = CVM_NEW_ZERO(CvmProjection, 1);
	}
	projection = (CvmProjection *) model->payload;
	cvm_field_count(fields, "axes", &projection->axes);
	cvm_field_numbers(fields, "means", &projection->means, expansion->width, false);
	cvm_field_matrix(fields, "loadings", &projection->loadings, projection->axes,
					 expansion->width, false);
	cvm_field_numbers(fields, "variances", &projection->variances, projection->axes, false);
	cvm_field_number(fields, "total_variance", &projection->total_variance, false);
	if (is_discriminant(model))
		cvm_field_matrix(fields, "scores", &projection->scores, model->class_count,
						 (size_t) expansion->width + 1, false);
	cvm_expansion_release(expansion);
}

static bool
all_finite(const double *numbers, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		if (!isfinite(numbers[i]))
			return false;
	return true;
}

static CvmStatus
check_projection(const CvmModel *model, CvmError *error)
{
	const CvmProjection *projection = (const CvmProjection *) model->payload;
	CvmExpansion *expansion = cvm_expansion_create(&model->encoder);
	int64_t		width = expansion->width;
	int64_t		scores = is_discriminant(model) ? model->class_count * (width + 1) : 0;

	cvm_expansion_release(expansion);
	if (projection->axes < (is_discriminant(model) ? 0 : 1))
		return BAD("it has no axis");
	if ((projection->axes + 1) * width + scores > CVM_MODEL_MAX_COEFFICIENTS)
		return cvm_fail(error, CVM_LIMIT, "a model has at most %d coefficients",
						CVM_MODEL_MAX_COEFFICIENTS);
	if ((width > 0 && projection->means == NULL) || (scores > 0 && projection->scores == NULL) ||
		(projection->axes > 0 && (projection->variances == NULL ||
								  (width > 0 && projection->loadings == NULL))))
		return BAD("numbers of the projection are missing");
	if (!all_finite(projection->means, width) ||
		!all_finite(projection->loadings, projection->axes * width) ||
		!all_finite(projection->scores, scores))
		return BAD("a number of the projection is not finite");
	for (int i = 0; i < projection->axes; i++)
		if (!(isfinite(projection->variances[i]) && projection->variances[i] >= 0))
			return BAD("the variance of axis %d is none", i + 1);
	if (!(isfinite(projection->total_variance) && projection->total_variance > 0))
		return BAD("the total variance is none");
	return CVM_OK;
}

/* ---- what is kept for partial fits ---- */

static int
group_count(const CvmModel *model)
{
	return is_discriminant(model) ? model->class_count : 1;
}

static void
describe_scatter(CvmModel *model, CvmFields *fields)
{
	CvmExpansion *expansion = cvm_expansion_create(&model->encoder);
	size_t		groups = group_count(model);
	CvmScatter *scatter;

	if (fields->reading)
		model->knowledge->learned = CVM_NEW_ZERO(CvmScatter, 1);
	scatter = (CvmScatter *) model->knowledge->learned;
	scatter->groups = (int) groups;
	scatter->width = expansion->width;
	cvm_field_numbers(fields, "group_weights", (const double **) &scatter->weights, groups, false);
	cvm_field_matrix(fields, "group_means", (const double **) &scatter->means, groups,
					 scatter->width, false);
	cvm_field_numbers(fields, "squares", (const double **) &scatter->squares,
					  CVM_SCATTER_SQUARES(scatter->width), false);
	cvm_expansion_release(expansion);
}

static CvmStatus
check_scatter(const CvmModel *model, CvmError *error)
{
	const CvmScatter *scatter = (const CvmScatter *) model->knowledge->learned;
	double		total_weight = 0;

	if (scatter->width > CVM_MOST_PAIRED_COLUMNS)
		return BAD("it is too wide for partial fits");
	if (scatter->weights == NULL ||
		(scatter->width > 0 && (scatter->means == NULL || scatter->squares == NULL)))
		return BAD("sums for partial fits are missing");
	for (int k = 0; k < scatter->groups; k++)
	{
		if (!(isfinite(scatter->weights[k]) && scatter->weights[k] >= 0))
			return BAD("the weight of group %d is none", k + 1);
		total_weight += scatter->weights[k];
	}
	if (!(total_weight > 0) || !all_finite(scatter->means, (int64_t) scatter->groups * scatter->width) ||
		!all_finite(scatter->squares, CVM_SCATTER_SQUARES(scatter->width)))
		return BAD("a sum for partial fits is not finite");
	return CVM_OK;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	const CvmProjection *projection;
	CvmExpansion *expansion;
	int			classes;
	CvmTask		task;
	double	   *vectors;		/* a block's; NULL: rows are vectors as they are */
	double	   *work;			/* a block's centered vectors */
	double	   *values;			/* a block's components or scores of classes */
} Prepared;

static void *
prepare_projection(const CvmModel *model)
{
	const CvmProjection *projection = (const CvmProjection *) model->payload;
	Prepared   *prepared = CVM_NEW_ZERO(Prepared, 1);
	CvmExpansion *expansion = cvm_expansion_create(&model->encoder);
	size_t		values = projection->axes > model->class_count ? projection->axes :
		model->class_count;

	prepared->projection = projection;
	prepared->expansion = expansion;
	prepared->classes = model->class_count;
	prepared->task = model->task;
	if (expansion->level_total > 0)
		prepared->vectors = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * expansion->width);
	prepared->work = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * expansion->width);
	prepared->values = CVM_NEW(double, CVM_BLOCK_ROWS * values);
	return prepared;
}

static const double *
vectors_of(const Prepared *prepared, const CvmBlock *block)
{
	if (prepared->vectors == NULL)
		return block->dense;
	cvm_expand_block(prepared->expansion, block, prepared->vectors);
	return prepared->vectors;
}

static void
transform_rows(void *state, const CvmBlock *block, double *values)
{
	Prepared   *prepared = (Prepared *) state;
	const CvmProjection *projection = prepared->projection;

	cvm_pca_project(block->rows, prepared->expansion->width, projection->axes,
					vectors_of(prepared, block), projection->means, projection->loadings,
					prepared->work, values, NULL);
}

static int
transform_size(const CvmModel *model)
{
	return ((const CvmProjection *) model->payload)->axes;
}

static void
predict_distance(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;
	const CvmProjection *projection = prepared->projection;

	cvm_pca_project(block->rows, prepared->expansion->width, projection->axes,
					vectors_of(prepared, block), projection->means, projection->loadings,
					prepared->work, prepared->values, predictions);
}

static void
predict_classes(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;
	int			width = prepared->expansion->width;
	const double *vectors = vectors_of(prepared, block);
	double	   *own = prepared->values;

	for (int row = 0; row < block->rows; row++, own += prepared->classes)
	{
		const double *scores = prepared->projection->scores;

		for (int k = 0; k < prepared->classes; k++, scores += width + 1)
			own[k] = scores[width] + cvm_dot(width, vectors + (size_t) row * width, scores);
	}
	cvm_class_means(prepared->task, prepared->classes, block->rows, prepared->values, predictions);
}

const CvmLearner cvm_learner_pca = {
	.name = "pca",.number = CVM_ALGORITHM_PCA,
	.tasks = CVM_TASK_BIT(CVM_PROJECTION),
	.family = family_of,.fit = fit_pca,.partial_fit = partial_fit_scatter,
	.describe_knowledge = describe_scatter,.check_knowledge = check_scatter,
	.describe = describe_projection,.check = check_projection,
	.prepare = prepare_projection,.predict = predict_distance,
	.transform_size = transform_size,.transform = transform_rows
};

const CvmLearner cvm_learner_discriminant = {
	.name = "discriminant",.number = CVM_ALGORITHM_DISCRIMINANT,
	.tasks = CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS),
	.family = family_of,.fit = fit_discriminant,.partial_fit = partial_fit_scatter,
	.describe_knowledge = describe_scatter,.check_knowledge = check_scatter,
	.describe = describe_projection,.check = check_projection,
	.prepare = prepare_projection,.predict = predict_classes,
	.transform_size = transform_size,.transform = transform_rows
};
