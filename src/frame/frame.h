/*
 * frame.h
 *		From a source query to encoded blocks.
 *
 * A frame runs the source once, reads its columns into raw blocks, learns the
 * encoder from the training rows, and encodes both parts.  Blocks stay in
 * memory up to cvm.train_memory and go to a temporary file past it.
 */
#ifndef CVM_FRAME_H
#define CVM_FRAME_H

#include "postgres.h"

#include "frame/split.h"
#include "model/learner.h"

/* What train was asked for. */
typedef struct CvmFrameRequest
{
	const char *source;			/* table, view or SELECT, as the user wrote it */
	const char *target;
	const char **features;		/* names, or NULL for every other column */
	int			feature_count;
	const char *key;			/* or NULL */
	const char *weight;			/* or NULL */
	const CvmLearner *learner;	/* NULL for "auto" */
	const CvmOptions *options;
	bool		outlives_transaction;	/* the frame may end after it, but for the driver
										 * "passes"; a file is then closed by
										 * cvm_frame_end or with the process */
	const CvmFold *fold;		/* of a cross-validation, or NULL */
	const CvmModel *base;		/* whose features, encoding, task and classes the rows
								 * take on; NULL: the rows say what these are */
	bool		held_out_only;	/* with a base: of the rows only those held out */
	const char *watermark;		/* a column: only rows in which it is greater than */
	const char *past;			/* this text; NULL: all rows */
} CvmFrameRequest;

typedef struct CvmFrame
{
	CvmEncoder *encoder;
	const CvmProfile *profile;	/* what the encoder was learned from */
	const CvmLearner *learner;	/* "auto" resolved by the target's type and values */
	CvmFamily	family;			/* its loss */
	CvmTask		task;
	int			class_count;
	char	  **classes;		/* as in CvmModel */
	double	   *class_shares;
	double	   *class_factors;	/* of class_weight, by class; or NULL */
	CvmDriver	driver;			/* the one that was used */
	CvmBlockSource training;	/* encoded; weights include class_factors */
	CvmBlockSource validation;	/* rows = 0 when there is none */
	int64		rows_left_out;	/* target NULL, weight 0 or NULL */
	int64		null_cells;		/* feature cells that were NULL or NaN */
	const char *misfit;			/* base: why rows cannot take on what it says, or NULL */
	MemoryContext context;		/* holds everything; see cvm_frame_end */
} CvmFrame;

/*
 * "FROM item" text for a source: a quoted qualified name or a parenthesized
 * SELECT.  Errors: not a SELECT, no such relation, changes data.
 */
extern char *cvm_source_from_item(const char *source);

/*
 * Runs the source with the current user's rights, read-only, under the active
 * snapshot; the caller has SPI connected and stays connected until the frame
 * ends.  Errors name column and way out; NOTICEs say what was left out.
 *
 * Whatever the driver, cvm_fit() and the metrics run over frame->training and
 * frame->validation.  With the driver "passes" only the validation rows are
 * kept; every pass over frame->training runs the source again, so that its
 * blocks are read in order and only the solvers newton and lbfgs can be used.
 *
 * With a base it is no error that there are no rows, or rows that do not fit:
 * nothing may be done with such a frame but to end it.
 */
extern CvmFrame *cvm_frame_build(const CvmFrameRequest *request);

/* Whether a column of the source is a feature, also one that was left out. */
extern bool cvm_frame_has_feature(const CvmFrame *frame, const char *name);

/*
 * The held-out rows as another encoder sees them, one that was learned from
 * other rows of such a source: columns are found by their names, and what is
 * not there is missing.  In the current memory context; ends with the frame.
 */
extern CvmBlockSource *cvm_frame_held_out(CvmFrame *frame, const CvmEncoder *encoder);

/* Closes temporary files and queries and frees everything; after an error the
 * end of the (sub)transaction does it. */
extern void cvm_frame_end(CvmFrame *frame);

#endif							/* CVM_FRAME_H */
