/*
 * fit_state.h
 *		What a fitting aggregate carries from row to row.
 *
 * Rows are collected in a buffer; when it is full they are consumed by the
 * state's method:
 *
 *	  fit		keeps them all (src/agg/row_store.c) and fits at the end
 *	  sgd		takes one mini-batch step (single_pass.c)
 *	  descend	adds them to loss, gradient and Hessian (descent.c)
 *
 * A state begins with its method and family only, which is the identity of a
 * merge; the first row, or the first merge, brings the rest.  Core: this file
 * does not know PostgreSQL.  state_format.txt describes the bytes.
 */
#ifndef CVM_FIT_STATE_H
#define CVM_FIT_STATE_H

#include "agg/class_labels.h"
#include "base/codec.h"
#include "learn/linear/fit.h"
#include "model/model.h"

/* Values are part of the format. */
typedef enum CvmFitMethod
{
	CVM_METHOD_FIT = 0,
	CVM_METHOD_SGD = 1,
	CVM_METHOD_DESCEND = 2
} CvmFitMethod;

#define CVM_FIT_METHOD_COUNT 3

#define CVM_FIT_STATE_FORMAT 1

/* Elements of x; a block of as many is a quarter of a gigabyte. */
#define CVM_FIT_MAX_COLUMNS 65536

/* Rows that wait to be consumed; dense is rows x columns. */
typedef struct CvmRowBuffer
{
	int			capacity;		/* rows there is room for, at most "full" */
	int			full;			/* rows that are consumed at once */
	CvmBlock	block;
} CvmRowBuffer;

/*
 * Memory for one batch at a time, which the states of an aggregate share.
 * resize: as cvm_resize, where it is not to be allocated by the one who needs
 * it first; NULL for that.
 */
typedef struct CvmScratch
{
	double	   *memory;
	size_t		count;
	double	   *(*resize) (struct CvmScratch *scratch, size_t count);
} CvmScratch;

typedef struct CvmSinglePass CvmSinglePass;
typedef struct CvmDescent CvmDescent;

typedef struct CvmFitState
{
	CvmFitMethod method;
	bool		started;		/* a row has come */
	CvmFamily	family;			/* descend: that of the model, once started */
	CvmTargetKind target_kind;
	CvmOptions	options;
	uint32_t	given;			/* bit i: the user named option i of fit_options.h */
	int			columns;		/* elements of x; 0: every array was NULL so far */
	int64_t		rows_left_out;	/* without target */
	CvmClassLabels labels;		/* fit, sgd: targets of classifiers are their codes */
	CvmRowBuffer pending;
	double	   *waiting;		/* targets of rows before the first array */
	int64_t		waiting_rows;
	int64_t		waiting_capacity;
	CvmSinglePass *pass;		/* sgd, from the first batch on */
	CvmDescent *descent;		/* descend, once started */

	CvmScratch *scratch;		/* never NULL */

	/*
	 * Called when the buffer has no room for another row.  As created, it
	 * grows or its rows are consumed; who keeps the rows of fit changes it.
	 */
	CvmStatus	(*make_room) (struct CvmFitState *state, CvmError *error);
	void	   *keeper;			/* who that is */

	/* fit, decoded: its rows where they stand in the bytes, as in the format */
	const double *stored;
	uint64_t	stored_rows;
} CvmFitState;

/* "fit", "sgd", "descend". */
extern const char *cvm_fit_method_name(CvmFitMethod method);
extern bool cvm_fit_method_from_name(const char *name, CvmFitMethod *method);

/* Whether the targets of its rows are codes of labels. */
extern bool cvm_fit_state_has_labels(const CvmFitState *state);

/* Most classes that the family learns. */
extern int	cvm_fit_state_most_classes(const CvmFitState *state);

/* A state without rows; the family of descend is not known yet. */
extern CvmFitState *cvm_fit_state_create(CvmFitMethod method, CvmFamily family);

/* The first row: options were checked before.  descend: cvm_descent_start follows. */
extern void cvm_fit_state_start(CvmFitState *state, CvmTargetKind target_kind,
								const CvmOptions *options, uint32_t given);

/* Whether the family, once known, learns from targets that come like that. */
extern bool cvm_fit_state_learns_from(const CvmFitState *state, CvmTargetKind kind);

/* The label is one too many: CVM_BAD_DATA, or CVM_LIMIT for softmax. */
extern CvmStatus cvm_fit_state_too_many_classes(const CvmFitState *state, CvmError *error);

/*
 * The first array that is not NULL tells the length of all.  Rows that waited
 * for it get features that are all missing.  CVM_LIMIT.
 */
