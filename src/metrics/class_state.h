/*
 * class_state.h
 *		How often which class was predicted where which was right.
 */
#ifndef CVM_CLASS_STATE_H
#define CVM_CLASS_STATE_H

#include "postgres.h"

/* Labels of one type, and a matrix of weights. */
typedef struct CvmClassState CvmClassState;

/* In the current memory context.  type: of the labels. */
extern CvmClassState *cvm_class_create(Oid type);

extern void cvm_class_add(CvmClassState *state, Datum actual, Datum predicted, double weight);
extern void cvm_class_merge(CvmClassState *state, const CvmClassState *other);

/*
 * Labels in the order of their texts (numbers by value), and the matrix in
 * that order, row = actual class; both in the current memory context.
 */
extern int	cvm_class_matrix(const CvmClassState *state, char ***labels, double **counts);

/*
 * The index of the positive label among those of cvm_class_matrix: true of
 * booleans, 1 where no label is anything but 0 and 1; count where it was not
 * met, -1 where labels are others.
 */
extern int	cvm_class_positive(char **labels, int count);

extern bytea *cvm_class_serialize(const CvmClassState *state);
extern CvmClassState *cvm_class_deserialize(bytea *bytes);

#endif							/* CVM_CLASS_STATE_H */
