/*
 * model.h
 *		A fitted model: everything that scoring needs.
 *
 * CvmModel is the decoded form.  Its strings and arrays of numbers point
 * into the bytes that it was decoded from, which must outlive it; the structs
 * around them are allocated with cvm_alloc.  format.txt describes the bytes.
 */
#ifndef CVM_MODEL_H
#define CVM_MODEL_H

#include "base/codec.h"
#include "encode/encoder.h"
#include "learn/measure/calibration.h"
#include "learn/linear/fit.h"
#include "learn/measure/profit.h"

typedef struct CvmLearner CvmLearner;	/* learner.h */

/* What a partial fit goes on from, beside encoder and payload. */
typedef struct CvmKnowledge
{
	int			partial_fits;	/* since all rows were learned from together */
	double		effective_rows; /* rows learned from, earlier ones decayed */
	void	   *learned;		/* of the learner; NULL where the payload is enough */
} CvmKnowledge;

/* The payload of the linear families. */
typedef struct CvmLinearPredictor
{
	/* on the original scale of the columns */
	const double *coefficients; /* outputs x (slots + 1), intercept last */
	const double *standard_errors;	/* same shape; NULL without */
	double		dispersion;
	double		residual_freedom;	/* linear: degrees of freedom of the t test, else 0 */
	double		delta;			/* huber; else 0 */
} CvmLinearPredictor;

/* A value of the segment column that has parameters of its own. */
typedef struct CvmSegment
{
	int			level;			/* of the segment term, not its first, shared or missing one */
	void	   *payload;		/* of the learner, over CvmSegmentSet.encoder */
	int64_t		rows;			/* training rows */
	int64_t		validation_rows;
	double		loss;			/* mean training loss */
	double		validation_loss;	/* mean loss of held-out rows (prediction_loss.h); NaN
									 * without, also below */
	double		common_validation_loss; /* of the common parameters on the same rows */
} CvmSegment;

/*
 * The segments of a model: its own payload is the common one, which predicts
 * rows of no segment; each segment has one over the encoder without the term
 * whose level makes the segment.
 */
typedef struct CvmSegmentSet
{
	int			term;			/* a category; its first level is the shared one */
	double		shrinkage;		/* pull of each segment to the common parameters */
	int			rounds;			/* in which those moved to the mean of the segments' */
	int			count;
	CvmSegment *segments;		/* by level, ascending */

	/* made by cvm_segment_set_index */
	CvmEncoder	encoder;		/* the model's without the term */
	int		   *by_level;		/* index in segments[] or -1 */
} CvmSegmentSet;

/* Models that a model may be nested in. */
#define CVM_MODEL_MAX_DEPTH 3

typedef struct CvmModel
{
	int			depth;			/* while it is read: how many it is nested in */

	/* what it predicts */
	const CvmLearner *learner;	/* the algorithm */
	CvmFamily	family;			/* the loss that it minimizes; decides the metrics */
	CvmTask		task;
	const char *target;			/* name of the target column, "" for aggregates */
	int			class_count;	/* 2 for binary, K for multiclass, 0 else */
	const char **classes;		/* labels; binary: classes[1] is the positive one */
	double	   *class_shares;	/* of the training weight, before class_weight */
	int			outputs;		/* numbers in a prediction: cvm_prediction_size */

	/* from columns to numbers */
	CvmEncoder	encoder;

	/* what was fitted */
	void	   *payload;		/* of the learner */
	CvmKnowledge *knowledge;	/* NULL: no partial fit can go on from here */
	CvmSegmentSet *segments;		/* NULL: none; see segment_set.h */

	/* what is made of the learner's predictions (predictor.h) */
	const CvmCalibration *calibration;	/* NULL: nothing */
	const CvmProfit *profit;	/* binary: what decisions are worth; or NULL */

	/* how it was fitted */
	const char *options;		/* the options as given, canonical JSON text */
	CvmSolver	solver;
	CvmDriver	driver;
	CvmOutcome	outcome;
	int64_t		seed;
	int64_t		rows;			/* training rows used */
	int64_t		rows_left_out;	/* without target or with a weight of zero */
	int64_t		validation_rows;
	double		total_weight;
	int			iterations;
	int			rank;
	double		loss;
	double		validation_loss;	/* NaN without */
	double		gradient_norm;
	const char *library_version;	/* CVM_LIBRARY_VERSION of the fit */
} CvmModel;

