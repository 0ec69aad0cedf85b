-- views: what people and BI tools read
--
-- A reader sees the models that they own or were granted: the tables behind
-- are read with the rights of the views' owner, pg_has_role asks about the
-- reader.

CREATE VIEW cvm.model_overview WITH (security_barrier) AS
SELECT r.model, pg_catalog.pg_get_userbyid(r.owner) AS owner, r.task,
	cvm.algorithm(v.fitted) AS algorithm, r.source, r.target, r.active_version AS version,
	v.created_at AS trained_at, v.training_rows, v.validation_rows,
	m.metric AS primary_metric, m.value AS primary_value,
	s.model IS NOT NULL AS scheduled, s.next_due, r.created_at,
	cvm.calibration(v.fitted) AS calibration, cvm.threshold(v.fitted) AS threshold
FROM cvm.model_registry AS r
LEFT JOIN cvm.model_versions AS v ON v.model = r.model AND v.version = r.active_version
LEFT JOIN cvm.model_metrics AS m ON m.model = v.model AND m.version = v.version
	AND m.data_set = CASE WHEN v.validation_rows > 0 THEN 'validation' ELSE 'training' END
	AND m.metric = cvm.primary_metric(v.fitted)
LEFT JOIN cvm.schedules AS s ON s.model = r.model
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.model_overview IS
	'one row per model that the reader owns or was granted: what it predicts, its active version and how good that is';
COMMENT ON COLUMN cvm.model_overview.model IS 'name of the model';
COMMENT ON COLUMN cvm.model_overview.owner IS 'role that owns it; retraining has its rights';
COMMENT ON COLUMN cvm.model_overview.task IS 'regression, binary, multiclass, segmentation, projection or recommendation';
COMMENT ON COLUMN cvm.model_overview.algorithm IS 'family of the active version';
COMMENT ON COLUMN cvm.model_overview.source IS 'table, view or SELECT that it is trained on';
COMMENT ON COLUMN cvm.model_overview.target IS 'column that it predicts';
COMMENT ON COLUMN cvm.model_overview.version IS 'number of the active version';
COMMENT ON COLUMN cvm.model_overview.trained_at IS 'when the active version was trained';
COMMENT ON COLUMN cvm.model_overview.training_rows IS 'rows that the active version learned from';
COMMENT ON COLUMN cvm.model_overview.validation_rows IS 'rows that were held out';
COMMENT ON COLUMN cvm.model_overview.primary_metric IS 'metric by which versions are compared: auc, log_loss, deviance, pinball_loss or rmse';
COMMENT ON COLUMN cvm.model_overview.primary_value IS 'its value on the held-out rows (training rows where none were held out)';
COMMENT ON COLUMN cvm.model_overview.scheduled IS 'whether the worker retrains it';
COMMENT ON COLUMN cvm.model_overview.next_due IS 'when it is due by time';
COMMENT ON COLUMN cvm.model_overview.created_at IS 'when the model was first trained';
COMMENT ON COLUMN cvm.model_overview.calibration IS 'how the active version makes scores into probabilities: none, platt or isotonic; NULL without classes';
COMMENT ON COLUMN cvm.model_overview.threshold IS 'probability above which the active version predicts the positive class; NULL unless there are two classes';

CREATE VIEW cvm.version_history WITH (security_barrier) AS
SELECT r.model, v.version, v.status, v.reason, cvm.algorithm(v.fitted) AS algorithm,
	v.parent AS parent_version, v.mode, v.partial_fits, v.effective_rows, v.run, v.training_rows, v.validation_rows, v.created_at,
	pg_catalog.pg_get_userbyid(v.created_by) AS created_by, v.promoted_at, v.duration, v.seed,
	v.library_version, cvm.calibration(v.fitted) AS calibration,
	cvm.threshold(v.fitted) AS threshold
