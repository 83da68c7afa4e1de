#!/bin/sh
# Builds Hookwall and starts it with the settings in .env; variables of the
# environment win over these.
# RUNTARGETS names what make does first; it is build by default.
# Usage: run.sh [ARGUMENT...]
set -eu
cd "$(dirname "$0")/.."

# shellcheck disable=SC2086 # each target is a word
make --no-print-directory ${RUNTARGETS:-build}
given=$(export -p)
if [ -f .env ]; then
	set -a
	# shellcheck source=/dev/null
	. ./.env
	set +a
	eval "$given"
fi
exec bin/hookwall "$@"
