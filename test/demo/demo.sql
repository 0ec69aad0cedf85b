-- The demo: from the file of a telephone company's customers to a churn model
-- that keeps itself fresh.  make demo runs it in the top folder.
\set QUIET on
\set ON_ERROR_STOP on
\pset border 2
\pset linestyle unicode
\pset footer off
\pset null ''
CREATE EXTENSION cvm;

\echo
\echo '1. REAL CUSTOMERS'
\echo '   A telephone company\'s file (IBM sample data), as such files are: all text, with blanks.'
\echo

CREATE TABLE customer_file (
	customer_id text, gender text, senior_citizen text, partner text, dependents text, tenure text,
	phone_service text, multiple_lines text, internet_service text, online_security text,
	online_backup text, device_protection text, tech_support text, streaming_tv text,
	streaming_movies text, contract text, paperless_billing text, payment_method text,
	monthly_charges text, total_charges text, churn text);
\copy customer_file FROM 'test/data/telco_churn.csv' WITH (FORMAT csv, HEADER)

SELECT to_char(count(*), 'FM999,999') AS customers,
	to_char(100 * avg((churn = 'Yes')::int), 'FM90.0 %') AS churned,
	count(*) FILTER (WHERE total_charges !~ '\d') AS "without total charges"
FROM customer_file;

-- 'No internet service' says nothing that internet_service does not say.
CREATE VIEW cleaned AS
SELECT customer_id, gender, senior_citizen = '1' AS senior_citizen, partner = 'Yes' AS partner,
	dependents = 'Yes' AS dependents, tenure::int AS tenure, phone_service = 'Yes' AS phone_service,
	multiple_lines = 'Yes' AS multiple_lines, internet_service,
	online_security = 'Yes' AS online_security, online_backup = 'Yes' AS online_backup,
	device_protection = 'Yes' AS device_protection, tech_support = 'Yes' AS tech_support,
	streaming_tv = 'Yes' AS streaming_tv, streaming_movies = 'Yes' AS streaming_movies,
	contract, paperless_billing = 'Yes' AS paperless_billing, payment_method,
	monthly_charges::numeric AS monthly_charges,
	nullif(trim(total_charges), '')::numeric AS total_charges,
	churn = 'Yes' AS churned
FROM customer_file;

-- One customer in five comes later.
CREATE TABLE customers AS
SELECT * FROM cleaned WHERE NOT cvm.held_out(customer_id, share => 0.2, seed => 1);
ALTER TABLE customers ADD PRIMARY KEY (customer_id);
ANALYZE customers;

SELECT count(*) AS customers FROM customers \gset
\echo '   Cleaned in SQL. The table customers begins with' :customers 'of them; the others come later.'
\echo
\echo
\echo '2. A MODEL'
\echo '   SELECT * FROM cvm.train(\'churn\', source => \'customers\', target => \'churned\', key => \'customer_id\');'
\echo

SELECT model, version, algorithm, to_char(training_rows, 'FM999,999') AS "learned from",
	to_char(validation_rows, 'FM999,999') AS "held out",
	round(1000 * extract(epoch FROM duration)) || ' ms' AS took
FROM cvm.train('churn', source => 'customers', target => 'churned', key => 'customer_id');

\echo '   How good is it on the customers that it did not learn from?'
\echo

WITH held_out AS (
	SELECT to_char(100 * avg((NOT churned)::int), 'FM90.0') AS stayed
	FROM customers WHERE cvm.held_out(customer_id)
)
SELECT metric, to_char(100 * value, 'FM990.0 %') AS value,
	CASE metric
		WHEN 'auc' THEN 'so often it ranks a customer who left above one who stayed'
		WHEN 'accuracy' THEN format('says rightly who leaves (always saying "stays": %s %%)', stayed)
		WHEN 'precision' THEN 'of those it expects to leave, so many left'
		WHEN 'recall' THEN 'of those who left, it expected so many to' END AS meaning
FROM cvm.metric_history, held_out
WHERE model = 'churn' AND data_set = 'validation' AND metric IN ('auc', 'accuracy', 'precision', 'recall')
ORDER BY value DESC;

\echo '   If the company calls those most at risk, how many of the leavers does it reach?'
\echo

WITH ranked AS (
	SELECT churned, percent_rank() OVER (ORDER BY cvm.predict('churn', c) DESC) AS place
	FROM customers AS c
	WHERE cvm.held_out(customer_id)
)
SELECT 'the top ' || (100 * share)::int || ' %' AS called,
	to_char(100.0 * count(*) FILTER (WHERE churned AND place < share)
		/ count(*) FILTER (WHERE churned), 'FM990 %') AS "of leavers reached",
	repeat('█', (30.0 * count(*) FILTER (WHERE churned AND place < share)
		/ count(*) FILTER (WHERE churned))::int) AS " "
