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

-- Scores are counted by day, class and bin, so that the bin of each is looked for
-- once; bins as in cvm.score_profile.
CREATE VIEW cvm.score_drift WITH (security_barrier) AS
SELECT r.model, f.version, d.day, d.predictions, s.psi, s.ks, s.p_value, c.psi AS class_psi,
	d.mean_score, f.mean AS expected_mean_score
FROM cvm.model_registry AS r
JOIN cvm.score_profile AS f ON f.model = r.model
CROSS JOIN LATERAL (
	SELECT k.day, pg_catalog.sum(k.predictions)::bigint AS predictions,
		pg_catalog.sum(k.score) / pg_catalog.sum(k.predictions)::float8 AS mean_score,
		(ARRAY[
			COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 0), 0), COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 1), 0),
			COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 2), 0), COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 3), 0),
			COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 4), 0), COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 5), 0),
			COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 6), 0), COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 7), 0),
			COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 8), 0), COALESCE(pg_catalog.sum(k.predictions) FILTER (WHERE k.bin = 9), 0)
		])[:pg_catalog.cardinality(f.bin_rows)]::float8[] AS bins,
		pg_catalog.array_agg(k.class) AS classes, pg_catalog.array_agg(k.predictions) AS class_counts
	FROM (
		SELECT p.predicted_at::date AS day, p.class,
			pg_catalog.cardinality(f.edges) - pg_catalog.width_bucket(-p.score, ARRAY(
				SELECT -e.edge FROM pg_catalog.unnest(f.edges) AS e (edge) ORDER BY 1)) AS bin,
			pg_catalog.count(*) AS predictions, pg_catalog.sum(p.score) AS score
		FROM cvm.prediction_log AS p
		WHERE p.model = f.model AND p.version = f.version
		GROUP BY 1, 2, 3) AS k
	GROUP BY k.day) AS d
CROSS JOIN LATERAL cvm.distribution_drift(f.bin_rows, d.bins) AS s
LEFT JOIN LATERAL (
	SELECT g.psi
	FROM (
		SELECT pg_catalog.array_agg(COALESCE(k.predictions, 0)::float8 ORDER BY o.position) AS counts
		FROM pg_catalog.unnest(f.classes) WITH ORDINALITY AS o (class, position)
		LEFT JOIN (
			SELECT u.class, pg_catalog.sum(u.predictions) AS predictions
			FROM unnest(d.classes, d.class_counts) AS u (class, predictions)
			GROUP BY u.class) AS k ON k.class = o.class) AS n
	CROSS JOIN LATERAL cvm.distribution_drift(f.class_rows, n.counts) AS g) AS c ON f.classes IS NOT NULL
WHERE pg_catalog.pg_has_role(r.owner::oid, 'usage') OR EXISTS (
		SELECT FROM cvm.model_grants AS g
		WHERE g.model = r.model
			AND (g.grantee::oid = 0::oid OR pg_catalog.pg_has_role(g.grantee::oid, 'usage')));

COMMENT ON VIEW cvm.score_drift IS
	'one row a version and day of logged predictions: how far its scores were from those on the rows that were held out when it was trained';
COMMENT ON COLUMN cvm.score_drift.model IS 'name of the model';
COMMENT ON COLUMN cvm.score_drift.version IS 'version that predicted';
COMMENT ON COLUMN cvm.score_drift.day IS 'day of the predictions, by the time zone of the session';
COMMENT ON COLUMN cvm.score_drift.predictions IS 'predictions that were logged';
COMMENT ON COLUMN cvm.score_drift.psi IS 'population stability index of the scores over deciles: below 0.1 nothing to speak of, above 0.25 a shift; of more than two classes, of the probability of the predicted one';
COMMENT ON COLUMN cvm.score_drift.ks IS 'Kolmogorov-Smirnov distance at the deciles';
COMMENT ON COLUMN cvm.score_drift.p_value IS 'how often scores of the same distribution would be as far apart; with many rows the least shift is significant, so look at psi first';
COMMENT ON COLUMN cvm.score_drift.class_psi IS 'population stability index of the predicted classes; NULL for numbers';
COMMENT ON COLUMN cvm.score_drift.mean_score IS 'mean of the scores';
COMMENT ON COLUMN cvm.score_drift.expected_mean_score IS 'the same on held-out rows, or on training rows where none were held out';
