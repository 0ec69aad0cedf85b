/*
 * learner_kmeans.c
 *		kmeans as a learner: segments of rows.
 *
 * Segments are numbered by size, the largest first, so that a segment keeps
 * its number from one training to the next as long as the sizes keep their
 * order.  Distances are those of standardized numbers, and of categories of
 * which each level is a column of 0 and 1.
 */
#include "model/learners/learner_kmeans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encode/expand.h"
#include "learn/kmeans/kmeans.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* Centers are sought on a sample of so many rows, and no more numbers. */
#define SAMPLE_ROWS 65536
#define SAMPLE_NUMBERS (4 * 1024 * 1024)

/* The number of segments is chosen on so many rows. */
#define CHOICE_ROWS 4096

#define MOST_PASSES 300
#define MINI_BATCH_PASSES 5

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return CVM_LINEAR;
}

/* ---- fitting ---- */

static int
sample_rows(int most, int width)
{
	int			rows = SAMPLE_NUMBERS / width < most ? SAMPLE_NUMBERS / width : most;

	return rows < CVM_BLOCK_ROWS ? CVM_BLOCK_ROWS : rows;
}

static int
choose_count(const CvmVectors *vectors, const CvmOptions *options, CvmRandom *random)
{
	CvmVectorSample sample;
	int			count;

	cvm_vector_sample(vectors, sample_rows(CHOICE_ROWS, vectors->width), random, &sample);
	count = cvm_choose_segments(&sample, (CvmSegmentChoice) options->choose_by,
								options->max_segments, random);
	cvm_vector_sample_free(&sample);
	return count;
}

typedef struct Sized
{
	double		weight;
	int			segment;
} Sized;

static int
by_size(const void *a, const void *b)
{
	const Sized *left = (const Sized *) a;
	const Sized *right = (const Sized *) b;

	if (left->weight != right->weight)
		return left->weight > right->weight ? -1 : 1;
	return left->segment - right->segment;
}

/* order: which segment becomes which; NULL: they stay as they are. */
static CvmSegmentation *
take_over(const CvmSegments *segments, const Sized *order, double total_weight)
{
	int			count = segments->segments;
	size_t		width = segments->width;
	CvmSegmentation *segmentation = CVM_NEW(CvmSegmentation, 1);
	double	   *centers = CVM_NEW(double, count * width);
	double	   *shares = CVM_NEW(double, count);

	for (int k = 0; k < count; k++)
	{
		int			from = order == NULL ? k : order[k].segment;

		memcpy(centers + k * width, segments->centers + from * width, width * sizeof(double));
		shares[k] = segments->weights[from] / total_weight;
	}
	segmentation->segments = count;
	segmentation->centers = centers;
	segmentation->shares = shares;
	segmentation->inertia = segments->inertia;
	return segmentation;
}

static CvmSegmentation *
take_over_by_size(const CvmSegments *segments, double total_weight)
{
	Sized	   *order = CVM_NEW(Sized, segments->segments);
	CvmSegmentation *segmentation;

	for (int k = 0; k < segments->segments; k++)
	{
		order[k].weight = segments->weights[k];
		order[k].segment = k;
	}
	qsort(order, segments->segments, sizeof(Sized), by_size);
	segmentation = take_over(segments, order, total_weight);
	cvm_release(order);
	return segmentation;
}

static CvmStatus
check_options(const CvmLesson *lesson, const CvmVectors *vectors, CvmError *error)
{
	const CvmOptions *options = lesson->options;

	if (options->solver != CVM_SOLVER_AUTO && options->solver != CVM_SOLVER_SGD)
	{
		cvm_fail(error, CVM_BAD_OPTION, "solver \"%s\" cannot be used by algorithm \"kmeans\"",
				 cvm_solver_name((CvmSolver) options->solver));
		cvm_hint(error, "Use \"auto\" for whole passes or \"sgd\" for mini-batches.");
		return CVM_BAD_OPTION;
	}
	if ((uint64_t) options->segments > lesson->training->rows)
		return cvm_fail(error, CVM_BAD_OPTION, "%d segments of %llu rows cannot be made",
						options->segments, (unsigned long long) lesson->training->rows);
	if ((int64_t) options->segments * vectors->width > CVM_MODEL_MAX_COEFFICIENTS ||
		vectors->width > SAMPLE_NUMBERS / CVM_BLOCK_ROWS)
	{
		cvm_fail(error, CVM_LIMIT, "%d columns and category levels are too many for algorithm \"kmeans\"",
				 vectors->width);
		cvm_hint(error, "Lower option \"max_categories\", or leave out columns.");
		return CVM_LIMIT;
	}
	return CVM_OK;
}

