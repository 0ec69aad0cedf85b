/*
 * segment_profile.c
 *		cvm.segment_profile(model): what sets the segments of a model apart.
 *
 * One row for each segment and feature: the segment's mean on the scale of
 * the column (of a category, the share of each level) beside that of all
 * training rows, and how far they are apart in standard deviations.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "encode/expand.h"
#include "model/learners/learner_kmeans.h"
#include "model/model_type.h"

PG_FUNCTION_INFO_V1(cvm_segment_profile);

/* Columns of the result, in their order. */
enum
{
	SEGMENT, SHARE, FEATURE, LEVEL, VALUE, OVERALL, DIFFERENCE, COLUMN_COUNT
};

/* Mean and deviation over all training rows of what stands at a place. */
static void
overall(const CvmTerm *term, int level, double *mean, double *deviation)
{
	if (level == -1)
	{
		*mean = term->mean;
		*deviation = term->deviation;
		return;
	}
	*mean = level == CVM_MISSING_FLAG ? term->missing_share : term->level_shares[level];
	*deviation = sqrt(*mean * (1 - *mean));
}

static void
put_row(ReturnSetInfo *result, const CvmSegmentation *segmentation, int segment,
		const CvmTerm *term, int level, double center)
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT] = {false};
	double		value = level == -1 ? term->center + term->scale * center : center;
	double		mean;
	double		deviation;

	overall(term, level, &mean, &deviation);
	values[SEGMENT] = Int32GetDatum(segment + 1);
	values[SHARE] = Float8GetDatum(segmentation->shares[segment]);
	values[FEATURE] = CStringGetTextDatum(term->name);
	nulls[LEVEL] = level == -1;
	if (level != -1)
		values[LEVEL] = CStringGetTextDatum(level == CVM_MISSING_FLAG ? CVM_MISSING_LEVEL :
											term->levels[level]);
	values[VALUE] = Float8GetDatum(value);
	values[OVERALL] = Float8GetDatum(mean);
	nulls[DIFFERENCE] = !(deviation > 0);
	if (deviation > 0)
		values[DIFFERENCE] = Float8GetDatum((value - mean) / deviation);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* cvm.segment_profile(model cvm.model) */
Datum
cvm_segment_profile(PG_FUNCTION_ARGS)
{
	const CvmModel *model = CVM_GETARG_MODEL(0);
	const CvmSegmentation *segmentation = (const CvmSegmentation *) model->payload;
	CvmExpansion *expansion;

	if (model->task != CVM_SEGMENTATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a %s model has no segments", cvm_task_name(model->task)),
				 errhint("Train one with algorithm => 'kmeans'.")));
	InitMaterializedSRF(fcinfo, 0);
	expansion = cvm_expansion_create(&model->encoder);
	for (int k = 0; k < segmentation->segments; k++)
		for (int place = 0; place < expansion->width; place++)
		{
			int			level;
			const CvmTerm *term = cvm_expansion_term(&model->encoder, place, &level);

			CHECK_FOR_INTERRUPTS();
			put_row((ReturnSetInfo *) fcinfo->resultinfo, segmentation, k, term, level,
					segmentation->centers[(size_t) k * expansion->width + place]);
		}
	return (Datum) 0;
}
