/*
 * roles.c
 *		Which column of the source plays which role.
 *
 * Features are the columns that were asked for, or all that have no other
 * role and are not excluded.  The SELECT lists the columns in the order of the source, of a table
 * all of them: such a query needs no projection, and its rows come as they
 * are stored.
 *
 * A learner may know columns by their roles (learner.h): then its identifiers
 * come first among the features, and their attributes after them.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "frame/roles.h"
#include "frame/source.h"

typedef struct Roles
{
	TupleDesc	columns;
	int			target;			/* positions in the source; -1: none */
	int			key;
	int			weight;
	int			segment;
	int			feature_count;
	int		   *features;
	int			identifier_count;	/* the first features are identifiers */
} Roles;

static const char *
column_name(const Roles *roles, int column)
{
	return NameStr(TupleDescAttr(roles->columns, column)->attname);
}

static bool
is_usable(const Roles *roles, int column)
{
	CvmInputKind kind;
	bool		integral;

	return cvm_column_kind(TupleDescAttr(roles->columns, column)->atttypid,
						   &kind, &integral);
}

static bool
is_excluded(const CvmFrameRequest *request, const char *name)
{
	char	  **excluded = request->options->exclude;
	const char *watermark = request->options->watermark;

	/* what grows with the rows tells rows from one another, not their targets */
	if (request->features == NULL && watermark != NULL && strcmp(watermark, name) == 0)
		return true;
	for (; excluded != NULL && *excluded != NULL; excluded++)
		if (strcmp(*excluded, name) == 0)
			return true;
	return false;
}

/* The source may have several columns of a name, if all are excluded. */
static void
check_excluded(const Roles *roles, const CvmFrameRequest *request)
{
	char	  **excluded = request->options->exclude;

	for (; excluded != NULL && *excluded != NULL; excluded++)
	{
		int			i = 0;

		while (i < roles->columns->natts && strcmp(column_name(roles, i), *excluded) != 0)
			i++;
		if (i == roles->columns->natts)
			(void) cvm_source_column(roles->columns, *excluded, "excluded column");
	}
}

static void
find_all_features(Roles *roles, const CvmFrameRequest *request)
{
	for (int i = 0; i < roles->columns->natts; i++)
		if (i != roles->target && i != roles->key && i != roles->weight &&
			!is_excluded(request, column_name(roles, i)))
			roles->features[roles->feature_count++] =
				cvm_source_column(roles->columns, column_name(roles, i), "feature");
}

static void
find_listed_features(Roles *roles, const CvmFrameRequest *request)
{
	for (int i = 0; i < request->feature_count; i++)
	{
		const char *name = request->features[i];
		int			column = cvm_source_column(roles->columns, name, "feature");

		if (column == roles->target)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" is the target and cannot be a feature", name),
					 errhint("Take it out of the list of features.")));
		if (is_excluded(request, name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" is a feature and excluded too", name),
					 errhint("Take it out of features or of option \"exclude\".")));
		for (int j = 0; j < i; j++)
			if (roles->features[j] == column)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("feature \"%s\" is listed twice", name),
						 errhint("Take it out of the list once.")));
		roles->features[roles->feature_count++] = column;
	}
}

/* ---- columns in roles of the learner ---- */

static bool
has_role(const Roles *roles, int column)
{
	for (int i = 0; i < roles->feature_count; i++)
		if (roles->features[i] == column)
			return true;
	return false;
}

/* Makes a column that options name the next feature. */
static void
add_named(Roles *roles, const char *name, const char *word)
{
	int			column = cvm_source_column(roles->columns, name, word);
	const char *other = column == roles->target ? "target" : column == roles->key ? "key" :
		column == roles->weight ? "weight" : NULL;

	if (other != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" is the %s and cannot be the %s too", name, other, word),
				 column == roles->key ?
				 errhint("Leave key out: without it all rows of the same user and item are held out together.") :
				 errhint("Name another column.")));
	if (has_role(roles, column))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("column \"%s\" has two roles, and one of them is %s", name, word),
				 errhint("Name each column once in options \"user\", \"item\", \"user_attributes\" and \"item_attributes\".")));
	roles->features[roles->feature_count++] = column;
}

/* Whether options give a column a role. */
static bool
is_named(const CvmColumnRoles *named, const char *column)
{
	for (int k = 0; k < CVM_IDENTIFIERS; k++)
	{
		if (named->identifiers[k] != NULL && strcmp(named->identifiers[k], column) == 0)
			return true;
		for (char **name = named->attributes[k]; name != NULL && *name != NULL; name++)
			if (strcmp(*name, column) == 0)
				return true;
	}
	return false;
}

