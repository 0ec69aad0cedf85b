/*
 * check.c
 *		Looking after a model between trainings: drift, decay, probation,
 *		challengers.
 *
 * Versions are compared on live rows: predictions of both that were logged at
 * the same time for the same key, and whose outcome has come.  The comparison
 * is that of the gate (learn/measure/comparison.h), with its 95 % interval:
 *
 *	  challenger	is promoted when its interval lies above zero, rejected when
 *					it lies below, and given up after CHALLENGER_ROWS outcomes
 *					that show no difference
 *	  probation		the active version is rolled back to the one before it
 *					when its interval lies below zero
 *
 * Drift and decay make a model due when they pass the thresholds of its
 * schedule; on fewer than LEAST_ROWS rows they say nothing.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/access.h"
#include "catalog/drift_measure.h"
#include "catalog/events.h"
#include "catalog/gate.h"
#include "catalog/registry.h"
#include "catalog/runs.h"
#include "learn/measure/comparison.h"
#include "model/learner.h"
#include "model/model_type.h"
#include "worker/check.h"

#define LEAST_ROWS 100
#define LEAST_SCORES 500		/* the index of as many from the same distribution is 0.02 */
#define CHALLENGER_ROWS 20000

bool
cvm_is_check(const char *model, int run)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model), Int32GetDatum(run),
	CStringGetTextDatum(CVM_CAUSE_CHECK)};

	cvm_catalog_execute("SELECT FROM cvm.training_runs WHERE model = $1 AND run = $2 AND cause = $3",
						3, types, values, NULL, false);
	return SPI_processed > 0;
}

/* ---- versions on live rows ---- */

typedef struct LiveVerdict
{
	CvmVerdict	figures;
	double		interval;
	char	   *text;			/* "auc 0.8123 against 0.7911 of version 3 on ..." */
} LiveVerdict;

/* Adds the rows of the last query: outcome, prediction of both. */
static void
add_rows(CvmComparison *comparison, CvmTask task)
{
	double		one = 1;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		double		actual = DatumGetFloat8(cvm_catalog_datum(i, 1, &isnull));
		double		candidate = DatumGetFloat8(cvm_catalog_datum(i, 2, &isnull));
		double		active = DatumGetFloat8(cvm_catalog_datum(i, 3, &isnull));
		double		first_class = 0;

		/* of more classes the probabilities of the outcome are all that is needed */
		cvm_comparison_add_rows(comparison, 1, task == CVM_MULTICLASS ? &first_class : &actual,
								&candidate, &active, &one);
	}
}

/* false: there are no rows that say anything. */
static bool
compare_live(const CvmDefinition *definition, const CvmModel *model, int candidate, int active,
			 LiveVerdict *verdict)
{
	CvmMeasure	scale = cvm_model_measure(model);
	CvmComparison *comparison;
	Oid			types[] = {TEXTOID, INT4OID, INT4OID, BOOLOID};
	Datum		values[] = {CStringGetTextDatum(definition->model), Int32GetDatum(candidate),
	Int32GetDatum(active), BoolGetDatum(model->task == CVM_MULTICLASS)};
	bool		valid;

	if (scale.task == CVM_MULTICLASS)
		scale.classes = 1;
	comparison = cvm_comparison_create(&scale);
	cvm_catalog_execute("SELECT c.actual, CASE WHEN $4 THEN c.actual ELSE c.score END,"
						" CASE WHEN $4 THEN a.actual ELSE a.score END"
						" FROM cvm.prediction_log AS c JOIN cvm.prediction_log AS a"
						" ON a.model = c.model AND a.key = c.key AND a.predicted_at = c.predicted_at"
						" WHERE c.model = $1 AND c.version = $2 AND a.version = $3"
						" AND c.actual IS NOT NULL AND a.actual IS NOT NULL"
						" ORDER BY c.outcome_at DESC LIMIT 200000",
						4, types, values, NULL, false);
	add_rows(comparison, model->task);
	valid = cvm_comparison_verdict(comparison, &verdict->figures);
	cvm_comparison_free(comparison);
	if (!valid || verdict->figures.rows < LEAST_ROWS)
		return false;
	verdict->interval = cvm_verdict_interval(&verdict->figures);
	verdict->text = cvm_verdict_text(&verdict->figures, active,
									 psprintf("%zu live outcomes", verdict->figures.rows));
	return true;
}

/* The one number that a query of the model's name gives; 0: no row, NULL. */
static int
find_number(const char *statement, const char *model)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};

	cvm_catalog_execute(statement, 1, types, values, NULL, false);
	return SPI_processed == 0 ? 0 : cvm_catalog_integer(0, 1);
}

