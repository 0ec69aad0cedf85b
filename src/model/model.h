/*
 * model.h
 *		A fitted model: everything that scoring needs.
 *
 * CvmModel is the decoded form.  Its strings and coefficient arrays point
 * into the bytes that it was decoded from, which must outlive it; the structs
 * around them are allocated with cvm_alloc.  format.txt describes the bytes.
 */
#ifndef CVM_MODEL_H
#define CVM_MODEL_H

#include "base/codec.h"
#include "encode/encoder.h"
#include "learn/fit.h"

typedef struct CvmModel
{
	/* what it predicts */
	CvmFamily	family;
	CvmTask		task;
	const char *target;			/* name of the target column, "" for aggregates */
	int			class_count;	/* 2 for binary, K for multiclass, 0 else */
	const char **classes;		/* labels; binary: classes[1] is the positive one */
	double	   *class_shares;	/* of the training weight, before class_weight */
	double		delta;			/* huber; else 0 */

	/* from columns to numbers */
	CvmEncoder	encoder;

	/* the fit; coefficients are on the original scale of the columns */
	int			outputs;
	const double *coefficients; /* outputs x (slots + 1), intercept last */
	const double *standard_errors;	/* same shape; NULL without */
	double		dispersion;
	double		residual_freedom;	/* linear: degrees of freedom of the t test, else 0 */

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
	const char *library_version;	/* of cvm, "1.0" */
} CvmModel;

#define CVM_MODEL_FORMAT 1

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

/* The one validator, for models from JSON too. */
extern CvmStatus cvm_model_check(const CvmModel *model, CvmError *error);

/*
 * Builds a model from a fit: moves coefficients and standard errors from the
 * encoded scale to the original one.  Fields of "how it was fitted" are taken
 * from fit; the caller fills the others (target, classes, options, seed,
 * rows, ...) before or after.
 */
extern void cvm_model_set_fit(CvmModel *model, const CvmShape *shape, const CvmFit *fit);

/*
 * The opposite, for warm starts and descend: parameters on the scale of
 * "encoder" from a model that may have been fitted with another encoding.
 * Terms, flags and levels are matched by name; what the model does not know
 * starts at zero.
 */
extern void cvm_model_parameters(const CvmModel *model, const CvmEncoder *encoder,
								 double *parameters);

/* Standardized coefficient: coefficient times the deviation of its column
 * (sqrt(share (1 - share)) for levels and flags). */
extern double cvm_model_standardized(const CvmModel *model, int output, int slot);

#endif							/* CVM_MODEL_H */
