-- cross-validation and tuning
CREATE TEMP TABLE readers AS
SELECT i AS id, i % 200 AS household, sin(i) AS x1, cos(3 * i) AS x2, sin(7 * i) * cos(11 * i) AS x3,
	(ARRAY['app', 'web', 'post'])[1 + i % 3] AS channel, date '2024-01-01' + i AS since,
	2 * sin(i) - cos(3 * i) + 1.5 * sin(91.7 * i) > 0.3 AS subscribed, 3 * sin(i) + cos(5 * i) AS spent
FROM generate_series(1, 1200) AS i;

-- each row is held out once: the folds' figures, their mean and deviation
SELECT metric, mean BETWEEN 0 AND 1 AS plausible, deviation > 0 AS varies, array_length(fold_values, 1) AS folds,
	abs(mean - (SELECT avg(v) FROM unnest(fold_values) AS v)) < 1e-12 AS is_mean,
	abs(deviation - (SELECT stddev_samp(v) FROM unnest(fold_values) AS v)) < 1e-12 AS is_deviation
FROM cvm.cross_validate('readers', 'subscribed', features => ARRAY['x1', 'x2', 'x3', 'channel']);
-- the same again; another seed is another deal; keys keep together
SELECT count(*) FILTER (WHERE a.mean = b.mean) = count(*) AS same, bool_or(a.mean <> c.mean) AS other
FROM cvm.cross_validate('readers', 'subscribed', features => ARRAY['x1', 'x2'], folds => 4) AS a
JOIN cvm.cross_validate('readers', 'subscribed', features => ARRAY['x1', 'x2'], folds => 4) AS b USING (metric)
JOIN cvm.cross_validate('readers', 'subscribed', features => ARRAY['x1', 'x2'], folds => 4, options => '{"seed": 5}') AS c USING (metric);
SELECT metric, mean > 0 AS positive FROM cvm.cross_validate('readers', 'spent', algorithm => 'linear', features => ARRAY['x1', 'x2'], key => 'household', folds => 3);
-- by time each fold is later than its rows; drivers agree
SELECT metric, array_length(fold_values, 1) AS folds FROM cvm.cross_validate('readers', 'subscribed',
	features => ARRAY['x1', 'x2'], folds => 3, by => 'time') WHERE metric = 'auc';
SELECT count(DISTINCT mean) AS different FROM unnest(ARRAY['memory', 'spill', 'passes']) AS driver,
	cvm.cross_validate('readers', 'subscribed', features => ARRAY['x1', 'x2'], folds => 2, options => jsonb_build_object('driver', driver))
WHERE metric = 'log_loss';
-- segments too, which have no target
SELECT metric, mean > 0 AS positive FROM cvm.cross_validate('readers', algorithm => 'kmeans', features => ARRAY['x1', 'x2'], folds => 2, options => '{"segments": 3}')
WHERE metric = 'rmse';

-- a grid: every combination, and the best is trained
SELECT model, version, status, training_rows > 0 AS trained FROM cvm.tune('subscribers', 'readers', 'subscribed',
	features => ARRAY['x1', 'x2', 'x3'], key => 'id', search => '{"l2": [0.01, 1, 100000], "l1": [0, 1]}');
SELECT tuning, trial, options, metric, folds, share FROM cvm.trials WHERE model = 'subscribers' ORDER BY trial;
SELECT count(*) FILTER (WHERE chosen) AS chosen, bool_and(NOT chosen OR mean = best) AS is_best,
	bool_and(NOT chosen OR fitted @> options::jsonb) AS is_trained
FROM cvm.trials, (SELECT max(mean) AS best FROM cvm.trials WHERE model = 'subscribers') AS b,
	(SELECT cvm.active_model('subscribers')::jsonb->'options' AS fitted) AS f
WHERE model = 'subscribers';
-- random and halving: a budget of trials, from ranges too
SELECT version FROM cvm.tune('subscribers', 'readers', 'subscribed', features => ARRAY['x1', 'x2', 'x3'], method => 'random', budget => 4,
	folds => 2, search => '{"l2": {"min": 0.001, "max": 1000, "scale": "log"}, "standardize": [true, false], "max_categories": {"min": 2, "max": 50, "integer": true}}');
SELECT count(*), count(DISTINCT options) AS different, bool_and((options::jsonb->>'l2')::float8 BETWEEN 0.001 AND 1000) AS within,
	bool_and((options::jsonb->>'max_categories')::float8 = trunc((options::jsonb->>'max_categories')::float8)) AS integers
FROM cvm.trials WHERE model = 'subscribers' AND tuning = 2;
SELECT version FROM cvm.tune('subscribers', 'readers', 'subscribed', features => ARRAY['x1', 'x2', 'x3'], method => 'halving', budget => 9,
	folds => 2, search => '{"l2": {"min": 0.001, "max": 1000, "scale": "log"}}');
SELECT round(share::numeric, 2) AS share, count(*), count(*) FILTER (WHERE chosen) AS chosen
FROM cvm.trials WHERE model = 'subscribers' AND tuning = 3 GROUP BY 1 ORDER BY 1;

-- what goes wrong, and leaves nothing
SELECT cvm.cross_validate('readers', 'subscribed', folds => 1);
SELECT cvm.cross_validate('readers', 'subscribed', by => 'day');
SELECT cvm.cross_validate('readers', 'nothing');
SELECT cvm.tune('other', 'readers', 'subscribed');
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l3": [1]}');
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l2": []}');
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l2": 3}');
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l2": {"min": 0, "max": 1, "scale": "log"}}');
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l2": {"min": 0, "most": 1}}');
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l2": [1, 2, 3]}', budget => 2);
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l2": [1]}', method => 'gird');
SELECT cvm.tune('other', 'readers', 'subscribed', search => '{"l2": [-1]}');
SELECT count(*) FROM cvm.model_overview WHERE model = 'other';
SELECT cvm.drop_model('subscribers');
SELECT count(*) FROM cvm.tuning_trials;
