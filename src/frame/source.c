/*
 * source.c
 *		What a source is, and how its rows are read.
 *
 * A source is text from a user: the name of a table or view, or a single
 * SELECT.  A name becomes a quoted, qualified one; a SELECT is parsed alone
 * first, so that wrapping its text in parentheses cannot change what it
 * means.
 *
 * The query runs read-only in three respects: SPI refuses statements that
 * write, a read-only transaction stops functions that do, and the snapshot is
 * the caller's.  It runs serially, and without joining another backend's
 * scan of the table: the order of rows decides the last bits of every sum,
 * and the same rows shall give the same model, bit for bit.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "base/nearest_name.h"
#include "frame/frame.h"
#include "frame/source.h"
#include "pg/compat.h"

#define LISTED_COLUMNS 10		/* in a hint */

struct CvmScan
{
	SPIPlanPtr	plan;
	Portal		portal;
};

/* ---- source text ---- */

/* Positions in a syntax error refer to the source text, not to the statement. */
static void
syntax_error_callback(void *argument)
{
	const char *source = argument;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(source);
	}
	errcontext("source of the rows");
	if (geterrcode() == ERRCODE_SYNTAX_ERROR)
		errhint("A source is the name of a table or view, or a SELECT.");
}

static void
check_select(const SelectStmt *select)
{
	const SelectStmt *first = select;
	ListCell   *cell;

	if (select->withClause != NULL)
	{
		foreach(cell, select->withClause->ctes)
		{
			CommonTableExpr *with = lfirst_node(CommonTableExpr, cell);

			if (!IsA(with->ctequery, SelectStmt))
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("source changes data"),
						 errdetail("Query \"%s\" of its WITH clause is not a SELECT.",
								   with->ctename),
						 errhint("A source only reads: change data before, and train on the result.")));
		}
	}
	while (first->larg != NULL)
		first = first->larg;
	if (first->intoClause != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("source changes data"),
				 errdetail("SELECT INTO makes a table."),
				 errhint("A source only reads: leave out INTO.")));
	if (select->lockingClause != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("source locks rows"),
				 errhint("Leave out FOR UPDATE or FOR SHARE.")));
}

/* "(SELECT ...)" of the one statement in the text, without its semicolon. */
static char *
query_from_item(const char *source)
{
	ErrorContextCallback callback;
	List	   *statements;
	RawStmt    *statement;
	int			length;

	callback.callback = syntax_error_callback;
	callback.arg = (void *) source;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	statements = raw_parser(source, RAW_PARSE_DEFAULT);
	error_context_stack = callback.previous;

	if (list_length(statements) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("source holds more than one statement"),
				 errhint("A source is the name of a table or view, or a single SELECT.")));
	if (statements == NIL ||
		!IsA(linitial_node(RawStmt, statements)->stmt, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("source is not a SELECT"),
				 errhint("A source is the name of a table or view, or a SELECT.")));
	statement = linitial_node(RawStmt, statements);
	check_select((SelectStmt *) statement->stmt);

	source += statement->stmt_location;
	length = statement->stmt_len > 0 ? statement->stmt_len : (int) strlen(source);
	/* the line break ends a comment at the end of the text */
	return psprintf("(%.*s\n)", length, source);
}

static char *
relation_from_item(List *names)
{
	RangeVar   *name = makeRangeVarFromNameList(names);
	Oid			relation = RangeVarGetRelid(name, NoLock, true);

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("source \"%s\" does not exist", NameListToString(names)),
				 errdetail("The search_path is: %s.", namespace_search_path),
				 errhint("A source is the name of a table or view, or a SELECT.")));
	switch (get_rel_relkind(relation))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("source \"%s\" is not a table or view",
							NameListToString(names))));
	}
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

char *
cvm_source_from_item(const char *source)
{
	List	   *parts;
	List	   *names = NIL;
	ListCell   *cell;

	/* splitting writes into its input, and takes values(1,2) for a name */
	if (!SplitIdentifierString(pstrdup(source), '.', &parts) ||
		(strchr(source, '(') != NULL && strchr(source, '"') == NULL))
		return query_from_item(source);
	if (parts == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("source is empty"),
				 errhint("A source is the name of a table or view, or a SELECT.")));
	foreach(cell, parts)
		names = lappend(names, makeString(pstrdup(lfirst(cell))));
	return relation_from_item(names);
}

/* ---- columns ---- */

TupleDesc
cvm_source_describe(const char *from_item)
{
	char	   *query = psprintf("SELECT * FROM %s AS source", from_item);
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);
	CachedPlanSource *planned;
	TupleDesc	columns = NULL;

	if (plan == NULL)
		elog(ERROR, "source cannot be prepared: %s", SPI_result_code_string(SPI_result));
	MemoryContextSwitchTo(context); /* SPI leaves its own */
	planned = linitial(SPI_plan_get_plan_sources(plan));
	if (planned->resultDesc != NULL)
		columns = CreateTupleDescCopy(planned->resultDesc);
	SPI_freeplan(plan);
	if (columns == NULL || columns->natts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("source has no columns")));
	return columns;
}

