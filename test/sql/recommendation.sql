-- matrix_factorization: ratings and recommendations through every door
CREATE TEMP TABLE pairs AS
SELECT u AS customer, i AS product, (u * 7919 + i * 104729 + u * i) % 10 AS part,
	3 + sin(u) * cos(2 * i) + 0.7 * sin(2 * u) * sin(3 * i) + 0.5 * cos(5 * u) AS rating,
	CASE WHEN cos(5 * u) > 0 THEN 'kind' ELSE 'strict' END AS mood, i % 4 AS shelf
FROM generate_series(1, 120) AS u, generate_series(1, 40) AS i;

-- ratings: a number is predicted
SELECT model, version, algorithm, task, status, training_rows + validation_rows AS rows,
	(metrics #>> '{validation,rmse}')::float8 < 0.15 AS good
FROM cvm.train('rated', 'SELECT customer, product, rating FROM pairs', 'rating', 'matrix_factorization',
	options => '{"factors": 3, "l2": 0.1}');
SELECT name, kind FROM cvm.inputs(cvm.active_model('rated'));
SELECT metric, value < 0.15 AS good FROM cvm.evaluate('rated', 'pairs') WHERE metric IN ('rmse', 'mae') ORDER BY 1;
SELECT max(abs(cvm.predict('rated', p) - cvm.predict_rating('rated', customer, product))) < 1e-12 AS same,
	max(abs(cvm.predict('rated', p) - rating)) < 1.5 AS close FROM pairs AS p;

-- users and items of any type that can be an identifier
CREATE TEMP VIEW types AS
SELECT *, customer::text AS as_text, customer::numeric AS as_numeric, customer::bigint AS as_bigint, customer::smallint AS as_smallint,
	('00000000-0000-0000-0000-' || lpad(customer::text, 12, '0'))::uuid AS as_uuid FROM pairs;
SELECT type, (cvm.train('typed', 'types', 'rating', 'matrix_factorization',
	options => jsonb_build_object('user', 'as_' || type, 'item', 'product', 'factors', 2))).task
FROM unnest(ARRAY['text', 'numeric', 'bigint', 'smallint', 'uuid']) AS t (type);
SELECT r.item, r.rank FROM cvm.recommend('typed', '00000000-0000-0000-0000-000000000007'::uuid, n => 2, exclude_seen => false) AS r
EXCEPT SELECT r.item, r.rank FROM cvm.recommend('typed', '00000000-0000-0000-0000-000000000007', 2, false) AS r;
SELECT cvm.train('typed', 'SELECT now() + customer * interval ''1 day'' AS at, product, rating FROM pairs', 'rating', 'matrix_factorization');

-- lists: the best first, nothing that was met, as predict says
SELECT version, task FROM cvm.train('met', 'SELECT customer, product FROM pairs WHERE rating > 3.3 AND part < 7', algorithm => 'matrix_factorization',
	options => '{"factors": 3, "validation": 0}');
SELECT count(*), count(DISTINCT item), min(rank), max(rank), bool_and(score >= coalesce(next, score)) AS falling,
	max(abs(score - cvm.predict_rating('met', 7, item))) < 1e-12 AS same
FROM (SELECT *, lead(score) OVER (ORDER BY rank) AS next FROM cvm.recommend('met', 7, n => 12)) AS r;
SELECT count(*) AS met_again FROM cvm.recommend('met', 7, n => 40) AS r
	JOIN pairs AS p ON p.customer = 7 AND p.product::text = r.item WHERE rating > 3.3 AND part < 7;
SELECT count(*) AS everything FROM cvm.recommend('met', 7, n => 1000, exclude_seen => false);
SELECT count(*), count(DISTINCT customer), bool_and(same) FROM (
	SELECT a.customer, a.item = r.item AND abs(a.score - r.score) < 1e-12 AS same
	FROM cvm.recommend_all('met', n => 3) AS a, LATERAL cvm.recommend('met', a.customer, n => 3) AS r WHERE r.rank = a.rank) AS lists;
SELECT customer, rank FROM cvm.recommend_all('met', 2, customers => ARRAY['7', 'nobody', '8']) ORDER BY customer, rank;
SELECT metric, value > 0.5 AS good FROM cvm.evaluate('met', 'SELECT customer, product FROM pairs WHERE rating > 3.3 AND part >= 7') ORDER BY 1;
-- what was learned does not count
SELECT count(value) FROM cvm.evaluate('met', 'SELECT customer, product FROM pairs WHERE rating > 3.3 AND part < 7') WHERE metric <> 'rows';

-- similar items: cosine, symmetric, without the item itself
SELECT count(*), bool_and(similar_item <> '5'), bool_and(similarity BETWEEN -1 AND 1), bool_and(abs(similarity - back) < 1e-12) FROM (
	SELECT s.*, b.similarity AS back FROM cvm.similar_items('met', 5, n => 10) AS s,
		LATERAL cvm.similar_items('met', s.similar_item, n => 1000) AS b WHERE b.similar_item = '5') AS pairs;

-- a model is a value, and its own equal after JSON
SELECT item, rank FROM cvm.recommend(cvm.active_model('met'), 7, n => 3) EXCEPT SELECT item, rank FROM cvm.recommend('met', 7, n => 3);
SELECT cvm.active_model('met')::jsonb::cvm.model OPERATOR(cvm.=) cvm.active_model('met') AS same,
	cvm.active_model('met')::text::cvm.model OPERATOR(cvm.=) cvm.active_model('met') AS same_text,
	cvm.active_model('met')::cvm.matrix_factorization_model IS NOT NULL AS of_its_domain;

-- pairs of items, the same for a seed; the gate compares lists
SELECT version, status, (metrics #>> '{validation,ndcg_at_10}')::float8 > 0.3 AS good FROM cvm.train('pairs', 'SELECT customer, product FROM pairs WHERE rating > 3.3',
	algorithm => 'matrix_factorization', options => '{"factorization": "bpr", "factors": 3}');
SELECT version, status FROM cvm.train('pairs', 'SELECT customer, product FROM pairs WHERE rating > 3.3',
	algorithm => 'matrix_factorization', options => '{"factorization": "bpr", "factors": 3, "promote": "if_not_worse"}');
SELECT reason ~ '^ndcg_at_10 0\.\d+ against 0\.\d+ of version 1 on the same held-out rows' AS compared FROM cvm.versions('pairs') WHERE version = 2;
SELECT count(DISTINCT fitted::jsonb -> 'item_factors') FROM cvm.model_versions WHERE model = 'pairs';
SELECT version, status FROM cvm.train('pairs', 'SELECT customer, product FROM pairs WHERE rating > 3.3',
	algorithm => 'matrix_factorization', options => '{"factorization": "bpr", "factors": 1, "epochs": 1, "promote": "if_not_worse"}');
SELECT cvm.primary_metric(cvm.active_model('pairs'));

-- all rows of a pair are on one side, whatever their order
SELECT training_rows, validation_rows FROM cvm.train('sides', 'SELECT customer, product FROM pairs WHERE rating > 3.3', algorithm => 'matrix_factorization')
EXCEPT SELECT training_rows, validation_rows FROM cvm.train('sides', 'SELECT customer, product FROM pairs WHERE rating > 3.3 ORDER BY product DESC', algorithm => 'matrix_factorization');
SELECT training_rows % 3 + validation_rows % 3 AS rest FROM cvm.train('sides', 'SELECT customer, product FROM pairs, generate_series(1, 3) WHERE rating > 3.3', algorithm => 'matrix_factorization');

-- warm start: users and items begin where they ended
SELECT version, metrics #>> '{fit,outcome}' FROM cvm.train('warm', 'SELECT customer, product, rating FROM pairs', 'rating', 'matrix_factorization',
	options => '{"factors": 2, "epochs": 500, "tolerance": 1e-7}');
