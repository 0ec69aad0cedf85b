-- The customers of the benchmarks: :rows of them, the same in every run.
--
--   customers		twenty float8 columns, and the target of a logistic model
--   customer_arrays	the same numbers as one float8[] column
--   customer_groups	ten columns of eleven categories: a hundred indicators
--   customer_places	one column of ten thousand categories

\set ON_ERROR_STOP on
\set normal 'sqrt(-2 * ln(1 - random())) * cos(6.283185307179586 * random())'

CREATE SCHEMA IF NOT EXISTS bench;
SET search_path = bench, public;
SET client_min_messages = warning;
DROP TABLE IF EXISTS customers, customer_arrays, customer_groups, customer_places;

SELECT setseed(0.42) \g /dev/null

CREATE TABLE customer_arrays AS
	SELECT id, features.x,
		random() < 1 / (1 + exp(-(features.x[1] - 0.5 * features.x[2] + 0.3 * features.x[3]
			+ 0.2 * features.x[7] - 0.1 * features.x[20] - 0.4))) AS churned
	FROM generate_series(1, :rows) AS id,
		LATERAL (SELECT ARRAY[:normal, :normal, :normal, :normal, :normal,
			:normal, :normal, :normal, :normal, :normal,
			:normal, :normal, :normal, :normal, :normal,
			:normal, :normal, :normal, :normal, :normal] AS x
			WHERE id > 0) AS features;

CREATE TABLE customers AS
	SELECT id, churned,
		x[1] AS x1, x[2] AS x2, x[3] AS x3, x[4] AS x4, x[5] AS x5,
		x[6] AS x6, x[7] AS x7, x[8] AS x8, x[9] AS x9, x[10] AS x10,
		x[11] AS x11, x[12] AS x12, x[13] AS x13, x[14] AS x14, x[15] AS x15,
		x[16] AS x16, x[17] AS x17, x[18] AS x18, x[19] AS x19, x[20] AS x20
	FROM customer_arrays ORDER BY id;

CREATE TABLE customer_groups AS
	SELECT id, churned,
		'group ' || mod(hashint4(id) & 1048575, 11) AS c1,
		'group ' || mod(hashint4(id + 1000000) & 1048575, 11) AS c2,
		'group ' || mod(hashint4(id + 2000000) & 1048575, 11) AS c3,
		'group ' || mod(hashint4(id + 3000000) & 1048575, 11) AS c4,
		'group ' || mod(hashint4(id + 4000000) & 1048575, 11) AS c5,
		'group ' || mod(hashint4(id + 5000000) & 1048575, 11) AS c6,
		'group ' || mod(hashint4(id + 6000000) & 1048575, 11) AS c7,
		'group ' || mod(hashint4(id + 7000000) & 1048575, 11) AS c8,
		'group ' || mod(hashint4(id + 8000000) & 1048575, 11) AS c9,
		'group ' || mod(hashint4(id + 9000000) & 1048575, 11) AS c10
	FROM customers ORDER BY id;

CREATE TABLE customer_places AS
	SELECT id, churned, 'place ' || mod(hashint4(id) & 1048575, 10000) AS place
	FROM customers ORDER BY id;

ALTER TABLE customers ADD PRIMARY KEY (id);
VACUUM (ANALYZE, FREEZE) customers, customer_arrays, customer_groups, customer_places;
