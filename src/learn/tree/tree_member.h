/*
 * tree_member.h
 *		What the members of a team of trees see and do; for tree_job.c only.
 *
 * The shared memory is a head and arrays after it; its places are said as
 * distances from the head, because processes see it at different addresses.
 * The leader puts into the head what is to be done and has its units done.
 */
#ifndef CVM_TREE_MEMBER_H
#define CVM_TREE_MEMBER_H

#include "learn/tree/tree_job.h"

/* Rows of a unit. */
#define CVM_TREE_HISTOGRAM_ROWS 4096
#define CVM_TREE_PASS_ROWS 16384

#define CVM_TREE_LINE 64		/* of a cache, where arrays begin */

typedef enum CvmTreeOperation
{
	CVM_TREE_ADD_HISTOGRAM,
	CVM_TREE_PART_ROWS,
	CVM_TREE_MOVE_ROWS,
	CVM_TREE_ADD_LOSSES,
	CVM_TREE_PACK_ROWS,
	CVM_TREE_SETTLE_LEAVES
} CvmTreeOperation;

/* What a pass over a unit's rows has found. */
typedef struct CvmTreeUnit
{
	double		loss;
	size_t		left;			/* rows parted to the left */
	size_t		left_before;	/* in the units before */
} CvmTreeUnit;

/* Sums of one member; narrow and sums follow. */
typedef struct CvmTreeRegion
{
	uint64_t	run;			/* that they belong to */
	size_t		narrow_rows;	/* in narrow */
	bool		has_sums;
} CvmTreeRegion;

typedef struct CvmTreeShared
{
	/* which stay */
	size_t		rows;
	int			columns;
	int			dense_columns;
	int			width;
	bool		classes;
	CvmTreeLoss loss;
	int			members;		/* that have come so far */
	size_t		region_size;

	/* of a run */
	CvmTreeOperation	operation;
	uint64_t	run;
	size_t		begin;			/* rows of a node */
	size_t		end;
	size_t		middle;			/* where those on the right go */
	int			chosen;			/* number of columns in the list; -1: all */
	int			column;
	uint8_t		goes_left[CVM_BIN_PLACES];
	bool		derivatives;
	int			output;
	uint32_t	seed;
	float		gradient_scale;
	float		curvature_scale;
	double		rate;
	bool		add;

	/* distances from the head, in bytes; 0: there is none */
	size_t		counts;
	size_t		chosen_columns;
	size_t		regions;
	size_t		results;		/* by unit */
	size_t		largest;		/* float, by unit and output: of gradients, of curvatures */
	size_t		leaves;
	size_t		by_row;
	size_t		by_column;
	size_t		target;
	size_t		weight;
	size_t		numbers;
	size_t		parted;
	size_t		packed;
	size_t		weights;
	size_t		row_classes;
	size_t		scores;
	size_t		g;
	size_t		h;
} CvmTreeShared;

/* A process that takes part. */
typedef struct CvmTreeMember
{
	CvmTreeShared	   *shared;
	CvmBins		bins;			/* what histograms need of them */
	CvmTreeArrays arrays;
	CvmRowStatistics statistics;
	CvmTreeRegion	   *region;
	int64_t    *narrow;			/* of the region */
	int64_t    *sums;
} CvmTreeMember;

/* Arrays as this process sees them. */
extern void cvm_tree_see_arrays(CvmTreeMember *member);

/* Raises largest[0] and [1] to the largest gradient (without its sign) and curvature. */
extern void cvm_tree_largest(const float *g, const float *h, size_t count, float *largest);

/* Rounds derivatives of rows, "first" the number of the first one, at random. */
extern void cvm_tree_pack_rows(size_t first, size_t count, const float *g, const float *h,
							   float gradient_scale, float curvature_scale, uint32_t seed,
							   int64_t *packed);

/* NULL where there is no such array. */
static inline void *
cvm_tree_at(CvmTreeShared *shared, size_t distance)
{
	return distance == 0 ? NULL : (char *) shared + distance;
}

/* The sums of a member, and their parts. */
static inline CvmTreeRegion *
cvm_tree_region(CvmTreeShared *shared, int member)
{
	return (CvmTreeRegion *) ((char *) cvm_tree_at(shared, shared->regions) + member * shared->region_size);
}

static inline int64_t *
cvm_tree_narrow(CvmTreeRegion *region)
{
	return (int64_t *) ((char *) region + CVM_TREE_LINE);
}

static inline int64_t *
cvm_tree_sums(const CvmTreeShared *shared, CvmTreeRegion *region)
{
	return cvm_tree_narrow(region) + (size_t) shared->columns * CVM_BIN_PLACES;
}

#endif							/* CVM_TREE_MEMBER_H */
