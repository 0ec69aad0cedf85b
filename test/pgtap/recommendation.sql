-- Matrix factorization against a straightforward NumPy version of it; the figures are those
-- of test/reference/factorization_numpy.py.
BEGIN;
SELECT plan(6);
SET LOCAL client_min_messages = error;

CREATE TEMPORARY TABLE pairs AS
SELECT u, i, (u * 7919 + i * 104729 + u * i) % 10 AS part,
	3 + sin(u) * cos(2 * i) + 0.7 * sin(2 * u) * sin(3 * i) + 0.5 * cos(5 * u) + 0.3 * sin(u * i) AS rating
FROM generate_series(1, 300) AS u, generate_series(1, 80) AS i;

CREATE FUNCTION pg_temp.figure(model text, source text, metric text) RETURNS float8 LANGUAGE sql AS
	'SELECT e.value FROM cvm.evaluate(model, source) AS e WHERE e.metric = figure.metric';

SELECT lives_ok($$
	SELECT cvm.train('rated', 'SELECT u, i, rating FROM pairs WHERE part < 7', 'rating', 'matrix_factorization',
		options => '{"factors": 3, "l2": 3, "l2_power": 0, "epochs": 200, "validation": 0}')$$, 'ratings are learned');
SELECT ok(abs(pg_temp.figure('rated', 'SELECT * FROM pairs WHERE part < 7', 'rmse') / 0.2062 - 1) < 0.01,
	'their error in training is that of NumPy, to 1 %');
SELECT ok(abs(pg_temp.figure('rated', 'SELECT * FROM pairs WHERE part >= 7', 'rmse') / 0.4882 - 1) < 0.01,
	'and so is that of other rows');

SELECT lives_ok($$
	SELECT cvm.train('met', 'SELECT u, i, 1 + part % 2 AS amount FROM pairs WHERE part < 6 AND rating > 3.6', 'amount',
		'matrix_factorization', options => '{"factorization": "implicit", "factors": 3, "l2": 1, "l2_power": 0, "alpha": 10,
		"epochs": 300, "validation": 0}')$$, 'events are learned');
SELECT ok(abs(pg_temp.figure('met', 'SELECT u, i, 1 AS amount FROM pairs WHERE part >= 6 AND rating > 3.6', 'ndcg_at_10') / 0.6669 - 1) < 0.01 AND
	abs(pg_temp.figure('met', 'SELECT u, i, 1 AS amount FROM pairs WHERE part >= 6 AND rating > 3.6', 'map_at_10') / 0.5471 - 1) < 0.01 AND
	abs(pg_temp.figure('met', 'SELECT u, i, 1 AS amount FROM pairs WHERE part >= 6 AND rating > 3.6', 'hit_rate_at_10') / 0.9705 - 1) < 0.01,
	'their lists are as good as those of NumPy, to 1 %');
-- of items that the model knows, for only these are in its lists
SELECT ok(abs((SELECT avg(n) FROM (
	SELECT cvm.ndcg_at(p.rating IS NOT NULL, r.score, 10) AS n
	FROM cvm.recommend_all('met', n => 80) AS r
	LEFT JOIN pairs AS p ON p.part >= 6 AND p.rating > 3.6 AND p.u::text = r.customer AND p.i::text = r.item
	GROUP BY r.customer HAVING bool_or(p.rating IS NOT NULL)) AS lists) -
	pg_temp.figure('met', 'SELECT u, i, 1 AS amount FROM pairs WHERE part >= 6 AND rating > 3.6
		AND i IN (SELECT i FROM pairs WHERE part < 6 AND rating > 3.6)', 'ndcg_at_10')) < 1e-9,
	'the aggregate ndcg_at says the same of recommended lists');
SELECT * FROM finish();
ROLLBACK;
