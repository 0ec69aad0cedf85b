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
