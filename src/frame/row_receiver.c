/*
 * row_receiver.c
 *		A DestReceiver that calls a function for each row.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "frame/row_receiver.h"
#include "frame/source.h"

typedef struct RowReceiver
{
	DestReceiver receiver;		/* first: the executor knows this */
	CvmReceiveRow receive;
	void	   *state;
	MemoryContext row_context;
} RowReceiver;

static bool
receive_slot(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext caller = MemoryContextSwitchTo(receiver->row_context);

	slot_getallattrs(slot);
	receiver->receive(receiver->state, slot);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->row_context);
	return true;
}

static void
start_rows(DestReceiver *self, int operation, TupleDesc columns)
{
}

static void
end_rows(DestReceiver *self)
{
}

DestReceiver *
cvm_row_receiver_create(CvmReceiveRow receive, void *state)
{
	RowReceiver *receiver = palloc0(sizeof(RowReceiver));

	receiver->receiver.receiveSlot = receive_slot;
	receiver->receiver.rStartup = start_rows;
	receiver->receiver.rShutdown = end_rows;
	receiver->receiver.rDestroy = end_rows;
	receiver->receiver.mydest = DestNone;
	receiver->receive = receive;
	receiver->state = state;
	receiver->row_context = AllocSetContextCreate(CurrentMemoryContext, "cvm row",
												  ALLOCSET_DEFAULT_SIZES);
	return &receiver->receiver;
}

void
cvm_scan_rows(const char *query, CvmReceiveRow receive, void *state)
{
	DestReceiver *receiver = cvm_row_receiver_create(receive, state);
	CvmScan    *scan = cvm_scan_open(query);

	(void) cvm_scan_run(scan, 0, receiver);
	cvm_scan_close(scan);
	MemoryContextDelete(((RowReceiver *) receiver)->row_context);
	pfree(receiver);
}
