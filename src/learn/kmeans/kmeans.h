/*
 * kmeans.h
 *		Segments: k-means over rows as vectors.
 *
 * Each row belongs to the nearest of k centers, which are where the mean
 * squared distance of rows to their center ("inertia") cannot be lowered by
 * moving one of them.  Centers are sought first on a sample of the rows, from
 * several random starts (k-means++, Arthur and Vassilvitskii, 2007), and the
 * best ones are then moved over all rows, in whole passes (Lloyd, 1982) or
 * block by block (mini-batches; Sculley, 2010).
 */
#ifndef CVM_KMEANS_H
#define CVM_KMEANS_H

#include "learn/linear/fit.h"
#include "learn/vectors.h"

/* ---- one fit for a given k ---- */

typedef struct CvmSegments
{
	int			segments;
	int			width;
	double	   *centers;		/* segments x width */
	double	   *weights;		/* of the rows of each */
	double		inertia;		/* mean squared distance a unit of weight */
	int			iterations;
	bool		converged;
} CvmSegments;

extern void cvm_segments_init(CvmSegments *segments, int count, int width);
extern void cvm_segments_free(CvmSegments *segments);

/*
 * Moves the centers in whole passes until inertia falls by no more than
 * "tolerance" of itself or "passes" are done; then one more pass counts.  A
 * center that loses all its rows moves to the row farthest from its own.
 * progress may be NULL.
 */
extern void cvm_kmeans_lloyd(const CvmVectors *vectors, CvmSegments *segments, int passes,
							 double tolerance, const CvmProgress *progress);

/* Moves each center to the running mean of the rows that it has met. */
extern void cvm_kmeans_mini_batch(const CvmVectors *vectors, CvmSegments *segments,
								  int passes, const CvmProgress *progress);

/*
 * Goes on from centers that earlier rows gave: segments has their decayed
 * weights and inertia and gets those with the new rows.  One pass of
 * mini-batches, in which a center moves to the mean of what it stands for and
 * its new rows.
 */
extern void cvm_kmeans_go_on(const CvmVectors *vectors, CvmSegments *segments,
							 const CvmProgress *progress);

/* The best of several starts on a sample. */
extern void cvm_kmeans_start(const CvmVectorSample *sample, int starts, CvmRandom *random,
							 CvmSegments *segments);

/*
 * Nearest center and squared distance to it of each row.  center_squares:
 * the squared length of each center; work: CVM_NEAREST_WORK(width).
 */
#define CVM_TILE_ROWS 8			/* that are compared at once */
#define CVM_NEAREST_WORK(width) ((size_t) CVM_TILE_ROWS * (width))

extern void cvm_nearest_centers(const double *vectors, int rows, int width,
								const double *centers, const double *center_squares,
								int segments, double *work, int *nearest, double *distances);
extern void cvm_center_squares(const double *centers, int segments, int width, double *squares);

/* ---- how many segments ---- */

typedef enum CvmSegmentChoice
{
	CVM_CHOOSE_BY_SILHOUETTE,
	CVM_CHOOSE_BY_GAP
} CvmSegmentChoice;

/*
 * A number of segments from 2 to "most" by the mean silhouette (Rousseeuw,
 * 1987: the highest), or by the gap statistic (Tibshirani, Walther and Hastie,
 * 2001: the first whose gap is within a standard error of the next; may be 1).
 */
extern int	cvm_choose_segments(const CvmVectorSample *sample, CvmSegmentChoice by, int most,
								CvmRandom *random);

#endif							/* CVM_KMEANS_H */
