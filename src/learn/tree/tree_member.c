/*
 * tree_member.c
 *		What the members of a team of trees see and do.
 *
 * Histograms: each member adds the rows of its units to sums of its own, and
 * the leader adds up those of the members that took part.  Partitions take two
 * runs: in the first each unit parts its own rows into scratch memory, left
 * ones from its begin, right ones from its end; when all are counted, the
 * second moves them to where they belong.
 */
#include "learn/tree/tree_member.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/jobs.h"
#include "linalg/clones.h"

#define PREFETCH_ROWS 16

/* The rows of a unit: *first, and how many. */
static size_t
unit_rows(size_t begin, size_t end, size_t rows, int unit, size_t *first)
{
	*first = begin + rows * unit;
	return end - *first < rows ? end - *first : rows;
}

void
cvm_tree_see_arrays(CvmTreeMember *member)
{
	CvmTreeShared	   *shared = member->shared;
	CvmTreeArrays *arrays = &member->arrays;

	member->bins.columns = shared->columns;
	member->bins.dense_columns = shared->dense_columns;
	member->bins.counts = cvm_tree_at(shared, shared->counts);
	arrays->rows.rows = shared->rows;
	arrays->rows.columns = shared->columns;
	arrays->rows.by_row = cvm_tree_at(shared, shared->by_row);
	arrays->rows.by_column = cvm_tree_at(shared, shared->by_column);
	arrays->rows.target = cvm_tree_at(shared, shared->target);
	arrays->rows.weight = cvm_tree_at(shared, shared->weight);
	arrays->numbers = cvm_tree_at(shared, shared->numbers);
	arrays->parted = cvm_tree_at(shared, shared->parted);
	arrays->packed = cvm_tree_at(shared, shared->packed);
	arrays->weights = cvm_tree_at(shared, shared->weights);
	arrays->classes = cvm_tree_at(shared, shared->row_classes);
	arrays->scores = cvm_tree_at(shared, shared->scores);
	arrays->g = cvm_tree_at(shared, shared->g);
	arrays->h = cvm_tree_at(shared, shared->h);
	member->statistics.width = shared->width;
	member->statistics.packed = arrays->packed;
	member->statistics.weights = arrays->weights;
	member->statistics.classes = arrays->classes;
}

static void *
enter(void *memory)
{
	CvmTreeMember	   *member = CVM_NEW_ZERO(CvmTreeMember, 1);
	int			number;

	member->shared = memory;
	cvm_tree_see_arrays(member);
	number = __atomic_fetch_add(&member->shared->members, 1, __ATOMIC_ACQ_REL);
	member->region = cvm_tree_region(member->shared, number);
	member->narrow = cvm_tree_narrow(member->region);
	member->sums = cvm_tree_sums(member->shared, member->region);
	return member;
}

static void
leave(void *own)
{
	cvm_release(own);
}

static CvmHistogramShape
shape_of(const CvmTreeMember *member)
{
	CvmTreeShared	   *shared = member->shared;
	CvmHistogramShape shape = {&member->bins, NULL, shared->columns, shared->width};

	if (shared->chosen >= 0)
	{
		shape.chosen = cvm_tree_at(shared, shared->chosen_columns);
		shape.columns = shared->chosen;
	}
	return shape;
}

static void
flush_narrow(CvmTreeRegion *region, const CvmHistogramShape *shape, int64_t *narrow, int64_t *sums)
{
	if (!region->has_sums)
		cvm_histogram_clear(shape, shape->width, sums);
	cvm_histogram_unpack(shape, narrow, sums);
	region->has_sums = true;
	region->narrow_rows = 0;
}

