/*
 * recommending.c
 *		A model made ready to recommend, for one call of a function or many.
 *
 * A name is looked up in every call, so that rights and versions are those of
 * the moment; what was made ready for a model stays with it in the cache.
 *
 * Of many users one is found by going through their names, which takes less
 * time than to make a hash table of them.  That is made when one after the other
 * is asked for.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "frame/column.h"
#include "model/model_type.h"
#include "pg/compat.h"
#include "score/model_cache.h"
#include "score/recommending.h"
#include "score/scorer.h"

/* Calls after which a hash table pays. */
#define LOOKUPS_BY_HAND 4

static const char *const words[] = {"user", "item"};

/* ---- the model ---- */

/* What a function keeps for its next call. */
typedef struct RecommendingCall
{
	MemoryContext context;		/* holds this, and pins or holds the model */
	struct varlena *argument;	/* the model, as it was passed */
	CvmRecommending *recommending;
} RecommendingCall;

/* In the current memory context. */
static CvmRecommending *
make_ready(const CvmModel *model)
{
	CvmRecommending *recommending = palloc0(sizeof(CvmRecommending));

	if (model->learner->recommender == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a model of the algorithm \"%s\" recommends nothing", model->learner->name),
				 errhint("Train one with algorithm => 'matrix_factorization'.")));
	recommending->context = CurrentMemoryContext;
	recommending->model = model;
	recommending->predictor = cvm_predictor_create(model);
	recommending->recommender = cvm_predictor_recommender(recommending->predictor);
	return recommending;
}

/*
 * What was made ready for a cached model stays with it.  It is the model's
 * only when it is complete: an error leaves nothing behind.
 */
static CvmRecommending *
ready_by_name(text *name, MemoryContext pin)
{
	CvmModelHandle handle;
	MemoryContext context;
	MemoryContext caller;

	cvm_model_lookup(text_to_cstring(name), 0, pin, &handle);
	if (*handle.recommending != NULL)
		return *handle.recommending;
	context = AllocSetContextCreate(pin, "cvm recommending", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	*handle.recommending = make_ready(handle.model);
	MemoryContextSetParent(context, handle.context);
	MemoryContextSwitchTo(caller);
	return *handle.recommending;
}

static CvmRecommending *
ready_by_value(struct varlena *value)
{
	return make_ready(cvm_model_unpack(PG_DETOAST_DATUM_COPY(PointerGetDatum(value))));
}

static bool
has_same_value(const RecommendingCall *kept, struct varlena *value)
{
	return kept != NULL && VARSIZE_ANY(kept->argument) == VARSIZE_ANY(value) &&
		memcmp(kept->argument, value, VARSIZE_ANY(value)) == 0;
}

CvmRecommending *
cvm_recommending(FunctionCallInfo fcinfo, bool by_name)
{
	RecommendingCall *kept = fcinfo->flinfo->fn_extra;
	struct varlena *argument = (struct varlena *) PG_GETARG_POINTER(0);
	RecommendingCall *call;
	MemoryContext context;
	MemoryContext caller;

	/* a name may have come to stand for another model, or for none */
	if (!by_name && has_same_value(kept, argument))
		return kept->recommending;
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "cvm recommending call",
									ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	call = palloc0(sizeof(RecommendingCall));
	call->context = context;
	if (by_name)
		call->recommending = ready_by_name(PG_GETARG_TEXT_PP(0), context);
	else
	{
		call->argument = palloc(VARSIZE_ANY(argument));
		memcpy(call->argument, argument, VARSIZE_ANY(argument));
		call->recommending = ready_by_value(argument);
	}
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = call;
	if (kept != NULL)
		MemoryContextDelete(kept->context);
	return call->recommending;
}

/* ---- users and items ---- */

static const CvmTerm *
term_of(const CvmRecommending *recommending, CvmSubjects subjects)
{
	return &recommending->model->encoder.terms[subjects];
}

int
cvm_recommending_find(CvmRecommending *recommending, CvmSubjects subjects, const char *text,
					  int length)
{
	const CvmTerm *term = term_of(recommending, subjects);
	int			known = term->level_count - 1;
	int			level;

	if (recommending->lookups[subjects] == NULL &&
		recommending->looked_up[subjects]++ < LOOKUPS_BY_HAND)
	{
		for (level = 0; level < known; level++)
			if (strncmp(term->levels[level], text, length) == 0 &&
				term->levels[level][length] == '\0')
				return level;
		return -1;
	}
	if (recommending->lookups[subjects] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(recommending->context);

		recommending->lookups[subjects] = cvm_level_lookup_create(term);
		MemoryContextSwitchTo(caller);
	}
	level = cvm_level_find(recommending->lookups[subjects], text, length);
	return level == term->other_level ? -1 : level;
}

int
cvm_recommending_argument(CvmRecommending *recommending, CvmSubjects subjects,
						  FunctionCallInfo fcinfo, int argument)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argument);
	CvmColumnReader *reader;
	const char *text;
	int			length;

	if (PG_ARGISNULL(argument))
		return -1;
	if (type == UNKNOWNOID)
	{
		text = DatumGetCString(PG_GETARG_DATUM(argument));
		return cvm_recommending_find(recommending, subjects, text, strlen(text));
	}
	if (!cvm_column_identifies(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the %s has type %s, which cannot be an identifier", words[subjects],
						format_type_be(type)),
				 errhint("Pass it as text, in the form that it had in training.")));
	reader = cvm_column_reader_create(words[subjects], type, CVM_INPUT_IDENTIFIER, 0);
	text = cvm_column_text(reader, PG_GETARG_DATUM(argument), false, &length);
	return cvm_recommending_find(recommending, subjects, text, length);
}

