-- Churn of real customers, end to end: how good the model is, that every way to
-- measure it agrees, and what it says of the customers.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = error;
\cd ../data
\i telco.sql

SELECT plan(26);

-- five-fold cross-validation: test/reference and the data's own figures have AUC .8449, accuracy .8053
CREATE TEMPORARY TABLE folds (fold integer, metric text, value float8);
DO $$
BEGIN
	FOR fold IN 0 .. 4 LOOP
		PERFORM cvm.train('fold', format('SELECT * FROM customers WHERE abs(hashtext(customer_id)) %% 5 <> %s', fold), 'churned',
			key => 'customer_id', options => '{"validation": 0}');
		INSERT INTO folds SELECT fold, e.metric, e.value
		FROM cvm.evaluate('fold', format('SELECT * FROM customers WHERE abs(hashtext(customer_id)) %% 5 = %s', fold)) AS e;
	END LOOP;
	PERFORM cvm.drop_model('fold');
END $$;
SELECT cmp_ok((SELECT abs(avg(value) - 0.8449) FROM folds WHERE metric = 'auc'), '<', 0.004::float8, 'AUC over five folds is that of scikit-learn');
SELECT cmp_ok((SELECT abs(avg(value) - 0.8053) FROM folds WHERE metric = 'accuracy'), '<', 0.006::float8, 'and so is the accuracy');
SELECT is((SELECT sum(value) FROM folds WHERE metric = 'rows'), 7043::float8, 'each customer was held out once');

