-- privileges: functions for everybody, tables for nobody

REVOKE ALL ON ALL TABLES IN SCHEMA cvm FROM PUBLIC;
GRANT USAGE ON SCHEMA cvm TO PUBLIC;
GRANT SELECT ON cvm.model_overview, cvm.version_history, cvm.version_segments, cvm.metric_history,
	cvm.feature_effects, cvm.retraining_status, cvm.training_progress, cvm.due_models, cvm.alerts, cvm.events,
	cvm.trials, cvm.live_performance, cvm.feature_drift, cvm.score_drift TO PUBLIC;
