/*
 * rewrite.c
 *		The planner's rewrite: predict('m', row) reads only what the model needs.
 *
 * A whole row is the dearest argument there is: the executor would build it
 * for every customer.  Where the model's name is a constant and the row is
 * that of a relation or subquery, or a ROW() with names, the call becomes
 *
 *	  cvm.predict_columns('m', version, '{a,b}', t.a, t.b)
 *
 * The plan then depends on the active version, so it is registered as
 * depending on cvm.model_registry, whose invalidation every change sends; and
 * it is made only if the planner's snapshot sees the latest committed version
 * (handle.current), since an invalidation that was processed before planning
 * would not come again.
 *
 * A row that an outer join may have replaced by NULLs is left alone: the
 * whole row is then NULL and so is its prediction, which the columns alone
 * could not tell.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "parser/parse_func.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/settings.h"
#include "score/model_cache.h"

/* FUNC_MAX_ARGS less the three arguments before the columns. */
#define MOST_COLUMNS (FUNC_MAX_ARGS - 3)

/* Whether an outer join below this node may replace rows of varno by NULLs. */
static bool
is_nullable(Node *node, int varno, bool below_nullable)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblRef))
		return below_nullable && ((RangeTblRef *) node)->rtindex == varno;
	if (IsA(node, FromExpr))
	{
		ListCell   *cell;

		foreach(cell, ((FromExpr *) node)->fromlist)
			if (is_nullable(lfirst(cell), varno, below_nullable))
				return true;
		return false;
	}
	if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;
		bool		left = join->jointype == JOIN_RIGHT || join->jointype == JOIN_FULL;
		bool		right = join->jointype == JOIN_LEFT || join->jointype == JOIN_FULL;

		return is_nullable(join->larg, varno, below_nullable || left) ||
			is_nullable(join->rarg, varno, below_nullable || right);
	}
	return true;				/* a node that we do not know: be careful */
}

/* The expression for one column of a whole-row Var; NULL: not there. */
static Expr *
column_of_relation(RangeTblEntry *rte, Var *row, const char *name)
{
	AttrNumber	number;
	Oid			type;
	int32		typmod;
	Oid			collation;
	Var		   *column;

	if (rte->rtekind == RTE_RELATION)
	{
		number = get_attnum(rte->relid, name);
		if (number <= 0)
			return NULL;
		get_atttypetypmodcoll(rte->relid, number, &type, &typmod, &collation);
	}
	else
	{
		ListCell   *cell;
		TargetEntry *entry;

		number = 0;
		foreach(cell, rte->eref->colnames)
			if (strcmp(strVal(lfirst(cell)), name) == 0)
			{
				number = foreach_current_index(cell) + 1;
				break;
			}
		entry = number > 0 ? get_tle_by_resno(rte->subquery->targetList, number) : NULL;
		if (entry == NULL || entry->resjunk)
			return NULL;
		type = exprType((Node *) entry->expr);
		typmod = exprTypmod((Node *) entry->expr);
		collation = exprCollation((Node *) entry->expr);
	}
	column = makeVar(row->varno, number, type, typmod, collation, row->varlevelsup);
	column->location = row->location;
	return (Expr *) column;
}

static Expr *
column_of_row_expression(RowExpr *row, const char *name)
{
	ListCell   *column;
	ListCell   *argument;

	forboth(column, row->colnames, argument, row->args)
		if (strcmp(strVal(lfirst(column)), name) == 0)
			return copyObject(lfirst(argument));
	return NULL;
}

