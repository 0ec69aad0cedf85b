/*
 * transaction.c
 *		Transactions of the worker's processes, which have no session.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "worker/transaction.h"

void
cvm_begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
}

void
cvm_commit(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

ErrorData *
cvm_abort(MemoryContext context)
{
	ErrorData  *failure;

	MemoryContextSwitchTo(context);
	failure = CopyErrorData();
	FlushErrorState();
	AbortCurrentTransaction();
	MemoryContextSwitchTo(context);
	return failure;
}
