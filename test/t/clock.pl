# A year by the mock clock: cron expressions across summer time, chains, ages,
# missed times, a window, pauses after failures, a clock that is set back.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CvmCluster qw(new_node set_clock wait_quiet);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('clock', "cvm.pause_after_failures = 3\ntimezone = 'UTC'\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION cvm;
CREATE TABLE customers AS
	SELECT i AS id, sin(i) AS x, sin(i) + cos(7 * i) > 0 AS churned
	FROM generate_series(1, 300) i;
SELECT cvm.train(m, 'customers', 'churned', key => 'id') FROM unnest(ARRAY['nightly', 'monthly', 'follower', 'aged']) m;
SQL

# The runs of a model that were queued by time, "MM-DD HH24:MI status" each.
sub runs
{
	my ($model, $since) = @_;
	return $node->safe_psql('postgres', <<"SQL");
SELECT string_agg(to_char(requested_at, 'MM-DD HH24:MI ') || status, ', ' ORDER BY run)
FROM cvm.training_runs WHERE model = '$model' AND trigger = 'schedule' AND requested_at >= '$since'
SQL
}

set_clock($node, '2026-03-27 12:00');
$node->safe_psql('postgres', <<'SQL');
SELECT cvm.schedule('nightly', at => '30 2 * * *', time_zone => 'Europe/Berlin');
SELECT cvm.schedule('monthly', every => '1 month', time_zone => 'Europe/Berlin');
SELECT cvm.schedule('follower', after => 'monthly');
SELECT cvm.schedule('aged', max_age => '40 days');
SQL

# Every hour: the nightly run is there once a night, whatever the clocks do.
for my $hour (0 .. 71)
{
	set_clock($node, sprintf('2026-03-%02d %02d:00', 28 + int($hour / 24), $hour % 24));
}
is(runs('nightly', '2026-03-28'),
	'03-28 02:00 succeeded, 03-29 01:00 succeeded, 03-30 01:00 succeeded',
	'a night in which the clock skips the time has its run, and one only');
for my $hour (0 .. 47)
{
	set_clock($node, sprintf('2026-10-%02d %02d:00', 25 + int($hour / 24), $hour % 24));
}
is(runs('nightly', '2026-10-25'),
	'10-25 00:00 succeeded, 10-25 00:00 skipped, 10-25 01:00 succeeded, 10-26 02:00 succeeded',
	'a night in which the time comes twice has one run');
is( $node->safe_psql('postgres',
		"SELECT reason FROM cvm.training_runs WHERE model = 'nightly' AND status = 'skipped'"),
	'207 due times passed without a run', 'half a year without the clock is not made up for');

# What came of the others in the meantime.
is(runs('monthly', '2026-03-28'), '10-25 00:00 succeeded, 10-25 00:00 skipped', 'a month');
is( $node->safe_psql('postgres', "SELECT next_due AT TIME ZONE 'Europe/Berlin' FROM cvm.schedules WHERE model = 'monthly'"),
	'2026-10-27 13:00:00', 'a month goes by the hours of its zone');
is(runs('follower', '2026-03-28'), '10-25 00:00 succeeded', 'a chain');
is(runs('aged', '2026-03-28'), '10-25 00:00 succeeded', 'an age');

# Failures: back-off, then a pause; the others go on.
$node->safe_psql('postgres', 'ALTER TABLE customers RENAME TO gone');
for my $minute (0 .. 30)
{
	set_clock($node, sprintf('2026-11-01 12:%02d', $minute));
}
is( $node->safe_psql('postgres', <<'SQL'), '3|t', 'three attempts, then a pause');
SELECT count(*), (SELECT paused_at IS NOT NULL FROM cvm.due_models WHERE model = 'monthly')
FROM cvm.training_runs WHERE model = 'monthly' AND status = 'failed'
SQL
ok( $node->safe_psql('postgres', <<'SQL') eq 't', 'with growing delay');
SELECT bool_and(delay BETWEEN interval '1 minute' * 1.5 * (attempt - 1) AND interval '1 minute' * (2.5 * (attempt - 1) + 1))
FROM (SELECT attempt, requested_at - lag(requested_at) OVER (ORDER BY run) AS delay
	FROM cvm.training_runs WHERE model = 'monthly' AND status = 'failed') AS attempts
