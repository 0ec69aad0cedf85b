-- Networks on real customers, against scikit-learn's on the same held-out rows:
-- test/reference/telco_network_sklearn.py gave AUC .8528 and log loss .4147 for
-- MLPClassifier((64, 32), early_stopping=True), the mean of five seeds.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = error;
\cd ../data
\i telco.sql
CREATE TEMPORARY TABLE networks AS
SELECT activation, (trained.metrics #>> '{validation,auc}')::float8 AS auc,
	(trained.metrics #>> '{validation,log_loss}')::float8 AS log_loss, trained.metrics #>> '{fit,outcome}' AS outcome
FROM unnest(ARRAY['relu', 'tanh']) AS activation,
	LATERAL cvm.train('churn by ' || activation, 'customers', 'churned', 'neural_network', key => 'customer_id',
		options => jsonb_build_object('activation', activation)) AS trained;

SELECT plan(6);
SELECT is(outcome, 'early_stopped', activation || ': training ends when the held-out loss no longer falls') FROM networks;
SELECT cmp_ok(auc, '>', 0.8528 - 0.005::float8, activation || ': AUC of scikit-learn''s network') FROM networks;
SELECT cmp_ok(log_loss, '<', 0.4147 + 0.005::float8, activation || ': log loss of scikit-learn''s network') FROM networks;
SELECT * FROM finish();
ROLLBACK;
