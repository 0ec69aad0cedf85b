/*
 * tree_fit.c
 *		Learning trees: rows into bins, then one, many at random, or one after
 *		another.
 */
#include "learn/tree/tree_fit.h"

#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "learn/tree/tree_work.h"

/* Rows that bins are learned from, as far as their numbers fit SAMPLE_BYTES. */
#define SAMPLE_ROWS 200000
#define SAMPLE_BYTES (64 * 1024 * 1024)

/* For histograms of leaves that wait, and those of members of a team. */
#define HISTOGRAM_BYTES (64 * 1024 * 1024)

#define DEFAULT_LEAVES 31

/* What a worker must have to do, to be worth one: rows, and bytes of bins over
 * all trees. */
#define ROWS_OF_WORKER 16384
#define CELLS_OF_WORKER 1e7
#define MOST_WORKERS 15

CvmGrowthOptions
cvm_tree_growth(const CvmTreeWork *work)
{
	const CvmOptions *options = work->options;
	bool		forest = work->task->method == CVM_RANDOM_FOREST;
	int			columns = work->bins->columns;
	CvmGrowthOptions growth = {
		.by_depth = options->growth == CVM_GROWTH_DEPTH,
		.max_leaves = options->max_leaves > 0 ? options->max_leaves :
			forest ? INT_MAX : DEFAULT_LEAVES,
		.max_depth = options->max_depth,
		.histogram_memory = HISTOGRAM_BYTES
	};

	/* a pass takes what it can get, besides buffers and the learner's trees */
	if (work->in_file && growth.histogram_memory > work->task->memory / 4)
		growth.histogram_memory = work->task->memory / 4;

	if (forest)
	{
		double		wanted = options->column_share > 0 ? options->column_share * columns :
			work->task->objective == CVM_OBJECTIVE_SQUARED ? columns / 3.0 : sqrt(columns);

		growth.columns_per_split = wanted < 1 ? 1 : (int) (wanted + 0.5);
	}
	return growth;
}

CvmTreeJobPlan
cvm_tree_job_plan(const CvmTreeWork *work)
{
	const CvmTreeTask *task = work->task;
	CvmTreeJobPlan plan = {.rows = work->source->rows,.bins = work->bins,.width = 2,
	.in_file = work->in_file};
	size_t		leaves = (size_t) cvm_tree_growth(work).max_leaves;

	if (task->method == CVM_BOOSTED_TREES)
	{
		plan.loss = (CvmTreeLoss)
		{
			task->objective, task->outputs, work->options->quantile, work->options->l2
		};
		plan.most_leaves = leaves < plan.rows ? leaves : plan.rows;
	}
	else if (task->directions == NULL &&
			 (task->objective == CVM_OBJECTIVE_SOFTMAX ||
			  (task->objective == CVM_OBJECTIVE_LOGISTIC && work->options->impurity != 0)))
	{
		plan.classes = true;
		plan.width = task->objective == CVM_OBJECTIVE_LOGISTIC ? 2 : task->outputs;
	}
	return plan;
}

int
cvm_tree_workers(const CvmTreeWork *work)
{
	double		rows = (double) work->source->rows;
	double		trees = work->task->method == CVM_DECISION_TREE ? 1 :
		(double) work->options->trees * work->task->outputs;
	double		cells = rows * work->bins->columns * trees;
	double		sums = (double) cvm_histogram_size(work->bins->columns, work->task->outputs + 2) *
		sizeof(int64_t);
	double		workers = fmin(fmin(rows / ROWS_OF_WORKER, cells / CELLS_OF_WORKER),
							   HISTOGRAM_BYTES / sums);

	/* a source in order runs a query, which a leader of workers cannot */
	return work->source->in_order ? 0 : cvm_team_possible((int) fmin(workers, MOST_WORKERS));
}

void
cvm_tree_report(const CvmTreeWork *work, int round, int rounds,
				double training_loss, double validation_loss)
{
	if (work->progress != NULL)
		work->progress->report(work->progress->state, round, rounds, training_loss,
							   validation_loss, NAN, NAN);
}

/* Bytes for each row: bins, derivatives, scores, numbers. */
static size_t
row_size(const CvmTreeTask *task)
{
	int			columns = task->layout->dense_columns + task->layout->coded_columns;
	size_t		size = cvm_binned_row_size(columns) + 2 * sizeof(int32_t);

	if (task->method == CVM_BOOSTED_TREES)
		return size + sizeof(int64_t) +
			task->outputs * (sizeof(double) + 2 * sizeof(float));
	return size + 4 * sizeof(double) + task->outputs * sizeof(double);
}

/* Whether rows have to be kept in a file. */
static CvmStatus
choose_place(const CvmTreeTask *task, const CvmBlockSource *training,
			 const CvmBlockSource *validation, bool *in_file, CvmError *error)
{
	uint64_t	rows = training->rows + (validation != NULL ? validation->rows : 0);

	*in_file = task->memory > 0 && rows * row_size(task) > task->memory;
	if (rows > INT32_MAX)
		return cvm_fail(error, CVM_LIMIT, "trees are grown over at most %d rows", INT32_MAX);
	return CVM_OK;
}

CvmStatus
cvm_tree_fit(const CvmTreeTask *task, CvmBlockSource *training, CvmBlockSource *validation,
			 const CvmOptions *options, const CvmProgress *progress,
			 CvmTreeFit *fit, CvmError *error)
{
	CvmTreeWork work = {.task = task,.options = options,.progress = progress};
	size_t		sample = SAMPLE_ROWS;
	size_t		fitting = SAMPLE_BYTES / (sizeof(double) * (task->layout->dense_columns + 1));
	CvmStatus	status = choose_place(task, training, validation, &work.in_file, error);

	if (status != CVM_OK)
		return status;
	sample = sample < fitting ? sample : fitting;
	work.bins = cvm_bins_learn(task->layout, training, sample,
							   work.in_file ? task->memory / 2 : SIZE_MAX,
							   (uint64_t) options->seed);
	work.source = training;
	work.total_weight = training->total_weight;
	/* held-out rows decide when boosting stops, and nothing else here */
	if (task->method == CVM_BOOSTED_TREES)
		work.validation = validation;
	fit->out_of_bag_error = NAN;
	status = task->method == CVM_BOOSTED_TREES ? cvm_boost(&work, fit, error) :
		cvm_grow_forest(&work, fit, error);
	cvm_bins_release(work.bins);
	return status;
}
