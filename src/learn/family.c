/*
 * family.c
 *		Names of tasks, and from linear predictors to predictions.
 */
#include "learn/family.h"

#include <math.h>
#include <string.h>

static const char *const task_names[CVM_TASK_COUNT] = {
	"regression", "binary", "multiclass", "segmentation", "projection"
};

const char *
cvm_task_name(CvmTask task)
{
	return task_names[task];
}

bool
cvm_task_from_name(const char *name, CvmTask *task)
{
	for (int i = 0; i < CVM_TASK_COUNT; i++)
		if (strcmp(name, task_names[i]) == 0)
		{
			*task = (CvmTask) i;
			return true;
		}
	return false;
}

bool
cvm_task_has_target(CvmTask task)
{
	return task <= CVM_MULTICLASS;
}

bool
cvm_task_has_classes(CvmTask task)
{
	return task == CVM_BINARY || task == CVM_MULTICLASS;
}

static void
softmax(int outputs, const double *eta, double *out)
{
	double		largest = eta[0];
	double		sum = 0;

	for (int k = 1; k < outputs; k++)
		if (eta[k] > largest)
			largest = eta[k];
	for (int k = 0; k < outputs; k++)
		sum += out[k] = exp(eta[k] - largest);
	for (int k = 0; k < outputs; k++)
		out[k] /= sum;
}

void
cvm_family_mean(CvmFamily family, int outputs, const double *eta, double *out)
{
	if (family == CVM_SOFTMAX)
		softmax(outputs, eta, out);
	else
		out[0] = cvm_family_mean_of(family, eta[0]);
}
