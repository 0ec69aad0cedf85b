-- live views: how models do on rows whose outcomes have come

CREATE VIEW cvm.live_performance WITH (security_barrier) AS
SELECT r.model, p.version, p.predicted_at::date AS day, pg_catalog.bool_and(p.shadow) AS shadow,
	pg_catalog.count(*) AS predictions, pg_catalog.count(p.outcome) AS outcomes,
	cvm.auc(p.actual, p.score) FILTER (WHERE r.task = 'binary') AS auc,
	pg_catalog.avg(-pg_catalog.ln(GREATEST(
		CASE WHEN r.task = 'multiclass' THEN p.actual WHEN p.actual = 1 THEN p.score ELSE 1 - p.score END,
		2.220446049250313e-16))) FILTER (WHERE p.actual IS NOT NULL AND r.task <> 'regression') AS log_loss,
	pg_catalog.avg((p.class = p.outcome)::integer)::float8 AS accuracy,
	pg_catalog.avg(p.score) FILTER (WHERE p.actual IS NOT NULL AND r.task <> 'multiclass') AS mean_prediction,
	pg_catalog.avg(p.actual) FILTER (WHERE r.task <> 'multiclass') AS mean_outcome,
	cvm.lift_at(p.actual, p.score, 0.1) FILTER (WHERE r.task = 'binary') AS lift,
	cvm.rmse(p.actual, p.score) FILTER (WHERE r.task = 'regression') AS rmse
FROM cvm.model_registry AS r
JOIN cvm.prediction_log AS p ON p.model = r.model
WHERE pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage')))
GROUP BY r.model, p.version, p.predicted_at::date;

COMMENT ON VIEW cvm.live_performance IS
	'one row a version and day of logged predictions: how good they were, as far as outcomes have come';
COMMENT ON COLUMN cvm.live_performance.model IS 'name of the model';
COMMENT ON COLUMN cvm.live_performance.version IS 'version that predicted';
COMMENT ON COLUMN cvm.live_performance.day IS 'day of the predictions, by the time zone of the session';
COMMENT ON COLUMN cvm.live_performance.shadow IS 'whether the version was not the active one, but scored beside it';
COMMENT ON COLUMN cvm.live_performance.predictions IS 'predictions that were logged';
COMMENT ON COLUMN cvm.live_performance.outcomes IS 'those whose outcome is known; the figures are theirs';
COMMENT ON COLUMN cvm.live_performance.auc IS 'area under the ROC curve, for two classes';
COMMENT ON COLUMN cvm.live_performance.log_loss IS 'mean log loss, for classes';
COMMENT ON COLUMN cvm.live_performance.accuracy IS 'share of right classes';
COMMENT ON COLUMN cvm.live_performance.mean_prediction IS 'mean predicted number or probability of the positive class: with mean_outcome, the calibration';
COMMENT ON COLUMN cvm.live_performance.mean_outcome IS 'mean outcome, or share of the positive class';
COMMENT ON COLUMN cvm.live_performance.lift IS 'how many times more positives there were among the tenth with the highest scores, for two classes';
COMMENT ON COLUMN cvm.live_performance.rmse IS 'root of the mean squared error, for numbers';

CREATE VIEW cvm.feature_drift WITH (security_barrier) AS
SELECT r.model, d.version, d.day, d.feature, d.rows, d.psi, d.ks, d.chi_squared, d.p_value,
	d.missing_share, d.trained_missing_share, d.unseen_share, d.trained_unseen_share
FROM cvm.model_registry AS r
JOIN cvm.drift_log AS d ON d.model = r.model
WHERE pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage')));

COMMENT ON VIEW cvm.feature_drift IS
	'one row a version, day and feature: how far the rows of that day were from those that the version learned from';
COMMENT ON COLUMN cvm.feature_drift.model IS 'name of the model';
COMMENT ON COLUMN cvm.feature_drift.version IS 'version that was active';
COMMENT ON COLUMN cvm.feature_drift.day IS 'day of the measurement, in UTC';
COMMENT ON COLUMN cvm.feature_drift.feature IS 'input column, or a part of it: signup (month), x[3]';
COMMENT ON COLUMN cvm.feature_drift.rows IS 'rows that were compared';
COMMENT ON COLUMN cvm.feature_drift.psi IS 'population stability index over deciles or levels and missing values: below 0.1 nothing to speak of, above 0.25 a shift';
COMMENT ON COLUMN cvm.feature_drift.ks IS 'of numbers: Kolmogorov-Smirnov distance at the deciles, missing values left out';
COMMENT ON COLUMN cvm.feature_drift.chi_squared IS 'of categories: chi-squared statistic of the levels that were known';
COMMENT ON COLUMN cvm.feature_drift.p_value IS 'how often rows of the same distribution would be as far apart; with many rows the least shift is significant, so look at psi first';
COMMENT ON COLUMN cvm.feature_drift.missing_share IS 'share of missing values';
COMMENT ON COLUMN cvm.feature_drift.trained_missing_share IS 'the same in training';
COMMENT ON COLUMN cvm.feature_drift.unseen_share IS 'of categories: share of rows whose category was new or too rare in training to have a level of its own';
COMMENT ON COLUMN cvm.feature_drift.trained_unseen_share IS 'share of rows with too rare a category in training';
