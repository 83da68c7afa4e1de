#!/bin/sh
# Runs Lighthouse over every page of the dashboard, in the browser that
# e2e/setup.sh chose. Installs it into .tools/lighthouse when it is not there.
# Usage: lighthouse.sh PROGRAM [WORD...]: only pages whose names have a WORD.
set -eu
program=$1
shift
cd "$(dirname "$0")/.."
home=.tools/lighthouse

if ! cmp -s tools/lighthouse/package-lock.json $home/installed; then
	echo "installing Lighthouse from npm (once)" >&2
	mkdir -p $home
	rm -f $home/installed
	cp tools/lighthouse/package.json tools/lighthouse/package-lock.json tools/lighthouse/.npmrc $home/
	(cd $home && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
	cp tools/lighthouse/package-lock.json $home/installed
fi

LIGHTHOUSE_HOME=$PWD/$home exec node tools/lighthouse/run.mjs "$program" "$(cat .e2e/browser)" "$@"
