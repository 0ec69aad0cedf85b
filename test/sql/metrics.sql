-- metric aggregates and curves; figures from scikit-learn 1.2.1 on the same rows
SET search_path TO cvm, public;
\set QUIET on
\pset format unaligned
\pset tuples_only on

CREATE TABLE scored AS
	SELECT i, (i * 7919) % 13 < 5 AS y,
		((i * 104729) % 97 + CASE WHEN (i * 7919) % 13 < 5 THEN 30 ELSE 0 END) / 150.0::float8 AS s,
		(1 + i % 3)::float8 AS w,
		((i * 7561) % 1009) / 100.0::float8 - 3 AS x,
		((i * 7561) % 1009) / 100.0::float8 - 3 + ((i * 5573) % 211) / 100.0::float8 - 1 AS p,
		substr('abc', i * 31 % 3 + 1, 1) AS c,
		CASE WHEN i * 17 % 5 < 3 THEN substr('abc', i * 31 % 3 + 1, 1) ELSE substr('abcd', i * 13 % 4 + 1, 1) END AS d
	FROM generate_series(1, 1000) AS i;

CREATE FUNCTION compared(names text[], figures float8[]) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT name || CASE WHEN abs(figure - reference) <= 1e-12 * greatest(1, abs(reference)) THEN ' agrees'
		ELSE ' is ' || coalesce(figure::text, 'NULL') || ', not ' || reference END
	FROM unnest(names, figures) AS f (name, figure)
	JOIN (VALUES
		('auc', 0.7610106364989178), ('auc w', 0.7610695808256784),
		('gini', 0.5220212729978355),
		('average_precision', 0.7116236275933592), ('average_precision w', 0.7135582082184031),
		('log_loss', 0.542145358937421), ('log_loss w', 0.5423924114582405),
		('brier', 0.1865185777777778), ('brier w', 0.18662453333333331),
		('rmse', 0.6107565799891148), ('rmse w', 0.6108917252672522),
		('mae', 0.52824), ('mae w', 0.52838),
		('mape', 0.1254570091770564), ('mape w', 0.12542976116228924),
		('r2', 0.9558293616340356), ('r2 w', 0.9558201149013765),
		('pinball_loss', 0.2444), ('pinball_loss w', 0.24459799999999998),
		('accuracy', 0.701), ('accuracy w', 0.701),
		('balanced_accuracy', 0.701003398608189), ('balanced_accuracy w', 0.701003398608189),
		('f1', 0.5534221896631633), ('f1 w', 0.5383369334481543),
		('matthews', 0.5787939342596393), ('matthews w', 0.5615312120371525),
		('f1 binary', 0.6018306636155606), ('matthews binary', 0.30781847517006705),
		('ndcg_at', 0.2622912384217589), ('silhouette', 0.24003248664722918)
	) AS r (name, reference) USING (name);
$$;

-- labels as booleans, and as numbers
SELECT compared(ARRAY['auc', 'auc w', 'gini', 'average_precision', 'average_precision w', 'log_loss', 'log_loss w', 'brier', 'brier w'],
	ARRAY[auc(y, s), auc(y, s, w), gini(y, s), average_precision(y, s), average_precision(y, s, w),
		log_loss(y, s), log_loss(y, s, w), brier(y, s), brier(y, s, w)]) FROM scored;
SELECT compared(ARRAY['auc', 'auc w', 'gini', 'average_precision', 'average_precision w', 'log_loss', 'log_loss w', 'brier', 'brier w'],
	ARRAY[auc(y, s), auc(y, s, w), gini(y, s), average_precision(y, s), average_precision(y, s, w),
		log_loss(y, s), log_loss(y, s, w), brier(y, s), brier(y, s, w)])
	FROM (SELECT y::integer, s, w FROM scored) AS numbers;