static void
fill_history(const CvmSegments *segments, CvmSolver solver, CvmModel *model)
{
	model->solver = solver;
	model->outcome = segments->converged ? CVM_CONVERGED : CVM_EPOCH_LIMIT;
	model->iterations = segments->iterations;
	model->rank = -1;
	model->loss = segments->inertia;
	model->validation_loss = model->gradient_norm = NAN;
}

static CvmStatus
fit_kmeans(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmOptions *options = lesson->options;
	CvmExpansion *expansion = cvm_expansion_create(lesson->encoder);
	bool		mini_batch = options->solver == CVM_SOLVER_SGD;
	CvmVectorSample sample;
	CvmSegments segments;
	CvmVectors	vectors;
	CvmRandom	random;
	CvmStatus	status;
	int			count;

	cvm_vectors_of_blocks(&vectors, lesson->training, expansion);
	status = check_options(lesson, &vectors, error);
	if (status != CVM_OK)
		return status;
	cvm_random_seed(&random, options->seed);
	count = options->segments > 0 ? options->segments : choose_count(&vectors, options, &random);
	cvm_segments_init(&segments, count, vectors.width);
	cvm_vector_sample(&vectors, sample_rows(SAMPLE_ROWS, vectors.width), &random, &sample);
	cvm_kmeans_start(&sample, options->starts, &random, &segments);
	cvm_vector_sample_free(&sample);
	if (mini_batch)
		cvm_kmeans_mini_batch(&vectors, &segments,
							  options->epochs > 0 ? options->epochs : MINI_BATCH_PASSES,
							  lesson->progress);
	else
		cvm_kmeans_lloyd(&vectors, &segments, options->epochs > 0 ? options->epochs : MOST_PASSES,
						 options->tolerance, lesson->progress);

	model->payload = take_over_by_size(&segments, vectors.total_weight);
	fill_history(&segments, (CvmSolver) options->solver, model);
	cvm_segments_free(&segments);
	return CVM_OK;
}

/*
 * Centers move on by the weights that their segments have, decayed, as in
 * streaming k-means with a forgetting factor (MLlib); segments keep their numbers,
 * though their sizes may change places.
 */
static CvmStatus
partial_fit_kmeans(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmSegmentation *known = (const CvmSegmentation *) lesson->start->payload;
	CvmExpansion *expansion = cvm_expansion_create(lesson->encoder);
	CvmSegments segments;
	CvmVectors	vectors;

	cvm_vectors_of_blocks(&vectors, lesson->training, expansion);
	cvm_segments_init(&segments, known->segments, vectors.width);
	memcpy(segments.centers, known->centers,
		   (size_t) known->segments * vectors.width * sizeof(double));
	for (int k = 0; k < known->segments; k++)
		segments.weights[k] = lesson->options->decay * lesson->start->total_weight *
			known->shares[k];
	segments.inertia = known->inertia;
	cvm_kmeans_go_on(&vectors, &segments, lesson->progress);
	model->payload = take_over(&segments, NULL, model->total_weight);
	fill_history(&segments, CVM_SOLVER_SGD, model);
	cvm_segments_free(&segments);
	return CVM_OK;
}

/* ---- the payload ---- */

static void
describe_kmeans(CvmModel *model, CvmFields *fields)
{
	CvmExpansion *expansion = cvm_expansion_create(&model->encoder);
	CvmSegmentation *segmentation;

	if (fields->reading)
	{
		model->family = CVM_LINEAR;
		model->payload = CVM_NEW_ZERO(CvmSegmentation, 1);
	}
	segmentation = (CvmSegmentation *) model->payload;
	cvm_field_count(fields, "segments", &segmentation->segments);
	cvm_field_matrix(fields, "centers", &segmentation->centers, segmentation->segments,
					 expansion->width, false);
	cvm_field_numbers(fields, "shares", &segmentation->shares, segmentation->segments, false);
	cvm_field_number(fields, "inertia", &segmentation->inertia, false);
	cvm_expansion_release(expansion);
}

