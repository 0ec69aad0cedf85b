/*
 * levels.h
 *		Which levels a category term gets.
 *
 * For src/encode only.
 */
#ifndef CVM_LEVELS_H
#define CVM_LEVELS_H

#include "encode/profile_state.h"

/* The verdict on a term: a CvmLeftOut, or this. */
#define CVM_TERM_KEPT (-1)

/*
 * Fills in the fields of a category term and returns the verdict on it.
 * missing_known: another term of the encoder tells the rows in which the
 * category is missing from the others, so that no level of NULL is needed.
 * shared_first: the shared level is the reference, whether or not a row has it.
 */
extern int	cvm_levels_learn(const CvmProfile *profile, const CvmCategoryProfile *category,
							 const CvmEncoderOptions *options, bool missing_known,
							 bool shared_first, CvmTerm *term);

#endif							/* CVM_LEVELS_H */