SQL
$node->safe_psql('postgres', <<'SQL');
ALTER TABLE gone RENAME TO customers;
SELECT cvm.resume('monthly'), cvm.resume('nightly');
SQL
wait_quiet($node);
is( $node->safe_psql('postgres', "SELECT status FROM cvm.training_runs WHERE model = 'monthly' ORDER BY run DESC LIMIT 1"),
	'failed', 'the next run waits for its time');
set_clock($node, '2026-11-27 13:00');
is( $node->safe_psql('postgres', "SELECT status FROM cvm.training_runs WHERE model = 'monthly' ORDER BY run DESC LIMIT 1"),
	'succeeded', 'and is there after resume()');

# The window: what is due waits, what is asked for does not.
$node->append_conf('postgresql.conf', "cvm.retrain_window = '22:00-05:00'\n");
set_clock($node, '2026-11-28 12:00');
$node->safe_psql('postgres', "SELECT cvm.schedule('aged', every => '1 hour')");
set_clock($node, '2026-11-28 13:00');
is( $node->safe_psql('postgres', "SELECT reason FROM cvm.due_models WHERE model = 'aged'") =~ s/run \d+/run/r,
	'run is queued: waits for cvm.retrain_window (22:00-05:00)', 'a window that is shut');
$node->safe_psql('postgres', "SELECT cvm.retrain('follower')");
wait_quiet($node);
is( $node->safe_psql('postgres', "SELECT trigger, status FROM cvm.training_runs WHERE model = 'follower' ORDER BY run DESC LIMIT 1"),
	'retrain|succeeded', 'is open for retrain()');
set_clock($node, '2026-11-28 22:00');
is(runs('aged', '2026-11-28'), '11-28 13:00 succeeded, 11-28 22:00 skipped',
	'when it opens, one run serves what became due');

# A clock that is set back, and forward again.
set_clock($node, '2026-11-20 00:30');
$node->safe_psql('postgres', "SELECT cvm.retrain('aged')");
wait_quiet($node);
set_clock($node, '2026-11-28 23:00');
is(runs('aged', '2026-11-28 22:30'), '11-28 23:00 succeeded', 'goes on after a clock that was set back');

# A check for drift finds none and trains nothing.
$node->safe_psql('postgres', "SELECT cvm.schedule('aged', drift_threshold => 0.2)");
set_clock($node, '2026-11-30 01:00');
like($node->safe_psql('postgres', "SELECT status || ': ' || reason FROM cvm.training_runs WHERE model = 'aged' ORDER BY run DESC LIMIT 1"),
	qr/^skipped: stability index 0\.0\d\d of "x" in 300 rows$/, 'a check by the worker');
set_clock($node, '2026-11-28 23:00');
$node->safe_psql('postgres', "SELECT cvm.unschedule('aged')");

# Logged predictions are kept for their time.
$node->append_conf('postgresql.conf', "cvm.log_retention = 10\n");
$node->safe_psql('postgres', "SELECT count(*) FROM cvm.score('aged', 'customers', true)");
set_clock($node, '2026-12-10 12:00');
$node->safe_psql('postgres', "SELECT count(*) FROM cvm.score('aged', 'customers', true)");
my $kept = "SELECT string_agg(DISTINCT to_char(predicted_at, 'MM-DD'), ' ') FROM cvm.prediction_log";
is($node->safe_psql('postgres', $kept), '11-28 12-10', 'predictions of this month and the last');
set_clock($node, '2026-12-12 12:00');
is($node->safe_psql('postgres', $kept), '12-10', 'a month is dropped when its last day is too old');

# The hours of the window are those of the server's time zone, whichever that is now.
set_clock($node, '2026-12-13 04:30');
$node->safe_psql('postgres', "SELECT cvm.schedule('aged', every => '9 hours')");
set_clock($node, '2026-12-13 14:00');
is( $node->safe_psql('postgres', "SELECT reason FROM cvm.due_models WHERE model = 'aged'") =~ s/run \d+/run/r,
	'run is queued: waits for cvm.retrain_window (22:00-05:00)', 'two in the afternoon');
$node->safe_psql('postgres', "ALTER SYSTEM SET timezone = 'Asia/Tokyo'");
set_clock($node, '2026-12-13 14:01');
is(runs('aged', '2026-12-13 06:00+00'), '12-13 23:00 succeeded', 'are eleven at night in another zone');

$node->stop;
done_testing();