static CvmStatus
check_kmeans(const CvmModel *model, CvmError *error)
{
	const CvmSegmentation *segmentation = (const CvmSegmentation *) model->payload;
	CvmExpansion *expansion = cvm_expansion_create(&model->encoder);
	int64_t		numbers = (int64_t) segmentation->segments * expansion->width;

	cvm_expansion_release(expansion);
	if (segmentation->segments < 1)
		return BAD("it has no segment");
	if (numbers > CVM_MODEL_MAX_COEFFICIENTS)
		return cvm_fail(error, CVM_LIMIT, "a model has at most %d coefficients",
						CVM_MODEL_MAX_COEFFICIENTS);
	if (segmentation->shares == NULL || (numbers > 0 && segmentation->centers == NULL))
		return BAD("the centers are missing");
	for (int64_t i = 0; i < numbers; i++)
		if (!isfinite(segmentation->centers[i]))
			return BAD("number %lld of the centers is not finite", (long long) i + 1);
	for (int k = 0; k < segmentation->segments; k++)
		if (!(segmentation->shares[k] >= 0 && segmentation->shares[k] <= 1 + 1e-9))
			return BAD("the share of segment %d is none", k + 1);
	if (!(isfinite(segmentation->inertia) && segmentation->inertia >= 0))
		return BAD("inertia must be finite and not negative");
	return CVM_OK;
}

/* ---- prediction ---- */

typedef struct Prepared
{
	const CvmSegmentation *segmentation;
	CvmExpansion *expansion;
	double	   *squares;		/* of the centers */
	double	   *vectors;		/* a block's; NULL: rows are vectors as they are */
	double	   *work;
	double	   *distances;
	int		   *nearest;
} Prepared;

static void *
prepare_kmeans(const CvmModel *model)
{
	Prepared   *prepared = CVM_NEW_ZERO(Prepared, 1);
	const CvmSegmentation *segmentation = (const CvmSegmentation *) model->payload;
	CvmExpansion *expansion = cvm_expansion_create(&model->encoder);

	prepared->segmentation = segmentation;
	prepared->expansion = expansion;
	prepared->squares = CVM_NEW(double, segmentation->segments);
	cvm_center_squares(segmentation->centers, segmentation->segments, expansion->width,
					   prepared->squares);
	if (expansion->level_total > 0)
		prepared->vectors = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * expansion->width);
	prepared->work = CVM_NEW(double, CVM_NEAREST_WORK(expansion->width));
	prepared->distances = CVM_NEW(double, CVM_BLOCK_ROWS);
	prepared->nearest = CVM_NEW(int, CVM_BLOCK_ROWS);
	return prepared;
}

static void
predict_kmeans(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;
	const CvmSegmentation *segmentation = prepared->segmentation;
	const double *vectors = block->dense;

	if (prepared->vectors != NULL)
	{
		cvm_expand_block(prepared->expansion, block, prepared->vectors);
		vectors = prepared->vectors;
	}
	cvm_nearest_centers(vectors, block->rows, prepared->expansion->width, segmentation->centers,
						prepared->squares, segmentation->segments, prepared->work,
						prepared->nearest, prepared->distances);
	for (int row = 0; row < block->rows; row++)
	{
		predictions[2 * row] = prepared->nearest[row] + 1;
		predictions[2 * row + 1] = sqrt(prepared->distances[row]);
	}
}

static int
transform_size(const CvmModel *model)
{
	return ((const CvmSegmentation *) model->payload)->segments;
}

/* Distances from all centers. */
static void
transform_kmeans(void *state, const CvmBlock *block, double *values)
{
	Prepared   *prepared = (Prepared *) state;
	const CvmSegmentation *segmentation = prepared->segmentation;
	int			width = prepared->expansion->width;
	const double *vectors = block->dense;

	if (prepared->vectors != NULL)
	{
		cvm_expand_block(prepared->expansion, block, prepared->vectors);
		vectors = prepared->vectors;
	}
	for (int row = 0; row < block->rows; row++)
		for (int k = 0; k < segmentation->segments; k++)
		{
			const double *vector = vectors + (size_t) row * width;
			const double *center = segmentation->centers + (size_t) k * width;
			double		square = 0;

			for (int i = 0; i < width; i++)
				square += (vector[i] - center[i]) * (vector[i] - center[i]);
			values[(size_t) row * segmentation->segments + k] = sqrt(square);
		}
}

const CvmLearner cvm_learner_kmeans = {
	.name = "kmeans",.number = CVM_ALGORITHM_KMEANS,
	.tasks = CVM_TASK_BIT(CVM_SEGMENTATION),
	.family = family_of,.fit = fit_kmeans,.partial_fit = partial_fit_kmeans,
	.describe = describe_kmeans,.check = check_kmeans,
	.prepare = prepare_kmeans,.predict = predict_kmeans,
	.transform_size = transform_size,.transform = transform_kmeans
};