FROM cvm.model_registry AS r
JOIN cvm.model_versions AS v ON v.model = r.model
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.version_history IS
	'one row per version: how it came about and whether it was used';
COMMENT ON COLUMN cvm.version_history.model IS 'name of the model';
COMMENT ON COLUMN cvm.version_history.version IS 'number of the version';
COMMENT ON COLUMN cvm.version_history.status IS 'candidate, active, retired or rejected';
COMMENT ON COLUMN cvm.version_history.reason IS 'why it has this status';
COMMENT ON COLUMN cvm.version_history.algorithm IS 'family';
COMMENT ON COLUMN cvm.version_history.parent_version IS 'version that was active when it was trained';
COMMENT ON COLUMN cvm.version_history.mode IS 'full: learned from all rows; partial: from new rows on top of its parent';
COMMENT ON COLUMN cvm.version_history.partial_fits IS 'partial fits since all rows were learned from together';
COMMENT ON COLUMN cvm.version_history.effective_rows IS 'rows that it learned from, earlier ones counted less by the decay';
COMMENT ON COLUMN cvm.version_history.run IS 'training run that made it';
COMMENT ON COLUMN cvm.version_history.training_rows IS 'rows that it learned from';
COMMENT ON COLUMN cvm.version_history.validation_rows IS 'rows that were held out';
COMMENT ON COLUMN cvm.version_history.created_at IS 'when it was trained';
COMMENT ON COLUMN cvm.version_history.created_by IS 'role that trained it';
COMMENT ON COLUMN cvm.version_history.promoted_at IS 'when it last became active';
COMMENT ON COLUMN cvm.version_history.duration IS 'time that the training took';
COMMENT ON COLUMN cvm.version_history.seed IS 'seed of the split and of the solver';
COMMENT ON COLUMN cvm.version_history.library_version IS 'version of cvm that trained it';
COMMENT ON COLUMN cvm.version_history.calibration IS 'how it makes scores into probabilities: none, platt or isotonic; NULL without classes';
COMMENT ON COLUMN cvm.version_history.threshold IS 'probability above which it predicts the positive class; NULL unless there are two classes';

CREATE VIEW cvm.version_segments WITH (security_barrier) AS
SELECT r.model, v.version, v.status, s.segment, s.training_rows, s.validation_rows, s.loss,
	s.validation_loss, s.common_validation_loss, s.gain, s.shrinkage
FROM cvm.model_registry AS r
JOIN cvm.model_versions AS v ON v.model = r.model
CROSS JOIN LATERAL cvm.segments(v.fitted) AS s
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.version_segments IS
	'one row per version and segment of models trained with option segment_by: the history of each segment';
COMMENT ON COLUMN cvm.version_segments.model IS 'name of the model';
COMMENT ON COLUMN cvm.version_segments.version IS 'number of the version';
COMMENT ON COLUMN cvm.version_segments.status IS 'status of the version';
COMMENT ON COLUMN cvm.version_segments.segment IS 'value of the segment column that has parameters of its own';
COMMENT ON COLUMN cvm.version_segments.training_rows IS 'rows of the segment that they were learned from';
COMMENT ON COLUMN cvm.version_segments.validation_rows IS 'rows of the segment that were held out';
COMMENT ON COLUMN cvm.version_segments.loss IS 'mean training loss of the segment';
COMMENT ON COLUMN cvm.version_segments.validation_loss IS 'mean loss of its held-out rows: log loss of classes, deviance of poisson, else the squared error';
COMMENT ON COLUMN cvm.version_segments.common_validation_loss IS 'the same by the common parameters';
COMMENT ON COLUMN cvm.version_segments.gain IS 'what the held-out rows gain by parameters of their own: common_validation_loss - validation_loss';
COMMENT ON COLUMN cvm.version_segments.shrinkage IS 'pull of the segments of this version to the common parameters';