SELECT compared(ARRAY['rmse', 'rmse w', 'mae', 'mae w', 'mape', 'mape w', 'r2', 'r2 w', 'pinball_loss', 'pinball_loss w'],
	ARRAY[rmse(x, p), rmse(x, p, w), mae(x, p), mae(x, p, w), mape(x + 4, p + 4), mape(x + 4, p + 4, w),
		r2(x, p), r2(x, p, w), pinball_loss(x, p, 0.9), pinball_loss(x, p, 0.9, w)]) FROM scored;
SELECT compared(ARRAY['accuracy', 'accuracy w', 'balanced_accuracy', 'balanced_accuracy w', 'f1', 'f1 w', 'matthews', 'matthews w'],
	ARRAY[accuracy(c, d), accuracy(c, d, w), balanced_accuracy(c, d), balanced_accuracy(c, d, w),
		f1(c, d), f1(c, d, w), matthews(c, d), matthews(c, d, w)]) FROM scored;
SELECT compared(ARRAY['f1 binary', 'matthews binary'], ARRAY[f1(y, s > 0.4), matthews(y, s > 0.4)]) FROM scored;
SELECT compared(ARRAY['f1 binary', 'matthews binary'], ARRAY[f1(y, p), matthews(y, p)])
	FROM (SELECT y::integer, (s > 0.4)::integer AS p FROM scored) AS numbers;
SELECT compared(ARRAY['ndcg_at'], ARRAY[avg(n)])
	FROM (SELECT ndcg_at(CASE WHEN i * 67 % 7 < 2 THEN i * 11 % 4 + 1 ELSE 0 END, (i * 29 % 8) / 8.0, 5) AS n
		FROM scored GROUP BY i % 50) AS lists;
SELECT compared(ARRAY['silhouette'], ARRAY[silhouette(i % 3, ARRAY[i % 10 / 3.0::float8 + i % 3 * 2.0::float8,
	i * 37 % 23 / 5.0::float8 + i % 3 * 2.0::float8, i * 7 % 11 / 2.0::float8 + i % 3 * 2.0::float8])])
	FROM scored WHERE i <= 300;

-- lists by hand: ties count as the mean over their orders
SELECT round(map_at(r, s, 3)::numeric, 12), map_at(r, s, 1), hit_rate_at(r, s, 1), hit_rate_at(r, s, 2)
	FROM (VALUES (true, 3), (false, 2), (true, 1)) AS list (r, s);
SELECT round(map_at(r, 1, 2)::numeric, 12), round(((1 + 0.5) / 2)::numeric, 12), hit_rate_at(r, 1, 1)
	FROM (VALUES (true), (false)) AS tie (r);
SELECT map_at(false, 1, 2), ndcg_at(false, 1, 2), hit_rate_at(false, 1, 2);

-- lift: the best fifth; a tie at the edge counts in part
SELECT round(lift_at(r, s, 0.2)::numeric, 12), lift_at(r, s, 0.5), lift_at(r, s, 1), round(lift_at(r, s, 0.2, 2)::numeric, 12)
	FROM (SELECT i < 3 AS r, -i AS s FROM generate_series(1, 10) AS i) AS rows;
SELECT round(lift_at(r, 1, 0.2)::numeric, 12) FROM (VALUES (true), (false), (false)) AS tie (r);

-- rows in any order and in parallel parts give the same figures
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
ALTER TABLE scored SET (parallel_workers = 2);
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Aggregate' THEN RETURN NEXT line; END IF;
	END LOOP;
END $$;
SELECT plan_of($$SELECT cvm.auc(y, s), cvm.rmse(x, p), cvm.r2(x, p), cvm.f1(c, d), cvm.ndcg_at(y, s, 9),
	cvm.silhouette(i, ARRAY[s]), cvm.lift_at(y, s, 0.1) FROM scored$$);
SELECT compared(ARRAY['auc', 'auc w', 'average_precision', 'log_loss', 'brier w', 'rmse', 'mae w', 'r2', 'r2 w',
		'pinball_loss', 'accuracy', 'balanced_accuracy w', 'f1', 'matthews w', 'f1 binary'],
	ARRAY[auc(y, s), auc(y, s, w), average_precision(y, s), log_loss(y, s), brier(y, s, w), rmse(x, p), mae(x, p, w),
		r2(x, p), r2(x, p, w), pinball_loss(x, p, 0.9), accuracy(c, d), balanced_accuracy(c, d, w), f1(c, d),
		matthews(c, d, w), f1(y, s > 0.4)]) FROM scored;
