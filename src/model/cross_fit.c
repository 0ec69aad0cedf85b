/*
 * cross_fit.c
 *		Predictions for training rows by models that did not learn from them.
 *
 * The rows outside of a fold are a source of blocks like any other: full but
 * for the last one.  A block of it is put together from one or two of the
 * lesson's; where each begins is known beforehand, because folds depend on
 * nothing but the numbers of the rows.  Of a lesson whose blocks come only in
 * order they are asked for in order.
 */
#include "model/cross_fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/predictor.h"
#include "model/segments/segment_fit.h"
#include "model/segments/segment_set.h"

/* Predictions that are kept. */
#define MOST_PREDICTIONS (4 * 1024 * 1024)

/* Apart from the hashes that folds go by. */
#define LOT_SEED UINT64_C(0x6c6f7473)

static int
fold_of(const CvmCrossFit *cross_fit, uint64_t row)
{
	return (int) (cvm_hash64(row, cross_fit->lesson->options->seed) % CVM_CROSS_FIT_FOLDS);
}

static bool
is_predicted(const CvmCrossFit *cross_fit, uint64_t row)
{
	return cross_fit->share == UINT64_MAX ||
		cvm_hash64(row, cross_fit->lesson->options->seed ^ LOT_SEED) < cross_fit->share;
}

/* ---- the rows outside of a fold ---- */

typedef struct Outside
{
	const CvmCrossFit *cross_fit;
	CvmBlockSource *rows;		/* of the lesson */
	int			fold;
	uint64_t   *starts;			/* row that a block begins with */
	int			blocks;
	CvmBlock   *given[2];		/* taken in turn */
	int			turn;
	const CvmBlock *current;	/* of the lesson, the last one that was read */
	int			current_index;
} Outside;

static const CvmBlock *
lesson_block(Outside *outside, int index)
{
	if (outside->current != NULL && outside->current_index == index)
		return outside->current;
	if (outside->rows->in_order)
	{
		int			next = outside->current != NULL && outside->current_index < index ?
			outside->current_index + 1 : 0;

		for (; next < index; next++)
			(void) outside->rows->read(outside->rows->state, next);
	}
	outside->current = outside->rows->read(outside->rows->state, index);
	outside->current_index = index;
	return outside->current;
}

static void
copy_row(const CvmBlockSource *rows, const CvmBlock *from, int row, CvmBlock *to)
{
	int			place = to->rows++;

	memcpy(to->dense + (size_t) place * rows->dense_columns,
		   from->dense + (size_t) row * rows->dense_columns,
		   rows->dense_columns * sizeof(double));
	memcpy(to->codes + (size_t) place * rows->coded_columns,
		   from->codes + (size_t) row * rows->coded_columns,
		   rows->coded_columns * sizeof(int32_t));
	to->target[place] = from->target[row];
	to->weight[place] = from->weight[row];
}

static const CvmBlock *
read_outside(void *state, int index)
{
	Outside    *outside = state;
	const CvmBlockSource *rows = outside->rows;
	CvmBlock   *block = outside->given[outside->turn];
	uint64_t	row = outside->starts[index];

	outside->turn = 1 - outside->turn;
	block->rows = 0;
	for (; row < rows->rows && block->rows < CVM_BLOCK_ROWS; row++)
		if (fold_of(outside->cross_fit, row) != outside->fold)
			copy_row(rows, lesson_block(outside, (int) (row / CVM_BLOCK_ROWS)),
					 (int) (row % CVM_BLOCK_ROWS), block);
	if (rows->in_order && index + 1 == outside->blocks)
		(void) lesson_block(outside, rows->blocks - 1);
	return block;
}

