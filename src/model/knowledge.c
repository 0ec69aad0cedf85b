/*
 * knowledge.c
 *		What a model keeps of the rows it was fitted on, for partial fits.
 *
 * It is kept on request only (option incremental): a dense information matrix
 * is wider than all that scoring needs.
 */
#include "model/learner.h"

#include <math.h>

#include "base/memory.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

void
cvm_model_describe_knowledge(CvmModel *model, CvmFields *fields)
{
	if (fields->reading)
		model->knowledge = CVM_NEW_ZERO(CvmKnowledge, 1);
	cvm_field_count(fields, "partial_fits", &model->knowledge->partial_fits);
	cvm_field_number(fields, "effective_rows", &model->knowledge->effective_rows, false);
	if (model->learner->describe_knowledge != NULL)
		model->learner->describe_knowledge(model, fields);
}

CvmStatus
cvm_model_check_knowledge(const CvmModel *model, CvmError *error)
{
	const CvmKnowledge *knowledge = model->knowledge;

	if (model->learner->partial_fit == NULL)
		return BAD("algorithm \"%s\" keeps no knowledge for partial fits", model->learner->name);
	if (knowledge->partial_fits < 0 ||
		!(knowledge->effective_rows >= 0) || isinf(knowledge->effective_rows))
		return BAD("partial fits and effective rows cannot be negative");
	return model->learner->check_knowledge == NULL ? CVM_OK :
		model->learner->check_knowledge(model, error);
}
