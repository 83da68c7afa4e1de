#!/bin/sh
# Checks the two modules: nothing was changed in the module cache, go.mod and
# go.sum are tidy, and both modules use one version of templ.
set -eu
cd "$(dirname "$0")/.."

for dir in . tools; do
	go -C $dir mod verify
	go -C $dir mod tidy -diff
done

templ_version() { go -C "$1" list -m -f '{{.Version}}' github.com/a-h/templ; }
used=$(templ_version .)
generator=$(templ_version tools)
if [ "$used" != "$generator" ]; then
	echo "templ is $used in go.mod and $generator in tools/go.mod: make them the same" >&2
	exit 1
fi
