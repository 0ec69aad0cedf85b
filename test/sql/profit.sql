-- What decisions are worth: threshold, curve and metric; and the loss of quantiles.
SET client_min_messages = warning;
CREATE TABLE offers AS
	SELECT i AS id, sin(i * 0.37) * 2 AS spend, cos(i * 0.11) AS visits, 1 + i % 2 AS households,
		sin(i * 0.37) * 2 + cos(i * 0.11) + 1.5 * sin(i * i * 0.77) > 0.8 AS bought
	FROM generate_series(1, 2000) AS i;

-- p * 90 - (1 - p) * 10 > 0 from p = 0.1 on
SELECT round((metrics -> 'validation' ->> 'profit')::numeric, 6) AS profit
FROM cvm.train('offer', 'offers', 'bought', key => 'id', options => '{"profit": {"true_positive": 90, "false_positive": -10}, "seed": 3}');
SELECT cvm.threshold(cvm.active_model('offer'));
SELECT calibration, threshold FROM cvm.model_overview WHERE model = 'offer';
SELECT calibration, threshold FROM cvm.versions('offer');

-- the class follows, and with it whatever counts classes
SELECT bool_and((cvm.predict_class('offer', o) = 'true') = (cvm.predict('offer', o) > 0.1)) AS by_threshold FROM offers AS o;
SELECT bool_and((class = 'true') = (score > 0.1)) AS by_threshold FROM cvm.score('offer', 'offers');
SELECT sum(count) FILTER (WHERE predicted = 'true') =
	(SELECT count(*) FROM offers AS o WHERE cvm.predict('offer', o) > 0.1) AS counted
FROM cvm.confusion_matrix('offer', 'offers');

-- the metric, by hand: the mean over the held-out rows, and over any source
CREATE FUNCTION worth(o offers) RETURNS float8 LANGUAGE sql AS $$
	SELECT CASE WHEN cvm.predict('offer', o) > 0.1 THEN CASE WHEN o.bought THEN 90 ELSE -10 END ELSE 0 END
$$;
SELECT abs(avg(worth(o)) - (SELECT value FROM cvm.metric_history WHERE model = 'offer' AND data_set = 'validation' AND metric = 'profit')) < 1e-9 AS held_out
FROM offers AS o WHERE cvm.held_out(o.id, seed => 3);
SELECT abs(avg(worth(o)) - (SELECT value FROM cvm.evaluate('offer', 'offers') WHERE metric = 'profit')) < 1e-9 AS evaluated FROM offers AS o;

-- the curve of the model and that of scores agree, and with sums in SQL
CREATE TABLE scored AS SELECT id, bought, households, cvm.predict('offer', o) AS score FROM offers AS o;
SELECT count(*) = (SELECT count(DISTINCT score) + 1 FROM scored) AS points,
	min(c.share_of_rows) AS "first", max(c.share_of_rows) AS "last",
	bool_and(abs(c.profit - s.profit) < 1e-6 AND abs(c.share_of_rows - s.share_of_rows) < 1e-12) AS agree
FROM cvm.profit_curve('scored', 'bought', 'score', 90, -10) AS c
FULL JOIN cvm.profit_curve('offer', 'offers') AS s USING (threshold);
SELECT bool_and(abs(c.profit - (SELECT sum(households * CASE WHEN score >= c.threshold THEN CASE WHEN bought THEN 5 ELSE -2 END
		ELSE CASE WHEN bought THEN -7 ELSE 1 END END) FROM scored)) < 1e-6) AS by_hand
FROM (SELECT * FROM cvm.profit_curve('scored', 'bought', 'score', true_positive => 5, false_positive => -2,
	true_negative => 1, false_negative => -7, weight => 'households') ORDER BY threshold DESC LIMIT 20) AS c;
SELECT * FROM cvm.profit_curve('SELECT bought, score FROM scored WHERE false', 'bought', 'score', 1, -1);

-- the best threshold for training rows that were left out in turn
SELECT status FROM cvm.train('offer', 'offers', 'bought', key => 'id', algorithm => 'naive_bayes',
	options => '{"profit": {"true_positive": 90, "false_positive": -10, "threshold": "empirical"}}');
SELECT cvm.threshold(cvm.active_model('offer')) BETWEEN 0.01 AND 0.3 AS near;

-- one key or the whole object
SELECT status FROM cvm.train('offer', 'offers', 'bought', key => 'id',
	options => '{"profit.true_positive": 3, "profit.false_positive": -1}');
SELECT cvm.threshold(cvm.active_model('offer'));

-- what cannot be
SELECT * FROM cvm.train('wrong', 'offers', 'bought', options => '{"profit": {"true_positive": 90, "false_positive": 10}}');
SELECT * FROM cvm.train('wrong', 'offers', 'bought', options => '{"profit": {"true_positve": 90}}');
SELECT * FROM cvm.train('wrong', 'offers', 'bought', options => '{"profit": {"true_positive": "much"}}');
SELECT * FROM cvm.train('wrong', 'offers', 'bought', options => '{"profit": 90}');
SELECT * FROM cvm.train('wrong', 'offers', 'bought', options => '{"profit": [90, 10]}');
SELECT * FROM cvm.train('wrong', 'offers', 'spend', options => '{"profit": {"true_positive": 90, "false_positive": -10}}');
SELECT * FROM cvm.profit_curve('scored', 'bought', 'score', NULL, -10);
SELECT * FROM cvm.profit_curve('scored', 'bought', 'score', 'Infinity', -10);
SELECT model FROM cvm.train('plain', 'offers', 'bought');
SELECT * FROM cvm.profit_curve('plain', 'offers');
SELECT jsonb_set(cvm.active_model('offer')::jsonb, '{profit,threshold}', '2')::cvm.model IS NULL;
SELECT jsonb_set(cvm.active_model('offer')::jsonb, '{profit,false_positive}', '2')::cvm.model IS NULL;

-- quantiles are measured and compared by their own loss
CREATE TABLE spending AS SELECT i AS id, i % 10 AS kind, (i % 10) * 10 + (i * 7919) % 101 AS amount FROM generate_series(1, 2000) AS i;
SELECT metrics -> 'validation' ? 'pinball_loss' AS measured
FROM cvm.train('high', 'spending', 'amount', key => 'id', algorithm => 'boosted_trees',
	options => '{"objective": "quantile", "quantile": 0.9, "trees": 20}');
SELECT primary_metric FROM cvm.model_overview WHERE model = 'high';
SELECT abs(value - (SELECT avg((CASE WHEN amount >= p THEN 0.9 ELSE -0.1 END) * (amount - p))
	FROM (SELECT amount, cvm.predict('high', s) AS p FROM spending AS s) AS q)) < 1e-9 AS by_hand
FROM cvm.evaluate('high', 'spending') WHERE metric = 'pinball_loss';
SELECT status FROM cvm.train('high', 'spending', 'amount', key => 'id', algorithm => 'boosted_trees',
	options => '{"objective": "quantile", "quantile": 0.9, "trees": 20, "max_leaves": 8, "promote": "if_not_worse"}');
SELECT reason LIKE 'pinball_loss % on the same held-out rows %' AS compared FROM cvm.versions('high') WHERE version = 2;
SELECT status FROM cvm.train('high', 'spending', 'amount', key => 'id', algorithm => 'boosted_trees',
	options => '{"objective": "quantile", "quantile": 0.1, "trees": 20, "promote": "if_not_worse"}');
SELECT reason FROM cvm.versions('high') WHERE version = 3;

SELECT cvm.drop_model(model) FROM cvm.model_overview ORDER BY model;
DROP TABLE scored, spending, offers CASCADE;
