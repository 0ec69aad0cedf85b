/*
 * refine.c
 *		What is made of a model once it has learned: calibration and threshold.
 *
 * Both say how the scores of rows that a model has not seen relate to what
 * comes of them; on rows that it has learned from scores are too sure of
 * themselves.  So the scores come from models of four fifths of the training
 * rows (model/cross_fit.h), and the map that is learned from them serves the
 * model of all.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "catalog/refine.h"
#include "learn/measure/ranking.h"
#include "model/cross_fit.h"
#include "model/predictor.h"
#include "pg/report.h"

static bool
wants_profit(const CvmOptions *options)
{
	const CvmProfitOptions *profit = &options->profit;

	return profit->true_positive != 0 || profit->false_positive != 0 ||
		profit->true_negative != 0 || profit->false_negative != 0;
}

static CvmProfit *
profit_of_options(const CvmOptions *options)
{
	CvmProfit  *profit = palloc(sizeof(CvmProfit));

	profit->true_positive = options->profit.true_positive;
	profit->false_positive = options->profit.false_positive;
	profit->true_negative = options->profit.true_negative;
	profit->false_negative = options->profit.false_negative;
	profit->threshold = 0.5;
	return profit;
}

void
cvm_refine_check(const CvmLesson *lesson, const char *target)
{
	const CvmOptions *options = lesson->options;
	const char *name = options->calibration != CVM_CALIBRATION_NONE ? "calibration" : "profit";

	if (options->calibration != CVM_CALIBRATION_NONE ? !cvm_task_has_classes(lesson->task) :
		wants_profit(options) && lesson->task != CVM_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" is for a target of %s", name,
						options->calibration != CVM_CALIBRATION_NONE ? "classes" : "two classes"),
				 target == NULL ? errdetail("There is no target.") :
				 errdetail("Target \"%s\" makes it a %s model.", target, cvm_task_name(lesson->task))));
	if (wants_profit(options) && !cvm_profit_is_sound(profit_of_options(options)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"profit\" makes wrong decisions worth no less than right ones"),
				 errdetail("true_positive must be greater than false_negative, and true_negative greater than false_positive."),
				 errhint("Costs are negative, for example: '{\"profit\": {\"true_positive\": 90, \"false_positive\": -10}}'.")));
}

/* ---- scores of rows that were left out ---- */

/* Each fold in a memory context of its own: what it learns is not kept. */
static void
leave_out(CvmCrossFit *cross_fit, const CvmLesson *lesson, const double *class_factors,
		  const CvmModel *model)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "cvm fold",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	CvmError	error = {0};

	cvm_report(cvm_cross_fit_begin(cross_fit, lesson, model, class_factors, &error), &error);
	for (int fold = 0; fold < CVM_CROSS_FIT_FOLDS; fold++)
	{
		MemoryContextSwitchTo(context);
		cvm_report(cvm_cross_fit_fold(cross_fit, fold, model, &error), &error);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
}

/* ---- calibration ---- */

static void
fit_platt(CvmCalibration *calibration, CvmLabelledScores *labelled, const CvmCrossFit *cross_fit)
{
	double	   *slopes = palloc(sizeof(double) * calibration->maps);
	double	   *intercepts = palloc(sizeof(double) * calibration->maps);

	for (int k = 0; k < calibration->maps; k++)
	{
		labelled->positive = calibration->maps > 1 ? k : 1;
		labelled->scores = cross_fit->predictions + k * cross_fit->count;
		cvm_platt_fit(labelled, &slopes[k], &intercepts[k]);
	}
	calibration->slopes = slopes;
	calibration->intercepts = intercepts;
}

static void
fit_isotonic(CvmCalibration *calibration, CvmLabelledScores *labelled,
			 const CvmCrossFit *cross_fit)
{
	int32	   *map_points = palloc(sizeof(int32) * calibration->maps);
	double	   *scores = palloc(0);
	double	   *probabilities = palloc(0);

	for (int k = 0; k < calibration->maps; k++)
	{
		int			before = calibration->points;
		double	   *own_scores;
		double	   *own_probabilities;

		labelled->positive = calibration->maps > 1 ? k : 1;
		labelled->scores = cross_fit->predictions + k * cross_fit->count;
		map_points[k] = cvm_isotonic_fit(labelled, &own_scores, &own_probabilities);
		calibration->points += map_points[k];
		scores = repalloc_huge(scores, sizeof(double) * calibration->points);
		probabilities = repalloc_huge(probabilities, sizeof(double) * calibration->points);
		memcpy(scores + before, own_scores, sizeof(double) * map_points[k]);
		memcpy(probabilities + before, own_probabilities, sizeof(double) * map_points[k]);
		pfree(own_scores);
		pfree(own_probabilities);
	}
	calibration->map_points = map_points;
	calibration->scores = scores;
	calibration->probabilities = probabilities;
}

static CvmCalibration *
fit_calibration(int method, const CvmCrossFit *cross_fit)
{
	CvmCalibration *calibration = palloc0(sizeof(CvmCalibration));
	int32	   *labels = palloc_extended(sizeof(int32) * cross_fit->count, MCXT_ALLOC_HUGE);
	CvmLabelledScores labelled = {
		.count = cross_fit->count,
		.labels = labels,
		.weights = cross_fit->weights
	};

	for (Size row = 0; row < cross_fit->count; row++)
		labels[row] = (int32) cross_fit->targets[row];
	calibration->method = method;
	calibration->maps = cross_fit->outputs;
	if (method == CVM_CALIBRATION_PLATT)
		fit_platt(calibration, &labelled, cross_fit);
	else
		fit_isotonic(calibration, &labelled, cross_fit);
	pfree(labels);
	return calibration;
}

/* ---- threshold ---- */

static double
empirical_threshold(const CvmProfit *profit, const CvmModel *model, CvmCrossFit *cross_fit)
{
	CvmRanking	ranking = {0};
	CvmRankingCursor cursor;
	CvmTies		ties;
	double		threshold;

	cvm_model_calibrate(model, (int) cross_fit->count, cross_fit->predictions);
	for (Size row = 0; row < cross_fit->count; row++)
		cvm_ranking_add(&ranking, cross_fit->targets[row] == 1, cross_fit->predictions[row],
						cross_fit->weights[row]);
	cvm_ranking_ties(&ranking, &cursor, &ties);
	threshold = cvm_profit_best_threshold(profit, &ties);
	pfree(ranking.rows);
	return threshold;
}

void
cvm_refine(const CvmLesson *lesson, const double *class_factors, CvmModel *model)
{
	const CvmOptions *options = lesson->options;
	CvmProfit  *profit = wants_profit(options) ? profit_of_options(options) : NULL;
	bool		empirical = profit != NULL && options->profit.threshold == CVM_THRESHOLD_EMPIRICAL;
	CvmCrossFit cross_fit = {0};

	if (options->calibration != CVM_CALIBRATION_NONE || empirical)
		leave_out(&cross_fit, lesson, class_factors, model);
	if (options->calibration != CVM_CALIBRATION_NONE)
		model->calibration = fit_calibration(options->calibration, &cross_fit);
	if (profit != NULL)
		profit->threshold = empirical ? empirical_threshold(profit, model, &cross_fit) :
			cvm_profit_expected_threshold(profit);
	model->profit = profit;
}