CREATE VIEW cvm.metric_history WITH (security_barrier) AS
SELECT r.model, m.version, m.data_set, m.metric, m.value, v.status, m.measured_at
FROM cvm.model_registry AS r
JOIN cvm.model_versions AS v ON v.model = r.model
JOIN cvm.model_metrics AS m ON m.model = v.model AND m.version = v.version
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.metric_history IS
	'one row per version, data set and metric';
COMMENT ON COLUMN cvm.metric_history.model IS 'name of the model';
COMMENT ON COLUMN cvm.metric_history.version IS 'number of the version';
COMMENT ON COLUMN cvm.metric_history.data_set IS 'training or validation (held-out rows)';
COMMENT ON COLUMN cvm.metric_history.metric IS 'name of the metric';
COMMENT ON COLUMN cvm.metric_history.value IS 'its value';
COMMENT ON COLUMN cvm.metric_history.status IS 'status of the version';
COMMENT ON COLUMN cvm.metric_history.measured_at IS 'when it was measured';

CREATE VIEW cvm.feature_effects WITH (security_barrier) AS
SELECT r.model, r.active_version AS version, c.class, c.feature, c.level, c.reference_level, c.coefficient,
	CASE WHEN cvm.algorithm(v.fitted) = 'logistic' AND c.feature <> '(intercept)' AND c.coefficient < 700
		THEN pg_catalog.exp(c.coefficient) END AS odds_ratio,
	c.std_error, c.p_value, c.standardized_coefficient,
	coalesce(pg_catalog.abs(c.standardized_coefficient), 0) AS strength
FROM cvm.model_registry AS r
JOIN cvm.model_versions AS v ON v.model = r.model AND v.version = r.active_version
CROSS JOIN LATERAL cvm.coefficients(v.fitted) AS c
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.feature_effects IS
	'one row per coefficient of an active version: the drivers of what it predicts';
COMMENT ON COLUMN cvm.feature_effects.model IS 'name of the model';
COMMENT ON COLUMN cvm.feature_effects.version IS 'number of the active version';
COMMENT ON COLUMN cvm.feature_effects.class IS 'class that the coefficient belongs to; NULL for one output';
COMMENT ON COLUMN cvm.feature_effects.feature IS 'input column, or a part of it; (intercept) for the constant';
COMMENT ON COLUMN cvm.feature_effects.level IS 'level of a category; (missing) for the flag of missing values; else NULL';
COMMENT ON COLUMN cvm.feature_effects.reference_level IS 'level of the category that it is measured against: its most frequent one in training';
COMMENT ON COLUMN cvm.feature_effects.coefficient IS 'change of the linear predictor for one unit of the feature, or against the reference level';
COMMENT ON COLUMN cvm.feature_effects.odds_ratio IS 'exp(coefficient) of logistic models';
COMMENT ON COLUMN cvm.feature_effects.std_error IS 'standard error, of unpenalized fits';
COMMENT ON COLUMN cvm.feature_effects.p_value IS 'two-sided p value, of unpenalized fits';
COMMENT ON COLUMN cvm.feature_effects.standardized_coefficient IS 'coefficient times the standard deviation of its column';
COMMENT ON COLUMN cvm.feature_effects.strength IS 'absolute standardized coefficient, to sort by; 0 for the intercept';

CREATE VIEW cvm.retraining_status WITH (security_barrier) AS
SELECT r.model, t.version, t.run, t.trigger, t.cause, t.status, t.reason, t.error, t.attempt,
	t.requested_at, t.started_at, t.finished_at, t.finished_at - t.started_at AS duration,
	t.process_id, t.training_rows, t.validation_rows, t.rows_left_out, t.null_cells,
	t.iterations, t.outcome, t.mode, t.mode_reason
FROM cvm.model_registry AS r
JOIN cvm.training_runs AS t ON t.model = r.model
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.retraining_status IS
	'one row per training run, with what it gave or why it failed';
