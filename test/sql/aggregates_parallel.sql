-- The fitting aggregates in parallel plans, over partitions and past memory:
-- the same results as in one piece.

CREATE TABLE rides (i int, city text, y float8, late boolean, kind text, x float8[]) PARTITION BY LIST (city);
CREATE TABLE rides_north PARTITION OF rides FOR VALUES IN ('oslo', 'bergen');
CREATE TABLE rides_south PARTITION OF rides FOR VALUES IN ('rome');
INSERT INTO rides
	SELECT i, (ARRAY['oslo', 'bergen', 'rome'])[i % 3 + 1], a + 2 * b + sin(i * 1.7), a - b + 3 * sin(i * 2.3) > 0,
		(ARRAY['bus', 'tram', 'train'])[1 + floor(1.5 + a / 2 + sin(i * 3.7))::int % 3],
		ARRAY[a, CASE WHEN i % 11 <> 0 THEN b END]
	FROM (SELECT i, sin(i) AS a, cos(i * 0.7) * 3 AS b FROM generate_series(1, 20000) i) s;
ANALYZE rides;

CREATE FUNCTION same(a cvm.model, b cvm.model, tolerance float8) RETURNS boolean LANGUAGE sql AS $$
	SELECT bool_and(abs(p.coefficient - q.coefficient) <= tolerance * greatest(1, abs(q.coefficient)))
		AND count(*) = (SELECT count(*) FROM cvm.coefficients(b))
		AND (cvm.fit_information(a)).training_rows = (cvm.fit_information(b)).training_rows
	FROM cvm.coefficients(a) p JOIN cvm.coefficients(b) q
		ON (p.feature, coalesce(p.level, ''), coalesce(p.class, '')) = (q.feature, coalesce(q.level, ''), coalesce(q.class, ''))
$$;

SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS
	SELECT cvm.sgd_linear(y, x) AS sgd_linear, cvm.sgd_logistic(late, x) AS sgd_logistic,
		cvm.sgd_softmax(kind, x) AS sgd_softmax, cvm.sgd_svm(late, x, '{"solver": "adagrad"}') AS sgd_svm,
		cvm.fit_linear(y, x) AS fit_linear, cvm.fit_softmax(kind, x) AS fit_softmax
	FROM rides;
ALTER TABLE serial ADD descend cvm.model;
UPDATE serial SET descend = (SELECT cvm.descend(s.sgd_logistic, late, x) FROM rides, serial s);

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;

EXPLAIN (COSTS OFF) SELECT cvm.sgd_logistic(late, x) FROM rides;
EXPLAIN (COSTS OFF) SELECT city, cvm.sgd_logistic(late, x) FROM rides GROUP BY city;
SELECT sgd_logistic AS start FROM serial \gset
EXPLAIN (COSTS OFF) SELECT cvm.descend(:'start'::cvm.model, late, x) FROM rides;
-- the rows of a fit would all have to go from the workers to the leader
EXPLAIN (COSTS OFF) SELECT cvm.fit_linear(y, x) FROM rides;

SELECT same(cvm.sgd_linear(y, x), (SELECT sgd_linear FROM serial), 0.02) AS sgd_linear,
	same(cvm.sgd_logistic(late, x), (SELECT sgd_logistic FROM serial), 0.05) AS sgd_logistic,
	same(cvm.sgd_softmax(kind, x), (SELECT sgd_softmax FROM serial), 0.1) AS sgd_softmax,
	same(cvm.sgd_svm(late, x, '{"solver": "adagrad"}'), (SELECT sgd_svm FROM serial), 0.05) AS sgd_svm
FROM rides;
SELECT same(cvm.descend((SELECT sgd_logistic FROM serial), late, x), (SELECT descend FROM serial), 1e-9) AS descend
FROM rides;

BEGIN;
ALTER FUNCTION cvm.fit_concatenate(cvm.fit_state, cvm.fit_state) COST 1;
EXPLAIN (COSTS OFF) SELECT cvm.fit_linear(y, x) FROM rides;
SELECT same(cvm.fit_linear(y, x), (SELECT fit_linear FROM serial), 1e-9) AS fit_linear,
	same(cvm.fit_softmax(kind, x), (SELECT fit_softmax FROM serial), 1e-9) AS fit_softmax
