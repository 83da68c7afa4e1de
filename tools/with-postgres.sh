#!/bin/sh
# Runs a command with a Postgres server to test on: HOOKWALL_TEST_POSTGRES names
# it. When it does so already, that server is used. Else Debian's server is
# installed when it is missing and this is root, and a private one is started
# on a free port, with its data in a temporary folder, until the command ends.
set -eu

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT...]" >&2; exit 2; }
[ -z "${HOOKWALL_TEST_POSTGRES:-}" ] || exec "$@"

# programs prints the directory of the server's programs.
programs() {
	debian=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
	for dir in "${PGBIN:-}" "$debian" "$(pg_config --bindir 2>/dev/null || true)"; do
		if [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then
			echo "$dir"
			return
		fi
	done
}

install_server() {
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "Postgres is not installed: on Debian install it with apt-get install postgresql, elsewhere set PGBIN" >&2
		echo "to the folder of its programs, or HOOKWALL_TEST_POSTGRES to the address of a server to test on," >&2
		echo "such as postgres://user:password@127.0.0.1:5432/postgres. The user must be allowed to create databases." >&2
		exit 1
	fi
	echo "installing Debian's Postgres" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
	# The server is wanted, not a database that starts with the machine.
	sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	apt-get install -y -qq --no-install-recommends postgresql >/dev/null
}

# server runs one of the server's programs, never as root: Postgres refuses that.
server() {
	program=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		(cd / && runuser -u postgres -- "$bin/$program" "$@")
	else
		"$bin/$program" "$@"
	fi
}

bin=$(programs)
if [ -z "$bin" ]; then
	install_server
	bin=$(programs)
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/hookwall-postgres.XXXXXX")
finish() {
	status=$?
	trap - EXIT INT TERM HUP
	[ ! -f "$folder/data/postmaster.pid" ] || server pg_ctl -D "$folder/data" -m immediate -s stop || true
	rm -rf "$folder"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" >"$folder/password"
[ "$(id -u)" != 0 ] || chown -R postgres "$folder"
server initdb -D "$folder/data" -U hookwall --pwfile="$folder/password" --auth=scram-sha-256 \
	--encoding=UTF8 --locale=C --no-sync >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }

# Nothing of the data is worth keeping, so the server need not wait for the disk.
cat >>"$folder/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 300
fsync = off
full_page_writes = off
synchronous_commit = off
END

# start tries ports until one is free.
start() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
		: >"$folder/server.log"
		chmod 666 "$folder/server.log"
		! server pg_ctl -D "$folder/data" -l "$folder/server.log" -o "-p $port" -w -s start || return 0
		grep -q 'could not bind\|could not create any TCP' "$folder/server.log" || break
	done
	cat "$folder/server.log" >&2
	return 1
}
start || exit 1

HOOKWALL_TEST_POSTGRES="postgres://hookwall:$password@127.0.0.1:$port/postgres?sslmode=disable" "$@"
