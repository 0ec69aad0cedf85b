# A simulated year with 1,000 schedules: every due run is done exactly once.
# Then days on which processes are killed: nothing is lost, halved or doubled.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster qw(new_node clock_script set_clock wait_quiet);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('soak', <<'CONF');
cvm.scheduler_interval = '1d'
cvm.max_retrain_workers = 4
cvm.keep_versions = 0
max_worker_processes = 16
timezone = 'UTC'
CONF
$node->start;

set_clock($node, '2025-12-31 12:00');
$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
CREATE EXTENSION cvm;
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned FROM generate_series(1, 60) i;
CREATE TABLE visitors AS TABLE customers;
CREATE TABLE kinds (kind text, models integer, runs bigint, schedule text);
INSERT INTO kinds VALUES
	('day', 2, 2 * 365, 'at => ''0 3 * * *'''),
	('month', 20, 20 * 12, 'at => format(''%s %s %s * *'', i, i % 6, 1 + i % 28)'),
	('after', 30, 30 * 12, 'after => ''month'' || 1 + i % 20'),
	('every', 300, (SELECT sum(364 / (120 + i % 120)) FROM generate_series(1, 300) i), 'every => make_interval(days => 120 + i % 120)'),
	('age', 448, (SELECT sum(364 / (200 + i % 100)) FROM generate_series(1, 448) i), 'max_age => make_interval(days => 200 + i % 100)'),
	('rows', 200, 200 * 2, 'min_new_rows => 1000');
SELECT count(cvm.train(kind || i, CASE kind WHEN 'rows' THEN 'visitors' ELSE 'customers' END, 'churned', key => 'id'))
FROM kinds, generate_series(1, models) AS i;
SELECT format('SELECT count(cvm.schedule(%L || i, %s)) FROM generate_series(1, %s) AS i', kind, schedule, models)
FROM kinds ORDER BY kind = 'after' \gexec
SQL

# Every day at 4 o'clock, and rows for the visitors on two of the days.
my $script = "SET client_min_messages = error;\n";
for my $day (1 .. 365)
{
	$script .= clock_script('2026-01-01 04:00', $day - 1);
	$script .= "INSERT INTO visitors SELECT i, sin(i), sin(i) > 0 FROM generate_series(1, 1000) AS i;"
	  . "TRUNCATE visitors; INSERT INTO visitors TABLE customers;\n"
	  if $day == 100 || $day == 250;
}
my $start = time;
$node->safe_psql('postgres', $script);
my $seconds = time - $start;
cmp_ok($seconds, '<', 120, sprintf('a year takes %.0f seconds', $seconds));

is( $node->safe_psql('postgres', <<'SQL'), '', 'as many runs of each kind as were due');
SELECT kind, runs, count(*) FROM kinds LEFT JOIN cvm.training_runs ON trigger = 'schedule' AND status = 'succeeded' AND model ~ ('^' || kind)
GROUP BY 1, 2 HAVING count(*) <> runs
SQL
is( $node->safe_psql('postgres', "SELECT count(*) FROM cvm.training_runs WHERE status <> 'succeeded'"),
	0, 'and nothing else');

# Unfinished runs, lost schedules, models without one active version, versions
# without their run and runs without their version.
my $sane = <<'SQL';
SELECT (SELECT count(*) FROM cvm.training_runs WHERE status IN ('queued', 'running')),
	1000 - (SELECT count(*) FROM cvm.schedules),
	(SELECT count(*) FROM cvm.model_registry AS r WHERE (SELECT count(*) FROM cvm.model_versions AS v
		WHERE v.model = r.model AND v.status = 'active' AND v.version = r.active_version) <> 1),
	(SELECT count(*) FROM cvm.model_versions AS v FULL JOIN
		(SELECT * FROM cvm.training_runs WHERE status = 'succeeded') AS t USING (model, version)
		WHERE v.run IS DISTINCT FROM t.run)
SQL
is($node->safe_psql('postgres', $sane), '0|0|0|0', 'every version has its run, every model its version');

# Days with 80 runs each, in the middle of which somebody is killed.
$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
SELECT count(cvm.unschedule(model)) FROM cvm.schedules WHERE model !~ '^after';
SELECT count(cvm.schedule('age' || i, at => '0 3 * * *')) FROM generate_series(1, 80) AS i;
SELECT count(cvm.schedule(model, every => '10 years')) FROM cvm.model_registry AS r
WHERE NOT EXISTS (SELECT FROM cvm.schedules AS s WHERE s.model = r.model);
SQL

