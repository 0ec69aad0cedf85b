#!/usr/bin/env bash
# The house itself: what no compiler and no test of behavior looks at.
# Prints each breach and fails if there is one.  The build of make check left
# its messages in the file given.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BREACHES=0
breach() {
	printf '%s\n' "$*"
	BREACHES=$((BREACHES + 1))
}

# ---- the core does not know PostgreSQL ----

# In src/model that is everything but what says so by including postgres.h.
CORE="src/base src/linalg src/encode src/learn $(grep -L '"postgres.h"' src/model/*.[ch] src/model/*/*.[ch])"
# shellcheck disable=SC2086
while read -r line; do
	breach "the core includes the server: $line"
done < <(grep -rnE '#include ("postgres|"(utils|access|executor|fmgr|miscadmin)[/.]|"(pg|frame|agg|score|catalog|worker)/)' $CORE --include='*.[ch]')

# shellcheck disable=SC2046
while read -r line; do
	breach "the core includes the server: $line"
done < <(grep -rnE '#include ("postgres|"(utils|access|executor|fmgr|miscadmin)[/.]|"(pg|frame|score|catalog|worker)/)' \
	$(grep -L '"postgres.h"' src/agg/*.[ch]) /dev/null)

# ---- what newer versions of the server need ----

while read -r file; do
	grep -q '"pg/compat\.h"' "$file" || breach "uses forms of varlena values without pg/compat.h: $file"
done < <(grep -rlE '\b(SET_VARSIZE|VARSIZE|VARDATA)\w*\(' src --include='*.[ch]')

# ---- no warning ----

if [ -s "${1:-/dev/null}" ]; then
	breach "the build has something to say:"
	cat "$1"
fi

# ---- every SQL part is used, and every C function by one ----

for part in sql/parts/*; do
	[[ $part =~ ^sql/parts/[0-9][0-9]_[a-z_]+\.sql$ ]] || breach "not a part NN_name.sql: $part"
	# each part opens with a comment that says what it holds
	head -n 1 "$part" | grep -q '^-- ' || breach "does not say what it holds: $part"
done
while read -r name; do
	breach "no SQL part uses the C function $name"
done < <(comm -23 <(nm -D cvm.so | sed -n 's/.* pg_finfo_//p' | sort -u) \
	<(cat sql/parts/*.sql | grep -oE "'MODULE_PATHNAME', *'\w+'" | sed "s/.*'\(\w*\)'/\1/" | sort -u))

# ---- every file is on the map: named by the README of its folder, or of the one above ----

for file in src/*/*.c src/*/*/*.c; do
	folder=$(dirname "$file")
	[ -f "$folder/README.md" ] || folder=$(dirname "$folder")
	grep -qw "$(basename "$file" .c)" "$folder/README.md" || breach "$folder/README.md does not name $file"
done

# ---- every test is run ----

for test in test/sql/*.sql; do
	[ -f "expected/$(basename "$test" .sql).out" ] || breach "has no expected output: $test"
done
for output in expected/*.out; do
	name=$(basename "$output" .out)
	[ -f "test/sql/${name%_[0-9]}.sql" ] || [ -f "test/sql/$name.sql" ] || breach "belongs to no test: $output"
done
for test in test/specs/*.spec; do
	[ ! -e "$test" ] || [ -f "test/expected/$(basename "$test" .spec).out" ] || breach "has no expected output: $test"
done
for test in test/unit/*.c test/fuzz/*.c test/pgtap/* test/t/*; do
	case $test in
		test/unit/test_*.c | test/fuzz/fuzz_*.c | test/fuzz/replay.c | test/pgtap/*.sql | test/t/*.pl | test/t/*.pm) ;;
		*'*'*) ;;
		*) breach "is run by nothing: $test" ;;
	esac
done

# ---- files: one responsibility, one name ----

while read -r lines file; do
	if [ "$lines" -gt 700 ]; then breach "has $lines lines: $file"; fi
done < <(find src -name '*.[ch]' -exec wc -l {} + | grep -v ' total$')
while read -r name; do
	breach "two files of one name: $name"
done < <(find src -name '*.[ch]' -printf '%f\n' | sort | uniq -d)
for folder in src/*/; do
	grep -q "\`$(basename "$folder")\`" src/README.md || breach "not on the map src/README.md: $folder"
done
while read -r file; do
	breach "does not open with its purpose: $file"
done < <(find src -name '*.[ch]' -exec sh -c 'head -n 2 "$1" | grep -q "^ \* $(basename "$1")" || echo "$1"' _ {} \;)

# ---- one version everywhere ----

version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" cvm.control)
grep -q "^EXTENSION_VERSION = $version\$" Makefile || breach "Makefile has another version than cvm.control"
grep -q "\"version\": \"$version\.[0-9]*\"" META.json || breach "META.json has another version than cvm.control"
grep -q "^## $version\b" CHANGELOG.md || breach "CHANGELOG.md does not know version $version"
grep -rqE "LIBRARY_VERSION \"$version\"" src || breach "the library has another version than cvm.control"

# ---- data of others, unchanged ----

while read -r sum file; do
	[ "$(sha256sum <"test/data/$file" | cut -d' ' -f1)" = "$sum" ] || breach "was changed: test/data/$file"
done < <(sed -nE 's/^- `([0-9a-f]{64})` `(.*)`$/\1 \2/p' test/data/README.md)

# ---- links between documents lead somewhere ----

while IFS=: read -r file link; do
	target=${link%%#*}
	[ -z "$target" ] || [ -e "$(dirname "$file")/$target" ] || breach "$file: leads nowhere: $link"
done < <(grep -noE '\]\([^)]+\)' README.md doc/*.md test/data/README.md src/README.md src/*/README.md /dev/null |
	sed 's/:[0-9]*:\](/:/; s/)$//' | grep -v ':https\?://' | grep -v ':#' || true)

if [ "$BREACHES" -gt 0 ]; then
	printf '%s breaches\n' "$BREACHES"
	exit 1
fi
echo "the house is in order"