static char *
decide_about_challenger(const CvmDefinition *definition, const CvmModel *model)
{
	int			challenger = find_number("SELECT max(version) FROM cvm.model_versions"
										 " WHERE model = $1 AND status = 'challenger'",
										 definition->model);
	LiveVerdict verdict;

	if (challenger == 0 || !compare_live(definition, model, challenger,
										 definition->active_version, &verdict))
		return NULL;
	if (verdict.figures.gain > verdict.interval)
	{
		cvm_version_activate(definition->model, challenger, verdict.text);
		return psprintf("challenger %d is promoted: %s", challenger, verdict.text);
	}
	if (verdict.figures.gain < -verdict.interval)
	{
		cvm_version_set_status(definition->model, challenger, "rejected", verdict.text);
		cvm_event(CVM_EVENT_VERSION_REJECTED, definition->model, 0, challenger, verdict.text);
		return psprintf("challenger %d is rejected: %s", challenger, verdict.text);
	}
	if (verdict.figures.rows >= CHALLENGER_ROWS)
	{
		cvm_version_set_status(definition->model, challenger, "candidate", verdict.text);
		return psprintf("challenger %d is given up: %s", challenger, verdict.text);
	}
	return psprintf("challenger %d: %s", challenger, verdict.text);
}

static char *
judge_probation(const CvmDefinition *definition, const CvmModel *model)
{
	int			before = find_number("SELECT a.parent FROM cvm.schedules AS s"
									 " JOIN cvm.model_versions AS a ON a.model = s.model AND a.status = 'active'"
									 " JOIN cvm.model_versions AS p ON p.model = a.model AND p.version = a.parent"
									 " WHERE s.model = $1 AND a.promoted_at + s.probation > cvm.clock()",
									 definition->model);
	LiveVerdict verdict;

	if (before == 0 || !compare_live(definition, model, definition->active_version, before,
									 &verdict))
		return NULL;
	if (verdict.figures.gain >= -verdict.interval)
		return psprintf("on probation: %s", verdict.text);
	cvm_version_roll_back(definition->model, definition->active_version, before, verdict.text);
	cvm_event(CVM_EVENT_VERSION_ROLLED_BACK, definition->model, 0, definition->active_version,
			  verdict.text);
	return psprintf("version %d is rolled back: %s", definition->active_version, verdict.text);
}

/* ---- drift and decay ---- */

/* Whether drift is past its threshold; *text says what was seen. */
static bool
has_drifted(const CvmDefinition *definition, double threshold, char **text)
{
	CvmDriftFinding finding = cvm_measure_drift(definition, NULL);

	if (finding.rows < LEAST_ROWS)
	{
		*text = psprintf(INT64_FORMAT " rows are too few to see drift", finding.rows);
		return false;
	}
	*text = psprintf("stability index %.3f of \"%s\" in " INT64_FORMAT " rows", finding.psi, finding.feature,
					 finding.rows);
	if (finding.psi < threshold)
		return false;
	cvm_event(CVM_EVENT_DRIFT, definition->model, 0, definition->active_version, *text);
	return true;
}

/*
 * Whether the scores of the last day with enough predictions have, of those since
 * the check before; *text stays NULL where there is none.
 */
static bool
scores_have_drifted(const CvmDefinition *definition, double threshold, char **text)
{
	Oid			types[] = {TEXTOID, INT4OID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(definition->model),
	Int32GetDatum(definition->active_version), Int32GetDatum(LEAST_SCORES)};
	bool		isnull;
	double		psi;

	*text = NULL;
	cvm_catalog_execute("SELECT greatest(psi, class_psi), predictions::integer, day::text"
						" FROM cvm.score_drift WHERE model = $1 AND version = $2"
						" AND predictions >= $3 AND day >= (cvm.clock() - (SELECT"
						"  greatest(check_every, '1 day') FROM cvm.schedules WHERE model = $1))::date"
						" ORDER BY day DESC LIMIT 1",
						3, types, values, NULL, false);
	if (SPI_processed == 0)
		return false;
	psi = DatumGetFloat8(cvm_catalog_datum(0, 1, &isnull));
	*text = psprintf("stability index %.3f of the scores in %d predictions of %s", psi,
					 cvm_catalog_integer(0, 2), cvm_catalog_text(0, 3));
	if (psi < threshold)
		return false;
	cvm_event(CVM_EVENT_DRIFT, definition->model, 0, definition->active_version, *text);
	return true;
}

/*
 * Whether the active version does worse on its live outcomes of the last 30
 * days than on its held-out rows, by more than this share.
 */
