/*
 * tree_job.c
 *		Rows in bins, and the work on them that a team shares: what the leader
 *		does.
 *
 * Where there is no worker, or work for one unit only, histograms and
 * partitions are made in place, without sums or scratch of a member.
 */
#include "learn/tree/tree_job.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/tree/tree_member.h"
#include "learn/tree/tree_passes.h"
#include "learn/tree/tree_work.h"

struct CvmTreeJob
{
	CvmTeam    *team;
	CvmTreeShared	   *shared;
	CvmTreeMember	   *own;			/* the leader as it sees the arrays */
	int			members;		/* at most */
	int64_t    *narrow;			/* for histograms of few rows */
	CvmTreeStream *stream;		/* or NULL */
	size_t		units;			/* of a pass over all rows */
	size_t		drawn;			/* rows of the tree */
};

static size_t
units_of(size_t rows, size_t unit_rows)
{
	return (rows + unit_rows - 1) / unit_rows;
}

/* Places an array after what is there; its distance from the head. */
static size_t
place(size_t *size, size_t count, size_t element)
{
	size_t		distance = (*size + CVM_TREE_LINE - 1) / CVM_TREE_LINE * CVM_TREE_LINE;

	*size = distance + count * element;
	return distance;
}

/* Lays out the arrays; returns the size of the whole. */
static size_t
lay_out(const CvmTreeJobPlan *plan, int members, bool own_rows, CvmTreeShared *shared)
{
	size_t		size = sizeof(CvmTreeShared);
	size_t		rows = plan->rows;
	size_t		outputs = plan->loss.outputs;
	size_t		units = plan->in_file ? 1 : units_of(rows, CVM_TREE_PASS_ROWS);
	size_t		histogram = cvm_histogram_size(plan->bins->columns, 1);

	shared->rows = rows;
	shared->columns = plan->bins->columns;
	shared->dense_columns = plan->bins->dense_columns;
	shared->width = plan->width;
	shared->classes = plan->classes;
	shared->loss = plan->loss;
	shared->region_size = CVM_TREE_LINE + histogram * (1 + plan->width) * sizeof(int64_t);
	shared->counts = place(&size, shared->columns, sizeof(int));
	shared->chosen_columns = place(&size, shared->columns, sizeof(int32_t));
	shared->regions = place(&size, members, shared->region_size);
	shared->results = place(&size, units, sizeof(CvmTreeUnit));
	if (outputs > 0)
	{
		shared->largest = place(&size, 2 * units * outputs, sizeof(float));
		shared->leaves = place(&size, plan->most_leaves, sizeof(CvmTreeLeaf));
	}
	if (plan->in_file)
		return size;
	shared->numbers = place(&size, rows, sizeof(int32_t));
	shared->parted = place(&size, rows, sizeof(int32_t));
	if (plan->classes)
	{
		shared->weights = place(&size, rows, sizeof(uint16_t));
		shared->row_classes = place(&size, rows, sizeof(int32_t));
	}
	else
		shared->packed = place(&size, rows, sizeof(int64_t));
	if (own_rows)
	{
		shared->by_row = place(&size, rows * shared->columns, 1);
		shared->by_column = place(&size, rows * shared->columns, 1);
		shared->target = place(&size, rows, sizeof(double));
		shared->weight = place(&size, rows, sizeof(double));
	}
	if (outputs > 0)
	{
		shared->scores = place(&size, rows * outputs, sizeof(double));
		shared->g = place(&size, rows * outputs, sizeof(float));
		shared->h = place(&size, rows * outputs, sizeof(float));
	}
	return size;
}

static CvmTreeJob *
begin_job(const CvmTreeJobPlan *plan, int workers, bool own_rows)
{
	CvmTreeJob *job = CVM_NEW_ZERO(CvmTreeJob, 1);
	CvmTreeShared		shared = {0};
	size_t		size = lay_out(plan, workers + 1, own_rows, &shared);

	job->members = workers + 1;
	job->team = cvm_team_begin(&cvm_tree_job, size, workers);
	job->shared = cvm_team_shared(job->team);
	*job->shared = shared;
	memcpy(cvm_tree_at(job->shared, shared.counts), plan->bins->counts, shared.columns * sizeof(int));
	job->own = CVM_NEW_ZERO(CvmTreeMember, 1);
	job->own->shared = job->shared;
	cvm_tree_see_arrays(job->own);
	job->narrow = CVM_NEW(int64_t, cvm_histogram_size(shared.columns, 1));
	job->units = units_of(plan->rows, CVM_TREE_PASS_ROWS);
	if (plan->in_file)
	{
		job->units = 1;
		job->stream = cvm_tree_stream_open(plan->rows, shared.columns, plan->loss.outputs,
										   plan->outside);
	}
	return job;
}

