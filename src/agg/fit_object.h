/*
 * fit_object.h
 *		cvm.fit_state as the server sees it: flat, or expanded while an
 *		aggregate runs.
 */
#ifndef CVM_FIT_OBJECT_H
#define CVM_FIT_OBJECT_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/expandeddatum.h"

#include "agg/row_store.h"
#include "frame/column.h"
#include "pg/compat.h"

typedef struct CvmFitObject
{
	ExpandedObjectHeader header;
	CvmFitState *state;
	CvmStatePool *pool;
	CvmRowStore *store;			/* fit: rows before the pending ones; or NULL */
	CvmColumnReader *reader;	/* of x; NULL until its length is known */
	Size		counted;		/* bytes of the buffer, as the pool knows them */
	struct varlena *options;	/* as the first row had them, or NULL */
	MemoryContextCallback at_end;
} CvmFitObject;

/*
 * A state's flat form: a varlena of alignment "double", with 4 bytes of
 * padding before its body, as cvm.model.
 */
extern struct varlena *cvm_fit_state_flat(const uint8_t *body, Size length);

/* The body of a value, detoasted into the current context and aligned. */
extern const uint8_t *cvm_fit_state_body(Datum value, Size *length);

/*
 * The state to change, from the first argument of a transition or combine
 * function: the object itself, or a new one of what is flat, in the
 * aggregate's context.  Errors outside of aggregates.
 */
extern CvmFitObject *cvm_fit_object_expand(FunctionCallInfo fcinfo);

static inline CvmFitObject *
cvm_fit_object_to_change(FunctionCallInfo fcinfo)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);
	varatt_expanded pointer;

	if (PG_ARGISNULL(0) || !VARATT_IS_EXTERNAL_EXPANDED_RW(value))
		return cvm_fit_object_expand(fcinfo);
	memcpy(&pointer, VARDATA_EXTERNAL(value), sizeof(pointer));
	return (CvmFitObject *) pointer.eohptr;
}

/* The state to read; a flat one becomes an object in the current context. */
extern CvmFitObject *cvm_fit_object_to_read(Datum value);

#define CVM_RETURN_FIT_OBJECT(object) PG_RETURN_DATUM(EOHPGetRWDatum(&(object)->header))

/* Merges a value into the state. */
extern void cvm_fit_object_merge(CvmFitObject *object, Datum other);

/* A copy of an sgd or descend state, in the current context. */
extern CvmFitState *cvm_fit_state_copy(const CvmFitState *state);

/* All rows that are in the state, consumed or not. */
extern int64 cvm_fit_object_rows(const CvmFitObject *object);

/* fit: block of all its rows; as cvm_row_store_read. */
extern const CvmBlock *cvm_fit_object_read(const CvmFitObject *object, uint64 first,
										   CvmBlock *buffer);

/* A block with room for CVM_BLOCK_ROWS raw rows, to read into. */
extern CvmBlock *cvm_fit_object_buffer(const CvmFitObject *object);

#endif							/* CVM_FIT_OBJECT_H */
