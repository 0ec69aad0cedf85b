-- predictions: what was predicted and what happened
--
-- Partitioned by month of the prediction.  Partitions are made when they are
-- first needed and dropped when they are older than cvm.log_retention; they
-- are no members of the extension, and pg_dump takes them along as tables.  So
-- the indexes are theirs: a restored partition could not bring its own beside
-- one that the table gives it.

CREATE TABLE cvm.prediction_log (
	model text NOT NULL REFERENCES cvm.model_registry (model)
		ON UPDATE CASCADE ON DELETE CASCADE,
	version integer NOT NULL,
	key text NOT NULL,
	predicted_at timestamptz NOT NULL,
	shadow boolean NOT NULL,
	score float8,
	class text,
	probabilities float8[],
	outcome text,
	actual float8,
	outcome_at timestamptz
) PARTITION BY RANGE (predicted_at);

COMMENT ON COLUMN cvm.prediction_log.actual IS
	'the outcome as a number: 1 for the positive class and 0 for the other, the number itself, or the probability that was given to the one of more than two classes';
COMMENT ON TABLE cvm.prediction_log IS
	'one row a logged prediction, with its outcome once it is known; people read cvm.live_performance';

CREATE FUNCTION cvm.score(model text, source text, log_predictions boolean DEFAULT false,
	OUT key text, OUT score float8, OUT class text, OUT probabilities float8[])
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 10000 AS 'MODULE_PATHNAME', 'cvm_score';

COMMENT ON FUNCTION cvm.score(text, text, boolean) IS
	'scores every row of a table, view or SELECT with the rights of the caller: key (the model''s key column, NULL where it has none), predicted number or probability of the positive class (for more classes of the predicted one), predicted class, probability of each of more than two classes; log_predictions keeps them, and those of a challenger or of the version before one on probation, until their outcomes come';

CREATE FUNCTION cvm.record_outcome(model text, key text, outcome text, at timestamptz DEFAULT NULL)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cvm_record_outcome';

COMMENT ON FUNCTION cvm.record_outcome(text, text, text, timestamptz) IS
	'writes down what happened to whoever has a key (a class or a number) at a time (now), beside the last logged prediction of each version before it; returns how many there were; only for the owner';

CREATE FUNCTION cvm.record_outcome_trigger() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'cvm_record_outcome_trigger';

COMMENT ON FUNCTION cvm.record_outcome_trigger() IS
	'trigger for each inserted or updated row of a table of outcomes: arguments are the model, its key column, its outcome column and, where there is one, its time column; the owner of the table must own the model';