SELECT round(ndcg_at(y, s, 9)::numeric, 10) = (SELECT round(ndcg_at(y, s, 9)::numeric, 10) FROM (SELECT * FROM scored ORDER BY i) AS serial),
	round(silhouette(i % 2, ARRAY[s, x])::numeric, 10) = (SELECT round(silhouette(i % 2, ARRAY[s, x])::numeric, 10) FROM (SELECT * FROM scored ORDER BY i) AS serial),
	round(lift_at(y, s, 0.1)::numeric, 10) = (SELECT round(lift_at(y, s, 0.1)::numeric, 10) FROM (SELECT * FROM scored ORDER BY i) AS serial)
	FROM scored;
RESET max_parallel_workers_per_gather;
-- more rows than fit into memory: sorted runs in a file, merged, also in workers
CREATE TABLE many AS SELECT i % 3 = 0 AS y, (hashint4(i) & 1048575) / 1048576.0::float8 + (i % 3 = 0)::integer * 0.1 AS s
	FROM generate_series(1, 200000) AS i;
ALTER TABLE many SET (parallel_workers = 2);
CREATE TABLE in_memory AS SELECT auc(y, s), average_precision(y, s), lift_at(y, s, 0.1) AS lift FROM many;
SET cvm.train_memory = '1MB';
SELECT abs(auc(m.y, m.s) - min(i.auc)) < 1e-14, abs(average_precision(m.y, m.s) - min(i.average_precision)) < 1e-14,
	abs(lift_at(m.y, m.s, 0.1) - min(i.lift)) < 1e-12 FROM many AS m, in_memory AS i;
SET max_parallel_workers_per_gather = 0;
SELECT abs(auc(m.y, m.s) - min(i.auc)) < 1e-14, abs(average_precision(m.y, m.s) - min(i.average_precision)) < 1e-14,
	abs(lift_at(m.y, m.s, 0.1) - min(i.lift)) < 1e-12 FROM many AS m, in_memory AS i;
RESET cvm.train_memory;
RESET ALL;
SET search_path TO cvm, public;

-- a stored state, merged
SELECT compared(ARRAY['mae'], ARRAY[mean_result(mean_combine(
	'{500, 0, 263.67, 0}', array_append(array_append(array_append(ARRAY[500::float8], 0::float8), 528.24 - 263.67), 0::float8)))]);
SELECT mean_combine('{1,2,3}', '{0,0,0,0}');
SELECT mean_result('{1,NULL,3,4}');

-- a metric a group, filtered, over a window
SELECT i % 2 AS g, round(auc(y, s)::numeric, 6) AS auc, round(auc(y, s) FILTER (WHERE w > 1)::numeric, 6) AS heavy,
	round(f1(c, d)::numeric, 6) AS f1 FROM scored GROUP BY 1 ORDER BY 1;
SELECT i, round(auc(y, s) OVER (ORDER BY i ROWS 99 PRECEDING)::numeric, 6) AS auc FROM scored ORDER BY i OFFSET 998;

-- nothing to measure
SELECT auc(y, s), average_precision(y, s), gini(y, s), lift_at(y, s, 0.1), log_loss(y, s), rmse(x, p), r2(x, p),
	accuracy(c, d), f1(c, d), matthews(c, d), ndcg_at(y, s, 3), silhouette(1, ARRAY[s]) FROM scored WHERE false;
SELECT auc(true, s), average_precision(false, s), lift_at(false, s, 0.1), r2(1, s), matthews(1, i % 2), silhouette(1, ARRAY[s]) FROM scored;
SELECT auc(CASE WHEN i < 4 THEN y END, s) IS NULL, accuracy(NULL::text, c), rmse(NULL, p) FROM scored;

