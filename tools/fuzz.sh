#!/bin/sh
# Runs each fuzz target for a while, and the tests of properties with values that
# they have not tried before. $1: how long each target, such as 10s. $2...:
# packages; all unless told. Ends with the inputs that made a target fail.
set -eu
time=$1
shift
[ $# -gt 0 ] || set -- ./...

# Databases of tests in memory: targets are several times as fast.
if [ -z "${TMPDIR:-}" ] && [ -d /dev/shm ] && [ -w /dev/shm ]; then
	export TMPDIR=/dev/shm GOTMPDIR="${GOTMPDIR:-/tmp}"
fi

# shellcheck disable=SC2016 # go list expands these
files=$(go list -f '{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$d}}/{{.}} {{end}}' "$@" |
	tr ' ' '\n' | sed '/^$/d')
targets=$(echo "$files" | xargs grep -Ho '^func Fuzz[A-Za-z0-9_]*' | sed 's/:func /:/')
# shellcheck disable=SC2016 # so does awk
properties=$(echo "$files" | xargs awk '
	/^func / { sub(/\(.*/, "", $2); name = $2 }
	/rapid\.Check\(/ && name ~ /^Test/ { print name }' | sort -u | paste -s -d '|')
[ -n "$targets" ] || { echo "there is no fuzz target" >&2; exit 1; }

# fuzz TARGET DIRECTORY. A long search for a smaller input that is only new
# would take up the time, so it is short.
fuzz() { go test -run '^$' -fuzz "^$1\$" -fuzztime "$time" -fuzzminimizetime 50x "$2" 2>&1; }

# ran_out_of_time OUTPUT tells whether nothing is wrong but that the machine was
# too busy to end a search when its time was over.
ran_out_of_time() {
	echo "$1" | grep -q '^ *context deadline exceeded$' && ! echo "$1" | grep -q 'Failing input written'
}

failed=
if [ -n "$properties" ] && ! printed=$(RAPID_SEED=0 RAPID_CHECKS=5000 go test -count=1 -run "^($properties)\$" "$@" 2>&1); then
	failed="
  properties: the values are named above"
fi
[ -z "$properties" ] || echo "$printed" | grep -v 'no test'
for target in $targets; do
	name=${target##*:}
	directory=$(dirname "${target%:*}")
	if printed=$(fuzz "$name" "$directory") || ran_out_of_time "$printed"; then
		elapsed=$(echo "$printed" | grep '^fuzz: elapsed' | grep -v '(0/sec)' | tail -1 | sed 's/^fuzz: //')
		echo "$name: ${elapsed:-$(echo "$printed" | tail -1)}"
		continue
	fi
	echo "$name FAILED"
	echo "$printed"
	input=$(echo "$printed" | sed -n 's/^ *Failing input written to //p' | tail -1)
	failed="$failed
  $name: ${input:+$directory/}${input:-one of its seeds}"
done
[ -z "$failed" ] || {
	echo "Fuzz targets failed; keep the inputs, which go test runs from now on:$failed" >&2
	exit 1
}
