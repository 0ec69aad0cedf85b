/*
 * knowledge.c
 *		What a model keeps of the rows it was fitted on, for partial fits.
 *
 * It is kept on request only (option incremental): a dense information matrix
 * is wider than all that scoring needs.
 */
#include "model/learner.h"

#include "base/memory.h"

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
