#!/usr/bin/env bash
# make bench: speed, as ratios within one run.  BENCH="--rounds 3 --only scoring"
# passes options to test/bench/bench.py.
source "$(dirname "$0")/common.sh"

install_packages bench
choose_cluster bench
trap stop_cluster EXIT
stop_cluster
build
start_cluster <<<"shared_preload_libraries = 'cvm'
shared_buffers = 1GB
maintenance_work_mem = 256MB
max_wal_size = 4GB
autovacuum = off"
"$BINDIR/psql" -X -q -c 'CREATE EXTENSION cvm'
# shellcheck disable=SC2086
BINDIR=$BINDIR ${PYTHON:-python3} test/bench/bench.py ${BENCH:-}
