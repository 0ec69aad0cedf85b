/*
 * gate.c
 *		Whether a new version becomes the active one.
 *
 * The candidate and the active version are measured on the same held-out rows
 * by the primary metric of the task (auc, log_loss, rmse, deviance, pinball_loss,
 * ndcg_at_10).  The gain is positive where the candidate is better; its 95 %
 * interval is gain +/- 1.96 standard errors (learn/measure/comparison.h).  Option
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
 * is, when it was shown to be worse, and stays a "candidate" otherwise.
 *
 * An active version that reads other columns is measured too, as long as the
 * source has them.  Where the two cannot be measured against each other,
 * if_not_worse promotes, for nothing says that the new version is worse, and it
 * answers the question of today; if_better does not, and challenger neither, for
 * nothing will say that it is better.  Where that is because the active version
 * does not fit the source any more (a column is gone, other classes), it is an
 * alert: whoever scores with it has the same trouble.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "catalog/gate.h"
#include "catalog/record.h"
#include "model/assessment.h"
#include "model/model_type.h"

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

const char *
cvm_unread_input(const CvmModel *model, const CvmFrame *frame)
{
	for (int i = 0; i < model->encoder.input_count; i++)
		if (!cvm_frame_has_feature(frame, model->encoder.inputs[i].name))
			return model->encoder.inputs[i].name;
	return NULL;
}

/* Whether two frames have the same held-out rows: a source may give others each time. */
static bool
same_rows(const CvmFrame *one, const CvmFrame *other)
{
	if (one->validation.rows != other->validation.rows)
		return false;
	for (int b = 0; b < one->validation.blocks; b++)
	{
		const CvmBlock *left = one->validation.read(one->validation.state, b);
		const CvmBlock *right = other->validation.read(other->validation.state, b);

		CHECK_FOR_INTERRUPTS();
		if (left->rows != right->rows ||
			memcmp(left->target, right->target, left->rows * sizeof(double)) != 0)
			return false;
	}
	return true;
}

/* The frame whose held-out rows the active version can score, or NULL. */
static CvmFrame *
frame_for(const CvmModel *active, CvmFrame *frame, CvmFrame *compared)
{
	if (cvm_unread_input(active, frame) == NULL)
		return frame;
	if (compared != NULL && cvm_unread_input(active, compared) == NULL &&
		same_rows(frame, compared))
		return compared;
	return NULL;
}

/* Why the active version does not fit the rows any more, or NULL. */
static char *
outdated(const CvmFrame *frame, CvmFrame *scored, const CvmModel *candidate,
		 const CvmModel *active, int active_number)
{
	if (cvm_task_judging(frame->task) == CVM_BY_DISTANCE)
		return NULL;
	if (!cvm_same_question(active, frame))
		return psprintf("not comparable with version %d: other classes", active_number);
	if (cvm_model_measure(active).quantile != cvm_model_measure(candidate).quantile)
		return psprintf("not comparable with version %d: another quantile", active_number);
	if (scored == NULL && frame->validation.rows > 0)
		return psprintf("not comparable with version %d: it reads column \"%s\" too",
						active_number, cvm_unread_input(active, frame));
	return NULL;
}

/* Why else the two cannot be measured against each other, or NULL. */
static char *
immeasurable(const CvmFrame *frame, int active_number)
{
	if (cvm_task_judging(frame->task) == CVM_BY_DISTANCE)
		return psprintf("not compared with version %d: each measures distance on a scale of its own",
						active_number);
	if (frame->validation.rows == 0)
		return psprintf("no held-out rows to compare with version %d", active_number);
	return NULL;
}

char *
cvm_verdict_text(const CvmVerdict *verdict, int active, const char *rows)
{
	double		interval = cvm_verdict_interval(verdict);
	double		difference = verdict->candidate - verdict->active;

	return psprintf("%s %.4f against %.4f of version %d on %s (%s)", verdict->metric,
					verdict->candidate, verdict->active, active, rows,
					isinf(interval) ? psprintf("%+.4f, on too few to tell", difference)
					: psprintf("%+.4f +/- %.4f", difference, interval));
}

CvmDecision
cvm_gate_decide(const CvmOptions *options, CvmFrame *frame, CvmFrame *compared,
				const CvmModel *candidate, const CvmDefinition *definition)
{
	CvmDecision decision = {"active", NULL};
	bool		needs_evidence = options->promote == CVM_PROMOTE_IF_BETTER ||
		options->promote == CVM_PROMOTE_CHALLENGER;
	int			number = definition->active_version;
	const CvmModel *active;
	CvmFrame   *scored;
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
	active = cvm_active_model_of(definition, true);
	scored = frame_for(active, frame, compared);
	decision.reason = outdated(frame, scored, candidate, active, number);
	decision.alert = decision.reason != NULL;
	if (options->promote == CVM_PROMOTE_CHALLENGER && decision.reason == NULL)
	{
		decision.status = "challenger";
		decision.reason = psprintf("challenges version %d", number);
		return decision;
	}
	if (decision.reason == NULL)
		decision.reason = immeasurable(frame, number);
	if (decision.reason == NULL &&
		!cvm_contest(candidate, active, &frame->validation,
					 cvm_frame_held_out(scored, &active->encoder), &verdict))
		decision.reason = pstrdup("no figure for the held-out rows, which may be of one class");
	if (decision.reason != NULL)
	{
		if (needs_evidence)
			decision.status = "candidate";
		return decision;
	}

	interval = cvm_verdict_interval(&verdict);
	decision.reason = cvm_verdict_text(&verdict, number, "the same held-out rows");
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
