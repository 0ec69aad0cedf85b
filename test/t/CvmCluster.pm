# A cluster with the background worker, from the staging folder CVM_STAGE if set.
package CvmCluster;
use strict;
use warnings;

use PostgreSQL::Test::Cluster;

sub new_node
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'cvm'
cvm.scheduler_interval = '200ms'
cvm.max_retrain_workers = 2
restart_after_crash = on
CONF
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

1;
