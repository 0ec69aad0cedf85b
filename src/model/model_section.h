/*
 * model_section.h
 *		Parts of a model that not every model has.
 *
 * A section is described as payloads are (fields.h): after the history in the
 * bytes, as an object of its own in JSON, where the model has it.  To add one:
 * a member of CvmModel that is NULL without it, a line in the table, and its
 * fields in format.txt.
 */
#ifndef CVM_MODEL_SECTION_H
#define CVM_MODEL_SECTION_H

#include "model/learner.h"

typedef struct CvmModelSection
{
	uint32_t	kind;			/* in the bytes; rising in the table */
	const char *name;			/* key in JSON */

	/* Whether the model has it. */
	bool		(*present) (const CvmModel *model);

	/* Names its fields; when reading, allocates it first. */
	void		(*describe) (CvmModel *model, CvmFields *fields);

	/* The validator, for models that have it. */
	CvmStatus	(*check) (const CvmModel *model, CvmError *error);
} CvmModelSection;

extern const CvmModelSection cvm_model_sections[];
extern const int cvm_model_section_count;

#endif							/* CVM_MODEL_SECTION_H */