/* One expression for each input of the model, or NIL. */
static List *
input_columns(PlannerInfo *root, Node *row, const CvmModel *model)
{
	RangeTblEntry *rte = NULL;
	List	   *columns = NIL;

	if (IsA(row, Var))
	{
		Var		   *var = (Var *) row;
		PlannerInfo *level = root;

		if (var->varattno != InvalidAttrNumber)
			return NIL;
		for (int up = var->varlevelsup; up > 0 && level != NULL; up--)
			level = level->parent_root;
		if (level == NULL || var->varno <= 0 ||
			var->varno > list_length(level->parse->rtable))
			return NIL;
		rte = rt_fetch(var->varno, level->parse->rtable);
		if (!(rte->rtekind == RTE_RELATION ||
			  (rte->rtekind == RTE_SUBQUERY && rte->subquery != NULL)) ||
			is_nullable((Node *) level->parse->jointree, var->varno, false))
			return NIL;
#if PG_VERSION_NUM >= 160000
		if (!bms_is_empty(var->varnullingrels))
			return NIL;
#endif
	}
	else if (!IsA(row, RowExpr))
		return NIL;

	for (int i = 0; i < model->encoder.input_count; i++)
	{
		const char *name = model->encoder.inputs[i].name;
		Expr	   *column = rte != NULL ? column_of_relation(rte, (Var *) row, name)
			: column_of_row_expression((RowExpr *) row, name);

		if (column == NULL)
			return NIL;			/* the plain path says which one is missing */
		columns = lappend(columns, column);
	}
	return columns;
}

static Const *
text_constant(const char *text)
{
	return makeConst(TEXTOID, -1, get_typcollation(TEXTOID), -1,
					 CStringGetTextDatum(text), false, false);
}

static Const *
names_constant(const CvmModel *model)
{
	int			count = model->encoder.input_count;
	Datum	   *names = palloc(sizeof(Datum) * count);

	for (int i = 0; i < count; i++)
		names[i] = CStringGetTextDatum(model->encoder.inputs[i].name);
	return makeConst(TEXTARRAYOID, -1, get_typcollation(TEXTOID), -1,
					 PointerGetDatum(construct_array(names, count, TEXTOID, -1, false,
													 TYPALIGN_INT)),
					 false, false);
}

/* predict -> predict_columns, predict_class -> predict_class_columns, ... */
static Oid
columns_function(Oid function)
{
	static const Oid types[] = {TEXTOID, INT4OID, TEXTARRAYOID, ANYOID};
	char	   *name = psprintf("%s_columns", get_func_name(function));

	return LookupFuncName(list_make2(makeString(pstrdup("cvm")), makeString(name)),
						  lengthof(types), types, true);
}

static Node *
rewrite(SupportRequestSimplify *request)
{
	FuncExpr   *call = request->fcall;
	Node	   *name = linitial(call->args);
	Node	   *row = lsecond(call->args);
	CvmModelHandle handle;
	char	   *model_name;
	List	   *columns;
	FuncExpr   *result;
	Oid			function;
	uint64		generation;

	if (!cvm_rewrite_predict || request->root == NULL || !IsA(name, Const) ||
		((Const *) name)->constisnull)
		return NULL;
	model_name = TextDatumGetCString(((Const *) name)->constvalue);
	if (!cvm_model_usable(model_name, true))
		return NULL;			/* the executor says so */
	cvm_model_lookup(model_name, 0, CurrentMemoryContext, &handle);
	generation = cvm_model_cache_generation();
	if (!handle.current || handle.model->encoder.input_count > MOST_COLUMNS)
		return NULL;
	function = columns_function(call->funcid);
	columns = input_columns(request->root, row, handle.model);
	if (columns == NIL || !OidIsValid(function) ||
		generation != cvm_model_cache_generation())
		return NULL;

	result = makeFuncExpr(function, call->funcresulttype,
						  list_concat(list_make3(text_constant(model_name),
												 makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
														   Int32GetDatum(handle.version), false, true),
												 names_constant(handle.model)),
									  columns),
						  call->funccollid, call->inputcollid, COERCE_EXPLICIT_CALL);
	result->location = call->location;
	request->root->glob->relationOids =
		lappend_oid(request->root->glob->relationOids, cvm_registry_relation());
	return (Node *) result;
}

PG_FUNCTION_INFO_V1(cvm_predict_support);
Datum
cvm_predict_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(rewrite((SupportRequestSimplify *) request));
	PG_RETURN_POINTER(NULL);
}
