-- naive_bayes through every door: train, predict, evaluate, JSON, retraining
CREATE TEMP TABLE visits AS
SELECT i AS id, kind,
	CASE kind WHEN 'buyer' THEN 20 ELSE 5 END + 4 * sin(i) + 3 * cos(7 * i) AS pages,
	nullif(CASE kind WHEN 'buyer' THEN 3 ELSE 1 END + cos(i), 2) AS minutes,
	i % 3 = 0 OR kind = 'buyer' AND i % 2 = 0 AS regular,
	(ARRAY['search', 'mail', 'shop'])[1 + CASE WHEN kind = 'buyer' THEN i % 3 ELSE i % 2 END] AS channel
FROM (SELECT i, CASE WHEN i % 4 = 0 THEN 'buyer' WHEN i % 7 = 0 THEN 'robot' ELSE 'visitor' END AS kind
	FROM generate_series(1, 800) AS i) AS made_up;

SELECT model, algorithm, task, training_rows, validation_rows,
	(metrics->'validation'->>'accuracy')::float8 > 0.7 AS good, metrics->'fit'->>'outcome' AS outcome
FROM cvm.train('visit_kind', 'visits', 'kind', algorithm => 'naive_bayes', key => 'id');
SELECT model, algorithm, task, (metrics->'validation'->>'auc')::float8 > 0.95 AS good
FROM cvm.train('buyer', 'SELECT id, kind = ''buyer'' AS buyer, pages, minutes, regular, channel FROM visits',
	'buyer', algorithm => 'naive_bayes', key => 'id');

-- rows, columns by planner or not, a missing number, a level never seen
SELECT cvm.predict_class('visit_kind', v), round(cvm.predict('buyer', v)::numeric, 3) AS buyer
FROM visits AS v WHERE id IN (1, 4, 7, 8) ORDER BY id;
SELECT count(*) AS different FROM visits AS v, LATERAL (SELECT cvm.active_model('buyer') AS m) AS fitted
WHERE cvm.predict('buyer', v) IS DISTINCT FROM cvm.predict(m, v);
SELECT round(cvm.predict('buyer', s)::numeric, 3) AS all_missing
FROM (SELECT NULL::float8 AS pages, NULL::float8 AS minutes, NULL::boolean AS regular, 'never seen' AS channel) AS s;
SELECT round(sum(p)::numeric, 12) AS sum
FROM visits AS v, unnest(cvm.predict_probabilities('visit_kind', v)) AS p WHERE id = 5;

-- as a value: text and jsonb and back
SELECT m::text::cvm.model OPERATOR(cvm.=) m AND m::jsonb::cvm.model OPERATOR(cvm.=) m AS same, m::jsonb->>'algorithm' AS algorithm
FROM cvm.active_model('visit_kind') AS m;
SELECT m::jsonb->'priors' IS NOT NULL AS has_priors FROM cvm.active_model('visit_kind') AS m;

-- again, with other smoothing
SELECT version, status FROM cvm.train('buyer', 'SELECT kind = ''buyer'' AS buyer, pages, minutes, regular, channel FROM visits',
	'buyer', algorithm => 'naive_bayes', options => '{"smoothing": 10, "variance_smoothing": 0.01}');
SELECT cvm.train('buyer', 'visits', 'kind', algorithm => 'naive_bayes', options => '{"smoothing": 0}');
SELECT cvm.drop_model('visit_kind'), cvm.drop_model('buyer');
