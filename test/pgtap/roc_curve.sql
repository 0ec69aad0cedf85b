-- The ROC curve of one session, again and again: its rows once lay in the
-- memory of the query that had read them.
BEGIN;
SELECT plan(4);
SET LOCAL client_min_messages = error;

CREATE TEMPORARY TABLE customers AS
SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 3000) AS i;
SELECT FROM cvm.train('churn', 'customers', 'churned', key => 'id');

CREATE TEMPORARY TABLE curve AS SELECT * FROM cvm.roc_curve('churn', 'customers');

SELECT results_eq(
	format('SELECT * FROM cvm.roc_curve(''churn'', ''customers'') WHERE %s', condition),
	format('SELECT * FROM curve WHERE %s', condition), 'the same curve: ' || condition)
FROM (VALUES ('true'), ('round(false_positive_rate::numeric, 2) IN (0.02, 0.1)')) AS c(condition);

SELECT is(
	(SELECT round(sum((false_positive_rate - before) * (true_positive_rate + true_before) / 2)::numeric, 12)
	FROM (SELECT *, lag(false_positive_rate) OVER places AS before, lag(true_positive_rate) OVER places AS true_before
		FROM curve WINDOW places AS (ORDER BY threshold DESC)) AS steps),
	(SELECT round(value::numeric, 12) FROM cvm.evaluate('churn', 'customers') WHERE metric = 'auc'),
	'the area under it is the AUC');
SELECT is((SELECT count(*) FROM curve), (SELECT 1 + count(DISTINCT cvm.predict('churn', c)) FROM customers AS c),
	'a point for each score, and one before them');

SELECT * FROM finish();
ROLLBACK;
