/*
 * segment_set.h
 *		Models with segments: common parameters, and some values of one category
 *		column that have parameters of their own.
 *
 * A segment is a model of its own over all columns but the segment column, of
 * which in it every row has the same value.  So whatever can be asked of a model
 * can be asked of a segment (cvm_segment_model), and an algorithm needs to know
 * nothing of segments but the two functions at_level and move (learner.h).
 *
 * The first level of the segment column is the shared one, which stands for all
 * values that are no level: a row whose code says "reference" is never one of a
 * segment by accident.
 */
#ifndef CVM_SEGMENT_SET_H
#define CVM_SEGMENT_SET_H

#include "model/learner.h"

/* Most segments of a model. */
#define CVM_MAX_SEGMENTS 10000

/*
 * Fills in encoder and by_level of model->segments, of which term and levels
 * have to be in range (by_level is left out where a level occurs twice).
 */
extern CvmStatus cvm_segment_set_index(CvmModel *model, CvmError *error);

/* The model of one segment; it has the segment's payload, and points into the model. */
extern CvmModel cvm_segment_model(const CvmModel *model, int segment);

/*
 * learner->importance of a model, with segments or without: of each term the mean
 * over the rows, segment by segment; of the segment column that of the common
 * parameters.
 */
extern void cvm_model_importance(const CvmModel *model, double *gains, int64_t *splits);

/* Where rows have their segment, and how they look without it. */
typedef struct CvmSegmentLayout
{
	int			dense_columns;
	int			coded_columns;	/* of the model's encoder */
	int			column;			/* the segment's among them */
	int			first;			/* its slots */
	int			width;
	int			slots;
} CvmSegmentLayout;

extern void cvm_segment_layout(const CvmEncoder *encoder, int term, CvmSegmentLayout *layout);

/* The level of the segment column in a row. */
static inline int
cvm_segment_level(const CvmSegmentLayout *layout, const CvmBlock *block, int row)
{
	int32_t		code = block->codes[(size_t) row * layout->coded_columns + layout->column];

	return code == CVM_SINK(layout->slots) ? 0 : code - layout->first + 1;
}

/*
 * Adds a row to a block: as it is, or without its segment column.  What it does
 * not copy are target and weight.
 */
extern void cvm_segment_add_whole_row(const CvmSegmentLayout *layout, const CvmBlock *from,
									  int row, CvmBlock *to);
extern void cvm_segment_add_row(const CvmSegmentLayout *layout, const CvmBlock *from, int row,
								CvmBlock *to);

#endif							/* CVM_SEGMENT_SET_H */