CvmTreeJob *
cvm_tree_job_begin(const CvmTreeJobPlan *plan, int workers)
{
	return begin_job(plan, plan->in_file ? 0 : workers, true);
}

CvmTreeJob *
cvm_tree_job_over(const CvmTreeJobPlan *plan, const CvmBinnedRows *rows)
{
	CvmTreeJob *job = begin_job(plan, 0, false);

	job->own->arrays.rows = *rows;
	return job;
}

void
cvm_tree_job_end(CvmTreeJob *job)
{
	cvm_team_end(job->team);
	cvm_tree_stream_close(job->stream);
	cvm_release(job->own);
	cvm_release(job->narrow);
	cvm_release(job);
}

const CvmTreeArrays *
cvm_tree_job_arrays(const CvmTreeJob *job)
{
	return &job->own->arrays;
}

CvmTreeStream *
cvm_tree_job_stream(const CvmTreeJob *job)
{
	return job->stream;
}

bool
cvm_tree_job_has_classes(const CvmTreeJob *job)
{
	return job->shared->classes;
}

void
cvm_tree_job_read(CvmTreeJob *job, const CvmBins *bins, CvmBlockSource *source)
{
	if (job->stream != NULL)
		cvm_tree_stream_fill(job->stream, bins, source);
	else
		cvm_bin_rows_into(bins, source, &job->own->arrays.rows);
}

static void
run(CvmTreeJob *job, CvmTreeOperation operation, size_t units)
{
	job->shared->operation = operation;
	job->shared->run++;
	cvm_team_run(job->team, (int) units);
}

/* ---- histograms and partitions ---- */

void
cvm_tree_job_histogram(CvmTreeJob *job, const CvmHistogramShape *shape, size_t begin, size_t end,
					   int64_t *sums)
{
	CvmTreeShared	   *shared = job->shared;
	size_t		units = units_of(end - begin, CVM_TREE_HISTOGRAM_ROWS);

	if (units < 2 || job->members == 1)
	{
		cvm_histogram_fill(shape, &job->own->arrays.rows, &job->own->statistics,
						   job->own->arrays.numbers + begin, end - begin, job->narrow, sums);
		return;
	}
	shared->begin = begin;
	shared->end = end;
	shared->chosen = shape->chosen == NULL ? -1 : shape->columns;
	if (shape->chosen != NULL)
		memcpy(cvm_tree_at(shared, shared->chosen_columns), shape->chosen,
			   shape->columns * sizeof(int32_t));
	run(job, CVM_TREE_ADD_HISTOGRAM, units);
	cvm_histogram_clear(shape, shape->width, sums);
	for (int i = 0; i < job->members; i++)
	{
		CvmTreeRegion	   *region = cvm_tree_region(shared, i);

		if (region->run != shared->run)
			continue;
		if (region->has_sums)
			cvm_histogram_add(shape, sums, cvm_tree_sums(shared, region));
		if (region->narrow_rows > 0)
			cvm_histogram_unpack(shape, cvm_tree_narrow(region), sums);
	}
}

/* The same by one process, in place. */
static size_t
part_alone(CvmTreeJob *job, size_t begin, size_t end, int column, const uint8_t *goes_left)
{
	const CvmTreeArrays *arrays = &job->own->arrays;
	const uint8_t *bins = arrays->rows.by_column + (size_t) column * arrays->rows.rows;
	int32_t    *numbers = arrays->numbers;
	int32_t    *parted = arrays->parted;
	size_t		left = begin;
	size_t		right = 0;

	for (size_t i = begin; i < end; i++)
	{
		int32_t		number = numbers[i];
		size_t		is_left = goes_left[bins[number]];

		numbers[left] = number;
		parted[right] = number;
		left += is_left;
		right += 1 - is_left;
	}
	memcpy(numbers + left, parted, right * sizeof(int32_t));
	return left;
}