-- one training, with a fifth held out
CREATE TEMPORARY TABLE trained AS
SELECT * FROM cvm.train('churn', 'customers', 'churned', key => 'customer_id', options => '{"seed": 42}');
SELECT is((SELECT training_rows + validation_rows FROM trained), 7043::bigint, 'no customer is lost');
SELECT cmp_ok((SELECT abs(validation_rows / 7043.0 - 0.2) FROM trained), '<', 0.02, 'a fifth is held out');
SELECT is((SELECT (metrics #>> '{fit,null_cells}')::integer FROM trained), 11, 'eleven customers have no total charges');
SELECT cmp_ok((SELECT (metrics #>> '{validation,auc}')::float8 FROM trained), '>', 0.82::float8, 'held-out customers are told apart');

-- every way to measure gives the same figures
SELECT results_eq(
	format($$SELECT metric, round(value::numeric, 10) FROM cvm.evaluate('churn',
		'SELECT * FROM customers WHERE %scvm.held_out(customer_id, seed => 42)') WHERE metric <> 'rows' ORDER BY metric$$, negation),
	format($$SELECT key, round(value::numeric, 10) FROM trained, jsonb_each_text(metrics -> %L) ORDER BY key$$, data_set),
	'evaluate gives what train said of ' || data_set || ' rows')
FROM (VALUES ('validation', ''), ('training', 'NOT ')) AS sides (data_set, negation);
SELECT results_eq(
	$$SELECT data_set, metric, value FROM cvm.metric_history WHERE model = 'churn' ORDER BY 1, 2$$,
	$$SELECT data_set, m.key, m.value::float8 FROM trained, unnest(ARRAY['training', 'validation']) AS data_set, jsonb_each_text(metrics -> data_set) AS m ORDER BY 1, 2$$,
	'metric_history keeps what train said');
CREATE TEMPORARY TABLE scored AS
SELECT customer_id, churned, cvm.predict('churn', c) AS p, cvm.predict_class('churn', c) AS class FROM customers AS c;
CREATE TEMPORARY VIEW hits AS
SELECT count(*) FILTER (WHERE churned AND class = 'true')::numeric AS tp, count(*) FILTER (WHERE NOT churned AND class = 'true') AS fp,
	count(*) FILTER (WHERE churned AND class = 'false') AS fn FROM scored;
CREATE TEMPORARY TABLE evaluated AS SELECT * FROM cvm.evaluate('churn', 'customers');
SELECT results_eq(
	'SELECT metric, round(value::numeric, 9) FROM evaluated ORDER BY metric',
	$$SELECT * FROM (
		SELECT 'accuracy', round(avg((churned::text = class)::integer), 9) FROM scored
		UNION ALL SELECT 'auc', round(((SELECT sum(r) FROM (SELECT churned, (rank() OVER (ORDER BY p) + count(*) OVER (ORDER BY p)) / 2.0 AS r FROM scored) AS ranks WHERE churned)
			- n1 * (n1 + 1) / 2) / (n1 * n0), 9) FROM (SELECT count(*) FILTER (WHERE churned) AS n1, count(*) FILTER (WHERE NOT churned) AS n0 FROM scored) AS n
		UNION ALL SELECT 'brier', round(avg((p - churned::integer) ^ 2)::numeric, 9) FROM scored
		UNION ALL SELECT 'f1', round(2 * tp / (2 * tp + fp + fn), 9) FROM hits
		UNION ALL SELECT 'log_loss', round(avg(-ln(CASE WHEN churned THEN p ELSE 1 - p END))::numeric, 9) FROM scored
		UNION ALL SELECT 'precision', round(tp / (tp + fp), 9) FROM hits
		UNION ALL SELECT 'recall', round(tp / (tp + fn), 9) FROM hits
		UNION ALL SELECT 'rows', round(count(*)::numeric, 9) FROM scored) AS m (metric, value) ORDER BY metric$$,
	'and so does SQL by hand');
SELECT is((SELECT sum("count") FROM cvm.confusion_matrix('churn', 'customers')), 7043::float8, 'the confusion matrix has every customer');
SELECT results_eq(
	$$SELECT actual, predicted, "count" FROM cvm.confusion_matrix('churn', 'customers') ORDER BY 1, 2$$,
	$$SELECT churned::text, class, count(*)::float8 FROM scored GROUP BY 1, 2 ORDER BY 1, 2$$,
	'in its place');
CREATE TEMPORARY TABLE curve AS SELECT row_number() OVER () AS n, r.* FROM cvm.roc_curve('churn', 'customers') AS r;
SELECT cmp_ok((SELECT abs(sum((c.false_positive_rate - b.false_positive_rate) * (c.true_positive_rate + b.true_positive_rate) / 2)
		- (SELECT value FROM evaluated WHERE metric = 'auc'))
	FROM curve AS c JOIN curve AS b ON b.n = c.n - 1), '<', 1e-12::float8, 'the area under the ROC curve is the AUC');
SELECT results_eq($$SELECT threshold, false_positive_rate, true_positive_rate FROM curve WHERE n = 1$$,
	$$VALUES ('infinity'::float8, 0::float8, 0::float8)$$, 'the curve begins at (0, 0)');
SELECT results_eq($$SELECT false_positive_rate, true_positive_rate FROM curve ORDER BY n DESC LIMIT 1$$,
	$$VALUES (1::float8, 1::float8)$$, 'and ends at (1, 1)');
SELECT is((SELECT count(*) FROM curve AS c JOIN curve AS b ON b.n = c.n - 1
	WHERE c.false_positive_rate < b.false_positive_rate OR c.true_positive_rate < b.true_positive_rate OR c.threshold >= b.threshold), 0::bigint,
	'and never turns back');

-- what a logistic model with an intercept always does
SELECT cmp_ok((SELECT abs(avg(p) - avg(churned::integer)) FROM scored WHERE NOT cvm.held_out(customer_id, seed => 42)), '<', 1e-8::float8,
	'the mean prediction of training rows is their share of churners');

-- what it says of the customers
SELECT is((SELECT string_agg(DISTINCT feature, ', ' ORDER BY feature) FROM (
		SELECT feature FROM cvm.feature_effects WHERE model = 'churn' ORDER BY strength DESC NULLS LAST LIMIT 3) AS strongest),
	'contract, tenure, total_charges', 'contract and tenure decide');
SELECT ok((SELECT bool_and(coefficient < 0) FROM cvm.feature_effects WHERE model = 'churn' AND feature = 'contract'),
	'long contracts keep customers');
SELECT cmp_ok((SELECT avg(churned::integer) FROM (SELECT churned FROM scored ORDER BY p DESC LIMIT 100) AS top), '>', 0.75,
	'of the hundred most at risk three quarters churned');
SELECT is((SELECT count(*) FROM scored WHERE p IS NULL OR p < 0 OR p > 1), 0::bigint, 'every customer has a probability');

-- the curve of the training, and what BI tools see
SELECT cmp_ok((SELECT count(*) FROM cvm.training_progress WHERE model = 'churn'), '>=', 4::bigint, 'the learning curve is kept');
SELECT ok((SELECT bool_and(training_loss <= before + 1e-12) FROM (
	SELECT training_loss, lag(training_loss, 1, training_loss) OVER (ORDER BY epoch) AS before FROM cvm.training_progress WHERE model = 'churn') AS c),
	'and falls');
SELECT results_eq($$SELECT model, task, algorithm, target, version, primary_metric, scheduled FROM cvm.model_overview$$,
	$$VALUES ('churn', 'binary', 'logistic', 'churned', 1, 'auc', false)$$, 'the overview has it');

-- the same model whatever the order of the rows, but for the last bits
SELECT cvm.train('sorted', 'SELECT * FROM customers ORDER BY total_charges, customer_id', 'churned', key => 'customer_id', options => '{"seed": 42}') IS NOT NULL AS trained \gset
SELECT cmp_ok((SELECT max(abs(cvm.predict('sorted', c) - p)) FROM customers AS c JOIN scored USING (customer_id)), '<', 1e-9::float8,
	'rows in another order give the same predictions');
SELECT * FROM finish();
ROLLBACK;
