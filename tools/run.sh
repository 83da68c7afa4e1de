#!/bin/sh
# Builds Hookwall and starts it with the settings in .env; variables of the
# environment win over these.
# Usage: run.sh [ARGUMENT...]
set -eu
cd "$(dirname "$0")/.."

make --no-print-directory build
given=$(export -p)
if [ -f .env ]; then
	set -a
	# shellcheck source=/dev/null
	. ./.env
	set +a
	eval "$given"
fi
exec bin/hookwall "$@"
