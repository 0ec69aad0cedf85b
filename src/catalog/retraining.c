/*
 * retraining.c
 *		Training a model again by its recorded definition, as its owner.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "catalog/retraining.h"

CvmOwnerScope
cvm_owner_begin(const CvmDefinition *definition)
{
	CvmOwnerScope scope;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(definition->owner)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the owner of model \"%s\" no longer exists", definition->model),
				 errhint("A superuser can give it to another role with cvm.change_owner.")));
	GetUserIdAndSecContext(&scope.caller, &scope.security_context);
	SetUserIdAndSecContext(definition->owner, scope.security_context
						   | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	scope.nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", definition->search_path, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return scope;
}

void
cvm_owner_end(CvmOwnerScope scope)
{
	/* roll back what functions of the source may have SET: it is the owner's
	 * code in somebody else's session */
	AtEOXact_GUC(false, scope.nest_level);
	SetUserIdAndSecContext(scope.caller, scope.security_context);
}

static CvmDefinition *
find(const char *model)
{
	CvmDefinition *definition = cvm_definition_find(model, false);

	if (definition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", model)));
	return definition;
}

static Jsonb *
merge_options(Jsonb *options, Jsonb *extra)
{
	if (extra == NULL || JB_ROOT_COUNT(extra) == 0)
		return options;
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(options),
											  JsonbPGetDatum(extra)));
}

CvmTraining *
cvm_retraining_read(const char *model, const CvmRetrainingPlan *plan, bool outlives_transaction)
{
	CvmDefinition *definition = find(model);
	CvmOwnerScope scope = cvm_owner_begin(definition);
	CvmTraining *training = NULL;
	char	   *full_reason = plan->full_reason;

	definition->options = merge_options(definition->options, plan->options);
	if (plan->incremental && full_reason == NULL)
		training = cvm_training_read_partial(definition, NULL, CVM_PROMOTE_IF_NOT_WORSE,
											 outlives_transaction, &full_reason);
	if (training == NULL)
	{
		training = cvm_training_read(definition, false, outlives_transaction);
		cvm_training_explain_mode(training, full_reason);
	}
	cvm_owner_end(scope);
	return training;
}

void
cvm_retraining_learn(CvmTraining *training)
{
	CvmOwnerScope scope;

	if (!cvm_training_reads_again(training))
	{
		cvm_training_learn(training);
		return;
	}
	scope = cvm_owner_begin(cvm_training_definition(training));
	cvm_training_learn(training);
	cvm_owner_end(scope);
}

CvmTrainResult *
cvm_retraining_store(CvmTraining *training, int run)
{
	CvmOwnerScope scope = cvm_owner_begin(cvm_training_definition(training));
	CvmTrainResult *result = cvm_training_store(training, run);

	cvm_owner_end(scope);
	return result;
}
