/*
 * encoder.h
 *		From a table's columns to the numbers that a learner sees.
 *
 * Three words, used everywhere:
 *
 *	  input		a column of the source: name and kind.
 *	  term		what an input becomes: one or more raw numbers or categories.
 *				A number is one term; a time is three (elapsed days, month,
 *				weekday); an array of n is n.
 *	  slot		a position in the coefficient vector.  A number term has a
 *				slot for its value and, if it was missing in training, one for
 *				its "is missing" flag (unless another term is missing in just
 *				the same rows); a category term has one for each level but the
 *				first, which is the reference (the most frequent).
 *
 * Slots of dense columns (values and flags, in term order, each flag right
 * after its value) come first, then those of category levels in term order.
 * Terms that were left out (constant, all missing, identifiers) are not in
 * the encoder at all; an input all of whose terms were left out is not either.
 *
 * For learners that can do with missing numbers there are no flags, and numbers
 * are encoded as they are, with NaN for missing.
 *
 * What is learned, from training rows only: mean, standard deviation and fill
 * value of numbers, the levels of categories.  cvm_encoder_encode applies it
 * to raw blocks; the scorer applies the same to single rows.
 */
#ifndef CVM_ENCODER_H
#define CVM_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "linalg/block.h"

typedef enum CvmInputKind
{
	CVM_INPUT_NUMBER = 0,		/* values are part of the model format */
	CVM_INPUT_BOOLEAN = 1,
	CVM_INPUT_CATEGORY = 2,		/* text and enum, by their text form */
	CVM_INPUT_TIME = 3,			/* date, timestamp, timestamptz (in UTC) */
	CVM_INPUT_INTERVAL = 4,		/* as days */
	CVM_INPUT_ARRAY = 5,		/* float4[] or float8[] of fixed length */
	CVM_INPUT_IDENTIFIER = 6	/* who or what a row is of, by its text form: a
								 * category of which every level is kept */
} CvmInputKind;

#define CVM_INPUT_KIND_COUNT 7

extern const char *cvm_input_kind_name(CvmInputKind kind);
extern bool cvm_input_kind_from_name(const char *name, CvmInputKind *kind);

/* Whether its one term is a category. */
static inline bool
cvm_input_is_text(CvmInputKind kind)
{
	return kind == CVM_INPUT_CATEGORY || kind == CVM_INPUT_IDENTIFIER;
}

typedef struct CvmInput
{
	const char *name;			/* the column's name */
	CvmInputKind kind;
	int			elements;		/* ARRAY: its length; else 0 */
} CvmInput;

typedef enum CvmTermKind
{
	CVM_TERM_NUMBER = 0,		/* a number, standardized */
	CVM_TERM_INDICATOR = 1,		/* 0 or 1, left as it is (boolean) */
	CVM_TERM_CATEGORY = 2		/* a code */
} CvmTermKind;

typedef struct CvmTerm
{
	const char *name;			/* "tenure", "signup (month)", "x[3]" or "x3" */
	CvmTermKind kind;
	int			input;			/* index of its input */
	int			part;			/* TIME: 0 elapsed days since 2000-01-01, 1 month
								 * (level "1".."12"), 2 weekday ("1" Monday ..
								 * "7"); ARRAY: element from 0; else 0 */
	/* numbers and indicators */
	double		mean;			/* weighted, of the training rows */
	double		deviation;		/* weighted standard deviation (population), > 0 */
	double		center;			/* encoded = (x - center) / scale: mean and deviation, */
	double		scale;			/* or 0 and 1 (indicators, standardize off) */
	double		fill;			/* what a missing value becomes; NaN: stays missing */
	int			slot;			/* of the value, or of the first level after the
								 * reference */
	int			flag_slot;		/* of the "is missing" flag, or -1 */
	double		missing_share;	/* in the training rows */
	/* categories: level 0 is the reference */
	int			level_count;
	const char **levels;		/* CVM_OTHER_LEVEL and CVM_MISSING_LEVEL below */
	double	   *level_shares;	/* of the training weight, by level */
	int			other_level;	/* index of the shared level of rare ones, or -1 */
	int			missing_level;	/* index of the level of NULL, or -1 */
} CvmTerm;

/*
 * A rare level in training becomes CVM_OTHER_LEVEL; in scoring a level that
 * was never seen does too, where that level exists, else the reference.
 * NULL goes to the missing level, else is treated as never seen.  An
 * identifier has no rare levels and no missing one, and always the other one,
 * so that what was never seen is not taken for somebody.
 * The names cannot collide: other_level and missing_level say which is which.
 */
#define CVM_OTHER_LEVEL "(other)"
#define CVM_MISSING_LEVEL "(missing)"

typedef struct CvmEncoder
{
	int			input_count;
	CvmInput   *inputs;
	int			term_count;
	CvmTerm    *terms;
	int			dense_columns;
	int			coded_columns;
	int			slots;
} CvmEncoder;

/* ---- learning ---- */

/* How a column came: decides what counts as an identifier. */
typedef struct CvmColumn
{
	const char *name;
	CvmInputKind kind;
	int			elements;		/* ARRAY */
	bool		integral;		/* an integer type: may be an identifier */
	bool		nameless_array; /* fitting aggregates: terms are x1, x2, ... */
} CvmColumn;

/*
 * A profile watches the raw training blocks go by.  Raw layout: number and
 * indicator terms take dense columns, category terms coded columns, each in
 * the order of columns and parts (cvm_profile_dense_columns/_coded_columns).
 * Category codes come from the profile's dictionaries, which are shared by
 * training and validation rows; only training rows are counted.
 */