COMMENT ON COLUMN cvm.retraining_status.model IS 'name of the model';
COMMENT ON COLUMN cvm.retraining_status.version IS 'version that the run made';
COMMENT ON COLUMN cvm.retraining_status.run IS 'number of the run';
COMMENT ON COLUMN cvm.retraining_status.trigger IS 'train, retrain, partial_fit (by hand) or schedule';
COMMENT ON COLUMN cvm.retraining_status.cause IS 'what made the model due: due by time, 60 new rows, attempt 2 after a failure, ...';
COMMENT ON COLUMN cvm.retraining_status.status IS 'queued, running, succeeded, failed, skipped or cancelled';
COMMENT ON COLUMN cvm.retraining_status.reason IS 'why it has this status';
COMMENT ON COLUMN cvm.retraining_status.error IS 'error message of a failed run';
COMMENT ON COLUMN cvm.retraining_status.attempt IS '1, or more for a run that was tried again';
COMMENT ON COLUMN cvm.retraining_status.requested_at IS 'when it was asked for';
COMMENT ON COLUMN cvm.retraining_status.started_at IS 'when it started';
COMMENT ON COLUMN cvm.retraining_status.finished_at IS 'when it ended';
COMMENT ON COLUMN cvm.retraining_status.duration IS 'time from start to end';
COMMENT ON COLUMN cvm.retraining_status.process_id IS 'process that ran it';
COMMENT ON COLUMN cvm.retraining_status.training_rows IS 'rows learned from';
COMMENT ON COLUMN cvm.retraining_status.validation_rows IS 'rows held out';
COMMENT ON COLUMN cvm.retraining_status.rows_left_out IS 'rows without target or weight';
COMMENT ON COLUMN cvm.retraining_status.null_cells IS 'feature values that were NULL and were imputed';
COMMENT ON COLUMN cvm.retraining_status.iterations IS 'iterations or epochs of the solver';
COMMENT ON COLUMN cvm.retraining_status.outcome IS 'how the fit ended: converged, epoch_limit, ...';
COMMENT ON COLUMN cvm.retraining_status.mode IS 'full: learned from all rows; partial: from new rows only';
COMMENT ON COLUMN cvm.retraining_status.mode_reason IS 'which rows were new, or why all were learned from';

CREATE VIEW cvm.training_progress WITH (security_barrier) AS
SELECT r.model, t.version, t.run, l.epoch, l.training_loss, l.validation_loss,
	l.learning_rate, l.gradient_norm, l.logged_at
FROM cvm.model_registry AS r
JOIN cvm.training_runs AS t ON t.model = r.model
JOIN cvm.training_log AS l ON l.model = t.model AND l.run = t.run
WHERE (pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage'))));

COMMENT ON VIEW cvm.training_progress IS
	'one row per epoch: the learning curve';
COMMENT ON COLUMN cvm.training_progress.model IS 'name of the model';
COMMENT ON COLUMN cvm.training_progress.version IS 'version that the run made';
COMMENT ON COLUMN cvm.training_progress.run IS 'number of the run';
COMMENT ON COLUMN cvm.training_progress.epoch IS 'epoch or iteration; 0 is the start, where the solver reports it';
COMMENT ON COLUMN cvm.training_progress.training_loss IS 'mean training loss a unit of weight';
COMMENT ON COLUMN cvm.training_progress.validation_loss IS 'mean loss of the held-out rows';
COMMENT ON COLUMN cvm.training_progress.learning_rate IS 'learning rate of the epoch';
COMMENT ON COLUMN cvm.training_progress.gradient_norm IS 'norm of the gradient';
COMMENT ON COLUMN cvm.training_progress.logged_at IS 'when it was written';

CREATE FUNCTION cvm.versions(model text) RETURNS SETOF cvm.version_history
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT h.* FROM cvm.version_history AS h WHERE h.model = versions.model ORDER BY h.version;
END;

COMMENT ON FUNCTION cvm.versions(text) IS
	'the versions of a model, oldest first';