static void
add_histogram(CvmTreeMember *member, int unit)
{
	CvmTreeShared	   *shared = member->shared;
	CvmTreeRegion	   *region = member->region;
	CvmHistogramShape shape = shape_of(member);
	size_t		first;
	size_t		count = unit_rows(shared->begin, shared->end, CVM_TREE_HISTOGRAM_ROWS, unit, &first);
	const int32_t *numbers = member->arrays.numbers + first;

	if (region->run != shared->run)
	{
		region->run = shared->run;
		region->narrow_rows = 0;
		region->has_sums = shared->classes;
		if (shared->classes)
			cvm_histogram_clear(&shape, shape.width, member->sums);
	}
	if (shared->classes)
	{
		cvm_histogram_add_classes(&shape, &member->arrays.rows, &member->statistics, numbers,
								  count, member->sums);
		return;
	}
	if (region->narrow_rows + count > CVM_PACKED_ROWS)
		flush_narrow(region, &shape, member->narrow, member->sums);
	if (region->narrow_rows == 0)
		cvm_histogram_clear(&shape, 1, member->narrow);
	cvm_histogram_add_pairs(&shape, &member->arrays.rows, member->arrays.packed, numbers, count,
							member->narrow);
	region->narrow_rows += count;
}

static void
part_rows(CvmTreeMember *member, int unit)
{
	CvmTreeShared	   *shared = member->shared;
	CvmTreeUnit *results = cvm_tree_at(shared, shared->results);
	const uint8_t *bins = member->arrays.rows.by_column + (size_t) shared->column * shared->rows;
	size_t		first;
	size_t		count = unit_rows(shared->begin, shared->end, CVM_TREE_PASS_ROWS, unit, &first);
	const int32_t *numbers = member->arrays.numbers + first;
	int32_t    *parted = member->arrays.parted + first;
	size_t		left = 0;
	size_t		right = count - 1;

	for (size_t i = 0; i < count; i++)
	{
		int32_t		number = numbers[i];
		size_t		is_left = shared->goes_left[bins[number]];

		/* which side cannot be foretold: without a branch */
		parted[right ^ ((left ^ right) & (0 - is_left))] = number;
		left += is_left;
		right -= 1 - is_left;
	}
	results[unit].left = left;
}

static void
move_rows(CvmTreeMember *member, int unit)
{
	CvmTreeShared	   *shared = member->shared;
	const CvmTreeUnit *result = (CvmTreeUnit *) cvm_tree_at(shared, shared->results) + unit;
	size_t		first;
	size_t		count = unit_rows(shared->begin, shared->end, CVM_TREE_PASS_ROWS, unit, &first);
	const int32_t *parted = member->arrays.parted + first;
	int32_t    *right = member->arrays.numbers + shared->middle +
		(first - shared->begin - result->left_before);

	memcpy(member->arrays.numbers + shared->begin + result->left_before, parted,
		   result->left * sizeof(int32_t));
	for (size_t i = result->left; i < count; i++)
		right[i - result->left] = parted[count - 1 - (i - result->left)];
}

void
cvm_tree_largest(const float *g, const float *h, size_t count, float *largest)
{
	float		gradient = largest[0];
	float		curvature = largest[1];

	for (size_t i = 0; i < count; i++)
	{
		float		size = fabsf(g[i]);

		gradient = size > gradient ? size : gradient;
		curvature = h[i] > curvature ? h[i] : curvature;
	}
	largest[0] = gradient;
	largest[1] = curvature;
}

static void
add_losses(CvmTreeMember *member, int unit)
{
	CvmTreeShared	   *shared = member->shared;
	const CvmTreeArrays *arrays = &member->arrays;
	CvmTreeUnit *results = cvm_tree_at(shared, shared->results);
	float	   *largest = cvm_tree_at(shared, shared->largest);
	size_t		first;
	size_t		count = unit_rows(0, shared->rows, CVM_TREE_PASS_ROWS, unit, &first);

	results[unit].loss = cvm_tree_loss_rows(&shared->loss, shared->rows, count,
											arrays->scores + first, arrays->rows.target + first,
											arrays->rows.weight + first,
											shared->derivatives ? arrays->g + first : NULL,
											shared->derivatives ? arrays->h + first : NULL);
	for (int k = 0; k < shared->loss.outputs && shared->derivatives; k++)
	{
		float	   *own = largest + 2 * ((size_t) unit * shared->loss.outputs + k);

		own[0] = own[1] = 0;
		cvm_tree_largest(arrays->g + k * shared->rows + first,
						 arrays->h + k * shared->rows + first, count, own);
	}
}