#define CVM_MODEL_FORMAT 1

/* Of cvm, as models record it; the version of cvm.control. */
#define CVM_LIBRARY_VERSION "1.0"

/* More would not fit into a value of a gigabyte. */
#define CVM_MODEL_MAX_COEFFICIENTS (1 << 26)

/*
 * Encodes into the body of a cvm.model value (what follows the varlena
 * header); never fails for a model that cvm_model_check accepts.
 */
extern void cvm_model_encode(const CvmModel *model, CvmWriter *writer);

/*
 * Decodes and validates a body: checksum, every size, count, index and enum,
 * finite numbers, slots consistent with the terms.  bytes must be aligned to
 * 8.  CVM_BAD_FORMAT or CVM_FUTURE_FORMAT.
 */
extern CvmStatus cvm_model_decode(const void *bytes, size_t length,
								  CvmModel **model, CvmError *error);

/*
 * A model as a field of another one (fields.h), to bytes and back.  inherits:
 * its encoder is that of the outer model.  A reader that has failed gives NULL
 * or a model that must not be used.
 */
extern void cvm_model_write_nested(CvmWriter *writer, const CvmModel *model, bool inherits);
extern CvmModel *cvm_model_read_nested(CvmReader *reader, const CvmModel *outer, bool inherits);

/* The one validator, for models from JSON too.  CVM_BAD_FORMAT or CVM_LIMIT. */
extern CvmStatus cvm_model_check(const CvmModel *model, CvmError *error);

/*
 * The inputs alone, as they stand in a model: for other values of ours.  A
 * reader that has failed leaves the encoder unusable.  What was read has to
 * pass the check (for linear families: missing numbers are filled).
 */
extern void cvm_encoder_write(const CvmEncoder *encoder, CvmWriter *writer);
extern CvmStatus cvm_encoder_read(CvmReader *reader, CvmEncoder *encoder, CvmError *error);
extern CvmStatus cvm_encoder_check(const CvmEncoder *encoder, CvmError *error);

/*
 * Slots follow from the terms: fills in slot and, where it is not -1,
 * flag_slot of every term, and the counts of columns and slots.
 */
extern CvmStatus cvm_model_assign_slots(CvmEncoder *encoder, CvmError *error);

/* The payload of a model of a linear family; NULL for other algorithms. */
extern const CvmLinearPredictor *cvm_model_linear(const CvmModel *model);

/*
 * Takes over a fit of a linear family: learner, outputs, how it ended, and
 * the linear predictor, moved from the encoded scale to the original one.
 * model->encoder and model->rows must be there before (linear: residual
 * freedom = rows - rank); the caller fills the rest (task, target, classes,
 * options, driver, seed, other counts, version) before or after.
 */
extern void cvm_model_set_fit(CvmModel *model, const CvmShape *shape, const CvmFit *fit);

/*
 * The opposite, for warm starts and descend of linear families: parameters on
 * the scale of "encoder" that predict what the model does, though it may have
 * been fitted with another encoding.  Terms are matched by name; a level that
 * the model never met starts where the model would score it; a term that it
 * does not know starts at zero; one that the encoder has not got is kept as
 * its average in the intercept.  parameters: outputs x (encoder->slots + 1).
 * The caller has checked that family and classes agree.
 */
extern void cvm_model_parameters(const CvmModel *model, const CvmEncoder *encoder,
								 double *parameters);

/*
 * A coefficient of a linear family times the deviation of its column in the
 * training rows: sqrt(share (1 - share)) for levels and flags.  NaN for the
 * intercept.
 */
extern double cvm_model_standardized(const CvmModel *model, int output, int slot);

#endif							/* CVM_MODEL_H */