# Who is killed, and where: while he waits for a lock that is held until then.  A
# scheduler so queues its first run, or closes what was left; a run starts, stores
# its version, its metrics, its learning curve.
my @kills = (
	[ 'scheduler', 'LOCK TABLE cvm.event_log IN EXCLUSIVE MODE' ],
	[ 'scheduler', 'LOCK TABLE cvm.model_registry IN EXCLUSIVE MODE' ],
	[ 'run', 'LOCK TABLE cvm.event_log IN EXCLUSIVE MODE' ],
	[ 'run', 'LOCK TABLE cvm.model_versions IN EXCLUSIVE MODE' ],
	[ 'run', 'LOCK TABLE cvm.model_metrics IN EXCLUSIVE MODE' ],
	[ 'run', 'LOCK TABLE cvm.training_log IN EXCLUSIVE MODE' ],
	[ 'launcher', 'LOCK TABLE cvm.feature_profile IN EXCLUSIVE MODE' ],
	[ 'postmaster', 'LOCK TABLE cvm.score_profile IN EXCLUSIVE MODE' ],
	[ 'postmaster', 'LOCK TABLE cvm.model_versions IN EXCLUSIVE MODE' ]);

# Waits for the victim, kills it, and waits for what comes after the crash.
sub kill_one
{
	my ($victim, $launcher) = @_;
	my $waits = "wait_event_type = 'Lock' AND backend_type = 'cvm " . ($victim eq 'scheduler' ? 'scheduler' : 'run') . "'";
	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE $waits") or return 0;
	if ($victim eq 'postmaster')
	{
		$node->kill9;
		# until the last process of the old one is gone
		$node->{_pid} = undef until $node->start(fail_ok => 1);
	}
	else
	{
		my $pid = $victim eq 'launcher' ? $launcher : $node->safe_psql('postgres', "SELECT min(pid) FROM pg_stat_activity WHERE $waits");
		kill 'KILL', $pid or return 0;
	}
	# the crash of any process is one of all
	return $node->poll_query_until('postgres', "SELECT launcher_pid <> $launcher FROM cvm.worker_status()");
}

my $day = -1;
my $seed = time % 100000;
srand $seed;
note "seed $seed";
foreach my $kill (sort { $a->[2] <=> $b->[2] } map { [ $_->[0], $_->[1], rand ] } @kills)
{
	my ($victim, $lock) = @$kill;
	$day++;
	my $launcher = $node->safe_psql('postgres', 'SELECT launcher_pid FROM cvm.worker_status()');
	my $holder = $node->background_psql('postgres', on_error_stop => 0);
	# runs are to be held, not the look that starts them
	my $held = $victim ne 'scheduler' && $lock =~ /event_log/;
	$node->safe_psql('postgres', 'ALTER SYSTEM SET cvm.max_retrain_workers = 0; SELECT pg_reload_conf()') if $held;
	$holder->query_safe("BEGIN; $lock") unless $held;
	# without waiting for what comes of it
	$node->safe_psql('postgres', clock_script('2027-01-01 04:00', $day) =~ s/^DO.*//msr);
	if ($held)
	{
		$node->poll_query_until('postgres', "SELECT count(*) = 80 FROM cvm.training_runs WHERE status = 'queued'");
		wait_quiet($node);
		$holder->query_safe("BEGIN; $lock");
		$node->safe_psql('postgres', 'ALTER SYSTEM RESET cvm.max_retrain_workers; SELECT pg_reload_conf()');
	}
	ok(kill_one($victim, $launcher), "day $day: a $victim is killed, $lock");
	$holder->{run}->kill_kill if $holder->{run}->pumpable;
	# and the attempts after a failure
	$node->safe_psql('postgres', clock_script(sprintf('2027-01-01 04:%02d', $_), $day)) for (5, 15);
}
is($node->safe_psql('postgres', $sane), '0|0|0|0', 'after the kills: no run is left, no schedule lost, no version halved');
is( $node->safe_psql('postgres', <<'SQL'), ($day + 1) * 80 . '|80', 'every due time had its run, and no more');
SELECT count(*), count(DISTINCT model) FROM cvm.training_runs
WHERE status = 'succeeded' AND trigger = 'schedule' AND requested_at > '2027-01-01'
SQL
is( $node->safe_psql('postgres', <<'SQL'), 't|t', 'what was killed is written down');
SELECT count(*) > 0, bool_and(status IN ('succeeded', 'failed') AND (status = 'succeeded' OR reason = 'the process ended before the run did'))
FROM cvm.training_runs WHERE requested_at > '2027-01-01'
SQL

$node->stop;
done_testing();
