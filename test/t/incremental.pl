# Incremental schedules in the background worker: new rows only, nothing lost to
# a run that was killed, all rows again where columns have changed; and after
# dump and restore.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = CvmCluster::new_node('incremental');
$node->start;

sub wait_for
{
	my ($query, $name) = @_;
	ok($node->poll_query_until('postgres', $query), $name);
	return;
}

# The last run of the model that has ended: status, mode, rows.
my $last_run = q{SELECT concat_ws(' ', status, mode, training_rows + validation_rows)
	FROM cvm.retraining_status WHERE model = 'churn' ORDER BY run DESC LIMIT 1};

sub insert_customers
{
	my ($from, $to) = @_;
	$node->safe_psql('postgres', "INSERT INTO customers SELECT i, sin(i), cos(3 * i), sin(i) + cos(7 * i) > 0 FROM generate_series($from, $to) i");
	return;
}

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION cvm;
CREATE TABLE customers (id integer PRIMARY KEY, x float8, z float8, churned boolean);
CREATE VIEW source AS SELECT * FROM customers;
INSERT INTO customers SELECT i, sin(i), cos(3 * i), sin(i) + cos(7 * i) > 0 FROM generate_series(1, 400) i;
SELECT cvm.train('churn', 'source', 'churned', key => 'id', options => '{"incremental": true, "watermark": "id"}');
SELECT cvm.schedule('churn', min_new_rows => 50, watermark => 'id', incremental => true, decay => 0.9,
	options => '{"promote": "always"}');
SQL

insert_customers(401, 450);
wait_for("SELECT ($last_run) = 'succeeded partial 50'", 'a partial fit of the rows that made the model due');
insert_customers(451, 520);
wait_for("SELECT ($last_run) = 'succeeded partial 70'", 'and of those after them');
is($node->safe_psql('postgres', "SELECT watermark FROM cvm.model_versions WHERE model = 'churn' AND status = 'active'"),
	'520', 'the watermark is that of the version');

# kill -9 amid a partial fit: the watermark stays with the active version
$node->safe_psql('postgres', <<'SQL');
CREATE OR REPLACE VIEW source AS
	SELECT c.* FROM customers c, (SELECT CASE WHEN pg_backend_pid() IN (SELECT pid FROM pg_stat_activity WHERE backend_type = 'cvm run')
		THEN pg_sleep(3600) END IS NULL) AS nap(over);
SQL
insert_customers(521, 580);
wait_for("SELECT count(*) = 1 FROM cvm.retraining_status WHERE model = 'churn' AND status = 'running'", 'a run that sleeps');
my $pid = $node->safe_psql('postgres', "SELECT process_id FROM cvm.training_runs WHERE status = 'running'");
kill 'KILL', $pid;
wait_for("SELECT status = 'failed' FROM cvm.retraining_status WHERE model = 'churn' ORDER BY run DESC LIMIT 1", 'is closed after kill -9');
is($node->safe_psql('postgres', "SELECT watermark FROM cvm.model_versions WHERE model = 'churn' AND status = 'active'"),
	'520', 'its rows are still new');
insert_customers(581, 585);
$node->safe_psql('postgres', <<'SQL');
CREATE OR REPLACE VIEW source AS SELECT c.*, true AS over FROM customers c;
UPDATE cvm.schedules SET retry_at = now();
SQL
wait_for("SELECT ($last_run) = 'succeeded partial 65'", 'and are learned by the next run, with those that came since');

# dump and restore: the same rows give the same version
insert_customers(586, 600);
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my $file = $node->basedir . '/incremental.sql';
$node->command_ok([ 'pg_dump', '-f', $file, $node->connstr('postgres') ], 'pg_dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr('restored') ], 'restore');
my $partial = q{SELECT version, training_rows FROM cvm.partial_fit('churn', decay => 0.5);
	SELECT md5(cvm.active_model('churn')::text)};
is($node->safe_psql('restored', $partial), $node->safe_psql('postgres', $partial), 'a restored model goes on as the one that was dumped');

# a column that is gone: all rows, with an alert
$node->safe_psql('postgres', <<'SQL');
DROP VIEW source;
ALTER TABLE customers DROP COLUMN z;
CREATE VIEW source AS SELECT * FROM customers;
SQL
$node->safe_psql('postgres', 'INSERT INTO customers SELECT i, sin(i), sin(i) + cos(7 * i) > 0 FROM generate_series(601, 660) i');
wait_for("SELECT ($last_run) = 'succeeded full 660'", 'without one of its columns the model learns from all rows');
is($node->safe_psql('postgres', "SELECT mode_reason FROM cvm.retraining_status WHERE model = 'churn' ORDER BY run DESC LIMIT 1"),
	'column "z" is gone', 'and says why');
is($node->safe_psql('postgres', "SELECT event, detail FROM cvm.alerts WHERE model = 'churn' AND event = 'version_not_compared'"),
	'version_not_compared|not comparable with version 5: it reads column "z" too', 'which is an alert');

# the next one goes on from there
$node->safe_psql('postgres', 'INSERT INTO customers SELECT i, sin(i), sin(i) + cos(7 * i) > 0 FROM generate_series(661, 720) i');
wait_for("SELECT ($last_run) = 'succeeded partial 60'", 'then from new rows again');

$node->stop;
done_testing();
