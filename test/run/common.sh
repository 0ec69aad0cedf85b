# common.sh: what demo, check and bench share: packages, build, a private cluster
#
# The cluster lives in .cluster/ below the checkout (in a temporary folder
# where the server's user cannot reach the checkout), listens on a socket
# only, and finds the extension in a staging folder: neither the machine's own
# cluster nor its installed extensions are touched.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
TOP=$PWD
export LC_ALL=C.UTF-8
PG_CONFIG=${PG_CONFIG:-pg_config}

say() { printf '%s\n' "$*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# ---- packages ----

missing_packages() {
	local major=15
	if command -v "$PG_CONFIG" >/dev/null; then
		major=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	fi
	local packages="make gcc libc6-dev postgresql-$major postgresql-client-$major
		postgresql-server-dev-$major libopenblas-serial-dev"
	[ "${1:-}" = check ] && packages="$packages postgresql-$major-pgtap
		libtap-parser-sourcehandler-pgtap-perl libipc-run-perl"
	[ "${1:-}" = bench ] && packages="$packages python3"
	local package
	for package in $packages; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' ||
			printf '%s ' "$package"
	done
}

install_packages() {
	command -v dpkg-query >/dev/null || return 0	# not Debian: the user's own affair
	local missing
	missing=$(missing_packages "${1:-}")
	[ -n "$missing" ] || return 0
	say "installing: $missing"
	local log
	log=$(mktemp)
	# shellcheck disable=SC2086
	if ! { as_root apt-get update -q &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1
	then
		cat "$log" >&2
		rm -f "$log"
		say "these packages could not be installed; once they are there, nothing else is needed"
		exit 1
	fi
	rm -f "$log"
}

# ---- build ----

build() {	# what the compiler says stays in $CLUSTER/build.log
	mkdir -p "$CLUSTER"
	if ! make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no >"$CLUSTER/build.log" 2>&1; then
		cat "$CLUSTER/build.log" >&2
		exit 1
	fi
	# The whole output is read: a broken pipe would count as a failure.
	if "$BINDIR/postgres" --describe-config 2>/dev/null | grep '^extension_destdir' >/dev/null; then
		STAGE=$CLUSTER/stage
		make -s PG_CONFIG="$PG_CONFIG" with_llvm=no install DESTDIR="$STAGE" >/dev/null
		chmod -R a+rX "$STAGE"
	else
		STAGE=
		as_root make -s PG_CONFIG="$PG_CONFIG" with_llvm=no install >/dev/null
	fi
}

# ---- the private cluster ----

# The server refuses to run as root.
as_server() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

choose_cluster() {	# name
	BINDIR=$("$PG_CONFIG" --bindir)
	CLUSTER=$TOP/.cluster/$1
	if [ "$(id -u)" = 0 ] && ! runuser -u postgres -- test -x "$TOP" 2>/dev/null; then
		CLUSTER=/tmp/cvm-$(printf '%s' "$TOP" | cksum | cut -d' ' -f1)-$1
	fi
	# A socket's path has little room.
	SOCKET=/tmp/cvm-$(printf '%s' "$CLUSTER" | cksum | cut -d' ' -f1)
	mkdir -p "$CLUSTER"
	export PGHOST=$SOCKET PGUSER=postgres PGDATABASE=postgres PGPORT=5432
	unset PGSERVICE PGHOSTADDR PGPASSWORD PGOPTIONS
}

stop_cluster() {
	if [ -f "$CLUSTER/data/postmaster.pid" ]; then
		as_server "$BINDIR/pg_ctl" -D "$CLUSTER/data" -m immediate -w stop >/dev/null 2>&1 || true
	fi
	rm -rf "$CLUSTER" "$SOCKET"
	rmdir "$TOP/.cluster" 2>/dev/null || true
}

start_cluster() {	# extra configuration lines on standard input
	rm -rf "$CLUSTER/data"
	mkdir -p "$CLUSTER" "$SOCKET"
	if [ "$(id -u)" = 0 ]; then chown postgres "$CLUSTER" "$SOCKET"; fi
	chmod 755 "$CLUSTER"
	as_server "$BINDIR/initdb" -D "$CLUSTER/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
	{
		printf "listen_addresses = ''\nunix_socket_directories = '%s'\n" "$SOCKET"
		printf "fsync = off\nshared_buffers = 256MB\nmax_worker_processes = 16\n"
		# The second line is for libraries named without a folder, as in
		# shared_preload_libraries: the machine may have a cvm of its own.
		[ -z "$STAGE" ] || printf "extension_destdir = '%s'\ndynamic_library_path = '%s:\$libdir'\n" \
			"$STAGE" "$STAGE$("$PG_CONFIG" --pkglibdir)"
		cat
	} >"$CLUSTER/extra.conf"
	as_server sh -c "cat '$CLUSTER/extra.conf' >> '$CLUSTER/data/postgresql.conf'"
	if ! as_server "$BINDIR/pg_ctl" -D "$CLUSTER/data" -l "$CLUSTER/data/server.log" -w start >/dev/null; then
		as_server tail -n 40 "$CLUSTER/data/server.log" >&2
		exit 1
	fi
}
