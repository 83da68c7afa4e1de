#!/bin/sh
# Runs each fuzz target for a while. $1: how long each, such as 10s.
set -eu
time=$1

# shellcheck disable=SC2016 # go list expands these
targets=$(go list -f '{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$d}}/{{.}} {{end}}' ./... |
	tr ' ' '\n' | sed '/^$/d' | xargs grep -Ho '^func Fuzz[A-Za-z0-9_]*' | sed 's/:func /:/')
[ -n "$targets" ] || { echo "there is no fuzz target" >&2; exit 1; }
for target in $targets; do
	name=${target##*:}
	directory=$(dirname "${target%:*}")
	if ! printed=$(go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$directory" 2>&1); then
		echo "$printed"
		exit 1
	fi
	echo "$name: $(echo "$printed" | grep '^fuzz: elapsed' | tail -1 | sed 's/^fuzz: //')"
done
