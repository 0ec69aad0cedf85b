/*
 * model_type.h
 *		cvm.model as the server sees it.
 *
 * The value is a varlena of type alignment "double" whose body starts at
 * VARHDRSZ + 4 bytes of padding, so that the body is 8-aligned after
 * detoasting (format.txt).
 */
#ifndef CVM_MODEL_TYPE_H
#define CVM_MODEL_TYPE_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/jsonb.h"

#include "model/model.h"

/*
 * varlena <-> decoded; both report errors with ereport.  cvm_model_pack
 * checks the model first and puts its options into canonical form; target,
 * options and library_version may be NULL for "", "{}" and this version.
 */
extern struct varlena *cvm_model_pack(const CvmModel *model);
extern CvmModel *cvm_model_unpack(struct varlena *value);	/* detoasts; result points
															 * into the detoasted copy */

#define CVM_GETARG_MODEL(n)		cvm_model_unpack((struct varlena *) PG_GETARG_POINTER(n))
#define CVM_RETURN_MODEL(model) PG_RETURN_POINTER(cvm_model_pack(model))

/* Every string from UTF-8 to the encoding of the database, or back. */
extern void cvm_model_convert(CvmModel *model, bool to_server);

/* JSON: text is canonical (fixed key order, shortest doubles). */
extern char *cvm_model_to_json(const CvmModel *model);
extern CvmModel *cvm_model_from_json(Jsonb *json);

#endif							/* CVM_MODEL_TYPE_H */