static void
open_outside(CvmCrossFit *cross_fit, int fold, CvmBlockSource *source)
{
	Outside    *outside = CVM_NEW_ZERO(Outside, 1);
	CvmBlockSource *rows = cross_fit->lesson->training;
	uint64_t	count = 0;

	*source = *rows;
	source->rows = rows->rows - cross_fit->fold_rows[fold];
	source->blocks = (int) ((source->rows + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS);
	source->total_weight = rows->total_weight - cross_fit->fold_weights[fold];
	source->read = read_outside;
	source->state = outside;
	outside->cross_fit = cross_fit;
	outside->rows = rows;
	outside->fold = fold;
	outside->blocks = source->blocks;
	outside->starts = CVM_NEW(uint64_t, source->blocks);
	for (uint64_t row = 0; row < rows->rows; row++)
		if (fold_of(cross_fit, row) != fold && count++ % CVM_BLOCK_ROWS == 0)
			outside->starts[count / CVM_BLOCK_ROWS] = row;
	for (int i = 0; i < 2; i++)
		outside->given[i] = cvm_block_create(rows->dense_columns, rows->coded_columns);
}

/* ---- before the folds ---- */

/* One pass: rows and weights of each fold, and rows of each class in it. */
static void
count_rows(CvmCrossFit *cross_fit, uint64_t *class_rows)
{
	CvmBlockSource *rows = cross_fit->lesson->training;
	int			classes = cross_fit->lesson->class_count;
	uint64_t	number = 0;

	for (int b = 0; b < rows->blocks; b++)
	{
		const CvmBlock *block = rows->read(rows->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++, number++)
		{
			int			fold = fold_of(cross_fit, number);

			cross_fit->fold_rows[fold]++;
			cross_fit->fold_weights[fold] += block->weight[row];
			cross_fit->capacity += is_predicted(cross_fit, number);
			if (classes > 0)
				class_rows[(size_t) fold * classes + (int) block->target[row]]++;
		}
	}
}

/* Every class has rows outside of every fold. */
static CvmStatus
check_classes(const CvmLesson *lesson, const CvmModel *model, const uint64_t *class_rows,
			  CvmError *error)
{
	int			classes = lesson->class_count;

	for (int k = 0; k < classes; k++)
	{
		int			folds = 0;

		for (int fold = 0; fold < CVM_CROSS_FIT_FOLDS; fold++)
			folds += class_rows[(size_t) fold * classes + k] > 0;
		if (folds > 1)
			continue;
		cvm_fail(error, CVM_ONE_CLASS,
				 "class \"%.100s\" has too few rows to learn without some of them",
				 model->classes[k]);
		cvm_hint(error, "Options \"calibration\" and \"profit\" with an empirical threshold need more rows of each class.");
		return CVM_ONE_CLASS;
	}
	return CVM_OK;
}

CvmStatus
cvm_cross_fit_begin(CvmCrossFit *cross_fit, const CvmLesson *lesson, const CvmModel *model,
					const double *class_factors, CvmError *error)
{
	double		share = (double) MOST_PREDICTIONS / model->outputs / (double) lesson->training->rows;
	uint64_t   *class_rows = CVM_NEW_ZERO(uint64_t,
										  (size_t) CVM_CROSS_FIT_FOLDS * lesson->class_count);
	CvmStatus	status;

	memset(cross_fit, 0, sizeof(*cross_fit));
	cross_fit->lesson = lesson;
	cross_fit->class_factors = class_factors;
	cross_fit->outputs = model->outputs;
	cross_fit->share = share >= 1 ? UINT64_MAX : (uint64_t) (share * 0x1p64);
	count_rows(cross_fit, class_rows);
	status = check_classes(lesson, model, class_rows, error);
	cvm_release(class_rows);
	if (status != CVM_OK)
		return status;
	for (int fold = 0; fold < CVM_CROSS_FIT_FOLDS; fold++)
		if (cross_fit->fold_rows[fold] == lesson->training->rows)
			return cvm_fail(error, CVM_NO_ROWS, "%llu rows are too few to learn without some of them",
							(unsigned long long) lesson->training->rows);
	cross_fit->predictions = CVM_NEW(double, cross_fit->capacity * model->outputs);
	cross_fit->targets = CVM_NEW(double, cross_fit->capacity);
	cross_fit->weights = CVM_NEW(double, cross_fit->capacity);
	return CVM_OK;
}

/* ---- a fold ---- */

static void
keep(CvmCrossFit *cross_fit, const CvmBlock *block, int row, const double *prediction)
{
	size_t		place = cross_fit->count++;
	double		target = block->target[row];

	for (int k = 0; k < cross_fit->outputs; k++)
		cross_fit->predictions[k * cross_fit->capacity + place] = prediction[k];
	cross_fit->targets[place] = target;
	cross_fit->weights[place] = cross_fit->class_factors == NULL ? block->weight[row] :
		block->weight[row] / cross_fit->class_factors[(int) target];
}

/* Predicts gathered rows, and empties the block. */
static void
predict_gathered(CvmCrossFit *cross_fit, const CvmModel *model, CvmPredictor *predictor,
				 CvmBlock *gathered, double *predictions)
{
	cvm_predictor_predict(predictor, gathered, predictions);
	for (int row = 0; row < gathered->rows; row++)
		keep(cross_fit, gathered, row, predictions + (size_t) row * model->outputs);
	gathered->rows = 0;
}

static void
predict_inside(CvmCrossFit *cross_fit, int fold, const CvmModel *model)
{
	CvmBlockSource *rows = cross_fit->lesson->training;
	CvmBlock   *gathered = cvm_block_create(rows->dense_columns, rows->coded_columns);
	double	   *predictions = CVM_NEW(double, (size_t) CVM_BLOCK_ROWS * model->outputs);
	CvmPredictor *predictor = cvm_predictor_create(model);
	uint64_t	number = 0;

	gathered->rows = 0;
	for (int b = 0; b < rows->blocks; b++)
	{
		const CvmBlock *block = rows->read(rows->state, b);

		cvm_check_interrupt();
		for (int row = 0; row < block->rows; row++, number++)
		{
			if (fold_of(cross_fit, number) != fold || !is_predicted(cross_fit, number))
				continue;
			copy_row(rows, block, row, gathered);
			if (gathered->rows == CVM_BLOCK_ROWS)
				predict_gathered(cross_fit, model, predictor, gathered, predictions);
		}
	}
	predict_gathered(cross_fit, model, predictor, gathered, predictions);
}

CvmStatus
cvm_cross_fit_fold(CvmCrossFit *cross_fit, int fold, const CvmModel *model, CvmError *error)
{
	CvmBlockSource outside;
	CvmLesson	lesson = *cross_fit->lesson;
	CvmOptions	options = *lesson.options;
	CvmModel	learned = *model;
	CvmStatus	status;

	if (cross_fit->fold_rows[fold] == 0)
		return CVM_OK;
	learned.knowledge = NULL;	/* which is of all rows */
	open_outside(cross_fit, fold, &outside);
	lesson.training = &outside;
	lesson.start = NULL;		/* it may have learned from rows of the fold */
	lesson.progress = NULL;
	/* what makes a segment of all rows should make one of most of them */
	options.segment_min_rows = 1 + (options.segment_min_rows - 1) / 2;
	options.segment_limit = CVM_MAX_SEGMENTS;
	lesson.options = &options;
	learned.payload = NULL;
	learned.segments = NULL;
	learned.calibration = NULL;
	learned.knowledge = NULL;
	learned.rows = outside.rows;
	learned.total_weight = outside.total_weight;
	status = cvm_learn_model(&lesson, &learned, error);
	if (status == CVM_OK)
		predict_inside(cross_fit, fold, &learned);
	return status;
}
