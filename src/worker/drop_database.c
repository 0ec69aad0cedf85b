/*
 * drop_database.c
 *		DROP DATABASE does not have to wait for a retraining.
 *
 * The server refuses to drop a database that somebody is connected to, after
 * five seconds of patience.  Runs in it are ended just before; a process that
 * starts meanwhile waits for the lock on the database and finds it gone.
 * Only the owner of the database may end runs this way, FORCE or not.
 */
#include "postgres.h"

#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"

#include "worker/worker.h"

static ProcessUtility_hook_type previous_utility_hook = NULL;

static bool
owns_database(Oid database)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(DatabaseRelationId, database, GetUserId());
#else
	return pg_database_ownercheck(database, GetUserId());
#endif
}

static void
process_utility(PlannedStmt *statement, const char *query, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo parameters,
				QueryEnvironment *environment, DestReceiver *receiver,
				QueryCompletion *completion)
{
	if (IsA(statement->utilityStmt, DropdbStmt) && cvm_worker_shared != NULL &&
		context == PROCESS_UTILITY_TOPLEVEL)
	{
		Oid			database = get_database_oid(((DropdbStmt *) statement->utilityStmt)->dbname,
												true);

		if (OidIsValid(database) && database != MyDatabaseId && owns_database(database))
			cvm_end_runs(database);
	}
	if (previous_utility_hook)
		previous_utility_hook(statement, query, read_only_tree, context, parameters,
							  environment, receiver, completion);
	else
		standard_ProcessUtility(statement, query, read_only_tree, context, parameters,
								environment, receiver, completion);
}

void
cvm_drop_database_init(void)
{
	previous_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