FROM ranked, (VALUES (0.1), (0.2), (0.3), (0.5)) AS s(share)
GROUP BY share ORDER BY share;

\echo
\echo '3. WHO IS AT RISK'
\echo '   SELECT customer_id, cvm.predict(\'churn\', c) FROM customers c WHERE NOT churned ...'
\echo

SELECT customer_id AS customer, to_char(100 * cvm.predict('churn', c), 'FM90.0 %') AS risk,
	contract, tenure AS months, internet_service AS internet, payment_method AS "pays by",
	to_char(monthly_charges, '"$"FM990.00') AS "a month"
FROM customers AS c
WHERE NOT churned
ORDER BY cvm.predict('churn', c) DESC
LIMIT 10;

\echo
\echo '4. WHY'
\echo '   The strongest drivers (view cvm.feature_effects): what multiplies the odds of leaving.'
\echo

SELECT feature || CASE
		WHEN level IS NOT NULL THEN format(': %s, not %s', level, reference_level)
		WHEN kind = 'number' THEN ', ' || round((standardized_coefficient / coefficient)::numeric) || ' more'
		ELSE '' END AS driver,
	to_char(exp(CASE kind WHEN 'number' THEN standardized_coefficient ELSE coefficient END),
		'"× "FM90.00') AS "odds of leaving",
	repeat('█', greatest(1, (20 * strength / max(strength) OVER ())::int)) AS strength
FROM cvm.feature_effects AS f
JOIN cvm.inputs(cvm.active_model('churn')) AS i ON i.name = f.feature
WHERE f.model = 'churn'
ORDER BY f.strength DESC
LIMIT 8;

\echo '   Numbers: for one standard deviation more.'
\echo '   tenure, total_charges and monthly_charges move together: read them as one.'
\echo
\echo
\echo '5. IT KEEPS ITSELF FRESH'
\echo '   SELECT cvm.schedule(\'churn\', every => \'1 day\', min_new_rows => 1000);'
\echo

SELECT cvm.schedule('churn', every => '1 day', min_new_rows => 1000) \g /dev/null

INSERT INTO customers
SELECT * FROM cleaned WHERE cvm.held_out(customer_id, share => 0.2, seed => 1);
\set arrived :ROW_COUNT
-- A session that ends reports at once what it inserted, an idle one when it is looked at again.
\connect -

\echo '  ' :arrived 'new customers were inserted. Nobody calls train(); we watch the background worker:'
\echo
\! test/demo/watch.sh churn
\echo
\echo '   Version 2 was compared with version 1 on the same held-out customers:'
\echo

SELECT version, status, to_char(training_rows, 'FM999,999') AS "learned from",
	to_char(created_at, 'HH24:MI:SS') AS trained, reason
FROM cvm.versions('churn');

WITH scores AS MATERIALIZED (
	SELECT version, churned, cvm.predict(cvm.model_version('churn', version), c) AS risk
	FROM customers AS c, generate_series(1, 2) AS version
	WHERE cvm.held_out(customer_id)
), figures AS (
	SELECT version, cvm.auc(churned, risk) AS auc, cvm.accuracy(churned, risk > 0.5) AS accuracy,
		cvm.log_loss(churned, risk) AS log_loss, cvm.lift_at(churned, risk, 0.1) AS lift
	FROM scores GROUP BY version
)
SELECT metric, to_char(max(value) FILTER (WHERE version = 1), 'FM0.0000') AS "version 1",
	to_char(max(value) FILTER (WHERE version = 2), 'FM0.0000') AS "version 2", better
FROM figures, LATERAL (VALUES (1, 'AUC', auc, 'higher'), (2, 'accuracy', accuracy, 'higher'),
	(3, 'lift of the top 10 %', lift, 'higher'), (4, 'log loss', log_loss, 'lower')) AS f(place, metric, value, better)
GROUP BY place, metric, better ORDER BY place;

\echo '   What a manager\'s BI tool reads:'
\echo '   SELECT * FROM cvm.model_overview; (some of its columns)'
\echo

SELECT model, task, algorithm, version, to_char(trained_at, 'HH24:MI:SS') AS trained,
	primary_metric, round(primary_value::numeric, 4) AS primary_value, to_char(next_due, 'YYYY-MM-DD HH24:MI') AS next_due
FROM cvm.model_overview;
