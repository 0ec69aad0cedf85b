# The background worker runs a source as the owner of the model, in every pass
# over it, and stores what it learned for nobody else.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = CvmCluster::new_node('ownership');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION cvm;
CREATE ROLE mallory;
CREATE ROLE victim;
CREATE SCHEMA den AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA den TO victim;
SET ROLE mallory;
SET search_path TO den;
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 400) i;
GRANT SELECT ON customers TO victim;
CREATE FUNCTION who(attack text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	RAISE LOG 'den: % as % of %', attack, current_user, session_user;
	EXECUTE attack;
	RAISE LOG 'den: broken out by %', attack;
	RETURN 1;
EXCEPTION WHEN OTHERS THEN
	RAISE LOG 'den: %', SQLERRM;
	RETURN 1;
END $$;
CREATE VIEW trap AS SELECT * FROM customers;
SQL

my $attacks = join ' + ', map { "den.who('$_')" } 'SET ROLE postgres', 'RESET ROLE', 'CREATE TABLE den.made (i integer)',
	'SET SESSION AUTHORIZATION DEFAULT', 'ALTER ROLE mallory SUPERUSER';
foreach my $driver ('memory', 'spill', 'passes')
{
	$node->safe_psql('postgres', <<"SQL");
SET ROLE mallory;
SET search_path TO den;
CREATE OR REPLACE VIEW trap AS SELECT id, x, churned FROM customers;
SELECT cvm.train('$driver', 'trap', 'churned', key => 'id', options => '{"driver": "$driver"}');
CREATE OR REPLACE VIEW trap AS SELECT c.id, c.x, c.churned FROM customers AS c, (SELECT $attacks AS a) AS s WHERE a > 0;
SQL
	my $before = -s $node->logfile;
	$node->safe_psql('postgres', "SET ROLE mallory; SELECT cvm.retrain('$driver')");
	ok($node->poll_query_until('postgres',
			"SELECT status = 'succeeded' FROM cvm.retraining_status WHERE model = '$driver' ORDER BY run DESC LIMIT 1"),
		"$driver: the worker retrains");
	my $log = slurp_file($node->logfile, $before);
	my @roles = $log =~ /den: .* as (\w+) of/g;
	cmp_ok(scalar(@roles), '>=', $driver eq 'passes' ? 10 : 5, "$driver: the source was run, " . scalar(@roles) . ' attacks');
	is(join(' ', grep { $_ ne 'mallory' } @roles), '', "$driver: as its owner only");
	unlike($log, qr/den: broken out/, "$driver: and none got through");
}
is($node->safe_psql('postgres', q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', 'mallory is what she was');
is($node->safe_psql('postgres', q{SELECT to_regclass('den.made') IS NULL}), 't', 'nothing was made');

# A model that takes the name of one that is being trained gets nothing of it.
$node->safe_psql('postgres', <<'SQL');
SET ROLE mallory;
SET search_path TO den;
CREATE OR REPLACE VIEW trap AS SELECT id, x, churned FROM customers;
SELECT cvm.train('taken', 'trap', 'churned', key => 'id');
CREATE OR REPLACE VIEW trap AS SELECT c.* FROM customers AS c, (SELECT pg_advisory_xact_lock_shared(7)) AS wait(done) WHERE done IS NOT NULL;
SQL
my $gate = $node->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(7)');
$node->safe_psql('postgres', "SET ROLE mallory; SELECT cvm.retrain('taken')");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), 'a run waits in its source');
$node->safe_psql('postgres', "SET ROLE mallory; SELECT cvm.rename_model('taken', 'gone'); SELECT cvm.drop_model('gone')");
$node->safe_psql('postgres', "SET ROLE victim; SELECT cvm.train('taken', 'den.customers', 'churned', key => 'id')");
my $victims = $node->safe_psql('postgres', "SELECT v FROM cvm.version_history AS v WHERE model = 'taken'");
$gate->query_safe('SELECT pg_advisory_unlock(7)');
$gate->quit;
ok($node->poll_query_until('postgres', "SELECT runs_at_work = 0 FROM cvm.worker_status()"), 'the run is over');
is($node->safe_psql('postgres', "SELECT v FROM cvm.version_history AS v WHERE model = 'taken'"), $victims, "the victim's model is what it was");
is($node->safe_psql('postgres', "SELECT string_agg(status, ' ') FROM cvm.retraining_status WHERE model = 'taken'"), 'succeeded', 'and so are its runs');

# The owner is dropped: the model is nobody's, and no dump holds the number.
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE leaver;
CREATE ROLE heir;
GRANT USAGE ON SCHEMA den TO leaver, heir;
GRANT SELECT ON den.customers TO leaver, heir;
SET ROLE leaver;
SELECT cvm.train('left', 'den.customers', 'churned', key => 'id');
SELECT cvm.grant_model('left', 'heir');
SELECT cvm.schedule('left', every => '1 year');
SQL
my $number = $node->safe_psql('postgres', "SELECT 'leaver'::regrole::oid");
$node->safe_psql('postgres', 'DROP OWNED BY leaver; DROP ROLE leaver');
ok($node->poll_query_until('postgres', "SELECT owner::oid = 0 FROM cvm.model_registry WHERE model = 'left'"), 'a model whose owner was dropped is nobody\'s');
is($node->safe_psql('postgres', "SELECT detail FROM cvm.alerts WHERE event = 'owner_dropped'"), 'its owner was dropped', 'with an alert');
is($node->safe_psql('postgres', "SET ROLE heir; SELECT count(*) FROM den.customers AS c WHERE cvm.predict('left', c) > 0"), '400', 'who may score with it still may');
my ($code, $output, $error) = $node->psql('postgres', "SET ROLE heir; SELECT cvm.drop_model('left')");
like($error, qr/must be owner of model "left"/, 'and no more');
$node->safe_psql('postgres', "SELECT cvm.retrain('left')");
ok($node->poll_query_until('postgres', "SELECT error = 'the owner of model \"left\" no longer exists' FROM cvm.retraining_status WHERE model = 'left' ORDER BY run DESC LIMIT 1"),
	'it is not retrained');
$node->command_ok([ 'pg_dump', '-f', $node->basedir . '/dump.sql', $node->connstr('postgres') ], 'pg_dump');
my ($row) = slurp_file($node->basedir . '/dump.sql') =~ /^(left\t.*)$/m;
unlike($row, qr/\b$number\b/, 'the dump does not know the number');
$node->safe_psql('postgres', "SELECT cvm.change_owner('left', 'heir'); SELECT cvm.resume('left'); SELECT cvm.retrain('left')");
ok($node->poll_query_until('postgres', "SELECT status = 'succeeded' FROM cvm.retraining_status WHERE model = 'left' ORDER BY run DESC LIMIT 1"),
	'until somebody has it');

$node->stop;
done_testing();
