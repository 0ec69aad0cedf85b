-- the life of a model: versions, promotion, rollback, names
CREATE SCHEMA life;
SET search_path TO life, public;
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

CREATE TABLE customers AS
SELECT i AS id, sin(i) AS x, cos(3 * i) AS z, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 400) AS i;
SELECT version, status FROM cvm.train('churn', 'customers', 'churned', features => ARRAY['x'], key => 'id');
SELECT version, status FROM cvm.train('churn', 'customers', 'churned', features => ARRAY['z'], key => 'id');
SELECT version, status FROM cvm.train('churn', 'customers', 'churned', key => 'id');
SELECT version, status FROM cvm.train('churn', 'customers', 'churned', features => ARRAY['x', 'z'], key => 'id', options => '{"promote": "manual", "l2": 9}');
SELECT version, status, parent_version, run, reason, algorithm, training_rows, validation_rows, created_by = current_user AS own,
	created_at <= now() AS then, promoted_at IS NOT NULL AS promoted, duration > '0' AS took_time, seed, library_version
FROM cvm.versions('churn');
SELECT trigger, status, version, training_rows, outcome, started_at <= finished_at AS in_order FROM cvm.retraining_status WHERE model = 'churn' ORDER BY run;

-- every version can be scored, by its value
SELECT v.version, string_agg(DISTINCT i.name, ' ') AS reads, max(abs(cvm.predict(cvm.model_version('churn', v.version), c) - o.p)) < 1e-12 AS same
FROM cvm.versions('churn') AS v, cvm.inputs(cvm.model_version('churn', v.version)) AS i, customers AS c,
	LATERAL (SELECT 1 / (1 + exp(-sum(coefficient * CASE feature WHEN 'x' THEN c.x WHEN 'z' THEN c.z ELSE 1 END))) AS p
		FROM cvm.coefficients(cvm.model_version('churn', v.version))) AS o
GROUP BY v.version ORDER BY v.version;
SELECT count(*) FILTER (WHERE cvm.predict('churn', c) = cvm.predict(m, c)) AS same
FROM customers AS c, cvm.model_version('churn', 3) AS m;
SELECT cvm.active_model('churn') OPERATOR(cvm.=) cvm.model_version('churn', 3) AS active, cvm.active_model('churn') OPERATOR(cvm.=) cvm.model_version('churn', 2) AS other;
SELECT cvm.classes('churn'), cvm.classes(cvm.model_version('churn', 1));
SELECT cvm.training_options(cvm.model_version('churn', 4));
-- a value leaves the catalog, and serves elsewhere
CREATE TABLE shipped AS SELECT cvm.model_version('churn', 1) AS model, cvm.model_version('churn', 1)::jsonb AS exported;
SELECT count(*) FILTER (WHERE cvm.predict(exported::cvm.model, c) = cvm.predict(model, c)) AS same FROM shipped, customers AS c;
CREATE TABLE kept (model cvm.logistic_model);
INSERT INTO kept SELECT cvm.active_model('churn');
SELECT version FROM cvm.train('amount', 'SELECT x, z FROM customers', 'z');
INSERT INTO kept SELECT cvm.active_model('amount');

-- promotion and rollback
SELECT cvm.promote('churn', 4);
SELECT version, status, reason FROM cvm.versions('churn');
SELECT version FROM cvm.model_overview WHERE model = 'churn';
SELECT cvm.rollback('churn');
SELECT cvm.rollback('churn');
SELECT cvm.rollback('churn');
SELECT cvm.rollback('churn');
SELECT version, status, reason FROM cvm.versions('churn');
SELECT cvm.promote('churn', 3);
SELECT cvm.rollback('churn');
SELECT cvm.promote('churn', 99);
SELECT cvm.promote('churn', 0);
SELECT cvm.promote('churn', NULL);
SELECT cvm.model_version('churn', 99);
SELECT cvm.model_version('churn', 0);
SELECT cvm.model_version('churn', -1);
SELECT version, status FROM cvm.versions('churn');

