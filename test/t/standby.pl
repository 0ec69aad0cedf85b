# A standby does nothing until it is promoted; a dump brings models, runs and
# schedules back without a collision.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = CvmCluster::new_node('primary');
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION cvm;
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned
	FROM generate_series(1, 400) i;
SELECT cvm.train('churn', 'customers', 'churned', key => 'id');
SQL
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', "SELECT cvm.schedule('churn', every => '1 hour')");
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT launcher_pid IS NULL FROM cvm.worker_status()'),
	't', 'no launcher on a standby');

# Dump and restore within the primary.
my $file = $primary->basedir . '/dump.sql';
$primary->command_ok([ 'pg_dump', '-f', $file, $primary->connstr('postgres') ], 'pg_dump');
$primary->safe_psql('postgres', 'CREATE DATABASE restored');
$primary->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, $primary->connstr('restored') ],
	'restore');
is($primary->safe_psql('restored',
		'SELECT (SELECT count(*) FROM cvm.model_versions), (SELECT every FROM cvm.schedules)'),
	'1|01:00:00', 'versions and schedules are restored');
$primary->safe_psql('restored', "SELECT cvm.retrain('churn')");
ok($primary->poll_query_until('restored',
		"SELECT status = 'succeeded' AND version = 2 FROM cvm.training_runs ORDER BY run DESC LIMIT 1"),
	'retraining goes on after the last version');

$primary->stop;
$standby->promote;
ok($standby->poll_query_until('postgres', 'SELECT launcher_pid IS NOT NULL FROM cvm.worker_status()'),
	'promotion starts the launcher');
$standby->safe_psql('postgres', "SELECT cvm.retrain('churn')");
ok($standby->poll_query_until('postgres',
		"SELECT status = 'succeeded' FROM cvm.training_runs ORDER BY run DESC LIMIT 1"),
	'and it retrains');
$standby->stop;
done_testing();