static bool
has_decayed(const CvmDefinition *definition, double threshold, char **text)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(definition->model),
	Int32GetDatum(definition->active_version)};
	bool		isnull;
	bool		no_figure;
	int64		rows;
	double		live;
	double		held_out;
	double		loss;
	char	   *metric;

	cvm_catalog_execute("SELECT l.rows, l.metric, l.value, m.value FROM ("
						" SELECT count(*) AS rows,"
						"  CASE r.task WHEN 'binary' THEN 'auc' WHEN 'multiclass' THEN 'log_loss' ELSE 'rmse' END AS metric,"
						"  CASE r.task WHEN 'binary' THEN cvm.auc(p.actual, p.score) FILTER (WHERE r.task = 'binary')"
						"   WHEN 'multiclass' THEN avg(-ln(greatest(p.actual, 2.220446049250313e-16)))"
						"    FILTER (WHERE r.task = 'multiclass')"
						"   ELSE cvm.rmse(p.actual, p.score) FILTER (WHERE r.task = 'regression') END AS value"
						" FROM cvm.model_registry AS r JOIN cvm.prediction_log AS p ON p.model = r.model"
						" WHERE r.model = $1 AND p.version = $2 AND p.actual IS NOT NULL"
						"  AND p.outcome_at > cvm.clock() - interval '30 days'"
						" GROUP BY r.task) AS l"
						" LEFT JOIN cvm.model_metrics AS m ON m.model = $1 AND m.version = $2"
						"  AND m.metric = l.metric AND m.data_set = 'validation'",
						2, types, values, NULL, false);
	rows = SPI_processed == 0 ? 0 : DatumGetInt64(cvm_catalog_datum(0, 1, &isnull));
	if (rows < LEAST_ROWS)
	{
		*text = psprintf(INT64_FORMAT " live outcomes are too few to see decay", rows);
		return false;
	}
	metric = cvm_catalog_text(0, 2);
	live = DatumGetFloat8(cvm_catalog_datum(0, 3, &isnull));
	held_out = DatumGetFloat8(cvm_catalog_datum(0, 4, &no_figure));
	if (isnull || no_figure)
	{
		*text = psprintf("no %s to see decay by", metric);
		return false;
	}
	loss = strcmp(metric, "auc") == 0 ? held_out - live : live - held_out;
	*text = psprintf("%s %.4f on " INT64_FORMAT " live outcomes against %.4f on held-out rows",
					 metric, live, rows, held_out);
	if (loss <= threshold * fabs(held_out))
		return false;
	cvm_event(CVM_EVENT_DECAY, definition->model, 0, definition->active_version, *text);
	return true;
}

/* ---- the check ---- */

static void
add_finding(StringInfo findings, const char *text)
{
	if (text != NULL)
		appendStringInfo(findings, "%s%s", findings->len > 0 ? "; " : "", text);
}

/* What the schedule asks for; NaN: not this. */
static void
read_thresholds(const char *model, double *drift, double *decay)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(model)};

	cvm_catalog_execute("SELECT coalesce(drift_threshold, 'NaN'), coalesce(decay_threshold, 'NaN')"
						" FROM cvm.schedules WHERE model = $1",
						1, types, values, NULL, false);
	*drift = *decay = NAN;
	if (SPI_processed > 0)
	{
		bool		isnull;

		*drift = DatumGetFloat8(cvm_catalog_datum(0, 1, &isnull));
		*decay = DatumGetFloat8(cvm_catalog_datum(0, 2, &isnull));
	}
}

bool
cvm_check(const char *name, char **reason)
{
	CvmDefinition *definition = cvm_definition_find(name, false);
	StringInfoData findings;
	bool		due = false;
	double		drift_threshold;
	double		decay_threshold;
	char	   *text;

	initStringInfo(&findings);
	read_thresholds(name, &drift_threshold, &decay_threshold);
	if (definition != NULL && definition->active_version > 0)
	{
		if (!isnan(drift_threshold))
		{
			due |= has_drifted(definition, drift_threshold, &text);
			add_finding(&findings, text);
			due |= scores_have_drifted(definition, drift_threshold, &text);
			add_finding(&findings, text);
		}
		if (!isnan(decay_threshold))
		{
			due |= has_decayed(definition, decay_threshold, &text);
			add_finding(&findings, text);
		}
		/* under the lock of the registry row, which nobody shall wait for long */
		definition = cvm_definition_find(name, true);
	}
	if (definition != NULL && definition->active_version > 0)
	{
		const CvmModel *model = cvm_model_unpack(cvm_version_fitted(definition,
																	   definition->active_version,
																	   true));

		add_finding(&findings, decide_about_challenger(definition, model));
		add_finding(&findings, judge_probation(cvm_definition_find(name, true), model));
	}
	*reason = findings.len > 0 ? findings.data : pstrdup("nothing to check");
	return due;
}
