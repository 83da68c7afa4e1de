#!/bin/sh
# Runs the benchmarks of ratios, and prints their figures as a table.
set -eu

GO=${GO:-go}
packages=$(grep -rlE --include='*_test.go' '^func Benchmark[A-Za-z]*Ratios\(' . | xargs -n 1 dirname | sort -u)
results=$(mktemp)
trap 'rm -f "$results"' EXIT

# One benchmark after the other: two at once would measure each other.
# shellcheck disable=SC2086 # each package is a word
"$GO" test -p 1 -run '^$' -bench "^Benchmark${BENCH:-.*}Ratios\$" -benchtime 1x -timeout 60m ${TESTFLAGS:-} $packages >"$results" ||
	{ cat "$results" >&2; exit 1; }

# A line of a benchmark is its name, a count, and pairs of a value and a unit.
awk '
	BEGIN { print "| benchmark | figure | value |"; print "|---|---|---|" }
	/^Benchmark/ {
		sub(/^Benchmark/, "", $1); sub(/Ratios/, "", $1); sub(/-[0-9]+$/, "", $1)
		for (i = 3; i < NF; i += 2) if ($(i + 1) != "ns/op") printf "| %s | %s | %s |\n", $1, $(i + 1), $i
	}
' "$results"