const char *
cvm_recommending_name(const CvmRecommending *recommending, CvmSubjects subjects, int number)
{
	return term_of(recommending, subjects)->levels[number];
}

/* ---- newcomers ---- */

/* A type of which a value can be missing, for an input that a row does not have. */
static Oid
type_for(CvmInputKind kind)
{
	switch (kind)
	{
		case CVM_INPUT_NUMBER:
			return FLOAT8OID;
		case CVM_INPUT_BOOLEAN:
			return BOOLOID;
		case CVM_INPUT_TIME:
			return TIMESTAMPTZOID;
		case CVM_INPUT_INTERVAL:
			return INTERVALOID;
		case CVM_INPUT_ARRAY:
			return FLOAT8ARRAYOID;
		case CVM_INPUT_CATEGORY:
		case CVM_INPUT_IDENTIFIER:
			break;
	}
	return TEXTOID;
}

static int
find_column(TupleDesc columns, const char *name)
{
	for (int i = 0; columns != NULL && i < columns->natts; i++)
		if (!TupleDescAttr(columns, i)->attisdropped &&
			strcmp(NameStr(TupleDescAttr(columns, i)->attname), name) == 0)
			return i;
	return -1;
}

/* Encodes the row, in which what it does not have is missing. */
static CvmBlock *
encode_row(const CvmRecommending *recommending, CvmSubjects subjects, HeapTupleHeader row)
{
	const CvmEncoder *encoder = &recommending->model->encoder;
	CvmBlock   *block = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	TupleDesc	columns = row == NULL ? NULL :
		lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	int			count = columns == NULL ? 0 : columns->natts;
	Datum	   *values = palloc0(sizeof(Datum) * (count + 1));
	bool	   *nulls = palloc(sizeof(bool) * (count + 1));
	int		   *positions = palloc(sizeof(int) * encoder->input_count);
	Oid		   *types = palloc(sizeof(Oid) * encoder->input_count);
	int			user_end = CVM_IDENTIFIERS + recommending->recommender->user_inputs;
	CvmScorer  *scorer;

	if (row != NULL)
	{
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row),.t_data = row};

		heap_deform_tuple(&tuple, columns, values, nulls);
	}
	nulls[count] = true;
	for (int i = 0; i < encoder->input_count; i++)
	{
		bool		own = i >= CVM_IDENTIFIERS && (i < user_end) == (subjects == CVM_USERS);

		positions[i] = own ? find_column(columns, encoder->inputs[i].name) : -1;
		if (own && row != NULL && positions[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the row has no column \"%s\", which describes the %s",
							encoder->inputs[i].name, words[subjects]),
					 errhint("SELECT * FROM cvm.inputs(model) lists the columns that a model reads.")));
		types[i] = positions[i] >= 0 ? TupleDescAttr(columns, positions[i])->atttypid :
			type_for(encoder->inputs[i].kind);
		if (positions[i] < 0)
			positions[i] = count;
	}
	scorer = cvm_scorer_create(recommending->model, positions, types);
	(void) cvm_scorer_row(scorer, values, nulls);
	cvm_scorer_encode(scorer, block, 0);
	block->rows = 1;
	return block;
}

double *
cvm_recommending_newcomer(const CvmRecommending *recommending, CvmSubjects subjects,
						  HeapTupleHeader row)
{
	const CvmRecommender *recommender = recommending->recommender;
	bool		users = subjects == CVM_USERS;
	const CvmAttributes *attributes = users ? recommender->user_attributes :
		recommender->item_attributes;
	const double *weights = users ? recommender->user_newcomers : recommender->item_newcomers;
	int			width = recommender->items.width;
	double	   *factors = palloc(sizeof(double) * (width + 1));

	/* without attributes there is a constant only */
	if (attributes->width == 1)
		memcpy(factors, weights, sizeof(double) * (width + 1));
	else
		cvm_newcomer(attributes, weights, width, encode_row(recommending, subjects, row), 0,
					 factors);
	return factors;
}
