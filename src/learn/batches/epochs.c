/*
 * epochs.c
 *		Training by mini-batches: the loop that every such learner shares.
 *
 * A batch may be larger than the window of the shuffle, so rows reach the
 * learner in parts of a block at most, and a step ends the batch when
 * batch_size rows have come or the epoch is over.
 */
#include "learn/batches/epochs.h"

#include <math.h>

#include "base/memory.h"
#include "learn/batches/shuffle.h"
#include "learn/batches/stepper.h"

#define DEFAULT_STEPS 20000.0
#define FEWEST_DEFAULT_EPOCHS 5
#define MOST_DEFAULT_EPOCHS 200

/* Where training stands. */
typedef struct Course
{
	const CvmBatchLearner *learner;
	const CvmOptions *options;
	CvmSolver	solver;
	CvmShuffle *shuffle;
	double		steps_per_epoch;
	double		total_steps;
	double		steps;			/* taken */
	double		rate;			/* of the last step */
} Course;

static double
steps_per_epoch(const CvmOptions *options, uint64_t rows)
{
	return ceil((double) rows / options->batch_size);
}

int
cvm_epoch_count(const CvmOptions *options, uint64_t rows)
{
	double		epochs = ceil(DEFAULT_STEPS / steps_per_epoch(options, rows));

	if (options->epochs > 0)
		return options->epochs;
	return (int) fmax(FEWEST_DEFAULT_EPOCHS, fmin(MOST_DEFAULT_EPOCHS, epochs));
}

static double
take_step(Course *course)
{
	course->rate = cvm_learning_rate(course->options, course->solver, course->steps,
									 course->steps_per_epoch, course->total_steps);
	course->steps++;
	cvm_check_interrupt();
	return course->learner->step(course->learner->state, course->rate);
}

/* Mean loss of the epoch's batches; not finite as soon as one of them is not. */
static double
run_epoch(Course *course)
{
	const CvmBatchLearner *learner = course->learner;
	int			batch_size = course->options->batch_size;
	int			batch_rows = 0;
	double		batch_weight = 0;
	double		weight = 0;
	double		loss = 0;
	CvmBlock	rows;

	cvm_shuffle_begin(course->shuffle);
	while (cvm_shuffle_next(course->shuffle,
							batch_size - batch_rows < CVM_BLOCK_ROWS ?
							batch_size - batch_rows : CVM_BLOCK_ROWS, &rows))
	{
		learner->add(learner->state, &rows);
		batch_rows += rows.rows;
		for (int row = 0; row < rows.rows; row++)
			batch_weight += rows.weight[row];
		if (batch_rows < batch_size)
			continue;
		loss += batch_weight * take_step(course);
		if (!isfinite(loss))
			return loss;
		weight += batch_weight;
		batch_rows = 0;
		batch_weight = 0;
	}
	if (batch_rows > 0)
		loss += batch_weight * take_step(course);
	return loss / (weight + batch_weight);
}

void
cvm_run_epochs(const CvmBatchLearner *learner, CvmBlockSource *training,
			   CvmBlockSource *validation, const CvmOptions *options,
			   CvmSolver solver, const CvmProgress *progress, CvmEpochs *result)
{
	int			epochs = cvm_epoch_count(options, training->rows);
	bool		validated = validation != NULL && validation->rows > 0;
	bool		patient = validated && options->patience > 0;
	int			best_epoch = 0;
	double		best_loss = NAN;
	Course		course = {.learner = learner, .options = options, .solver = solver};

	course.shuffle = cvm_shuffle_create(training, (uint64_t) options->seed);
	course.steps_per_epoch = steps_per_epoch(options, training->rows);
	course.total_steps = course.steps_per_epoch * epochs;
	result->outcome = CVM_EPOCH_LIMIT;
	result->validation_loss = NAN;

	for (int epoch = 1; epoch <= epochs; epoch++)
	{
		double		loss = NAN;

		result->epochs = epoch;
		result->training_loss = run_epoch(&course);
		if (!isfinite(result->training_loss))
		{
			result->outcome = CVM_DIVERGED;
			break;
		}
		if (validated)
			loss = learner->validate(learner->state, validation);
		if (progress != NULL)
			progress->report(progress->state, epoch, epochs, result->training_loss,
							 loss, course.rate, NAN);

		if (!patient || best_epoch == 0 ||
			loss < best_loss - options->tolerance * fabs(best_loss))
		{
			if (patient || epoch == epochs)
				learner->keep(learner->state);
			result->validation_loss = best_loss = loss;
			best_epoch = epoch;
		}
		else if (epoch - best_epoch >= options->patience)
		{
			result->outcome = CVM_EARLY_STOPPED;
			break;
		}
	}
	cvm_shuffle_free(course.shuffle);
}
