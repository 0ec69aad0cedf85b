/*
 * fields.h
 *		One description of a payload, four uses.
 *
 * What a learner keeps in a model is described once, by a function that
 * names its fields in order:
 *
 *		cvm_field_count(fields, "trees", &forest->tree_count);
 *		cvm_field_numbers(fields, "weights", &forest->weights, forest->tree_count, false);
 *
 * The same function writes bytes, reads bytes, writes JSON and reads JSON:
 * each of these is a set of methods.  When reading, values and arrays are
 * filled in; arrays point into the bytes, or are allocated with cvm_alloc.
 * The length of an array is said by fields that come before it (or by task,
 * classes and encoder of the model, which are there when a payload is read).
 *
 * Reading from damaged bytes goes on with zeros and NULL until the end, where
 * the failure is found: a description must not look into an array that it
 * has just read.  Whether values make sense is not asked here but by the
 * learner's check, which runs afterwards.  A payload holds no text.
 */
#ifndef CVM_FIELDS_H
#define CVM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/codec.h"

typedef struct CvmFields CvmFields;

/* Names the fields of one of several groups. */
typedef void (*CvmDescribeGroup) (void *state, int index, CvmFields *fields);

/* Models within a model (model.h). */
struct CvmModel;

typedef struct CvmModelList
{
	int			count;
	struct CvmModel **models;
} CvmModelList;

#define CVM_MOST_NESTED_MODELS 64

typedef struct CvmFieldMethods
{
	void		(*count) (CvmFields *fields, const char *name, int *value);
	void		(*choice) (CvmFields *fields, const char *name,
						   const char *const *names, int *value);
	void		(*number) (CvmFields *fields, const char *name, double *value, bool nullable);
	void		(*numbers) (CvmFields *fields, const char *name, const double **values,
							size_t count, bool nullable);
	void		(*matrix) (CvmFields *fields, const char *name, const double **values,
						   size_t rows, size_t columns, bool nullable, bool optional);
	void		(*integers) (CvmFields *fields, const char *name, const int32_t **values,
							 size_t count);
	void		(*groups) (CvmFields *fields, const char *name, int count,
						   CvmDescribeGroup describe, void *state);
	void		(*refuse) (CvmFields *fields, const char *name, const char *problem);
	void		(*models) (CvmFields *fields, const char *name, const struct CvmModel *outer,
						   bool first_inherits, CvmModelList *list);
} CvmFieldMethods;

struct CvmFields
{
	const CvmFieldMethods *methods;
	bool		reading;
};

/* A number from 0 to 2^31 - 1. */
extern void cvm_field_count(CvmFields *fields, const char *name, int *value);

/* One of a NULL-terminated list of names, as its index. */
extern void cvm_field_choice(CvmFields *fields, const char *name,
							 const char *const *names, int *value);

/* Numbers; nullable ones may be NaN, which is null in JSON. */
extern void cvm_field_number(CvmFields *fields, const char *name, double *value, bool nullable);
extern void cvm_field_numbers(CvmFields *fields, const char *name, const double **values,
							  size_t count, bool nullable);

/* rows x columns, row-major; the second one may be NULL as a whole. */
extern void cvm_field_matrix(CvmFields *fields, const char *name, const double **values,
							 size_t rows, size_t columns, bool nullable);
extern void cvm_field_matrix_or_none(CvmFields *fields, const char *name, const double **values,
									 size_t rows, size_t columns, bool nullable);

/* Integers of 32 bits, of either sign. */
extern void cvm_field_integers(CvmFields *fields, const char *name, const int32_t **values,
							   size_t count);

/* Groups of fields, one after another; in JSON an array of objects. */
extern void cvm_field_groups(CvmFields *fields, const char *name, int count,
							 CvmDescribeGroup describe, void *state);

/*
 * When reading: a field cannot be what it is, and without it nothing more can be
 * read.  In JSON the error ends here; the problem follows the field's name in it.
 */
extern void cvm_field_refuse(CvmFields *fields, const char *name, const char *problem);

/*
 * Up to CVM_MOST_NESTED_MODELS models that are part of the one that is
 * described, "outer".  first_inherits: the first one has the encoder of that
 * one, which is not written again.  They may hold models in turn, to a depth of
 * CVM_MODEL_MAX_DEPTH.  What was read has to pass cvm_model_check, each.
 */
extern void cvm_field_models(CvmFields *fields, const char *name, const struct CvmModel *outer,
							 bool first_inherits, CvmModelList *list);

/* ---- bytes ---- */

typedef struct CvmByteWriterFields
{
	CvmFields	fields;			/* first */
	CvmWriter  *writer;
} CvmByteWriterFields;

typedef struct CvmByteReaderFields
{
	CvmFields	fields;			/* first */
	CvmReader  *reader;			/* "failed" when something was wrong */
} CvmByteReaderFields;

extern void cvm_fields_to_bytes(CvmByteWriterFields *fields, CvmWriter *writer);
extern void cvm_fields_from_bytes(CvmByteReaderFields *fields, CvmReader *reader);

#endif							/* CVM_FIELDS_H */
