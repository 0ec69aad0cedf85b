#!/usr/bin/env bash
# make demo: real customers, scored by a model that keeps itself fresh.
source "$(dirname "$0")/common.sh"

install_packages
choose_cluster demo
stop_cluster
build
start_cluster <<<"shared_preload_libraries = 'cvm'
cvm.scheduler_interval = '1s'"

"$BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -v data="$TOP/test/data" -f test/demo/demo.sql

cat <<END

The cluster is still running. Go on with:

    $BINDIR/psql -h $SOCKET -U postgres

and end it with: make demo-stop
END
