-- Drift of features of every kind: none on the training rows themselves, and
-- the figures that SQL finds on rows that moved.
BEGIN;
SELECT plan(24);
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'America/New_York';

CREATE TYPE pg_temp.tier AS ENUM ('gold', 'silver', 'bronze');
CREATE TEMPORARY TABLE customers AS
SELECT i AS id, (i * 37 % 100)::numeric AS amount, CASE WHEN i % 10 > 0 THEN sin(i) END AS score, i % 3 = 0 AS member,
	(ARRAY['Aurora', 'Borealis', 'Corona'])[1 + i % 3] AS brand, (ARRAY['gold', 'silver'])[1 + i % 2]::pg_temp.tier AS tier,
	'2026-01-01'::timestamptz + i * interval '7 hours' AS signup, ARRAY[cos(i), i % 4]::float8[] AS embedding,
	CASE WHEN i % 5 = 0 THEN NULL WHEN i % 400 = 1 THEN 'rare' || i ELSE 'often' || i % 2 END AS channel,
	CASE WHEN i % 4 < 3 THEN 0 ELSE i % 7 END AS complaints, make_interval(days => i % 30) AS tenure,
	sin(i * 3) > 0 AS churned
FROM generate_series(1, 2000) AS i;
SELECT FROM cvm.train('churn', 'customers', 'churned', key => 'id',
	options => '{"validation": 0, "min_category_count": 2, "watermark": "id"}');

-- ---- the training rows themselves ----

SELECT is((cvm.measure_drift('churn', 'customers')).rows, 2000::bigint, 'all rows are compared');
SELECT set_eq($$SELECT feature FROM cvm.feature_drift$$, $$SELECT feature FROM cvm.feature_profile$$, 'by every feature');
SELECT is_empty($$SELECT feature, psi FROM cvm.feature_drift WHERE psi > 0.005$$, 'none of which has moved');
SELECT is_empty($$SELECT feature, ks FROM cvm.feature_drift WHERE ks > 0.03 OR ks IS NULL AND chi_squared IS NULL OR chi_squared > 1e-6$$,
	'in no distribution');
SELECT is_empty($$SELECT * FROM cvm.feature_drift WHERE abs(missing_share - trained_missing_share) > 1e-9
	OR abs(unseen_share - trained_unseen_share) > 1e-9$$, 'nor in what is missing or rare');
SELECT results_eq($$SELECT feature, round(trained_missing_share::numeric, 3), round(trained_unseen_share::numeric, 4) FROM cvm.feature_drift
	WHERE trained_missing_share > 0 OR trained_unseen_share > 0 ORDER BY 1$$,
	$$VALUES ('channel', 0.200, 0.0025), ('score', 0.100, NULL)$$, 'which are known');

-- ---- rows past the watermark ----

SELECT is((cvm.measure_drift('churn')).rows, 0::bigint, 'no rows past the watermark');
INSERT INTO customers SELECT id + 5000, amount, NULL, member, 'Dune', tier, signup, embedding, channel, complaints, tenure, NULL
FROM customers WHERE id <= 100;
SELECT results_eq($$SELECT rows, feature, psi > 8 FROM cvm.measure_drift('churn')$$, $$VALUES (100::bigint, 'brand', true)$$,
	'rows past the watermark, labeled or not');
SELECT results_eq($$SELECT missing_share, round(trained_missing_share::numeric, 9)::float8, ks FROM cvm.feature_drift WHERE feature = 'score'$$,
	$$VALUES (1::float8, 0.1::float8, NULL::float8)$$, 'a column that is gone');
SELECT results_eq($$SELECT unseen_share, trained_unseen_share FROM cvm.feature_drift WHERE feature = 'brand'$$,
	$$VALUES (1::float8, 0::float8)$$, 'a category that is new');
SELECT is((SELECT count(DISTINCT day) FROM cvm.feature_drift), 1::bigint, 'a day has one measurement, the last');

-- ---- figures ----

CREATE TEMPORARY VIEW moved AS SELECT id, amount * 0.5 AS amount, score, true AS member, brand, tier, signup, embedding, channel,
	complaints, tenure FROM customers WHERE id <= 2000 AND (brand <> 'Aurora' OR id % 2 = 0);
SELECT cvm.measure_drift('churn', 'moved');
-- amounts fell below their median: the lower half of the deciles has twice its share
SELECT is((SELECT round(ks::numeric, 2) FROM cvm.feature_drift WHERE feature = 'amount'), 0.50, 'Kolmogorov-Smirnov distance');
SELECT ok((SELECT abs(psi - (0.5 * ln(2) + 0.4999 * ln(0.1 / 1e-4))) < 0.05 FROM cvm.feature_drift WHERE feature = 'amount'),
	'population stability index');
SELECT ok((SELECT p_value < 1e-100 FROM cvm.feature_drift WHERE feature = 'amount'), 'its p-value');
SELECT results_eq($$SELECT round(chi_squared::numeric, 4), round(psi::numeric, 6) FROM cvm.feature_drift WHERE feature = 'brand'$$,
	$$WITH shares AS (
		SELECT brand, trained / sum(trained) OVER () AS t, coalesce(seen, 0) AS seen, coalesce(seen, 0) / sum(seen) OVER () AS a, sum(seen) OVER () AS n
		FROM (SELECT brand, count(*) AS trained FROM customers WHERE id <= 2000 GROUP BY 1) AS before
		LEFT JOIN (SELECT brand, count(*) AS seen FROM moved GROUP BY 1) AS now USING (brand))
	SELECT round(sum((seen - n * t) ^ 2 / (n * t)), 4), round(sum((a - t) * ln(a / t)), 6) FROM shares$$, 'chi-squared and index of a category');
SELECT results_eq($$SELECT round(chi_squared::numeric, 3) FROM cvm.feature_drift WHERE feature = 'member'$$,
	$$SELECT round((n * (1 - t) ^ 2 / t + n * (1 - t))::numeric, 3) FROM (SELECT count(*)::numeric AS n, 666.0 / 2000 AS t FROM moved) AS m$$,
	'of a boolean');
SELECT is_empty($$SELECT feature, psi FROM cvm.feature_drift WHERE psi > 0.05 AND feature NOT IN ('amount', 'member', 'brand')$$, 'nothing else moved');

-- ---- what is refused ----

SELECT throws_ok($$SELECT cvm.measure_drift(NULL)$$, '22004', 'model must not be NULL');
SELECT throws_ok($$SELECT cvm.measure_drift('chrun')$$, '42704', 'model "chrun" does not exist');
SELECT throws_ok($$SELECT cvm.measure_drift('churn', 'SELECT amount FROM customers')$$, '42703');
CREATE ROLE stranger;
SET LOCAL ROLE stranger;
SELECT throws_ok($$SELECT cvm.measure_drift('churn')$$, '42704', 'model "churn" does not exist');
SELECT is_empty($$SELECT * FROM cvm.feature_drift$$, 'others see nothing');
RESET ROLE;

-- ---- the model's own source is its owner's code, whoever asks ----

GRANT SELECT ON customers TO stranger;
CREATE FUNCTION pg_temp.runs_as(name) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT current_user = $1';
SET LOCAL ROLE stranger;
SELECT FROM cvm.train('trap', $$SELECT amount, churned FROM customers WHERE pg_temp.runs_as('stranger')$$, 'churned');
RESET ROLE;
SELECT is((cvm.measure_drift('trap')).rows, 2100::bigint, 'is run as its owner');
SELECT is(current_user::text, session_user::text, 'and the caller is the caller again');

SELECT * FROM finish();
ROLLBACK;