typedef struct CvmProfile CvmProfile;

extern CvmProfile *cvm_profile_create(const CvmColumn *columns, int column_count);
extern int	cvm_profile_dense_columns(const CvmProfile *profile);
extern int	cvm_profile_coded_columns(const CvmProfile *profile);

/* First raw dense and raw coded position of a column. */
extern void cvm_profile_position(const CvmProfile *profile, int column, int *dense, int *coded);

/* Code of a category text (not NUL-terminated), adding it to the dictionary. */
extern int32_t cvm_profile_code(CvmProfile *profile, int coded_column,
								const char *text, int length);

/*
 * What the dictionaries of identifiers may use together, in bytes (there is no
 * limit until it is set).  Where they need more, cvm_encoder_learn fails.
 */
extern void cvm_profile_limit_identifiers(CvmProfile *profile, size_t bytes);

/* Counts a raw block of training rows.  Infinity is CVM_OUT_OF_RANGE, naming the column. */
extern CvmStatus cvm_profile_add_block(CvmProfile *profile, const CvmBlock *raw, CvmError *error);

/*
 * For profiles that are made in parts and merged, numbers only: no sample for
 * quantiles is kept; the salt tells the rows of one part from those of another
 * that have the same number.
 */
extern void cvm_profile_skip_sample(CvmProfile *profile);
extern void cvm_profile_set_salt(CvmProfile *profile, uint64_t salt);
extern void cvm_profile_repeat(CvmProfile *profile, int rows);	/* cvm_moments_repeat */
extern void cvm_profile_merge(CvmProfile *profile, const CvmProfile *other);

typedef struct CvmEncoderOptions
{
	int			max_categories;
	int			min_category_count;
	bool		standardize;
	const char *segment_by;		/* the column whose reference is the shared level, also
								 * if it has but one value; or NULL */
	bool		keep_missing;	/* numbers stay as they are, NaN where missing: no center,
								 * scale, fill value or flag */
} CvmEncoderOptions;

/* Why a column (or a part of it) was left out, for a NOTICE. */
typedef enum CvmLeftOut
{
	CVM_LEFT_OUT_CONSTANT,		/* one value, and never missing */
	CVM_LEFT_OUT_MISSING,		/* no value */
	CVM_LEFT_OUT_IDENTIFIER,	/* a different value in nearly every row */
	CVM_LEFT_OUT_RARE			/* a category without a level of at least
								 * min_category_count rows */
} CvmLeftOut;

#define CVM_LEFT_OUT_COUNT 4

/*
 * One call for each column and reason; the name is that of the column or, for
 * parts of it, of the first of these ("x[3] and 5 others").
 */
typedef void (*CvmLeftOutReport) (void *state, const char *term_name, CvmLeftOut why);

/*
 * Which terms are left out, and how the levels of categories are chosen, is
 * said in encoder_learn.c and levels.c.  CVM_NO_FEATURES when nothing is left,
 * CVM_LIMIT when identifiers or levels are too many;
 * report may be NULL.  The encoder does not point into the profile.
 */
extern CvmStatus cvm_encoder_learn(const CvmProfile *profile, const CvmEncoderOptions *options,
								   CvmLeftOutReport report, void *report_state,
								   CvmEncoder **encoder, CvmError *error);

/* Frees an encoder that was learned. */
extern void cvm_encoder_release(CvmEncoder *encoder);

/* Feature cells of training rows that were missing; a time counts once. */
extern int64_t cvm_profile_missing_cells(const CvmProfile *profile);

/*
 * Percentiles of the values of a number term that were not missing, from a sample
 * of some thousand rows; the first and last are the true extremes.  false:
 * the term is a category, or the sample has no value of it.  encoder was
 * learned from this profile.
 */
#define CVM_QUANTILES 101

extern bool cvm_profile_quantiles(const CvmProfile *profile, const CvmEncoder *encoder,
								  int term, double quantiles[CVM_QUANTILES]);

/* ---- applying ---- */

/*
 * A plan for encoding raw blocks of this profile (maps dictionary codes to
 * slots).  encoded may have the arrays of raw where in_place says so: the
 * encoded rows are never wider than the raw ones there.
 */
typedef struct CvmEncodePlan CvmEncodePlan;

extern CvmEncodePlan *cvm_encode_plan_create(const CvmProfile *profile, const CvmEncoder *encoder);
extern void cvm_encode_plan_release(CvmEncodePlan *plan);
extern bool cvm_encode_plan_in_place(const CvmEncodePlan *plan);
extern void cvm_encode_block(const CvmEncodePlan *plan, const CvmBlock *raw, CvmBlock *encoded);

/*
 * Level of a category text in a term: a level index in 0 .. level_count - 1.
 * A lookup is a hash table over the term's levels, made once a scorer.
 */
typedef struct CvmLevelLookup CvmLevelLookup;

extern CvmLevelLookup *cvm_level_lookup_create(const CvmTerm *term);
extern void cvm_level_lookup_release(CvmLevelLookup *lookup);
extern int	cvm_level_find(const CvmLevelLookup *lookup, const char *text, int length);
extern int	cvm_level_missing(const CvmTerm *term);

/*
 * The name of what a slot stands for: feature is the term's name, level the
 * category level, CVM_MISSING_LEVEL for a flag, or NULL.
 */
extern void cvm_encoder_slot_name(const CvmEncoder *encoder, int slot,
								  const char **feature, const char **level);

/* The first slot of each coded column (CvmShape.coded_first); allocated. */
extern int *cvm_encoder_coded_first(const CvmEncoder *encoder);

#endif							/* CVM_ENCODER_H */
