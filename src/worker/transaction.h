/*
 * transaction.h
 *		Transactions of the worker's processes, which have no session.
 */
#ifndef CVM_TRANSACTION_H
#define CVM_TRANSACTION_H

#include "postgres.h"

/* With a snapshot and SPI connected, until the commit. */
extern void cvm_begin(void);
extern void cvm_commit(void);

/* After an error, in PG_CATCH: rolls back and returns what it was, in a memory
 * context that outlives transactions. */
extern ErrorData *cvm_abort(MemoryContext context);

#endif							/* CVM_TRANSACTION_H */
