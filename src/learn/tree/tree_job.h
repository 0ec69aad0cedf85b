/*
 * tree_job.h
 *		Rows in bins, and the work on them that a team shares.
 *
 * A job holds everything that trees are grown from, a number a row: bins,
 * targets, statistics, scores.  What is done for all rows of a node, or of the
 * table, is cut into units of so many rows; where there are workers they take
 * part in it.  Sums of integers do not depend on who adds them up, and sums of
 * other numbers are those of the units, in their order: so the trees are the
 * same, bit for bit, for any number of members.
 */
#ifndef CVM_TREE_JOB_H
#define CVM_TREE_JOB_H

#include "base/team.h"
#include "learn/tree/first_scores.h"
#include "learn/tree/histogram.h"
#include "learn/tree/tree_loss.h"
#include "learn/tree/tree_stream.h"

typedef struct CvmTreeJob CvmTreeJob;

extern const CvmJob cvm_tree_job;

/* What a job is about. */
typedef struct CvmTreeJobPlan
{
	size_t		rows;
	const CvmBins *bins;
	int			width;			/* sums a bin of a histogram */
	bool		classes;		/* statistics are classes, else pairs */
	CvmTreeLoss loss;			/* boosting; else outputs is 0 */
	size_t		most_leaves;	/* that are settled at once; boosting */
	bool		in_file;		/* rows are kept in a file, and passed over */
	int			outside;		/* in a file: numbers a row out of bag */
} CvmTreeJobPlan;

/* The arrays, as the leader sees them. */
typedef struct CvmTreeArrays
{
	CvmBinnedRows rows;
	int32_t    *numbers;		/* rows of the nodes of a tree, see grow.h */
	int32_t    *parted;			/* scratch of partitions */
	int64_t    *packed;			/* statistics: pairs */
	uint16_t   *weights;		/* or classes */
	int32_t    *classes;
	double	   *scores;			/* boosting: output-major */
	float	   *g;				/* their derivatives, likewise */
	float	   *h;
} CvmTreeArrays;

/*
 * workers: as many as can be had, 0 for none.  The caller fills in the rows (and
 * scores) before anything else is done.
 */
extern CvmTreeJob *cvm_tree_job_begin(const CvmTreeJobPlan *plan, int workers);

/* Bytes that it takes for each row. */
extern size_t cvm_tree_job_row_size(const CvmTreeJobPlan *plan);

/* A job of one process over rows that are somewhere else. */
extern CvmTreeJob *cvm_tree_job_over(const CvmTreeJobPlan *plan, const CvmBinnedRows *rows);
extern void cvm_tree_job_end(CvmTreeJob *job);

extern const CvmTreeArrays *cvm_tree_job_arrays(const CvmTreeJob *job);

/* Where the rows are in a file; NULL: they are in the arrays. */
extern CvmTreeStream *cvm_tree_job_stream(const CvmTreeJob *job);

/* Reads bins, targets and weights of all of the source. */
extern void cvm_tree_job_read(CvmTreeJob *job, const CvmBins *bins, CvmBlockSource *source);

/* Fills the histogram of the rows numbers[begin .. end). */
extern void cvm_tree_job_histogram(CvmTreeJob *job, const CvmHistogramShape *shape,
								   size_t begin, size_t end, int64_t *sums);

/*
 * Parts numbers[begin .. end) by a column's bins, keeping their order: those
 * whose bin goes left first.  Returns where the others begin.
 */
extern size_t cvm_tree_job_part(CvmTreeJob *job, size_t begin, size_t end, int column,
								const uint8_t *goes_left);

/* Whether statistics are classes. */
extern bool cvm_tree_job_has_classes(const CvmTreeJob *job);

/* The best constant scores: [output]. */
extern void cvm_tree_job_base(CvmTreeJob *job, double *base);

/* Gives the rows of the source, which were read, their first scores. */
extern void cvm_tree_job_set_scores(CvmTreeJob *job, const CvmFirstScores *first,
									CvmBlockSource *source);

/* Draws the rows of a tree, all or a share of them; returns how many. */
extern size_t cvm_tree_job_draw(CvmTreeJob *job, double share, uint64_t seed);

/* Weighted sum of the losses of all rows; derivatives are computed where they are wanted. */
extern double cvm_tree_job_losses(CvmTreeJob *job, bool derivatives);

/*
 * Rounds the derivatives by one output for histograms, up or down at random,
 * and says what 1 is worth in sums of them.
 */
extern void cvm_tree_job_pack(CvmTreeJob *job, int output, uint64_t seed,
							  double *gradient_unit, double *curvature_unit);

/* A leaf of boosting, its rows and the bounds of its value; then its value and weight. */
typedef struct CvmTreeLeaf
{
	size_t		begin;
	size_t		end;
	double		lower;
	double		upper;
	double		value;
	double		weight;
} CvmTreeLeaf;

/* Where the caller puts leaves, at most plan->most_leaves. */
extern CvmTreeLeaf *cvm_tree_job_leaves(CvmTreeJob *job);

/*
 * Finds values (times rate) and weights of the leaves; the rows in them get the
 * values added to their scores.  leaf_of_key: where rows are in a file, the
 * leaf of each key.  False: rows that were not drawn still have to get theirs.
 */
extern bool cvm_tree_job_settle(CvmTreeJob *job, int leaves, int output, double rate,
								const int32_t *leaf_of_key);

#endif							/* CVM_TREE_JOB_H */