size_t
cvm_tree_job_part(CvmTreeJob *job, size_t begin, size_t end, int column,
				  const uint8_t *goes_left)
{
	CvmTreeShared	   *shared = job->shared;
	CvmTreeUnit *results = cvm_tree_at(shared, shared->results);
	size_t		units = units_of(end - begin, CVM_TREE_PASS_ROWS);
	size_t		left = 0;

	if (units < 2 || job->members == 1)
		return part_alone(job, begin, end, column, goes_left);
	shared->begin = begin;
	shared->end = end;
	shared->column = column;
	memcpy(shared->goes_left, goes_left, CVM_BIN_PLACES);
	run(job, CVM_TREE_PART_ROWS, units);
	for (size_t unit = 0; unit < units; unit++)
	{
		results[unit].left_before = left;
		left += results[unit].left;
	}
	shared->middle = begin + left;
	run(job, CVM_TREE_MOVE_ROWS, units);
	return shared->middle;
}

/* ---- boosting ---- */

void
cvm_tree_job_base(CvmTreeJob *job, double *base)
{
	const CvmBinnedRows *rows = &job->own->arrays.rows;
	const CvmTreeLoss *loss = &job->shared->loss;

	if (job->stream != NULL)
		cvm_tree_pass_base(job->stream, loss, base);
	else
		cvm_tree_loss_base(loss, rows->rows, rows->target, rows->weight, base);
}

void
cvm_tree_job_set_scores(CvmTreeJob *job, const CvmFirstScores *first, CvmBlockSource *source)
{
	if (job->stream != NULL)
		cvm_first_scores_store(first, source, job->stream);
	else
		cvm_first_scores_fill(first, source, job->own->arrays.scores);
}

size_t
cvm_tree_job_draw(CvmTreeJob *job, double share, uint64_t seed)
{
	int32_t    *numbers = job->own->arrays.numbers;

	if (job->stream != NULL)
		return job->drawn = cvm_tree_pass_draw(job->stream, share, seed);
	job->drawn = 0;
	for (size_t row = 0; row < job->shared->rows; row++)
	{
		numbers[job->drawn] = (int32_t) row;
		job->drawn += cvm_row_is_drawn(row, seed, share);
	}
	return job->drawn;
}

double
cvm_tree_job_losses(CvmTreeJob *job, bool derivatives)
{
	const CvmTreeUnit *results = cvm_tree_at(job->shared, job->shared->results);
	double		sum = 0;

	if (job->stream != NULL)
		return cvm_tree_pass_losses(job->stream, &job->shared->loss, derivatives,
									cvm_tree_at(job->shared, job->shared->largest));
	job->shared->derivatives = derivatives;
	run(job, CVM_TREE_ADD_LOSSES, job->units);
	for (size_t unit = 0; unit < job->units; unit++)
		sum += results[unit].loss;
	return sum;
}

void
cvm_tree_job_pack(CvmTreeJob *job, int output, uint64_t seed, double *gradient_unit,
				  double *curvature_unit)
{
	CvmTreeShared	   *shared = job->shared;
	const float *largest = cvm_tree_at(shared, shared->largest);
	float		gradient = 0;
	float		curvature = 0;

	for (size_t unit = 0; unit < job->units; unit++)
	{
		const float *own = largest + 2 * (unit * shared->loss.outputs + output);

		gradient = own[0] > gradient ? own[0] : gradient;
		curvature = own[1] > curvature ? own[1] : curvature;
	}
	*gradient_unit = gradient > 0 ? (double) gradient / (CVM_LARGEST_GRADIENT - 1) : 1;
	*curvature_unit = curvature > 0 ? (double) curvature / (CVM_LARGEST_CURVATURE - 1) : 1;
	shared->output = output;
	shared->seed = (uint32_t) cvm_hash64(seed, (uint64_t) output);
	shared->gradient_scale = (float) (1 / *gradient_unit);
	shared->curvature_scale = (float) (1 / *curvature_unit);
	if (job->stream != NULL)
		cvm_tree_pass_pack(job->stream, output, shared->gradient_scale, shared->curvature_scale,
						   shared->seed);
	else
		run(job, CVM_TREE_PACK_ROWS, job->units);
}

CvmTreeLeaf *
cvm_tree_job_leaves(CvmTreeJob *job)
{
	return cvm_tree_at(job->shared, job->shared->leaves);
}

bool
cvm_tree_job_settle(CvmTreeJob *job, int leaves, int output, double rate,
					const int32_t *leaf_of_key)
{
	CvmTreeShared *shared = job->shared;

	if (job->stream != NULL)
	{
		cvm_tree_pass_settle(job->stream, &shared->loss, output, rate, leaf_of_key,
							 cvm_tree_job_leaves(job), leaves);
		return true;
	}
	shared->output = output;
	shared->rate = rate;
	shared->add = job->drawn == shared->rows;
	run(job, CVM_TREE_SETTLE_LEAVES, leaves);
	return shared->add;
}
