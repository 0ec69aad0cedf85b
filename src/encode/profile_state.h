/*
 * profile_state.h
 *		What is behind a CvmProfile; for src/encode, and for src/agg, whose
 *		states keep the numbers of one.
 */
#ifndef CVM_PROFILE_STATE_H
#define CVM_PROFILE_STATE_H

#include "encode/dictionary.h"
#include "encode/encoder.h"
#include "encode/key_watch.h"
#include "encode/moments.h"
#include "encode/sample.h"

/* A dense column of raw blocks. */
typedef struct CvmNumberProfile
{
	int			column;			/* of the profile */
	uint64_t	missing_pattern;	/* equal for columns missing in the same rows */
	CvmKeyWatch *key_watch;		/* integer columns; else NULL */
} CvmNumberProfile;

/* A coded column of raw blocks. */
typedef struct CvmCategoryProfile
{
	int			column;
	int64_t		missing_rows;
	double		missing_weight;
	uint64_t	missing_pattern;
	CvmDictionary dictionary;
} CvmCategoryProfile;

/* A column of the source. */
typedef struct CvmColumnProfile
{
	CvmColumn	column;
	int			terms;			/* that it can become */
	int			dense;			/* first raw positions */
	int			coded;
} CvmColumnProfile;

struct CvmProfile
{
	int			column_count;
	CvmColumnProfile *columns;
	int			dense_columns;
	int			coded_columns;
	CvmNumberProfile *numbers;	/* by raw dense position */
	CvmMoments *moments;		/* likewise */
	CvmCategoryProfile *categories; /* by raw coded position */
	CvmDictionaryPool pool;		/* of categories */
	CvmDictionaryPool identifiers;
	CvmSample	sample;
	int64_t		rows;			/* training rows seen */
	uint64_t	salt;			/* of the hashes of rows */
	double		weight;			/* of these */
	int		   *present;		/* scratch: values in a block, by dense position */
};

/*
 * The raw position of a part of a column: true for a coded one, false for a
 * dense one.
 */
extern bool cvm_profile_part_position(const CvmProfile *profile, int column, int part,
									  int *position);

/*
 * The column that an input of an encoder is read from, by name; -1: none.
 * Inputs are in the order of columns: "after" is the column of the input
 * before, or -1.
 */
extern int	cvm_profile_find_column(const CvmProfile *profile, const char *name, int after);

#endif							/* CVM_PROFILE_STATE_H */