-- part of the transaction
BEGIN;
SELECT cvm.promote('churn', 2);
SELECT cvm.promote('churn', 4);
SELECT version, status FROM cvm.versions('churn') WHERE status = 'active';
ROLLBACK;
SELECT version, status FROM cvm.versions('churn') WHERE status = 'active';
BEGIN;
SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id');
SAVEPOINT one;
SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id');
ROLLBACK TO one;
SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id');
SELECT cvm.drop_model('amount');
ROLLBACK;
SELECT count(*) FROM cvm.versions('churn');
SELECT model FROM cvm.model_overview ORDER BY 1;
-- rows that the transaction has brought are learned from
BEGIN;
INSERT INTO customers SELECT i, 5, 5, true FROM generate_series(1001, 1100) AS i;
SELECT training_rows + validation_rows FROM cvm.train('churn', 'customers', 'churned', key => 'id');
ROLLBACK;

-- a model without an active version
SELECT version, status FROM cvm.train('idle', 'customers', 'churned', options => '{"promote": "manual"}');
SELECT cvm.predict('idle', c) FROM customers AS c LIMIT 1;
SELECT cvm.active_model('idle');
SELECT * FROM cvm.evaluate('idle', 'customers');
SELECT cvm.rollback('idle');
SELECT model, algorithm, task, version, primary_metric FROM cvm.model_overview WHERE model = 'idle';
SELECT cvm.promote('idle', 1);
SELECT model, version, primary_metric FROM cvm.model_overview WHERE model = 'idle';

-- names
SELECT cvm.rename_model('idle', 'busy');
SELECT version FROM cvm.versions('busy');
SELECT count(*) FROM cvm.versions('idle');
SELECT cvm.rename_model('busy', 'churn');
SELECT cvm.rename_model('busy', '');
SELECT cvm.rename_model('busy', repeat('x', 129));
SELECT cvm.rename_model('busi', 'idle');
SELECT cvm.rename_model('busy', $$it's "quoted" -- ; DROP$$);
SELECT version FROM cvm.train($$it's "quoted" -- ; DROP$$, 'customers', 'churned', key => 'id');
SELECT count(*) FROM customers AS c WHERE cvm.predict($$it's "quoted" -- ; DROP$$, c) > 0;
SELECT cvm.drop_model($$it's "quoted" -- ; DROP$$);
SELECT cvm.drop_model('nothing');
SELECT version FROM cvm.train('', 'customers', 'churned');
SELECT version FROM cvm.train(repeat('x', 129), 'customers', 'churned');
SELECT version FROM cvm.train(repeat('x', 128), 'customers', 'churned');
SELECT count(cvm.predict(repeat('x', 128), c)) FROM customers AS c;

-- everything of a dropped model is gone, and the name is free
SELECT cvm.drop_model('churn');
SELECT (SELECT count(*) FROM cvm.model_versions WHERE model = 'churn'), (SELECT count(*) FROM cvm.model_metrics WHERE model = 'churn'),
	(SELECT count(*) FROM cvm.feature_profile WHERE model = 'churn'), (SELECT count(*) FROM cvm.training_runs WHERE model = 'churn'),
	(SELECT count(*) FROM cvm.training_log WHERE model = 'churn');
SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id');

-- what a version keeps: metrics, profile, curve
SELECT data_set, metric FROM cvm.metric_history WHERE model = 'churn' ORDER BY 1, 2;
SELECT feature, kind, missing_share, round(mean::numeric, 2) AS mean, round(deviation::numeric, 2) AS deviation,
	array_length(quantiles, 1) AS quantiles, categories FROM cvm.feature_profile WHERE model = 'churn' ORDER BY feature;
SELECT count(*) > 2 AS curve, bool_and(training_loss > 0) AS losses, max(gradient_norm) > min(gradient_norm) AS falls
FROM cvm.training_progress WHERE model = 'churn';
SELECT feature, level, odds_ratio = exp(coefficient) AS odds, strength = abs(standardized_coefficient) AS strength
FROM cvm.feature_effects WHERE model = 'churn' AND feature <> '(intercept)' ORDER BY 1;

-- functions that describe options
SELECT count(*) > 20 AS many, count(*) FILTER (WHERE help IS NULL) AS without_help FROM cvm.options();
SELECT name, kind, "default", minimum, maximum, choices FROM cvm.options() WHERE name IN ('l2', 'validation', 'driver', 'seed', 'positive') ORDER BY name;

SELECT cvm.drop_model(model) FROM cvm.model_overview;
\set VERBOSITY terse
SET client_min_messages TO warning;
DROP SCHEMA life CASCADE;
