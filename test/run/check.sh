#!/usr/bin/env bash
# make check: every test, in a private cluster.  Each suite prints its own
# closing line; the last line counts the suites.
source "$(dirname "$0")/common.sh"

install_packages check
choose_cluster check
trap stop_cluster EXIT
# From nothing, so that every warning is seen.
make -s PG_CONFIG="$PG_CONFIG" with_llvm=no clean
build

PASSED=0
FAILED=0
suite() {	# name, command...
	local name=$1
	shift
	printf '\n== %s\n' "$name"
	if "$@"; then
		PASSED=$((PASSED + 1))
	else
		FAILED=$((FAILED + 1))
		printf '== %s FAILED\n' "$name"
	fi
}

regression() {
	make -s PG_CONFIG="$PG_CONFIG" with_llvm=no installcheck ||
		{ cat regression.diffs output_iso/regression.diffs 2>/dev/null | head -n 300; false; }
}

pgtap() {
	"$BINDIR/psql" -X -q -c 'CREATE DATABASE pgtap' -c '\c pgtap' \
		-c 'CREATE EXTENSION cvm' -c 'CREATE EXTENSION pgtap'
	(cd test/pgtap && pg_prove --psql-bin "$BINDIR/psql" -d pgtap ./*.sql)
}

# PostgreSQL::Test starts clusters of its own, as the server's user.
clusters() {
	local pgxs work
	pgxs=$(dirname "$("$PG_CONFIG" --pgxs)")/../..
	work=$(mktemp -d /tmp/cvm-tap.XXXXXX)
	cp -r test "$work/"
	[ "$(id -u)" = 0 ] && chown -R postgres "$work"
	local result=0
	as_server env PATH="$BINDIR:$PATH" PERL5LIB="$pgxs/src/test/perl:$work/test/t" \
		PG_REGRESS="$pgxs/src/test/regress/pg_regress" TESTDATADIR="$work/tmp_check" \
		TESTLOGDIR="$work/log" TESTDIR="$work" CVM_STAGE="$STAGE" \
		prove "$work"/test/t/*.pl || result=1
	rm -rf "$work"
	return $result
}

suite 'the house itself' test/run/house.sh "$CLUSTER/build.log"
suite 'unit tests' make -s -C test/unit check
[ ! -f test/fuzz/Makefile ] || suite 'hostile bytes' make -s -C test/fuzz check
start_cluster <<<''
suite 'SQL surface and isolation' regression
ls test/pgtap/*.sql >/dev/null 2>&1 && suite 'behavior' pgtap
suite 'documents' test/run/documents.sh
ls test/t/*.pl >/dev/null 2>&1 && suite 'clusters' clusters

printf '\nsuites: %d passed, %d failed\n' "$PASSED" "$FAILED"
[ "$FAILED" = 0 ]
