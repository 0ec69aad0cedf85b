/*
 * silhouette.h
 *		How well points lie within their segments.
 */
#ifndef CVM_SILHOUETTE_H
#define CVM_SILHOUETTE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The mean silhouette of points (Rousseeuw, 1987): for each point, a = mean
 * Euclidean distance to the others of its segment, b = the smallest mean
 * distance to the points of another segment, (b - a) / max(a, b); 0 for a
 * point that is alone.  points: count x columns, row-major; segments: count
 * numbers below segment_count.  NaN if fewer than two segments have points.
 * Takes time in the square of count.
 */
extern double cvm_silhouette(const double *points, const int32_t *segments, size_t count,
							 int columns, int segment_count);

#endif							/* CVM_SILHOUETTE_H */
