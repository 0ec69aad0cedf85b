# A cluster with the background worker, from the staging folder CVM_STAGE if
# set; waiting for what the worker does, and its mock clock.
package CvmCluster;
use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use Time::Local;

our @EXPORT_OK = qw(new_node set_clock wait_quiet);

sub new_node
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'cvm'
cvm.scheduler_interval = '200ms'
cvm.max_retrain_workers = 2
restart_after_crash = on
CONF
	$node->append_conf('postgresql.conf', $settings // '');
	if (my $stage = $ENV{CVM_STAGE})
	{
		my $libraries = `pg_config --pkglibdir`;
		chomp $libraries;
		$node->append_conf('postgresql.conf', <<"CONF");
extension_destdir = '$stage'
dynamic_library_path = '$stage$libraries:\$libdir'
CONF
	}
	return $node;
}

# Until the launcher has looked at what is due at this time (by the mock clock,
# or none), nothing runs and nobody asks.
sub wait_quiet
{
	my ($node, $time) = @_;
	$time //= '-infinity';
	$node->safe_psql('postgres', <<"SQL");
DO \$\$
DECLARE
	turns integer := 0;
BEGIN
	WHILE NOT EXISTS (SELECT FROM cvm.worker_status()
		WHERE state = 'asleep' AND runs_at_work = 0 AND looked_at >= '$time')
	LOOP
		PERFORM pg_sleep(0.002);
		turns := turns + 1;
		IF turns > 30000 THEN
			RAISE EXCEPTION 'the worker finds no rest: %', (SELECT w FROM cvm.worker_status() AS w);
		END IF;
	END LOOP;
END \$\$;
SQL
	return;
}

# Sets the mock clock to "2026-03-29 01:00" UTC and waits for what comes of it.
sub set_clock
{
	my ($node, $time) = @_;
	my ($year, $month, $day, $hour, $minute) = $time =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+)$/;
	my $seconds = timegm(0, $minute, $hour, $day, $month - 1, $year) - timegm(0, 0, 0, 1, 0, 2000);
	$node->safe_psql('postgres', "ALTER SYSTEM SET cvm.mock_clock = $seconds; SELECT pg_reload_conf()");
	wait_quiet($node, "$time+00");
	return;
}

1;