/* Gives identifiers without a name the features without a role, one each. */
static void
name_identifiers(const Roles *roles, CvmColumnRoles *named)
{
	int			unnamed = 0;
	int			found = 0;

	for (int k = 0; k < CVM_IDENTIFIERS; k++)
		unnamed += named->identifiers[k] == NULL;
	if (unnamed == 0)
		return;
	for (int i = 0; i < roles->feature_count; i++)
		found += !is_named(named, column_name(roles, roles->features[i]));
	if (found != unnamed)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("which columns are %s and %s is not clear", named->words[0], named->words[1]),
				 errdetail_plural("%d column has no other role.", "%d columns have no other role.",
								  found, found),
				 errhint("Name them: options => '{\"%s\": \"customer_id\", \"%s\": \"product_id\"}'.",
						 named->words[0], named->words[1])));
	for (int k = 0, i = 0; k < CVM_IDENTIFIERS; k++)
	{
		if (named->identifiers[k] != NULL)
			continue;
		while (is_named(named, column_name(roles, roles->features[i])))
			i++;
		named->identifiers[k] = column_name(roles, roles->features[i++]);
	}
}

static void
arrange_features(Roles *roles, const CvmFrameRequest *request)
{
	CvmColumnRoles named = {{NULL}};

	request->learner->roles(request->options, &named);
	name_identifiers(roles, &named);
	for (int i = 0; i < request->feature_count; i++)
		if (!is_named(&named, request->features[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("feature \"%s\" is neither %s nor %s, nor describes one of them",
							request->features[i], named.words[0], named.words[1]),
					 errhint("Take it out of the list of features, or name it in option \"%s_attributes\" or \"%s_attributes\".",
							 named.words[0], named.words[1])));
	roles->features = palloc(sizeof(int) * roles->columns->natts);
	roles->feature_count = 0;
	for (int k = 0; k < CVM_IDENTIFIERS; k++)
		add_named(roles, named.identifiers[k], named.words[k]);
	roles->identifier_count = CVM_IDENTIFIERS;
	for (int k = 0; k < CVM_IDENTIFIERS; k++)
		for (char **name = named.attributes[k]; name != NULL && *name != NULL; name++)
			add_named(roles, *name, psprintf("%s attribute", named.words[k]));
}

static void
find_features_of_base(Roles *roles, const CvmEncoder *encoder)
{
	for (int i = 0; i < encoder->input_count; i++)
		roles->features[roles->feature_count++] =
			cvm_source_column(roles->columns, encoder->inputs[i].name, "feature");
}

/* ---- segments ---- */

/* A model reads the column that its segments are told by, whether it is listed or not. */
static void
add_segment(Roles *roles)
{
	if (roles->segment >= 0 && !has_role(roles, roles->segment))
		roles->features[roles->feature_count++] = roles->segment;
}

/* The column of option segment_by; -1: none. */
static int
find_segment(const Roles *roles, const CvmOptions *options)
{
	int			column;
	Oid			type;

	if (options->segment_by == NULL)
		return -1;
	column = cvm_source_column(roles->columns, options->segment_by, "segment column");
	if (column == roles->target || column == roles->key || column == roles->weight)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" is the %s and cannot make the segments too",
						options->segment_by,
						column == roles->target ? "target" :
						column == roles->key ? "key" : "weight"),
				 errhint("Name another column in option \"segment_by\", or leave the argument out.")));
	type = TupleDescAttr(roles->columns, column)->atttypid;
	if (!cvm_column_can_be_category(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" has type %s, whose values make no segments",
						options->segment_by, format_type_be(type)),
				 errhint("Segments are values of a text, an enum, an integer or a boolean; cast the column in the source.")));
	return column;
}

static void
append_excluded(StringInfo json, const char *name)
{
	appendStringInfoString(json, json->len > 0 ? ", " : "");
	escape_json(json, name);
}

/*
 * The option that leaves out a column too, and with it all that cannot be
 * features: '{"exclude": ["id", "address"]}'.
 */
static char *
exclude_option(const Roles *roles, const CvmFrameRequest *request, const char *column)
{
	char	  **excluded = request->options->exclude;
	StringInfoData names;

	initStringInfo(&names);
	for (; excluded != NULL && *excluded != NULL; excluded++)
		append_excluded(&names, *excluded);
	append_excluded(&names, column);
	for (int i = 0; i < roles->feature_count; i++)
	{
		const char *name = column_name(roles, roles->features[i]);

		if (!is_usable(roles, roles->features[i]) && strcmp(name, column) != 0)
			append_excluded(&names, name);
	}
	return quote_literal_cstr(psprintf("{\"exclude\": [%s]}", names.data));
}

static void
unusable_feature(const Roles *roles, const CvmFrameRequest *request, int column)
{
	const char *name = column_name(roles, column);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" has type %s, which cannot be a feature", name,
					format_type_be(TupleDescAttr(roles->columns, column)->atttypid)),
			 request->features != NULL ?
			 errhint("Take it out of the list of features, or cast it in the source.") :
			 errhint("Cast it in the source, or leave it out: options => %s.",
					 exclude_option(roles, request, name))));
}

