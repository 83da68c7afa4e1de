#!/bin/sh
# Fails when a generated file does not belong to its source: changed by hand,
# left behind, or not generated again. Changes nothing and needs no git.
# Usage: check-generated.sh TEMPL ESBUILD
set -eu
templ=$1
esbuild=$2
cd "$(dirname "$0")/.."

# Without -keep-orphaned-files this check would delete what we look for next.
if ! "$templ" generate -check -keep-orphaned-files -log-level error; then
	echo "Generated code is not up to date: run make generate and commit what it changes." >&2
	exit 1
fi

orphans=$(
	find . -name '.?*' -prune -o -name '*_templ.go' -print | while IFS= read -r file; do
		[ -f "${file%_templ.go}.templ" ] || echo "$file"
	done
)
if [ -n "$orphans" ]; then
	echo "Generated code without a template: delete it." >&2
	echo "$orphans" >&2
	exit 1
fi

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
tools/minify.sh "$esbuild" "$fresh"
if ! diff -rq "$fresh" static/minified; then
	echo "Minified files are not up to date: run make generate, delete files without a source, and commit." >&2
	exit 1
fi
