/*
 * family.c
 *		Names of tasks, and from linear predictors to predictions.
 */
#include "learn/family.h"

#include <math.h>
#include <string.h>

#include "linalg/clones.h"
#include "linalg/elementary.h"

static const char *const task_names[CVM_TASK_COUNT] = {
	"regression", "binary", "multiclass", "segmentation", "projection",
	"recommendation"
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

CvmJudging
cvm_task_judging(CvmTask task)
{
	switch (task)
	{
		case CVM_SEGMENTATION:
		case CVM_PROJECTION:
			return CVM_BY_DISTANCE;
		case CVM_RECOMMENDATION:
			return CVM_BY_LIST;
		default:
			return CVM_BY_ANSWER;
	}
}

bool
cvm_task_has_target(CvmTask task)
{
	return cvm_task_judging(task) == CVM_BY_ANSWER;
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
		sum += out[k] = cvm_exp(eta[k] - largest);
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

/* cvm_sigmoid without branches and calls, as vector code. */
CVM_CLONES static void
sigmoids(int count, double *x)
{
	for (int i = 0; i < count; i++)
	{
		double		tail = cvm_exp(-fabs(x[i]));

		x[i] = (x[i] >= 0 ? 1.0 : tail) / (1.0 + tail);
	}
}

void
cvm_family_means(CvmFamily family, int outputs, int rows, double *eta)
{
	if (family == CVM_LOGISTIC || family == CVM_SVM)
		sigmoids(rows, eta);
	else
		for (int row = 0; row < rows; row++, eta += outputs)
			cvm_family_mean(family, outputs, eta, eta);
}

void
cvm_class_means(CvmTask task, int classes, int rows, const double *scores, double *predictions)
{
	if (task == CVM_BINARY)
	{
		for (int row = 0; row < rows; row++)
			predictions[row] = scores[2 * row + 1] - scores[2 * row];
		sigmoids(rows, predictions);
	}
	else
		for (size_t at = 0; at < (size_t) rows * classes; at += classes)
			softmax(classes, scores + at, predictions + at);
}
