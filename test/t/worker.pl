# Retraining by the background worker: on request, on time, on fresh rows, as
# the owner; after kill -9, beside a failing model, and under DROP DATABASE.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = CvmCluster::new_node('worker');
$node->start;

# Customers whose churn follows x; "pause" is a source that never comes to an
# end, "moved" one that is gone by the time it is retrained.
my $customers = <<'SQL';
CREATE EXTENSION cvm;
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned
	FROM generate_series(1, 400) i;
SELECT cvm.train('churn', 'customers', 'churned', key => 'id');
SQL

sub wait_for
{
	my ($query, $name, $database) = @_;
	ok($node->poll_query_until($database // 'postgres', $query), $name);
	return;
}

sub never_ending_model
{
	my ($database) = @_;
	$node->safe_psql($database, <<'SQL');
CREATE VIEW pause AS SELECT c.* FROM customers c;
SELECT cvm.train('slow', 'pause', 'churned', key => 'id');
CREATE OR REPLACE VIEW pause AS
	SELECT c.* FROM customers c, (SELECT pg_sleep(3600)) AS nap(done) WHERE done IS NOT NULL;
SELECT cvm.retrain('slow');
SQL
	wait_for("SELECT count(*) = 1 FROM cvm.training_runs WHERE model = 'slow' AND status = 'running'",
		"a run of $database is committed as running before its work", $database);
	return;
}

$node->safe_psql('postgres', $customers);
wait_for('SELECT launcher_pid IS NOT NULL FROM cvm.worker_status()', 'the launcher is there');

# On request, as the owner.
$node->safe_psql('postgres', "SELECT cvm.retrain('churn')");
wait_for("SELECT count(*) = 1 FROM cvm.training_runs WHERE trigger = 'retrain' AND status = 'succeeded'",
	'retrain() is done in the background');


# Whoever listens hears of it, but not of what: the view says that, to those who
# may know.
my $heard = $node->safe_psql('postgres', "LISTEN cvm_events; SELECT cvm.retrain('churn', wait => true)");
unlike($heard, qr/payload "[^"]*("\w+"[^"]*)*churn/, 'events are sent without names');
my ($id) = $heard =~ /payload "\{"id": (\d+), "event": "run_succeeded"\}"/;
is($node->safe_psql('postgres', "SELECT model, version, alert, run IS NOT NULL, detail ~ '^auc' FROM cvm.events WHERE id = $id"),
	'churn|3|f|t|t', 'the view knows them');
$node->safe_psql('postgres', 'CREATE ROLE stranger');
is($node->safe_psql('postgres', 'SET ROLE stranger; SELECT count(*) FROM cvm.events'), '0', 'and tells no stranger');
like(
	$node->safe_psql('postgres', "SET cvm.notify = full; LISTEN cvm_events; SELECT cvm.retrain('churn', wait => true)"),
	qr/payload "\{"id": \d+, "event": "run_succeeded", "model": "churn", "at": "[^"]+", "run": \d+, "version": \d+, "detail": "auc/,
	'unless it is set so');
unlike($node->safe_psql('postgres', "SET cvm.notify = off; LISTEN cvm_events; SELECT cvm.retrain('churn', wait => true)"),
	qr/payload/, 'or not at all');

# On fresh rows, and not before.
$node->safe_psql('postgres', "SELECT cvm.schedule('churn', min_new_rows => 50)");
$node->safe_psql('postgres', 'INSERT INTO customers SELECT i, sin(i), sin(i) > 0 FROM generate_series(401, 460) i');
wait_for("SELECT count(*) = 1 FROM cvm.training_runs WHERE trigger = 'schedule' AND status = 'succeeded'",
	'60 new rows make the model due');
is( $node->safe_psql('postgres', "SELECT cause FROM cvm.training_runs WHERE trigger = 'schedule'"),
	'60 new rows', 'and the run says so');

# On time, beside a model that fails.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE moved AS TABLE customers;
SELECT cvm.train('broken', 'moved', 'churned', key => 'id');
DROP TABLE moved;
SELECT cvm.schedule('broken', every => '100 ms');
SELECT cvm.schedule('churn', every => '100 ms');
SQL
wait_for("SELECT count(*) >= 3 FROM cvm.training_runs WHERE model = 'churn' AND trigger = 'schedule' AND status = 'succeeded'",
	'a period is followed by the next');
wait_for("SELECT count(*) = 1 FROM cvm.training_runs WHERE model = 'broken' AND status = 'failed' AND error LIKE '%moved%'",
	'the failing model failed once, with the reason');
is($node->safe_psql('postgres',
		"SELECT failures, retry_at > now() + interval '1 minute' FROM cvm.schedules WHERE model = 'broken'"),
	'1|t', 'and waits longer than its period before it is tried again');
$node->safe_psql('postgres', "SELECT cvm.unschedule('churn'), cvm.unschedule('broken')");

# While a model learns, its run holds neither snapshot nor locks; a cancel ends it.
$node->safe_psql('postgres', <<'SQL');
SELECT cvm.train('patient', 'customers', 'churned', key => 'id', options => '{"solver": "sgd", "epochs": 2}');
SELECT cvm.schedule('patient', every => '1 year', options => '{"epochs": 1000000, "patience": 0, "learning_rate": 1e-9, "driver": "spill"}');
SELECT cvm.retrain('patient');
SQL
wait_for("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'cvm run' AND query LIKE '%training patient, epoch%'",
	'a run shows its epoch');
is( $node->safe_psql('postgres', <<'SQL'), '0|t', 'no lock and no snapshot while a model learns');
SELECT (SELECT count(*) FROM pg_locks AS l WHERE l.pid = a.pid AND l.locktype = 'relation'), backend_xmin IS NULL
FROM pg_stat_activity AS a WHERE backend_type = 'cvm run'
SQL
my $learner = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'cvm run'");
SKIP:
{
	skip 'no /proc', 1 unless -r "/proc/$learner/stat";
	wait_for("SELECT split_part(split_part(pg_read_file('/proc/$learner/stat'), ') ', 2), ' ', 17) = '19'", 'it yields to others');
	skip 'no groups of sessions', 1 unless -r "/proc/$learner/autogroup";
	wait_for("SELECT pg_read_file('/proc/$learner/autogroup') LIKE '%nice 19%'", 'and so does its session');
}

# Meanwhile another model waits where a database may have one run only.
$node->safe_psql('postgres', <<'SQL');
ALTER SYSTEM SET cvm.max_retrain_workers_per_database = 1;
SELECT pg_reload_conf();
SELECT cvm.retrain('churn');
SQL
wait_for("SELECT reason = 'waits: cvm.max_retrain_workers_per_database runs are at work' FROM cvm.training_runs WHERE model = 'churn' AND status = 'queued'",
	'a limit for each database');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET cvm.max_retrain_workers_per_database; SELECT pg_reload_conf()');
wait_for("SELECT status = 'succeeded' FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1", 'beside which another one runs');
$node->safe_psql('postgres', 'ALTER TABLE customers ADD COLUMN unused integer');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'cvm run'");
wait_for("SELECT status = 'cancelled' FROM cvm.training_runs WHERE model = 'patient' ORDER BY run DESC LIMIT 1",
	'a cancelled run says so');
$node->safe_psql('postgres', <<'SQL');
CREATE VIEW seen_customers AS SELECT * FROM customers;
SELECT cvm.train('patient', 'seen_customers', 'churned', features => ARRAY['x'], key => 'id');
SELECT cvm.schedule('patient', min_new_rows => 5, watermark => 'id', options => '{"driver": "spill"}');
INSERT INTO customers SELECT i, sin(i), sin(i) > 0 FROM generate_series(1001, 1005) i;
SQL
wait_for("SELECT cause = '5 new rows' AND status = 'succeeded' FROM cvm.training_runs WHERE model = 'patient' ORDER BY run DESC LIMIT 1",
	'rows past a watermark make a view due; its rows are kept in a file between transactions');
$node->safe_psql('postgres', "SELECT cvm.unschedule('patient')");

# kill -9 of a run: the server restarts, the run is closed, the worker is back.
never_ending_model('postgres');
my $pid = $node->safe_psql('postgres', "SELECT process_id FROM cvm.training_runs WHERE status = 'running' AND model = 'slow'");
kill 'KILL', $pid;
$node->poll_query_until('postgres',
	"SELECT count(*) = 1 FROM cvm.training_runs WHERE model = 'slow' AND status = 'failed' AND reason LIKE '%process ended%'")
  or diag('the run was not closed');
is($node->safe_psql('postgres', "SELECT status FROM cvm.training_runs WHERE model = 'slow' ORDER BY run DESC LIMIT 1"),
	'failed', 'a killed run is closed as failed');
$node->safe_psql('postgres', "SELECT cvm.retrain('churn')");
wait_for("SELECT status = 'succeeded' FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1",
	'the worker goes on after a crash');

# The launcher comes back, and DROP DATABASE and DROP EXTENSION are not held up.
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', $customers);
never_ending_model('shop');
$node->safe_psql('postgres', 'DROP DATABASE shop');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_database WHERE datname = 'shop'"),
	'0', 'a database is dropped under a run');
$node->safe_psql('postgres', 'DROP EXTENSION cvm CASCADE');
$node->safe_psql('postgres', 'CREATE EXTENSION cvm');
wait_for('SELECT looks > 0 FROM cvm.worker_status()', 'the worker outlives DROP EXTENSION');

$node->stop;
done_testing();