static void
add_features(CvmCollector *collector, const Roles *roles, const CvmFrameRequest *request)
{
	int			i;

	collector->feature_count = roles->feature_count;
	collector->features = palloc0(Max(roles->feature_count, 1) * sizeof(CvmFeature));
	for (i = 0; i < roles->feature_count; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(roles->columns, roles->features[i]);
		CvmColumn  *column = &collector->features[i].column;

		column->name = pstrdup(NameStr(attribute->attname));
		if (i < roles->identifier_count)
			column->kind = CVM_INPUT_IDENTIFIER;
		else if (!cvm_column_kind(attribute->atttypid, &column->kind, &column->integral))
			unusable_feature(roles, request, roles->features[i]);
		if (roles->features[i] == roles->segment)
		{
			column->kind = CVM_INPUT_CATEGORY;
			column->integral = false;
		}
		collector->features[i].reader =
			cvm_column_reader_create(column->name, attribute->atttypid, column->kind, 0);
	}
}

/* Selects the columns in use (or all, where that is cheaper), and tells the collector where they come. */
static char *
build_query(CvmCollector *collector, const Roles *roles, const CvmFrameRequest *request,
			const char *from_item)
{
	int			natts = roles->columns->natts;
	int		   *attributes = palloc(natts * sizeof(int));
	bool		whole = cvm_source_is_stored(from_item);
	bool	   *used = palloc0(natts * sizeof(bool));
	int			split = collector->split.column;
	int			attribute = 0;
	StringInfoData query;
	int			i;

	if (roles->target >= 0)
		used[roles->target] = true;
	if (roles->weight >= 0)
		used[roles->weight] = true;
	if (split >= 0)
		used[split] = true;
	for (i = 0; i < roles->feature_count; i++)
		used[roles->features[i]] = true;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (i = 0; i < natts; i++)
	{
		if (!used[i] && !whole)
			continue;
		appendStringInfo(&query, "%ssource.%s", attribute > 0 ? ", " : "",
						 quote_identifier(column_name(roles, i)));
		attributes[i] = attribute++;
	}
	appendStringInfo(&query, " FROM %s AS source", from_item);
	if (request->past != NULL)
		appendStringInfo(&query, " WHERE source.%s > %s", quote_identifier(request->watermark),
						 quote_literal_cstr(request->past));

	collector->target_attribute = roles->target >= 0 ? attributes[roles->target] : -1;
	collector->weight_attribute = roles->weight >= 0 ? attributes[roles->weight] : -1;
	collector->split_attribute = split >= 0 ? attributes[split] : -1;
	for (i = 0; i < roles->feature_count; i++)
		collector->features[i].attribute = attributes[roles->features[i]];
	return query.data;
}

char *
cvm_roles_assign(CvmCollector *collector, const CvmFrameRequest *request)
{
	char	   *from_item = cvm_source_from_item(request->source);
	CvmTargetNeed need = cvm_learner_target(request->learner, request->options);
	Roles		roles = {0};

	if (request->target == NULL && need == CVM_TARGET_NEEDED)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("target must be given"),
				 errhint("Name the column to predict: target => 'churned'.")));
	if (request->target != NULL && need == CVM_TARGET_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" learns without a target, and \"%s\" is given as one",
						request->learner->name, request->target),
				 errhint("Leave target out; if \"%s\" is not to be a feature: options => %s.",
						 request->target, exclude_option(&roles, request, request->target))));
	roles.columns = cvm_source_describe(from_item);
	roles.target = request->target == NULL ? -1 :
		cvm_source_column(roles.columns, request->target, "target");
	roles.key = request->key == NULL ? -1 :
		cvm_source_column(roles.columns, request->key, "key");
	roles.weight = request->weight == NULL ? -1 :
		cvm_source_column(roles.columns, request->weight, "weight");
	if (roles.target >= 0 && (roles.target == roles.key || roles.target == roles.weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" is the target and cannot be the %s too",
						request->target,
						roles.target == roles.key ? "key" : "weight"),
				 errhint("Name another column, or leave the argument out.")));
	if (request->base == NULL)
		check_excluded(&roles, request);
	roles.segment = find_segment(&roles, request->options);
	roles.features = palloc(Max(roles.columns->natts, request->feature_count + 1) * sizeof(int));
	if (request->base != NULL)
		find_features_of_base(&roles, &request->base->encoder);
	else if (request->features == NULL)
		find_all_features(&roles, request);
	else
		find_listed_features(&roles, request);
	if (request->learner != NULL && request->learner->roles != NULL)
		arrange_features(&roles, request);
	add_segment(&roles);

	collector->target = cvm_target_create(roles.target < 0 ? NULL :
										  TupleDescAttr(roles.columns, roles.target),
										  request->learner, request->options);
	if (request->base != NULL)
		cvm_target_expect(collector->target, request->base->task, request->base->class_count,
						  request->base->classes);
	if (roles.weight >= 0)
	{
		collector->weight_name = pstrdup(request->weight);
		collector->weight =
			cvm_column_reader_create(collector->weight_name,
									 TupleDescAttr(roles.columns, roles.weight)->atttypid,
									 CVM_INPUT_NUMBER, 0);
	}
	cvm_split_init(&collector->split, request->options, roles.columns, roles.key,
				   roles.identifier_count > 0, request->fold);
	add_features(collector, &roles, request);
	return build_query(collector, &roles, request, from_item);
}
