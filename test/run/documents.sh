#!/usr/bin/env bash
# documents.sh [--write]: the SQL of the documents, run in a cluster with the
# background worker, gives what they say.  --write rewrites them.
source "$(dirname "$0")/common.sh"

choose_cluster documents
trap stop_cluster EXIT
build
start_cluster <<<"shared_preload_libraries = 'cvm'
cvm.scheduler_interval = '200ms'"

export PSQL=$BINDIR/psql
work=$(mktemp -d)
ln -s "$TOP/test" "$work/test"
result=0
for document in README.md doc/guide.md doc/reference.md; do
	database=$(basename "$document" .md)
	"$PSQL" -X -q -c "CREATE DATABASE \"$database\""
	(cd "$work" && PGDATABASE=$database perl "$TOP/test/run/documents.pl" "$@" "$TOP/$document") || result=1
done
rm -rf "$work"
exit $result
