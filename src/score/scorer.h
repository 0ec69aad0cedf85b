/*
 * scorer.h
 *		A model made ready to score rows of given column types.
 */
#ifndef CVM_SCORER_H
#define CVM_SCORER_H

#include "postgres.h"
#include "model/model.h"

typedef struct CvmScorer CvmScorer;

/*
 * positions[i] and types[i] are place and type of the column that will be
 * passed for model->encoder.inputs[i].  The scorer and its scratch space live
 * in the current memory context; the model must outlive it.
 */
extern CvmScorer *cvm_scorer_create(const CvmModel *model, const int *positions,
									const Oid *types);

/* For models whose inputs are one array or all numbers: features by position. */
extern CvmScorer *cvm_scorer_create_array(const CvmModel *model);

/*
 * Scores one row: values and nulls by position, or a function's arguments.
 * The result has model->outputs doubles on the scale of the target (see
 * learner.h), owned by the scorer.
 * For binary result[0] is the probability of classes[1].
 */
extern const double *cvm_scorer_row(CvmScorer *scorer, const Datum *values, const bool *nulls);
extern const double *cvm_scorer_arguments(CvmScorer *scorer, const NullableDatum *values);
extern const double *cvm_scorer_array(CvmScorer *scorer, Datum float8_array);

/*
 * The row that was scored last by _row, encoded, as row "row" of a block of
 * the model's encoder.
 */
extern void cvm_scorer_encode(CvmScorer *scorer, CvmBlock *block, int row);

/*
 * What the terms contribute to the score of that row; the learner can explain.
 * base: [output], contributions: [term * outputs + output].
 */
extern void cvm_scorer_explain(CvmScorer *scorer, double *base, double *contributions);

/* The value of a term in that row as text; NULL where it is missing. */
extern const char *cvm_scorer_term_text(const CvmScorer *scorer, int term);

/* The components of the row that was scored last; the learner has a transform. */
extern const double *cvm_scorer_transform(CvmScorer *scorer, int *count);

#endif							/* CVM_SCORER_H */
