# ALTER EXTENSION cvm UPDATE, with the kind of script that a next version will
# bring: a column and a function more, a view replaced.  Models go on being
# scored in sessions that are open, and a dump finds its way into the new
# version.  Runs of the worker are at work meanwhile, one that learns and one that
# reads: both come to their end.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs a staging folder (extension_destdir) to put a version into' unless $ENV{CVM_STAGE};

# A staging folder of our own, with an upgrade script.
my $stage = PostgreSQL::Test::Utils::tempdir_short() . '/stage';
system_or_bail('cp', '-r', $ENV{CVM_STAGE}, $stage);
local $ENV{CVM_STAGE} = $stage;
my $share = `pg_config --sharedir`;
chomp $share;
append_to_file("$stage$share/extension/cvm--1.0--1.0.1.sql", <<'SQL');
-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION cvm UPDATE" to load this file. \quit

ALTER TABLE cvm.model_registry ADD COLUMN description text;
ALTER TABLE cvm.model_versions ADD COLUMN note text NOT NULL DEFAULT '';
COMMENT ON COLUMN cvm.model_registry.description IS 'what the model is for';

CREATE FUNCTION cvm.models() RETURNS SETOF text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT o.model FROM cvm.model_overview AS o ORDER BY o.model;
END;
COMMENT ON FUNCTION cvm.models() IS 'names of the models that the caller may use';

CREATE TABLE cvm.added (model text PRIMARY KEY REFERENCES cvm.model_registry (model) ON UPDATE CASCADE ON DELETE CASCADE);
COMMENT ON TABLE cvm.added IS 'a table more';
REVOKE ALL ON cvm.added FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('cvm.added', '');
INSERT INTO cvm.added SELECT model FROM cvm.model_registry;
SQL
append_to_file("$stage$share/extension/cvm--1.0.1--1.0.2.sql", <<'SQL');
ALTER TABLE cvm.model_registry ADD COLUMN nickname text;
ALTER TABLE cvm.training_runs ADD COLUMN note text;
SQL

my $node = CvmCluster::new_node('upgrade');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION cvm VERSION '1.0';
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 400) i;
SELECT cvm.train('churn', 'customers', 'churned', key => 'id');
CREATE TABLE kept AS SELECT cvm.active_model('churn') AS model;
SELECT cvm.schedule('churn', every => '1 month');
SELECT cvm.train('patient', 'customers', 'churned', key => 'id');
SELECT cvm.schedule('patient', every => '1 year',
	options => '{"solver": "sgd", "epochs": 20000, "patience": 0, "learning_rate": 1e-9, "promote": "always"}');
CREATE VIEW gate AS SELECT c.* FROM customers AS c;
SELECT cvm.train('reader', 'gate', 'churned', key => 'id');
CREATE OR REPLACE VIEW gate AS
	SELECT c.* FROM customers AS c, (SELECT pg_advisory_xact_lock_shared(7)::text) AS gate (state) WHERE state IS NOT NULL;
SQL
is($node->safe_psql('postgres', q{SELECT string_agg(target, ' ' ORDER BY target) FROM pg_extension_update_paths('cvm') WHERE source = '1.0' AND path IS NOT NULL AND target <> '1.0'}),
	'1.0.1 1.0.2', 'there is a way to the next versions');

my $score = q{SELECT round(sum(cvm.predict('churn', c))::numeric, 9) FROM customers AS c};
my $scored = $node->safe_psql('postgres', $score);
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe("PREPARE score AS $score");
is($session->query_safe('EXECUTE score'), $scored, 'a session is open and has a plan');

# A run that learns is stopped in its tracks; the extension is updated under it.
my $run = "FROM pg_stat_activity WHERE backend_type = 'cvm run'";
my $pid;
foreach my $try (1 .. 20)
{
	$node->safe_psql('postgres', q{SELECT cvm.retrain('patient')});
	$node->poll_query_until('postgres', "SELECT count(*) = 1 $run AND query LIKE '%epoch%' OR NOT EXISTS (SELECT FROM cvm.training_runs WHERE status IN ('queued', 'running'))");
	$pid = $node->safe_psql('postgres', "SELECT pid $run AND query LIKE '%epoch%'");
	next if $pid eq '' || !kill 'STOP', $pid;
	last if $node->safe_psql('postgres', "SELECT query LIKE '%epoch%' $run") eq 't';
	kill 'CONT', $pid;
}
my $update = $node->background_psql('postgres');
$update->query_safe(q{BEGIN; ALTER EXTENSION cvm UPDATE TO '1.0.1'});
ok(kill('CONT', $pid), 'the extension is updated while a run learns');
ok($node->poll_query_until('postgres', "SELECT wait_event_type = 'Lock' $run"), 'which then waits for the end of the update');
$update->query_safe('COMMIT');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM cvm.training_runs WHERE status IN ('queued', 'running')}), 'and comes to its own');
is($node->safe_psql('postgres', q{SELECT r.status, r.version = v.version, v.status FROM cvm.training_runs AS r, cvm.versions('patient') AS v
	WHERE r.model = 'patient' AND v.model = 'patient' ORDER BY r.run DESC, v.version DESC LIMIT 1}), 'succeeded|t|active', 'with a version in the new catalog');