-- curves: number of points and sums
SELECT count(*), abs(sum(false_positive_rate * true_positive_rate) - 43.65600480248918) < 1e-10 AS rates,
	abs(sum(threshold) FILTER (WHERE threshold < 'infinity') - 53.34) < 1e-10 AS thresholds FROM roc_curve('scored', 'y', 's');
SELECT count(*), abs(sum(false_positive_rate * true_positive_rate) - 43.79927885123007) < 1e-10 FROM roc_curve('scored', 'y', 's', 'w');
SELECT count(*), abs(sum("precision" * recall) - 41.87338895351796) < 1e-10 AS sums,
	abs(sum(threshold) FILTER (WHERE threshold < 'infinity') - 53.34) < 1e-10 AS thresholds
	FROM pr_curve('SELECT y::integer AS label, s AS score FROM scored', 'label', 'score');
SELECT bin, round(mean_score::numeric, 12), round(positive_share::numeric, 12), rows FROM calibration_curve('scored', 'y', 's', 7);
SELECT bin, round(mean_score::numeric, 12), round(positive_share::numeric, 12), rows FROM calibration_curve('scored', 'y', 's', 7, 'quantile');
SELECT bin, round(lowest_score::numeric, 6), round(rows::numeric, 6), round(positives::numeric, 6), round(lift::numeric, 6),
	round(cumulative_lift::numeric, 6) FROM lift_curve('scored', 'y', 's', 4);
SELECT round(share_of_rows::numeric, 6), round(share_of_positives::numeric, 6) FROM gains_curve('scored', 'y', 's', 4, 'w');
SELECT * FROM confusion_matrix('scored', 'c', 'd');
SELECT * FROM confusion_matrix('SELECT * FROM scored WHERE i < 20', 'y', 'y', 'w');
SELECT count(*) FROM roc_curve('SELECT * FROM scored WHERE false', 'y', 's');

-- the mean of a lift curve's bins is that of the aggregate
SELECT abs(l.lift - lift_at(y, s, 0.25)) < 1e-12 FROM scored, lift_curve('scored', 'y', 's', 4) AS l WHERE bin = 1 GROUP BY l.lift;

-- errors
\set VERBOSITY terse
SELECT auc(2, 0.5);
SELECT auc(true, 'NaN');
SELECT auc(true, 0.5, -1);
SELECT auc(true, 0.5, 'infinity');
SELECT log_loss(true, 1.5);
SELECT brier(1, -0.1);
SELECT rmse('NaN', 1);
SELECT mae(1, 1, 'NaN');
SELECT pinball_loss(1, 2, 1.5);
SELECT lift_at(true, 0.5, 0);
SELECT lift_at(y, s, i / 1000.0) FROM scored;
SELECT ndcg_at(-1.0, 0.5, 3);
SELECT ndcg_at(true, 0.5, 0);
SELECT ndcg_at(true, 0.5, i % 2 + 1) FROM scored;
SELECT accuracy(i, i) FROM generate_series(1, 1001) AS i;
SELECT silhouette(1, ARRAY[1, NULL]::float8[]);
SELECT silhouette(i, array_fill(1::float8, ARRAY[i])) FROM generate_series(1, 2) AS i;
SELECT rank_add(NULL, true, 0.5::float8);
SELECT * FROM roc_curve('scored', 'why', 's');
SELECT * FROM roc_curve('scored', 'c', 's');
SELECT * FROM roc_curve('scored', 'w', 's');
SELECT * FROM roc_curve('scored', 'y', NULL);
SELECT * FROM calibration_curve('scored', 'y', 'x');
SELECT * FROM calibration_curve('scored', 'y', 's', 10, 'magic');
SELECT * FROM lift_curve('scored', 'y', 's', 0);
SELECT * FROM confusion_matrix('scored', 'c', 'y');
SELECT * FROM gains_curve('DELETE FROM scored', 'y', 's');
DROP FUNCTION compared(text[], float8[]), plan_of(text);
DROP TABLE scored, many, in_memory;