SELECT version, (metrics #>> '{fit,iterations}')::int < 5 AS soon FROM cvm.train('warm', 'SELECT customer, product, rating FROM pairs', 'rating', 'matrix_factorization',
	options => '{"factors": 2, "epochs": 500, "tolerance": 1e-7, "warm_start": true}');

-- cold start: who is new is known by attributes, or is the average one
SELECT version FROM cvm.train('cold', 'pairs', 'rating', 'matrix_factorization',
	options => '{"user": "customer", "item": "product", "user_attributes": ["mood"], "item_attributes": ["shelf"], "factors": 2}');
SELECT name, kind FROM cvm.inputs(cvm.active_model('cold'));
SELECT avg(score) FILTER (WHERE mood = 'kind') > avg(score) FILTER (WHERE mood = 'strict') + 0.3 AS told_apart FROM (VALUES ('kind'), ('strict')) AS m (mood),
	LATERAL cvm.recommend('cold', 'new', n => 40, attributes => m) AS r;
SELECT cvm.predict('cold', r) > cvm.predict('cold', s) + 0.3 AS likewise
FROM (SELECT 'new' AS customer, 3 AS product, 'kind' AS mood, 2 AS shelf) AS r, (SELECT 'new' AS customer, 3 AS product, 'strict' AS mood, 2 AS shelf) AS s;
SELECT count(*) FROM cvm.recommend('cold', NULL::text, n => 3);
SELECT cvm.predict_rating('cold', 'new', 'new') BETWEEN 2 AND 4 AS average;
SELECT r.* FROM (VALUES (1)) AS m (mode), LATERAL cvm.recommend('cold', 'new', attributes => m) AS r;

