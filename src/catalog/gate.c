/*
 * gate.c
 *		Whether a new version becomes the active one.
 *
 * The candidate and the active version are measured on the same held-out rows
 * by the primary metric of the task (auc, log_loss, rmse, deviance, pinball_loss,
 * ndcg_at_10).  The gain is positive where the candidate is better; its 95 %
 * interval is gain +/- 1.96 standard errors (learn/comparison.h).  Option
 * "promote" says what is asked for:
 *
 *	  always		nothing
 *	  if_not_worse	a gain of no less than -promote_margin times the active
 *					version's figure: on few rows neither side has to prove
 *					anything, but what is worse by more than that is kept out
 *	  if_better		an interval above zero
 *	  manual		that somebody calls cvm.promote
 *	  challenger	a better figure on live rows: it is scored beside the active
 *					version until there is enough evidence (worker/check.c)
 *
 * What is not promoted is "rejected" when its interval lies below zero, that
 * is, when it was shown to be worse, and stays a "candidate" otherwise.  Where
 * the two cannot be measured against each other, the new version is promoted,
 * for then it answers the question of today and the old one does not.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "catalog/gate.h"
#include "catalog/record.h"
#include "model/assessment.h"
#include "model/model_type.h"

/* Of the standard normal distribution, for 95 % */
#define INTERVAL_DEVIATIONS 1.959963984540054

const CvmModel *
cvm_active_model_of(const CvmDefinition *definition, bool latest)
{
	if (definition == NULL || definition->active_version == 0)
		return NULL;
	return cvm_model_unpack(cvm_version_fitted(definition, definition->active_version,
											   latest));
}

bool
cvm_same_question(const CvmModel *model, const CvmFrame *frame)
{
	if (model == NULL || model->task != frame->task ||
		model->class_count != frame->class_count)
		return false;
	for (int i = 0; i < model->class_count; i++)
		if (strcmp(model->classes[i], frame->classes[i]) != 0)
			return false;
	return true;
}

/* Why the active version cannot be measured on the held-out rows, or NULL. */
static char *
not_comparable(const CvmFrame *frame, const CvmModel *candidate, const CvmModel *active,
			   int active_number)
{
	if (cvm_task_judging(frame->task) == CVM_BY_DISTANCE)
		return psprintf("not compared with version %d: each measures distance on a scale of its own",
						active_number);
	if (!cvm_same_question(active, frame))
		return psprintf("not comparable with version %d: other classes", active_number);
	if (cvm_model_measure(active).quantile != cvm_model_measure(candidate).quantile)
		return psprintf("not comparable with version %d: another quantile", active_number);
	for (int i = 0; i < active->encoder.input_count; i++)
		if (!cvm_frame_has_feature(frame, active->encoder.inputs[i].name))
			return psprintf("not comparable with version %d: it reads column \"%s\" too",
							active_number, active->encoder.inputs[i].name);
	if (frame->validation.rows == 0)
		return psprintf("no held-out rows to compare with version %d", active_number);
	return NULL;
}

CvmDecision
cvm_gate_decide(const CvmOptions *options, CvmFrame *frame, const CvmModel *candidate,
				const CvmDefinition *definition)
{
	CvmDecision decision = {"active", NULL};
	int			number = definition->active_version;
	const CvmModel *active;
	CvmVerdict	verdict;
	double		interval;
	bool		promoted;

	if (options->promote == CVM_PROMOTE_MANUAL)
	{
		decision.status = "candidate";
		decision.reason = pstrdup("option \"promote\" is \"manual\"");
		return decision;
	}
	if (number == 0)
	{
		decision.reason = pstrdup("first version");
		return decision;
	}
	if (options->promote == CVM_PROMOTE_CHALLENGER)
	{
		decision.status = "challenger";
		decision.reason = psprintf("challenges version %d", number);
		return decision;
	}
	active = cvm_active_model_of(definition, true);
	decision.reason = not_comparable(frame, candidate, active, number);
	if (decision.reason != NULL)
		return decision;
	if (!cvm_contest(candidate, active, &frame->validation,
					 cvm_frame_held_out(frame, &active->encoder), &verdict))
	{
		decision.reason = pstrdup("no figure for the held-out rows, which may be of one class");
		return decision;
	}

	interval = INTERVAL_DEVIATIONS * verdict.std_error;
	decision.reason = psprintf("%s %.4f against %.4f of version %d on the same held-out rows"
							   " (%+.4f +/- %.4f)",
							   verdict.metric, verdict.candidate, verdict.active, number,
							   verdict.candidate - verdict.active, interval);
	switch ((CvmPromote) options->promote)
	{
		case CVM_PROMOTE_IF_NOT_WORSE:
			promoted = verdict.gain >= -options->promote_margin * fabs(verdict.active);
			break;
		case CVM_PROMOTE_IF_BETTER:
			promoted = verdict.gain > interval;
			break;
		default:
			promoted = true;
			break;
	}
	if (!promoted)
		decision.status = verdict.gain < -interval ? "rejected" : "candidate";
	return decision;
}
