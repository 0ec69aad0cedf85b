/*
 * model_section.c
 *		Parts of a model that not every model has.
 */
#include "model/model_section.h"

#include <math.h>

#include "base/memory.h"
#include "model/segments/segment_section.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* ---- knowledge (knowledge.c) ---- */

static bool
has_knowledge(const CvmModel *model)
{
	return model->knowledge != NULL;
}

/* ---- calibration ---- */

static bool
has_calibration(const CvmModel *model)
{
	return model->calibration != NULL;
}

static int
map_count(const CvmModel *model)
{
	return model->task == CVM_MULTICLASS ? model->class_count : 1;
}

static void
describe_calibration(CvmModel *model, CvmFields *fields)
{
	CvmCalibration *calibration = CVM_NEW_ZERO(CvmCalibration, 1);

	if (!fields->reading)
		*calibration = *model->calibration;
	calibration->maps = map_count(model);
	model->calibration = calibration;
	cvm_field_choice(fields, "method", cvm_calibration_names, &calibration->method);
	if (calibration->method == CVM_CALIBRATION_PLATT)
	{
		cvm_field_numbers(fields, "slopes", &calibration->slopes, calibration->maps, false);
		cvm_field_numbers(fields, "intercepts", &calibration->intercepts, calibration->maps, false);
	}
	else if (calibration->method == CVM_CALIBRATION_ISOTONIC)
	{
		cvm_field_count(fields, "points", &calibration->points);
		cvm_field_integers(fields, "map_points", &calibration->map_points, calibration->maps);
		cvm_field_numbers(fields, "scores", &calibration->scores, calibration->points, false);
		cvm_field_numbers(fields, "probabilities", &calibration->probabilities,
						  calibration->points, false);
	}
}

static CvmStatus
check_platt(const CvmCalibration *calibration, CvmError *error)
{
	for (int k = 0; k < calibration->maps; k++)
		if (!(calibration->slopes[k] >= 0) || !isfinite(calibration->slopes[k]) ||
			!isfinite(calibration->intercepts[k]))
			return BAD("map %d of its calibration is not finite and rising", k + 1);
	return CVM_OK;
}

static CvmStatus
check_isotonic(const CvmCalibration *calibration, CvmError *error)
{
	int64_t		first = 0;

	for (int k = 0; k < calibration->maps; k++)
	{
		int			points = calibration->map_points[k];

		if (points < 1 || first + points > calibration->points)
			return BAD("map %d of its calibration has a wrong number of points, %d", k + 1, points);
		for (int64_t i = first; i < first + points; i++)
		{
			double		probability = calibration->probabilities[i];

			if (i % 65536 == 0)
				cvm_check_interrupt();
			if (!isfinite(calibration->scores[i]) || !(probability >= 0 && probability <= 1) ||
				(i > first && (!(calibration->scores[i] > calibration->scores[i - 1]) ||
							   !(probability >= calibration->probabilities[i - 1]))))
				return BAD("map %d of its calibration is not finite and rising", k + 1);
		}
		first += points;
	}
	if (first != calibration->points)
		return BAD("its calibration has points that belong to no map");
	return CVM_OK;
}

static CvmStatus
check_calibration(const CvmModel *model, CvmError *error)
{
	const CvmCalibration *calibration = model->calibration;

	if (!cvm_task_has_classes(model->task))
		return BAD("a %s model cannot be calibrated", cvm_task_name(model->task));
	if (calibration->maps != map_count(model))
		return BAD("its calibration has a wrong number of maps, %d", calibration->maps);
	switch (calibration->method)
	{
		case CVM_CALIBRATION_PLATT:
			return check_platt(calibration, error);
		case CVM_CALIBRATION_ISOTONIC:
			return check_isotonic(calibration, error);
	}
	return BAD("its calibration has no method");
}

/* ---- profit ---- */

static bool
has_profit(const CvmModel *model)
{
	return model->profit != NULL;
}

static void
describe_profit(CvmModel *model, CvmFields *fields)
{
	CvmProfit  *profit = CVM_NEW_ZERO(CvmProfit, 1);

	if (!fields->reading)
		*profit = *model->profit;
	model->profit = profit;
	cvm_field_number(fields, "true_positive", &profit->true_positive, false);
	cvm_field_number(fields, "false_positive", &profit->false_positive, false);
	cvm_field_number(fields, "true_negative", &profit->true_negative, false);
	cvm_field_number(fields, "false_negative", &profit->false_negative, false);
	cvm_field_number(fields, "threshold", &profit->threshold, false);
}

static CvmStatus
check_profit(const CvmModel *model, CvmError *error)
{
	if (model->task != CVM_BINARY)
		return BAD("a %s model cannot have a profit", cvm_task_name(model->task));
	if (!cvm_profit_is_sound(model->profit))
		return BAD("its profit is not finite, or wrong decisions are worth more than right ones");
	if (!(model->profit->threshold >= 0 && model->profit->threshold <= 1))
		return BAD("its threshold is not between 0 and 1");
	return CVM_OK;
}

/* ---- the table ---- */

const CvmModelSection cvm_model_sections[] = {
	{5, "knowledge", has_knowledge, cvm_model_describe_knowledge, cvm_model_check_knowledge},
	{6, "calibration", has_calibration, describe_calibration, check_calibration},
	{7, "profit", has_profit, describe_profit, check_profit},
	{8, "segment_parameters", cvm_model_has_segments, cvm_model_describe_segments, cvm_model_check_segments},
};

const int	cvm_model_section_count = sizeof(cvm_model_sections) / sizeof(cvm_model_sections[0]);
