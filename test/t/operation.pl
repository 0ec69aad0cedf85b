# What a server lives through: signals, used up worker slots, databases that are
# created, copied, renamed and dropped, catalog changes and DROP EXTENSION under
# a run, old versions that are dropped.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster qw(new_node wait_quiet);
use PostgreSQL::Test::Utils;
use Test::More;

# launcher, scheduler, one run
my $node = new_node('operation', <<'CONF');
max_worker_processes = 3
max_logical_replication_workers = 0
cvm.keep_versions = 3
cvm.keep_runs = 4
CONF
$node->start;

sub wait_for
{
	my ($query, $name, $database) = @_;
	ok($node->poll_query_until($database // 'postgres', $query), $name);
	return;
}

# A model that learns until somebody ends it, holding nothing.
my $endless = '{"solver": "sgd", "epochs": 1000000, "patience": 0, "learning_rate": 1e-9}';
my $models = <<'SQL';
CREATE EXTENSION cvm;
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 300) i;
SELECT cvm.train(m, 'customers', 'churned', key => 'id') FROM unnest(ARRAY['churn', 'patient']) m;
SQL

sub start_endless_run
{
	my ($database) = @_;
	$node->safe_psql($database, "SELECT cvm.schedule('patient', every => '1 year', options => '$endless'); SELECT cvm.retrain('patient')");
	wait_for("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'cvm run' AND query LIKE '%training patient, epoch%'",
		'a run that learns');
	return;
}

sub end_run
{
	my ($how) = @_;
	$node->safe_psql('postgres', "SELECT $how(pid) FROM pg_stat_activity WHERE backend_type = 'cvm run'");
	return;
}

$node->safe_psql('postgres', $models);

# No worker slot is left: the run waits and says so, then has its turn.
start_endless_run('postgres');
$node->safe_psql('postgres', "SELECT cvm.retrain('churn')");
wait_for("SELECT reason LIKE 'waits: no background worker slot is free%' FROM cvm.training_runs WHERE model = 'churn' AND status = 'queued'",
	'a run without a worker slot says what it waits for');

# SIGTERM of a run: it is closed, and the next one has the slot.
end_run('pg_terminate_backend');
wait_for("SELECT status = 'succeeded' FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1",
	'a slot that gets free is used');
wait_for("SELECT status = 'failed' AND reason = 'the process ended before the run did' FROM cvm.training_runs WHERE model = 'patient' ORDER BY run DESC LIMIT 1",
	'a terminated run is closed');
is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time() < now() AND NOT pg_is_in_recovery()'), 't', 'without a crash');

# A run that takes too long, and one that needs too much memory.
sub fails_by
{
	my ($setting, $model, $error, $name) = @_;
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET $setting; SELECT cvm.retrain('$model')");
	wait_for("SELECT status = 'failed' AND error LIKE '$error' FROM cvm.training_runs WHERE model = '$model' ORDER BY run DESC LIMIT 1", $name);
	return;
}
fails_by("cvm.retrain_timeout = '300ms'", 'patient', 'took longer than cvm.retrain_timeout (300 ms)', 'a limit of time ends a run');
$node->safe_psql('postgres', <<'SQL');
ALTER DATABASE postgres RESET cvm.retrain_timeout;
CREATE VIEW wide AS SELECT i AS id, array_fill(sin(i), ARRAY[50]) || cos(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 300) i;
SELECT cvm.train('wide', 'wide', 'churned', key => 'id');
SELECT cvm.schedule('wide', every => '1 year');
CREATE OR REPLACE VIEW wide AS SELECT i AS id, array_fill(sin(i), ARRAY[50]) || cos(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 60000) i;
SQL
fails_by("cvm.retrain_memory = '16MB'", 'wide', 'the training needs more memory than cvm.retrain_memory (16 MB) allows', 'a limit of memory too');
is($node->safe_psql('postgres', "SELECT failures, retry_at > now() FROM cvm.due_models WHERE model = 'wide'"), '1|t', 'and it waits before it is tried again');
$node->safe_psql('postgres', "ALTER DATABASE postgres SET cvm.train_memory = '1MB'; SELECT cvm.retrain('wide')");
wait_for("SELECT status = 'succeeded' FROM cvm.training_runs WHERE model = 'wide' ORDER BY run DESC LIMIT 1", 'with rows in a file there is enough');
$node->safe_psql('postgres', "ALTER DATABASE postgres RESET ALL; SELECT cvm.drop_model('wide')");

# SIGTERM of the launcher: it comes back.
my $launcher = $node->safe_psql('postgres', 'SELECT launcher_pid FROM cvm.worker_status()');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
wait_for("SELECT launcher_pid <> $launcher FROM cvm.worker_status()", 'a terminated launcher comes back');
$node->safe_psql('postgres', "SELECT cvm.retrain('churn')");
wait_for("SELECT status = 'succeeded' AND run = (SELECT last_run FROM cvm.model_registry WHERE model = 'churn') FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1",
	'and goes on');

# SIGTERM of a scheduler in the middle of its look: the next one does it all.
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE cvm.schedules');
$node->safe_psql('postgres', "SELECT cvm.retrain('churn')");
wait_for("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'cvm scheduler' AND wait_event_type = 'Lock'",
	'a scheduler is terminated');
$holder->query_safe('COMMIT');
$holder->quit;
wait_for("SELECT status = 'succeeded' AND run = (SELECT last_run FROM cvm.model_registry WHERE model = 'churn') FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1",
	'and another one looks');

# SIGHUP: limits take effect.
$node->safe_psql('postgres', 'ALTER SYSTEM SET cvm.max_retrain_workers = 0; SELECT pg_reload_conf(); SELECT cvm.retrain(\'churn\')');
wait_for("SELECT reason LIKE 'waits: cvm.max_retrain_workers%' FROM cvm.training_runs WHERE model = 'churn' AND status = 'queued'",
	'no run is allowed');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET cvm.max_retrain_workers; SELECT pg_reload_conf()');
wait_for("SELECT status = 'succeeded' FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1", 'until one is');

# Old versions and runs are dropped, but not what is needed.
$node->safe_psql('postgres', "SELECT cvm.retrain('churn', wait => true) FROM generate_series(1, 6)");
is( $node->safe_psql('postgres', <<'SQL'), '3|t|t|4', 'the newest versions and runs are kept');
SELECT count(*), max(version) = (SELECT last_version FROM cvm.model_registry WHERE model = 'churn'), bool_or(status = 'active'),
	(SELECT count(*) FROM cvm.training_runs WHERE model = 'churn')
FROM cvm.model_versions WHERE model = 'churn'
SQL
$node->safe_psql('postgres', <<'SQL');
SELECT cvm.schedule('churn', every => '1 year', options => '{"promote": "manual"}');
SELECT cvm.retrain('churn', wait => true) FROM generate_series(1, 6);
SQL
is( $node->safe_psql('postgres', "SELECT string_agg(status, ' ' ORDER BY version) FROM cvm.model_versions WHERE model = 'churn'"),
	'retired active candidate candidate candidate', 'and the active one with the way back');

# The catalog can be changed while a model learns, as an update would.
start_endless_run('postgres');
$node->safe_psql('postgres', 'ALTER TABLE cvm.training_runs ADD COLUMN note text; ALTER TABLE cvm.model_registry ADD COLUMN note text');
end_run('pg_cancel_backend');
wait_for("SELECT status = 'cancelled' FROM cvm.training_runs WHERE model = 'patient' ORDER BY run DESC LIMIT 1", 'a change of the catalog does not wait for a run');

# The postmaster dies: a run that learns goes with it, or no new one could start.
start_endless_run('postgres');
$node->kill9;
my $starts = 0;
until ($node->start(fail_ok => 1))
{
	$node->{_pid} = undef;
	BAIL_OUT('a run outlives its postmaster') if ++$starts == 200;
}
wait_for("SELECT status = 'failed' AND reason = 'the process ended before the run did' FROM cvm.training_runs WHERE model = 'patient' ORDER BY run DESC LIMIT 1",
	'a run whose postmaster died is closed by the next one');

# A database that is copied, renamed, dropped.
wait_quiet($node);
$node->safe_psql('postgres', "SELECT cvm.unschedule('patient')");
$node->safe_psql('template1', 'CREATE DATABASE shop TEMPLATE postgres');
$node->safe_psql('template1', 'ALTER DATABASE shop RENAME TO store');
$node->safe_psql('store', "SELECT cvm.retrain('churn')");
wait_for("SELECT status = 'succeeded' AND run = (SELECT last_run FROM cvm.model_registry WHERE model = 'churn') FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1",
	'a copied and renamed database retrains', 'store');
start_endless_run('store');
$node->safe_psql('postgres', 'DROP DATABASE store');
wait_quiet($node);
pass('a database is dropped under a run that learns');

# DROP EXTENSION under a run that learns: the run ends without a trace.
start_endless_run('postgres');
$node->safe_psql('postgres', 'DROP EXTENSION cvm CASCADE');
end_run('pg_cancel_backend');
wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'cvm run'", 'an extension is dropped under a run');
$node->safe_psql('postgres', 'DROP TABLE customers');
$node->safe_psql('postgres', $models);
$node->safe_psql('postgres', "SELECT cvm.retrain('churn')");
wait_for("SELECT status = 'succeeded' FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1", 'and created again');

$node->stop;
done_testing();
