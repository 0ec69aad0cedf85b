/*
 * state_parts.h
 *		What is behind a CvmFitState; for src/agg only.
 */
#ifndef CVM_STATE_PARTS_H
#define CVM_STATE_PARTS_H

#include "agg/fit_state.h"
#include "encode/profile_state.h"
#include "learn/batches/stepper.h"

/* ---- sgd ---- */

struct CvmSinglePass
{
	CvmProfile *profile;		/* of the rows that were consumed */

	/* how rows are encoded at present */
	CvmEncoder *encoder;
	CvmEncodePlan *plan;
	double	   *inverses;		/* to do without (pass_fold.c), or NULL */
	int64_t		encoded_rows;	/* rows it was learned from */
	int			varying;		/* columns that varied then */
	int			gaps;			/* columns with missing values then */

	/* the target is learned as (y - center) / scale */
	double		center;
	double		scale;
	double		rate;			/* that the rows allow, where none is given */
	double		loss;			/* sum over rows, before the step that took them, */
	double		loss_rows;		/* of so many rows */
	CvmMoments	target;			/* of numbers to be predicted */

	CvmShape	shape;			/* of the scaled target */
	double	   *memory;			/* of the stepper */
	CvmStepper	stepper;
};

extern CvmSolver cvm_single_pass_solver(const CvmOptions *options);

/* Makes the plan and lays the stepper over memory; encoder, shape are there. */
extern void cvm_single_pass_bind(CvmFitState *state);

extern CvmShape cvm_single_pass_shape(const CvmFitState *state, const CvmEncoder *encoder,
									  int outputs);

/* A pass with an empty profile and nothing else. */
extern CvmSinglePass *cvm_single_pass_create(const CvmFitState *state);

/* Outputs of the classes met so far. */
extern int	cvm_single_pass_outputs(const CvmFitState *state);

/* From the profile; without a usable column only the intercept is learned. */
extern CvmEncoder *cvm_single_pass_learn(const CvmFitState *state);

/* Takes over an encoder and a stepper's memory that goes with it. */
extern void cvm_single_pass_replace(CvmFitState *state, CvmEncoder *encoder, int outputs,
									double *memory);

/* A stepper's memory in another encoding, and with more outputs. */
extern double *cvm_single_pass_move(const CvmFitState *state, const CvmSinglePass *pass,
									const CvmEncoder *encoder, int outputs,
									CvmStepper *moved);

/* Inverse scales by term; NULL: rows have to be encoded. */
extern double *cvm_pass_fold_create(const CvmEncoder *encoder);

/*
 * Adds rows that miss no value to the sums of a step, without encoding them
 * (pass_fold.c).  view: raw features, targets and weights of the learner.
 * measure: whether the loss is wanted; else it is left alone.  memory: for
 * scratch, cvm_pass_fold_work doubles.  false: some value was missing, infinite
 * or too large after all, and the sums are of no use.
 */
extern size_t cvm_pass_fold_work(const CvmFitState *state);
extern bool cvm_pass_fold(const CvmFitState *state, const CvmBlock *view, bool measure,
						  double *sums, double *memory);

extern CvmStatus cvm_single_pass_take(CvmFitState *state, CvmError *error);

/* map: codes of other's classes here, or NULL. */
extern void cvm_single_pass_merge(CvmFitState *state, const CvmFitState *other, const int *map);

/* ---- descend ---- */

struct CvmDescent
{
	uint8_t    *bytes;			/* body of the model */
	size_t		length;
	CvmModel   *model;			/* points into bytes */
	CvmShape	shape;
	double	   *parameters;		/* of the model, on the encoded scale */
	bool		newton;			/* the Hessian is summed, too */

	int64_t		rows;
	double		weight;			/* sums over the rows */
	double		loss;
	double	   *gradient;
	double	   *hessian;		/* or NULL; as in fit.h */

	CvmEncodePlan *plan;
};

/* Sums over no rows. */
extern void cvm_descent_clear(CvmDescent *descent);
extern CvmStatus cvm_descent_take(CvmFitState *state, CvmError *error);
extern void cvm_descent_merge(CvmFitState *state, const CvmFitState *other);

/* ---- both ---- */

extern int32_t cvm_no_codes[1];

/*
 * Scratch for one batch: a block for encoded rows, at most CVM_BLOCK_ROWS, and
 * "work" doubles, which are returned.  Valid until the next call for any
 * state that shares it.
 */
extern double *cvm_fit_state_scratch(CvmFitState *state, int rows, int dense_columns,
									 size_t work, CvmBlock *encoded);

/* Adds rows of as many columns; map: new codes of their targets, or NULL. */
extern CvmStatus cvm_fit_state_append(CvmFitState *state, const CvmBlock *block,
									  const int *map, CvmError *error);

/* Whether an encoding is one of the state's array. */
extern CvmStatus cvm_fit_state_check_encoder(const CvmFitState *state,
											 const CvmEncoder *encoder, CvmError *error);

/* A profile whose only column is the array x. */
extern CvmProfile *cvm_array_profile(int columns);

#endif							/* CVM_STATE_PARTS_H */
