# pg_dump and restore give back models, versions, history, schedules and
# privileges, with nothing in the way of what comes afterwards.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = CvmCluster::new_node('dump');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE alice;
CREATE ROLE bob;
CREATE ROLE gone;
CREATE DATABASE shop;
SQL
$node->safe_psql('shop', <<'SQL');
CREATE EXTENSION cvm;
CREATE SCHEMA sales AUTHORIZATION alice;
SET ROLE alice;
SET search_path TO sales;
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, (ARRAY['a', 'b', NULL])[1 + i % 3] AS kind, sin(i) + cos(7 * i) > 0 AS churned
	FROM generate_series(1, 400) i;
SELECT cvm.train('churn', 'customers', 'churned', key => 'id', options => '{"seed": 3}');
SELECT cvm.train('churn', 'customers', 'churned', features => ARRAY['x'], key => 'id');
SELECT cvm.train('amount', 'SELECT x, kind, id FROM customers', 'id', 'linear', options => '{"validation": 0}');
SELECT cvm.promote('churn', 1);
SELECT cvm.grant_model('churn', 'bob'), cvm.grant_model('amount', 'public'), cvm.grant_model('churn', 'gone');
SELECT cvm.schedule('churn', every => '1 month', options => '{"l2": 2}');
SELECT cvm.retrain('amount', wait => true);
CREATE TABLE kept AS SELECT cvm.active_model('churn') AS model;
RESET ROLE;
DROP ROLE gone;
SQL

# Everything that there is to know, as text.
my @tables = split /\n/, $node->safe_psql('shop', <<'SQL');
SELECT oid::regclass FROM pg_class WHERE relnamespace = 'cvm'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname
SQL
cmp_ok(scalar(@tables), '>=', 8, 'the catalog has its tables');

sub content
{
	my ($database, $table) = @_;
	return $node->safe_psql($database,
		"SET timezone TO 'UTC'; SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') FROM $table AS t"
		  . ($table eq 'cvm.model_grants' ? " WHERE EXISTS (SELECT FROM pg_roles WHERE oid = grantee) OR grantee::oid = 0" : ''));
}

my %before = map { $_ => content('shop', $_) } @tables;
my $scores = q{SELECT md5(string_agg(cvm.predict('churn', c)::text || cvm.predict('amount', c)::text
	|| cvm.predict(cvm.model_version('churn', 2), c)::text || cvm.predict((SELECT model FROM sales.kept), c)::text, ' ' ORDER BY id))
	FROM sales.customers AS c};
my $scored = $node->safe_psql('shop', $scores);

foreach my $format ('plain', 'custom')
{
	my $file = $node->basedir . "/shop.$format";
	my $database = "shop_$format";
	$node->command_ok([ 'pg_dump', '-F', $format, '-f', $file, $node->connstr('shop') ], "pg_dump, $format");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok(
		$format eq 'plain'
		? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr($database) ]
		: [ 'pg_restore', '--exit-on-error', '-d', $node->connstr($database), $file ],
		"restore, $format");
	foreach my $table (@tables)
	{
		is(content($database, $table), $before{$table}, "$format: $table is as it was");
	}
	is($node->safe_psql($database, $scores), $scored, "$format: the same scores, bit for bit");

	# privileges
	is($node->safe_psql($database, q{SET ROLE bob; SELECT string_agg(model, ' ' ORDER BY model) FROM cvm.model_overview}),
		'amount churn', "$format: grants are there");
	is($node->safe_psql($database, q{SELECT count(*) FROM cvm.model_grants}), '2', "$format: the grant to a role that is gone is not");
	my ($code, $output, $error) = $node->psql($database, q{SET ROLE bob; SELECT cvm.drop_model('churn')});
	like($error, qr/must be owner of model "churn"/, "$format: and they are no more than they were");

	# what comes afterwards
	is($node->safe_psql($database, q{SET ROLE alice; SET search_path TO sales; SELECT version, status FROM cvm.train('churn', 'customers', 'churned', key => 'id')}),
		'3|active', "$format: training goes on after the last version");
	is($node->safe_psql($database, q{SET ROLE alice; SELECT run FROM cvm.retrain('churn', wait => true) AS run;
			SELECT status, version FROM cvm.retraining_status WHERE model = 'churn' ORDER BY run DESC LIMIT 1}),
		"4\nsucceeded|4", "$format: and so do runs, under the recorded search_path");
	is($node->safe_psql($database, q{SET ROLE alice; SELECT cvm.rollback('churn'); SELECT cvm.drop_model('amount');
			SELECT count(*) FROM cvm.model_overview}), "3\n\n1", "$format: and the rest of a model's life");
}

# The schema alone, and the extension's own objects are not in the dump.
my $plain = slurp_file($node->basedir . '/shop.plain');
unlike($plain, qr/CREATE (TABLE|FUNCTION|VIEW|TYPE) cvm\./, 'the dump holds rows of the catalog, not its objects');
like($plain, qr/COPY cvm\.model_versions /, 'as copies');

# A dump can be taken by who may read all data, without being a superuser.
$node->safe_psql('postgres', 'CREATE ROLE reader LOGIN IN ROLE pg_read_all_data');
$node->command_ok([ 'pg_dump', '-U', 'reader', '-f', $node->basedir . '/reader.sql', '-d', 'shop', '-h', $node->host, '-p', $node->port ],
	'pg_dump as a member of pg_read_all_data');

$node->stop;
done_testing();
