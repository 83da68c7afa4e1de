#!/bin/sh
# Looks for known vulnerabilities that the code can reach. $GOVULNDB is the
# address of the database, file:// or https://; without it the public one of
# the Go project is asked. A check without data fails.
# Usage: check-vulnerabilities.sh GOVULNCHECK
set -eu
govulncheck=$1
cd "$(dirname "$0")/.."

# govulncheck takes an empty folder for a database without vulnerabilities.
folder=${GOVULNDB:-}
case $folder in
file://*)
	folder=${folder#file://}
	if [ ! -s "$folder/index/modules.json" ] && [ ! -s "$folder/index/modules.json.gz" ]; then
		echo "GOVULNDB is $GOVULNDB, which holds no vulnerability database" >&2
		exit 1
	fi
	;;
esac

exec "$govulncheck" ${GOVULNDB:+-db "$GOVULNDB"} ./...
