# A standby scores and measures, and follows the primary's promotions; it
# retrains nothing until it is promoted.  A dump brings models, runs and
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
$primary->safe_psql('postgres', "SELECT count(*) FROM cvm.score('churn', 'customers', log_predictions => true)");
$primary->safe_psql('postgres', "SELECT cvm.record_outcome('churn', '7', 'true')");
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', "SELECT cvm.schedule('churn', every => '1 hour')");
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT launcher_pid IS NULL FROM cvm.worker_status()'),
	't', 'no launcher on a standby');

# Scoring, by the planner's rewrite and without, by name and by value.
my $score = q{SELECT md5(string_agg(cvm.predict('churn', c)::text, ' ' ORDER BY id)) FROM customers AS c};
is($standby->safe_psql('postgres', $score), $primary->safe_psql('postgres', $score), 'a standby scores as the primary does');
is($standby->safe_psql('postgres', "SET cvm.rewrite_predict TO off; $score"), $primary->safe_psql('postgres', $score), 'row by row too');
like($standby->safe_psql('postgres', q{EXPLAIN (VERBOSE) SELECT cvm.predict('churn', c) FROM customers AS c}),
	qr/predict_columns/, 'with the columns alone');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM customers AS c WHERE cvm.predict(cvm.model_version('churn', 1), c) > 0}),
	'400', 'a version as a value');
is($standby->safe_psql('postgres', q{SELECT round(value::numeric, 9) FROM cvm.evaluate('churn', 'customers') WHERE metric = 'auc'}),
	$primary->safe_psql('postgres', q{SELECT round(value::numeric, 9) FROM cvm.evaluate('churn', 'customers') WHERE metric = 'auc'}), 'it measures');
is($standby->safe_psql('postgres', 'SELECT model, version FROM cvm.model_overview'), 'churn|1', 'and has the views');
foreach my $change (q{cvm.train('churn', 'customers', 'churned')}, q{cvm.promote('churn', 1)}, q{cvm.drop_model('churn')})
{
	my ($code, $output, $error) = $standby->psql('postgres', "SELECT $change");
	like($error, qr/cannot execute cvm\.\w+\(\) during recovery/, "but no $change");
}

# A session with a plan of its own follows a promotion of the primary.
my $session = $standby->background_psql('postgres');
$session->query_safe("SET plan_cache_mode TO force_generic_plan; PREPARE score AS $score");
my $first = $session->query_safe('EXECUTE score');
$primary->safe_psql('postgres', q{SELECT cvm.train('churn', 'customers', 'churned', key => 'id', options => '{"l2": 50}')});
$primary->wait_for_catchup($standby);
my $second = $session->query_safe('EXECUTE score');
isnt($second, $first, 'a promotion is seen on the standby');
is($second, $primary->safe_psql('postgres', $score), 'as on the primary');
$session->quit;

# Dump and restore within the primary.
my $file = $primary->basedir . '/dump.sql';
$primary->command_ok([ 'pg_dump', '-f', $file, $primary->connstr('postgres') ], 'pg_dump');
$primary->safe_psql('postgres', 'CREATE DATABASE restored');
$primary->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, $primary->connstr('restored') ],
	'restore');
is($primary->safe_psql('restored',
		'SELECT (SELECT count(*) FROM cvm.model_versions), (SELECT every FROM cvm.schedules)'),
	'2|01:00:00', 'versions and schedules are restored');
is($primary->safe_psql('restored',
		"SELECT predictions, outcomes FROM cvm.live_performance; SELECT cvm.record_outcome('churn', '8', 'false')"),
	"400|1\n1", 'logged predictions and outcomes too');
$primary->safe_psql('restored', "SELECT cvm.retrain('churn')");
ok($primary->poll_query_until('restored',
		"SELECT status = 'succeeded' AND version = 3 FROM cvm.training_runs ORDER BY run DESC LIMIT 1"),
	'retraining goes on after the last version');

# The primary is lost while a run is at work there.
$primary->safe_psql('postgres', <<'SQL');
SELECT cvm.train('patient', 'customers', 'churned', key => 'id');
SELECT cvm.schedule('patient', every => '1 year',
	options => '{"solver": "sgd", "epochs": 1000000, "patience": 0, "learning_rate": 1e-9}');
SELECT cvm.retrain('patient');
SQL
ok($primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'cvm run' AND query LIKE '%epoch%'"),
	'a run learns');
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
is($standby->safe_psql('postgres', "SELECT status FROM cvm.retraining_status WHERE model = 'patient' ORDER BY run DESC LIMIT 1"), 'running', 'as the standby has heard');
$standby->promote;
ok($standby->poll_query_until('postgres', 'SELECT launcher_pid IS NOT NULL FROM cvm.worker_status()'),
	'promotion starts the launcher');
$standby->safe_psql('postgres', "SELECT cvm.retrain('churn')");
ok($standby->poll_query_until('postgres',
		"SELECT status = 'succeeded' FROM cvm.training_runs WHERE model = 'churn' ORDER BY run DESC LIMIT 1"),
	'and it retrains');
ok($standby->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM cvm.training_runs WHERE model = 'patient' AND status = 'failed' AND reason = 'the process ended before the run did'"),
	'what was at work on the lost primary is closed');
is($standby->safe_psql('postgres', "SELECT failures, retry_at > now() FROM cvm.due_models WHERE model = 'patient'"), '1|t', 'and will be done again');
$standby->stop;
done_testing();
