/*
 * segment_rows.h
 *		The rows of segments, each in blocks of its own.
 *
 * Blocks of a segment have its rows in their order and none of its segment
 * column, and all but the last one are full: what is fitted to them does not
 * depend on where they are kept, or with which other segments they were read.
 */
#ifndef CVM_SEGMENT_ROWS_H
#define CVM_SEGMENT_ROWS_H

#include "model/segments/segment_set.h"

/* Rows of a level and their weight. */
typedef struct CvmSegmentCount
{
	int64_t		rows;
	double		weight;
} CvmSegmentCount;

/* By level, in one pass; counts has one for each level. */
extern void cvm_segment_count(const CvmSegmentLayout *layout, CvmBlockSource *source,
							  int levels, CvmSegmentCount *counts);

/* Rows in memory. */
typedef struct CvmRowList
{
	CvmBlock  **blocks;
	int			count;
	int			capacity;
} CvmRowList;

/* The bytes that so many rows take in a list. */
extern size_t cvm_row_list_size(const CvmSegmentLayout *layout, int64_t rows);

/* One pass: the rows of segments first <= i < last go to lists[i - first], which are empty. */
extern void cvm_segment_gather(const CvmSegmentLayout *layout, CvmBlockSource *source,
							   const CvmSegmentSet *set, int first, int last,
							   CvmRowList *lists);
extern void cvm_row_list_source(const CvmSegmentLayout *layout, const CvmRowList *list,
								CvmBlockSource *source);

/* Some rows of every segment, from all over it; a fold has one of so many for checking. */
#define CVM_SAMPLE_FOLDS 5

typedef struct CvmSegmentSample
{
	CvmRowList *learned;		/* by segment */
	CvmRowList *checked;		/* by segment: every fifth row of its sample, beginning
								 * with that of the fold */
	CvmRowList	pooled;			/* what is in learned once more, as it was */
} CvmSegmentSample;

/* most: so many rows of each segment, of which set->segments tells the number. */
extern void cvm_segment_sample(const CvmSegmentLayout *layout, CvmBlockSource *source,
							   const CvmSegmentSet *set, int64_t most, int fold,
							   CvmSegmentSample *sample);
extern void cvm_segment_sample_pooled(const CvmSegmentLayout *layout,
									  const CvmSegmentSample *sample, CvmBlockSource *source);
extern void cvm_segment_sample_release(const CvmSegmentSet *set, CvmSegmentSample *sample);
extern void cvm_row_list_release(CvmRowList *list);

/*
 * The rows of one level, picked out of the source as often as they are read, in
 * order: for a segment that is too large to be kept.
 */
typedef struct CvmSegmentStream CvmSegmentStream;

extern CvmSegmentStream *cvm_segment_stream_open(const CvmSegmentLayout *layout,
												 CvmBlockSource *source, int level,
												 const CvmSegmentCount *count,
												 CvmBlockSource *stream);
extern void cvm_segment_stream_close(CvmSegmentStream *stream);

#endif							/* CVM_SEGMENT_ROWS_H */