is($node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'cvm'}), '1.0.1', 'the extension is updated');
is($session->query_safe('EXECUTE score'), $scored, 'the session goes on scoring');
is($session->query_safe($score), $scored, 'also with a new plan');
is($session->query_safe(q{SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id')}), '2', 'and trains');
$session->quit;
is($node->safe_psql('postgres', q{SELECT string_agg(m, ' ') FROM cvm.models() AS m}), 'churn patient reader', 'what is new is there');
is($node->safe_psql('postgres', q{SELECT count(*) FROM kept, customers AS c WHERE cvm.predict(model, c) > 0}), '400', 'stored values are scored');
$node->safe_psql('postgres', q{SELECT cvm.retrain('churn')});
ok($node->poll_query_until('postgres', q{SELECT status = 'succeeded' FROM cvm.retraining_status ORDER BY run DESC LIMIT 1}),
	'the worker goes on');
is($node->safe_psql('postgres', q{SELECT every FROM cvm.schedules WHERE model = 'churn'}), '1 mon', 'the schedule is there');

# An update waits for a run that reads, and the run goes on after it.
my $guard = $node->background_psql('postgres');
$guard->query_safe('SELECT pg_advisory_lock(7)');
$node->safe_psql('postgres', q{SELECT cvm.retrain('reader')});
ok($node->poll_query_until('postgres', "SELECT wait_event = 'advisory' $run"), 'a run reads');
$update->query_until(qr/begins/, "\\echo begins\nALTER EXTENSION cvm UPDATE TO '1.0.2';\n");
ok($node->poll_query_until('postgres', q{SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE query LIKE 'ALTER EXTENSION%'}), 'an update waits for it');
$guard->query_safe('SELECT pg_advisory_unlock(7)');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM cvm.training_runs WHERE status IN ('queued', 'running')}), 'the run comes to its end');
is($node->safe_psql('postgres', q{SELECT status, version, (SELECT extversion FROM pg_extension WHERE extname = 'cvm') FROM cvm.training_runs WHERE model = 'reader' ORDER BY run DESC LIMIT 1}),
	'succeeded|2|1.0.2', 'and so does the update');
$update->quit;
$guard->quit;
$node->safe_psql('postgres', q{SELECT cvm.drop_model('reader'), cvm.drop_model('patient'); DROP VIEW gate});

# Dumps of both versions restore where the new version is the default one.
my %dump;
$node->safe_psql('postgres', q{CREATE DATABASE old});
$node->safe_psql('old', q{CREATE EXTENSION cvm; CREATE TABLE customers AS SELECT i AS id, sin(i) AS x, sin(i) > 0.3 AS churned FROM generate_series(1, 400) i;
	SELECT cvm.train('churn', 'customers', 'churned', key => 'id', options => '{"l2": 10}')});
foreach my $database ('postgres', 'old')
{
	$dump{$database} = $node->basedir . "/$database.sql";
	$node->command_ok([ 'pg_dump', '-f', $dump{$database}, $node->connstr($database) ], "pg_dump of $database");
}
my $control = "$stage$share/extension/cvm.control";
my $lines = slurp_file($control);
$lines =~ s/'1\.0'/'1.0.2'/ or BAIL_OUT('no version in cvm.control');
unlink $control;
append_to_file($control, $lines);
foreach my $database ('postgres', 'old')
{
	$node->safe_psql('postgres', "CREATE DATABASE new_$database");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump{$database}, $node->connstr("new_$database") ],
		"$database is restored in the new version");
	is($node->safe_psql("new_$database", q{SELECT extversion FROM pg_extension WHERE extname = 'cvm'}), '1.0.2', 'which it has then');
	is($node->safe_psql("new_$database", $score), $node->safe_psql($database, $score), 'with the same scores');
}
is($node->safe_psql('new_postgres', 'SELECT count(*) FROM cvm.added'), '1', 'rows of new tables are there');
is($node->safe_psql('new_old', q{SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id')}), '2', 'and the old models live on');

$node->stop;
done_testing();
