#!/usr/bin/env bash
# watch.sh MODEL: says what the background worker does until a retraining of
# the model has ended, one line for each thing that is new.
set -euo pipefail

PSQL=${PSQL:-psql}
model=$1
last=
started=$(date +%s%N)

state() {
	"$PSQL" -X -A -t -F ' ' -v model="$model" <<'SQL'
SELECT CASE status
	WHEN 'queued' THEN format('run %s is queued: %s', run, reason)
	WHEN 'running' THEN format('run %s is at work in process %s', run, process_id)
	WHEN 'succeeded' THEN format('run %s succeeded: version %s, %s rows, %s iterations, %s ms', run, version,
		training_rows, iterations, round(1000 * extract(epoch FROM duration)))
	ELSE format('run %s %s: %s', run, status, coalesce(error, reason)) END
FROM cvm.retraining_status
WHERE model = :'model' AND trigger <> 'train'
ORDER BY run DESC LIMIT 1;
SQL
}

for _ in $(seq 600); do
	now=$(state)
	now=${now:-the worker counts new rows}
	if [ "$now" != "$last" ]; then
		ms=$((($(date +%s%N) - started) / 1000000))
		printf '   %2d.%d s  %s\n' $((ms / 1000)) $((ms % 1000 / 100)) "$now"
		last=$now
	fi
	case $now in
		*succeeded*) break ;;
		*failed* | *skipped* | *cancelled*) exit 1 ;;
	esac
	sleep 0.05
done
case $now in
	*succeeded*) ;;
	*) printf '   nothing was retrained in time\n'; exit 1 ;;
esac

"$PSQL" -X -A -t -v model="$model" <<'SQL'
SELECT '           loss by iteration: ' || string_agg(to_char(training_loss, 'FM0.0000'), '  ' ORDER BY epoch)
FROM cvm.training_progress
WHERE model = :'model' AND run = (
	SELECT max(run) FROM cvm.retraining_status WHERE model = :'model' AND status = 'succeeded');
SQL
