# ALTER EXTENSION cvm UPDATE, with the kind of script that a next version will
# bring: a column and a function more, a view replaced.  Models go on being
# scored in sessions that are open, and a dump finds its way into the new
# version.
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

my $node = CvmCluster::new_node('upgrade');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION cvm VERSION '1.0';
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 400) i;
SELECT cvm.train('churn', 'customers', 'churned', key => 'id');
CREATE TABLE kept AS SELECT cvm.active_model('churn') AS model;
SELECT cvm.schedule('churn', every => '1 month');
SQL
is($node->safe_psql('postgres', q{SELECT target FROM pg_extension_update_paths('cvm') WHERE source = '1.0' AND path IS NOT NULL AND target <> '1.0'}),
	'1.0.1', 'there is a way to the next version');

my $score = q{SELECT round(sum(cvm.predict('churn', c))::numeric, 9) FROM customers AS c};
my $scored = $node->safe_psql('postgres', $score);
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe("PREPARE score AS $score");
is($session->query_safe('EXECUTE score'), $scored, 'a session is open and has a plan');

$node->safe_psql('postgres', q{ALTER EXTENSION cvm UPDATE TO '1.0.1'});
is($node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'cvm'}), '1.0.1', 'the extension is updated');
is($session->query_safe('EXECUTE score'), $scored, 'the session goes on scoring');
is($session->query_safe($score), $scored, 'also with a new plan');
is($session->query_safe(q{SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id')}), '2', 'and trains');
$session->quit;
is($node->safe_psql('postgres', q{SELECT cvm.models()}), 'churn', 'what is new is there');
is($node->safe_psql('postgres', q{SELECT count(*) FROM kept, customers AS c WHERE cvm.predict(model, c) > 0}), '400', 'stored values are scored');
$node->safe_psql('postgres', q{SELECT cvm.retrain('churn')});
ok($node->poll_query_until('postgres', q{SELECT status = 'succeeded' FROM cvm.retraining_status ORDER BY run DESC LIMIT 1}),
	'the worker goes on');
is($node->safe_psql('postgres', q{SELECT every FROM cvm.schedules}), '1 mon', 'the schedule is there');

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
$lines =~ s/'1\.0'/'1.0.1'/ or BAIL_OUT('no version in cvm.control');
unlink $control;
append_to_file($control, $lines);
foreach my $database ('postgres', 'old')
{
	$node->safe_psql('postgres', "CREATE DATABASE new_$database");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump{$database}, $node->connstr("new_$database") ],
		"$database is restored in the new version");
	is($node->safe_psql("new_$database", q{SELECT extversion FROM pg_extension WHERE extname = 'cvm'}), '1.0.1', 'which it has then');
	is($node->safe_psql("new_$database", $score), $node->safe_psql($database, $score), 'with the same scores');
}
is($node->safe_psql('new_postgres', 'SELECT count(*) FROM cvm.added'), '1', 'rows of new tables are there');
is($node->safe_psql('new_old', q{SELECT version FROM cvm.train('churn', 'customers', 'churned', key => 'id')}), '2', 'and the old models live on');

$node->stop;
done_testing();