extern CvmStatus cvm_fit_state_set_columns(CvmFitState *state, int columns, CvmError *error);

/* A row whose array is NULL, while the length of arrays is not known. */
extern void cvm_fit_state_wait(CvmFitState *state, double target);

/* Makes sure that there is room for another row, which _next and _put then add. */
static inline CvmStatus
cvm_fit_state_reserve(CvmFitState *state, CvmError *error)
{
	if (state->pending.block.rows < state->pending.capacity)
		return CVM_OK;
	return state->make_room(state, error);
}

static inline double *
cvm_fit_state_next(const CvmFitState *state)
{
	return state->pending.block.dense + (size_t) state->pending.block.rows * state->columns;
}

static inline void
cvm_fit_state_put(CvmFitState *state, double target)
{
	state->pending.block.target[state->pending.block.rows++] = target;
}

/* Bytes of the buffer after cvm_fit_state_grow, which doubles it up to "full". */
extern size_t cvm_fit_state_grown_size(const CvmFitState *state);
extern void cvm_fit_state_grow(CvmFitState *state);

/* sgd, descend: takes the pending rows and empties the buffer. */
extern CvmStatus cvm_fit_state_consume(CvmFitState *state, CvmError *error);

/*
 * Merges what other, a decoded state, has seen.  A state that has not started
 * takes over the parts of other, whose memory must last as long; else nothing
 * of it is used afterwards.  CVM_MISMATCH, and all errors of rows.
 */
extern CvmStatus cvm_fit_state_merge(CvmFitState *state, CvmFitState *other, CvmError *error);

/* ---- bytes ---- */

/* Doubles that a number of rows takes in the bytes. */
#define CVM_FIT_ROW_DOUBLES(state) ((size_t) (state)->columns + 1)

/*
 * All but the rows, of which there will be "rows"; then block after block, in
 * order, all full but the last one; then the envelope is sealed.
 */
extern void cvm_fit_state_encode_head(const CvmFitState *state, uint64_t rows, CvmWriter *writer);
extern void cvm_fit_state_encode_rows(const CvmFitState *state, const CvmBlock *block,
									  CvmWriter *writer);

/* sgd, descend: all of it. */
extern void cvm_fit_state_encode(const CvmFitState *state, CvmWriter *writer);

/*
 * Decodes and validates, copying everything but the rows of fit, which stay
 * in the bytes: cvm_fit_state_stored_block.  bytes must be aligned to 8.
 * CVM_BAD_FORMAT or CVM_FUTURE_FORMAT.
 */
extern CvmStatus cvm_fit_state_decode(const void *bytes, size_t length,
									  CvmFitState **state, CvmError *error);

/* The one validator, which decoding ends with.  CVM_BAD_FORMAT. */
extern CvmStatus cvm_fit_state_check(const CvmFitState *state, CvmError *error);

/* Block of the rows of a decoded fit state; false: there are no more. */
extern bool cvm_fit_state_stored_block(const CvmFitState *state, uint64_t index, CvmBlock *block);

/* ---- one pass of steps ---- */

/*
 * The fit as it stands.  encoder: learned from all rows; report: as in
 * cvm_encoder_learn; order: codes by class.  The state is used up: work on a
 * copy.  CVM_NO_FEATURES.
 */
extern CvmStatus cvm_single_pass_finish(CvmFitState *state, const int *order,
										CvmLeftOutReport report, void *report_state,
										CvmEncoder **encoder, CvmShape *shape, CvmFit *fit,
										CvmError *error);

/* Rows that the pass has seen, pending ones not counted. */
extern int64_t cvm_single_pass_rows(const CvmFitState *state);

/* ---- one step from a model ---- */

/*
 * Starts from the body of a cvm.model, which is copied.  CVM_MISMATCH for a
 * model that does not take an array of numbers.
 */
extern CvmStatus cvm_descent_start(CvmFitState *state, const void *model, size_t length,
								   CvmError *error);
extern const CvmModel *cvm_descent_model(const CvmFitState *state);
extern int64_t cvm_descent_rows(const CvmFitState *state);

/* Checksum and length of a model's body, from its envelope: tell models apart. */
extern uint64_t cvm_model_fingerprint(const uint8_t *bytes);
extern uint64_t cvm_descent_fingerprint(const CvmFitState *state);

/* Takes the step; the state is used up.  encoder and classes are the model's. */
extern CvmStatus cvm_descent_finish(CvmFitState *state, CvmShape *shape, CvmFit *fit,
									CvmError *error);

#endif							/* CVM_FIT_STATE_H */