FROM rides;
SELECT city, same(cvm.fit_linear(y, x), (SELECT cvm.fit_linear(y, x) FROM rides r WHERE r.city = rides.city), 1e-9)
FROM rides GROUP BY city ORDER BY city;
-- workers without rows, and with one class each
SELECT cvm.fit_linear(y, x) IS NULL AS none FROM rides WHERE i < 0;
SELECT cvm.classes(cvm.sgd_logistic(city, x)) FROM (SELECT (city = 'rome')::int::float8 AS city, x FROM rides) s;
ROLLBACK;

-- partition by partition
SET enable_partitionwise_aggregate = on;
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT cvm.sgd_linear(y, x) FROM rides;
SELECT same(cvm.sgd_linear(y, x), (SELECT sgd_linear FROM serial), 0.02) AS sgd_linear FROM rides;
SELECT same(cvm.merge_fit(s), (SELECT sgd_linear FROM serial), 0.02) AS merge_fit
FROM (SELECT cvm.sgd_linear_partial(y, x) AS s FROM rides_north
	UNION ALL SELECT cvm.sgd_linear_partial(y, x) FROM rides_south) p;
RESET enable_partitionwise_aggregate;

-- past cvm.train_memory: rows go to a file, the model is the same bit by bit
SET cvm.train_memory = '1MB';
CREATE TABLE spilled AS SELECT wide.fit, narrow.fit AS grouped, narrow.g
FROM (SELECT cvm.fit_linear(y, x || x || ARRAY[i % 97, i % 89, i % 83]::float8[], '{"l2": 1}') AS fit FROM rides) wide,
	(SELECT i % 50 AS g, cvm.fit_linear(y, x) AS fit FROM rides GROUP BY i % 50) narrow;
SET cvm.train_memory = '64MB';
SELECT (cvm.fit_information(s.fit)).driver, (cvm.fit_information(m.fit)).driver AS enough,
	same(s.fit, m.fit, 0) AS same
FROM (SELECT fit FROM spilled LIMIT 1) s,
	(SELECT cvm.fit_linear(y, x || x || ARRAY[i % 97, i % 89, i % 83]::float8[], '{"l2": 1}') AS fit FROM rides) m;
SELECT count(*), bool_and(same(s.grouped, m.fit, 0)) AS same
FROM spilled s JOIN (SELECT i % 50 AS g, cvm.fit_linear(y, x) AS fit FROM rides GROUP BY i % 50) m USING (g);
SET work_mem = '64kB';
SET cvm.train_memory = '1MB';
SET enable_sort = off;
SELECT count(*), sum((cvm.fit_information(fit)).training_rows)
FROM (SELECT i % 5000 AS g, cvm.fit_linear(y, x, '{"l2": 1}') AS fit FROM rides GROUP BY i % 5000) s;

-- an error or a cancel leaves no file behind
SELECT cvm.fit_linear(y, x || CASE WHEN i = 20000 THEN ARRAY[1, 2]::float8[] ELSE ARRAY[0.5]::float8[] END) FROM rides;
DO $$
BEGIN
	PERFORM cvm.fit_linear(y, x || x || x || 1 / (20000 - i)) FROM rides;
EXCEPTION WHEN division_by_zero THEN
	RAISE NOTICE 'caught';
END $$;
SELECT count(*) AS files FROM pg_ls_tmpdir();
BEGIN;
DECLARE c CURSOR FOR SELECT (cvm.fit_information(cvm.fit_linear(y, x || x || x))).training_rows FROM rides GROUP BY city;
FETCH 1 FROM c;
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK TO s;
FETCH 1 FROM c;
ROLLBACK;
SELECT count(*) AS files FROM pg_ls_tmpdir();

DROP TABLE rides, serial, spilled;
DROP FUNCTION same;
