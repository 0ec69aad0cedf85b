-- Trees on real customers against scikit-learn and XGBoost on the same folds; the figures
-- are those of test/reference/trees_peers.py.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = error;

CREATE TEMPORARY TABLE bank (id integer GENERATED ALWAYS AS IDENTITY, age integer, job text, marital text, education text, "default" text,
	housing text, loan text, contact text, month text, day_of_week text, duration integer, campaign integer, pdays integer,
	previous integer, poutcome text, emp_var_rate float8, cons_price_idx float8, cons_conf_idx float8, euribor3m float8,
	nr_employed float8, y text);
\copy bank (age, job, marital, education, "default", housing, loan, contact, month, day_of_week, duration, campaign, pdays, previous, poutcome, emp_var_rate, cons_price_idx, cons_conf_idx, euribor3m, nr_employed, y) FROM PROGRAM 'gzip -dc ../data/bank-additional-full.csv.gz' WITH (FORMAT csv, HEADER, DELIMITER ';')
-- the length of the call is known only after it
ALTER TABLE bank DROP COLUMN duration;

CREATE TEMPORARY TABLE adult (id integer GENERATED ALWAYS AS IDENTITY, age integer, workclass text, fnlwgt integer, education text,
	education_num integer, marital text, occupation text, relationship text, race text, sex text, gain integer, loss integer,
	hours integer, country text, income text);
\copy adult (age, workclass, fnlwgt, education, education_num, marital, occupation, relationship, race, sex, gain, loss, hours, country, income) FROM PROGRAM 'gzip -dc ../data/adult.data.gz | grep .' WITH (FORMAT csv)

CREATE TEMPORARY TABLE churn (id integer GENERATED ALWAYS AS IDENTITY, call_failure integer, complains integer, length integer,
	charge integer, seconds integer, frequency integer, sms integer, numbers integer, age_group integer, tariff integer,
	status integer, age integer, value float8, churned integer);
\copy churn (call_failure, complains, length, charge, seconds, frequency, sms, numbers, age_group, tariff, status, age, value, churned) FROM PROGRAM 'gzip -dc ../data/iranian_churn.csv.gz' WITH (FORMAT csv, HEADER)

-- Mean AUC over the folds of trees_peers.py, trained on four, measured on the fifth.
CREATE FUNCTION pg_temp.folds(source text, target text, algorithm text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	sum float8 := 0;
	auc float8;
BEGIN
	FOR k IN 0 .. 4 LOOP
		PERFORM cvm.train('fold', format('SELECT * FROM %I WHERE id * 7919 %% 10007 %% 5 <> %s', source, k), target, algorithm,
			key => 'id', options => '{"validation": 0}');
		SELECT value INTO auc FROM cvm.evaluate('fold', format('SELECT * FROM %I WHERE id * 7919 %% 10007 %% 5 = %s', source, k))
			WHERE metric = 'auc';
		sum := sum + auc;
	END LOOP;
	PERFORM cvm.drop_model('fold');
	RETURN sum / 5;
END $$;

CREATE TEMPORARY TABLE reference (source text, target text, boosting float8, xgboost float8, forest float8, auc float8);
INSERT INTO reference VALUES ('bank', 'y', 0.80177, 0.80179, 0.77363), ('adult', 'income', 0.92863, 0.92897, 0.90163),
	('churn', 'churned', 0.98893, 0.98858, 0.98585);
UPDATE reference SET auc = pg_temp.folds(source, target, 'boosted_trees');

SELECT plan(7);
SELECT cmp_ok(abs(auc - boosting), '<=', 0.003::float8, 'boosted_trees as HistGradientBoosting on ' || source) FROM reference;
SELECT cmp_ok(abs(auc - xgboost), '<=', 0.003::float8, 'boosted_trees as XGBoost hist on ' || source) FROM reference;
-- a forest takes its time: the smallest set
SELECT cmp_ok(pg_temp.folds(source, target, 'random_forest'), '>=', forest - 0.003,
	'random_forest no worse than RandomForest on ' || source) FROM reference WHERE source = 'churn';
SELECT * FROM finish();
ROLLBACK;