bool
cvm_source_is_stored(const char *from_item)
{
	Oid			table;
	Relation	relation;
	bool		stored;

	if (from_item[0] == '(')
		return false;
	table = RangeVarGetRelid(makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(from_item))),
							 AccessShareLock, false);
	relation = table_open(table, NoLock);
	stored = relation->rd_rel->relkind == RELKIND_RELATION ||
		relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
		relation->rd_rel->relkind == RELKIND_MATVIEW;
	for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++)
		stored &= !TupleDescAttr(RelationGetDescr(relation), i)->attisdropped;
	table_close(relation, NoLock);
	return stored && pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

const char *
cvm_nearest_column(TupleDesc columns, const char *name)
{
	CvmNearest	nearest;

	cvm_nearest_begin(&nearest, name);
	for (int column = 0; column < columns->natts; column++)
		if (!TupleDescAttr(columns, column)->attisdropped)
			cvm_nearest_consider(&nearest, NameStr(TupleDescAttr(columns, column)->attname));
	return nearest.found;
}

/* "a, b, c, ..." for a message. */
static char *
list_columns(TupleDesc columns)
{
	StringInfoData list;
	int			column;

	initStringInfo(&list);
	for (column = 0; column < columns->natts && column < LISTED_COLUMNS; column++)
		appendStringInfo(&list, "%s\"%s\"", column > 0 ? ", " : "",
						 NameStr(TupleDescAttr(columns, column)->attname));
	if (columns->natts > LISTED_COLUMNS)
		appendStringInfoString(&list, ", ...");
	return list.data;
}

int
cvm_source_column(TupleDesc columns, const char *name, const char *role)
{
	int			found = -1;
	int			column;

	for (column = 0; column < columns->natts; column++)
	{
		if (strcmp(NameStr(TupleDescAttr(columns, column)->attname), name) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("source has more than one column \"%s\"", name),
					 errhint("Give each column of the SELECT a name of its own with AS.")));
		found = column;
	}
	if (found < 0)
	{
		const char *nearest = cvm_nearest_column(columns, name);

		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("source has no column \"%s\" to use as %s", name, role),
				 nearest != NULL ? errhint("Did you mean \"%s\"?", nearest) :
				 errhint("Its columns are %s.", list_columns(columns))));
	}
	return found;
}

/* ---- scans ---- */

/*
 * Settings of a scan.  They are undone at its end, together with whatever
 * functions of the source have SET: a scan leaves nothing behind.
 * XactReadOnly is the variable of the setting transaction_read_only, which
 * from version 17 on cannot be set for a part of a transaction; the end of a
 * (sub)transaction that fails sets it back as well.
 */
typedef struct ScanSettings
{
	int			level;
	bool		read_only;
} ScanSettings;

static ScanSettings
begin_scan_settings(void)
{
	ScanSettings outer = {NewGUCNestLevel(), XactReadOnly};

	XactReadOnly = true;
	(void) set_config_option("synchronize_seqscans", "off", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return outer;
}

static void
end_scan_settings(ScanSettings outer)
{
	AtEOXact_GUC(false, outer.level);
	XactReadOnly = outer.read_only;
}

CvmScan *
cvm_scan_open(const char *query)
{
	MemoryContext context = CurrentMemoryContext;
	CvmScan    *scan = palloc(sizeof(CvmScan));
	ScanSettings outer = begin_scan_settings();

	/* without CURSOR_OPT_PARALLEL_OK the plan is a serial one */
	scan->plan = SPI_prepare_cursor(query, 0, NULL, CURSOR_OPT_NO_SCROLL);
	if (scan->plan == NULL)
		elog(ERROR, "source cannot be prepared: %s", SPI_result_code_string(SPI_result));
	scan->portal = SPI_cursor_open(NULL, scan->plan, NULL, NULL, true);
	MemoryContextSwitchTo(context); /* SPI leaves its own */
	end_scan_settings(outer);
	return scan;
}

bool
cvm_scan_run(CvmScan *scan, int limit, DestReceiver *receiver)
{
	ScanSettings outer = begin_scan_settings();
	uint64		rows = PortalRunFetch(scan->portal, FETCH_FORWARD,
									  limit > 0 ? limit : FETCH_ALL, receiver);

	end_scan_settings(outer);
	return rows > 0;
}

void
cvm_scan_close(CvmScan *scan)
{
	SPI_cursor_close(scan->portal);
	SPI_freeplan(scan->plan);
	pfree(scan);
}

char *
cvm_source_value(const char *query)
{
	static const char *const styles[][2] = {
		{"datestyle", "ISO"}, {"intervalstyle", "postgres"}, {"extra_float_digits", "3"}
	};
	MemoryContext context = CurrentMemoryContext;
	ScanSettings outer = begin_scan_settings();
	char	   *value = NULL;
	int			result;

	for (int i = 0; i < lengthof(styles); i++)
		(void) set_config_option(styles[i][0], styles[i][1], PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	result = SPI_execute(query, true, 1);
	MemoryContextSwitchTo(context); /* SPI leaves its own */
	if (result != SPI_OK_SELECT)
		elog(ERROR, "query of one value failed: %s", SPI_result_code_string(result));
	if (SPI_processed > 0)
		value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	SPI_freetuptable(SPI_tuptable);
	end_scan_settings(outer);
	return value;
}
