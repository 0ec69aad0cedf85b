# A cluster with the background worker, from the staging folder CVM_STAGE if
# set; waiting for what the worker does, and its mock clock.
package CvmCluster;
use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use POSIX qw(strftime);
use Time::Local;

our @EXPORT_OK = qw(new_node clock_script set_clock wait_quiet);

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

# SQL that waits until the launcher has looked at what is due at this time (by
# the mock clock), nothing runs and nobody asks.
sub quiet_script
{
	my ($time) = @_;
	return <<"SQL";
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
}

sub wait_quiet
{
	my ($node) = @_;
	$node->safe_psql('postgres', quiet_script('-infinity'));
	return;
}

# SQL that sets the mock clock to "2026-03-29 01:00" UTC, or so many days later.
sub clock_script
{
	my ($time, $days) = @_;
	my ($year, $month, $day, $hour, $minute) = $time =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+)$/;
	my $seconds = timegm(0, $minute, $hour, $day, $month - 1, $year) + ($days // 0) * 86400;
	my $mock = $seconds - timegm(0, 0, 0, 1, 0, 2000);
	return "ALTER SYSTEM SET cvm.mock_clock = $mock;\nSELECT pg_reload_conf();\n"
	  . quiet_script(strftime('%Y-%m-%d %H:%M:%S+00', gmtime $seconds));
}

sub set_clock
{
	my ($node, $time) = @_;
	my $script = clock_script($time);
	# Before CREATE EXTENSION there is nothing to wait for.
	$script =~ s/^DO.*//ms if $node->safe_psql('postgres', "SELECT count(*) FROM pg_extension WHERE extname = 'cvm'") eq '0';
	$node->safe_psql('postgres', $script);
	return;
}

1;