-- models that do not know who has met what
SELECT version FROM cvm.train('forgetful', 'SELECT customer, product FROM pairs WHERE rating > 3.3', algorithm => 'matrix_factorization', options => '{"keep_seen": false}');
SELECT * FROM cvm.recommend('forgetful', 7);
SELECT count(*) FROM cvm.recommend('forgetful', 7, exclude_seen => false);

-- what cannot be
SELECT * FROM cvm.recommend('nobody', 7);
SELECT * FROM cvm.recommend('met', 7, n => 0);
SELECT * FROM cvm.recommend('met', ARRAY[7]);
SELECT * FROM cvm.similar_items('met', 'nothing');
SELECT * FROM cvm.recommend('met', 7, n => NULL);
SELECT cvm.predict_class('met', p) FROM pairs AS p LIMIT 1;
SELECT * FROM cvm.feature_importance('met', 'pairs');
SELECT * FROM cvm.score('met', 'pairs');
SELECT cvm.train('wrong', 'pairs', 'rating', 'matrix_factorization');
SELECT cvm.train('wrong', 'pairs', 'rating', 'matrix_factorization', options => '{"user": "customer", "item": "customer"}');
SELECT cvm.train('wrong', 'pairs', 'rating', 'matrix_factorization', options => '{"user": "customer", "item": "rating"}');
SELECT cvm.train('wrong', 'pairs', 'rating', 'matrix_factorization', key => 'customer', options => '{"user": "customer", "item": "product"}');
SELECT cvm.train('wrong', 'pairs', 'rating', 'matrix_factorization', options => '{"user": "custumer", "item": "product"}');
SELECT cvm.train('wrong', 'pairs', 'rating', 'matrix_factorization', features => ARRAY['customer', 'product', 'mood'], options => '{"user": "customer", "item": "product"}');
SELECT cvm.train('wrong', 'SELECT customer, product FROM pairs', algorithm => 'matrix_factorization', options => '{"factorization": "als"}');
SELECT cvm.train('wrong', 'SELECT customer, product, rating - 3 AS rating FROM pairs', 'rating', 'matrix_factorization', options => '{"factorization": "implicit"}');
SELECT cvm.train('wrong', 'SELECT NULL::int AS customer, product, rating FROM pairs', 'rating', 'matrix_factorization');
SELECT cvm.train('wrong', 'SELECT customer, product, mood FROM pairs', 'mood', 'matrix_factorization');
SET cvm.train_memory = '1MB';
SELECT cvm.train('wrong', 'SELECT customer, product, rating FROM pairs', 'rating', 'matrix_factorization', options => '{"factors": 1000}');
RESET cvm.train_memory;
SELECT * FROM cvm.recommend('rated_by_none', 1);

-- rights are those of predict
CREATE ROLE regress_stranger;
SET ROLE regress_stranger;
SELECT * FROM cvm.recommend('met', 7);
SELECT * FROM cvm.recommend_all('met');
SELECT * FROM cvm.similar_items('met', 7);
SELECT cvm.predict_rating('met', 7, 7);
RESET ROLE;
SELECT cvm.grant_model('met', 'regress_stranger');
SET ROLE regress_stranger;
SELECT count(*) FROM cvm.recommend('met', 7);
RESET ROLE;
SELECT cvm.drop_model('met');
DROP ROLE regress_stranger;
SET client_min_messages = warning;
DO $$ BEGIN PERFORM cvm.drop_model(model) FROM cvm.model_overview; END $$;
