/*
 * tree_stream.h
 *		Rows of trees in a file, read a part at a time.
 *
 * A part is what is kept of each row for one purpose: its bins, its target, its
 * scores.  Parts lie one after another in one scratch file, and each has one
 * buffer for the rows that are looked at.  So memory does not depend on the
 * number of rows.
 */
#ifndef CVM_TREE_STREAM_H
#define CVM_TREE_STREAM_H

#include "learn/tree/bins.h"

typedef enum CvmTreePart
{
	CVM_PART_BINS,				/* uint8_t, columns of them */
	CVM_PART_TARGET,			/* double */
	CVM_PART_WEIGHT,			/* double */
	CVM_PART_STATISTIC,			/* int64_t: a pair, or a class and its weight */
	CVM_PART_KEY,				/* int32_t: of the node, see tree_passes.h */
	CVM_PART_SCORE,				/* double, output-major */
	CVM_PART_G,					/* float, likewise */
	CVM_PART_H,
	CVM_PART_OUTSIDE,			/* double, a leaf of them: sums out of bag */
	CVM_PART_TREES,				/* int32_t: how many there are */
	CVM_PART_COUNT
} CvmTreePart;

/* Rows that are looked at together; outputs of a buffer are so far apart. */
#define CVM_STREAM_ROWS 16384

typedef struct CvmTreeStream CvmTreeStream;

/* outputs: of scores and their derivatives; outside: numbers a row out of bag. */
extern CvmTreeStream *cvm_tree_stream_open(size_t rows, int columns, int outputs, int outside);
extern void cvm_tree_stream_close(CvmTreeStream *stream);

/* Bytes of memory that it takes at most. */
extern size_t cvm_tree_stream_memory(int columns, int outputs, int outside);

extern size_t cvm_tree_stream_rows(const CvmTreeStream *stream);

/* Rows that are looked at together where bins are: fewer if they are wide. */
extern size_t cvm_tree_stream_piece(const CvmTreeStream *stream);

/*
 * The buffer of a part, for so many rows from "first" on: read from the file, or
 * as it is, to be filled.  store writes it.
 */
extern void *cvm_tree_stream_load(CvmTreeStream *stream, CvmTreePart part, size_t first,
								  size_t count);
extern void *cvm_tree_stream_buffer(CvmTreeStream *stream, CvmTreePart part);
extern void cvm_tree_stream_store(CvmTreeStream *stream, CvmTreePart part, size_t first,
								  size_t count);

/* Keeps bins, targets and weights of all of the source. */
extern void cvm_tree_stream_fill(CvmTreeStream *stream, const CvmBins *bins,
								 CvmBlockSource *source);

#endif							/* CVM_TREE_STREAM_H */
