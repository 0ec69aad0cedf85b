/*
 * progress.c
 *		How far a training is: pg_stat_activity and the learning curve.
 *
 * The query shown in pg_stat_activity keeps its text and gets a comment in
 * front.  An error ends the query, so what is shown then is replaced anyway.
 */
#include "postgres.h"

#include "tcop/tcopprot.h"
#include "utils/backend_status.h"

#include "catalog/progress.h"

static void
show(const char *model, const char *phase)
{
	char	   *text = psprintf("/* cvm: training %s, %s */ %s", model, phase,
								debug_query_string ? debug_query_string : "");

	pgstat_report_activity(STATE_RUNNING, text);
	pfree(text);
}

static void
report_epoch(void *state, int epoch, int epochs, double training_loss,
			 double validation_loss, double learning_rate, double gradient_norm)
{
	CvmTrainProgress *progress = state;
	CvmEpoch	point = {epoch, training_loss, validation_loss, learning_rate, gradient_norm};
	char		phase[64];

	if (progress->count == progress->capacity)
	{
		progress->capacity = Max(64, progress->capacity * 2);
		if (progress->epochs == NULL)
			progress->epochs = MemoryContextAlloc(progress->context,
												  sizeof(CvmEpoch) * progress->capacity);
		else
			progress->epochs = repalloc(progress->epochs,
										sizeof(CvmEpoch) * progress->capacity);
	}
	progress->epochs[progress->count++] = point;
	/* solvers that stop by their tolerance do not know how many it will be */
	if (epochs > 0)
		snprintf(phase, sizeof(phase), "epoch %d of %d", epoch, epochs);
	else
		snprintf(phase, sizeof(phase), "iteration %d", epoch);
	show(progress->model, phase);
}

void
cvm_progress_begin(CvmTrainProgress *progress, const char *model)
{
	memset(progress, 0, sizeof(*progress));
	progress->callback.report = report_epoch;
	progress->callback.state = progress;
	progress->model = model;
	progress->context = CurrentMemoryContext;
}

void
cvm_progress_phase(CvmTrainProgress *progress, const char *phase)
{
	show(progress->model, phase);
}

void
cvm_progress_end(CvmTrainProgress *progress)
{
	pgstat_report_activity(STATE_RUNNING,
						   debug_query_string ? debug_query_string : "");
}