/* Random bits for a row of a tree; the same in any order. */
static inline uint32_t
row_bits(uint32_t row, uint32_t seed)
{
	uint32_t	bits = row * UINT32_C(0x9e3779b1) + seed;

	bits ^= bits >> 16;
	bits *= UINT32_C(0x85ebca6b);
	bits ^= bits >> 13;
	bits *= UINT32_C(0xc2b2ae35);
	return bits ^ bits >> 16;
}

/* Rounds up or down at random so that the mean is right, by 16 random bits. */
static inline int32_t
round_at_random(float value, uint32_t random)
{
	float		shifted = value + (float) (int32_t) random * 0x1p-16f;
	int32_t		rounded = (int32_t) shifted;

	return rounded - (shifted < (float) rounded);
}

CVM_WIDE_CLONES void
cvm_tree_pack_rows(size_t first, size_t count, const float *restrict g, const float *restrict h,
				   float gradient_scale, float curvature_scale, uint32_t seed,
				   int64_t *restrict packed)
{
	for (size_t i = 0; i < count; i++)
	{
		uint32_t	bits = row_bits((uint32_t) (first + i), seed);
		int32_t		gradient = round_at_random(g[i] * gradient_scale, bits >> 16);
		int32_t		curvature = round_at_random(h[i] * curvature_scale, bits & 0xffff);

		/* a row never counts for nothing */
		packed[i] = cvm_pack_pair(gradient, curvature > 0 ? curvature : 1);
	}
}

static void
pack_rows(CvmTreeMember *member, int unit)
{
	CvmTreeShared	   *shared = member->shared;
	const CvmTreeArrays *arrays = &member->arrays;
	size_t		first;
	size_t		count = unit_rows(0, shared->rows, CVM_TREE_PASS_ROWS, unit, &first);
	size_t		place = (size_t) shared->output * shared->rows + first;

	cvm_tree_pack_rows(first, count, arrays->g + place, arrays->h + place, shared->gradient_scale,
					   shared->curvature_scale, shared->seed, arrays->packed + first);
}

static void
settle_leaf(CvmTreeMember *member, int unit)
{
	CvmTreeShared	   *shared = member->shared;
	const CvmTreeArrays *arrays = &member->arrays;
	CvmTreeLeaf *leaf = (CvmTreeLeaf *) cvm_tree_at(shared, shared->leaves) + unit;
	const int32_t *numbers = arrays->numbers + leaf->begin;
	size_t		count = leaf->end - leaf->begin;
	size_t		place = (size_t) shared->output * shared->rows;
	double	   *scores = arrays->scores + place;

	leaf->value = shared->rate *
		cvm_tree_loss_leaf(&shared->loss, numbers, count, arrays->g + place, arrays->h + place,
						   scores, arrays->rows.target, arrays->rows.weight,
						   leaf->lower, leaf->upper, &leaf->weight);
	for (size_t i = 0; i < count && shared->add; i++)
	{
		/* rows of a leaf are far apart */
		if (i + PREFETCH_ROWS < count)
			__builtin_prefetch(scores + numbers[i + PREFETCH_ROWS], 1);
		scores[numbers[i]] += leaf->value;
	}
}

static void
work(void *own, int unit)
{
	CvmTreeMember	   *member = own;

	cvm_check_interrupt();
	switch (member->shared->operation)
	{
		case CVM_TREE_ADD_HISTOGRAM:
			add_histogram(member, unit);
			break;
		case CVM_TREE_PART_ROWS:
			part_rows(member, unit);
			break;
		case CVM_TREE_MOVE_ROWS:
			move_rows(member, unit);
			break;
		case CVM_TREE_ADD_LOSSES:
			add_losses(member, unit);
			break;
		case CVM_TREE_PACK_ROWS:
			pack_rows(member, unit);
			break;
		case CVM_TREE_SETTLE_LEAVES:
			settle_leaf(member, unit);
			break;
	}
}

const CvmJob cvm_tree_job = {
	.number = CVM_JOB_TREE,.enter = enter,.work = work,.leave = leave
};

