#!/usr/bin/env bash
# make demo: real customers, scored by a model that keeps itself fresh.
source "$(dirname "$0")/common.sh"

install_packages
choose_cluster demo
stop_cluster
# Whatever goes wrong, nothing stays behind.
trap '[ $? = 0 ] || stop_cluster' EXIT
mkdir -p "$CLUSTER"
build
start_cluster <<<"shared_preload_libraries = 'cvm'
cvm.scheduler_interval = '1s'"

export PSQL=$BINDIR/psql
"$PSQL" -X -f test/demo/demo.sql

cat <<END

The cluster is still running, and so is its worker. Go on with

    $PSQL -h $SOCKET -U postgres

and end it with: make demo-stop
END
