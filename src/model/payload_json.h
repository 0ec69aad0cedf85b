/*
 * payload_json.h
 *		Fields of a payload (fields.h) as keys of a model's JSON object.
 */
#ifndef CVM_PAYLOAD_JSON_H
#define CVM_PAYLOAD_JSON_H

#include "postgres.h"
#include "lib/stringinfo.h"

#include "model/fields.h"
#include "model/json_fields.h"
#include "model/model.h"

typedef struct CvmJsonWriterFields
{
	CvmFields	fields;			/* first */
	StringInfo	text;			/* inside an object */
} CvmJsonWriterFields;

/* More fields than any payload has. */
#define CVM_MOST_PAYLOAD_FIELDS 64

typedef struct CvmJsonReaderFields
{
	CvmFields	fields;			/* first */
	const CvmJsonObject *object;
	const char *keys[CVM_MOST_PAYLOAD_FIELDS];	/* that were read */
	int			key_count;
} CvmJsonReaderFields;

/*
 * Models within models (model_json.c): an object without a format of its own,
 * and without inputs and terms where it inherits those of the outer one.
 */
extern void cvm_model_write_json(StringInfo text, const CvmModel *model, bool nested,
								 bool inherits);
extern CvmModel *cvm_model_read_json(const CvmJsonObject *object, const CvmModel *outer,
									 bool inherits);

extern void cvm_fields_to_json(CvmJsonWriterFields *fields, StringInfo text);
extern void cvm_fields_from_json(CvmJsonReaderFields *fields, const CvmJsonObject *object);

#endif							/* CVM_PAYLOAD_JSON_H */
