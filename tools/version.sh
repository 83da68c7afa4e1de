#!/bin/sh
# Prints the version to stamp into the binary: from git in a checkout, from
# what "git archive" left in this file in a source archive, else "devel".
set -eu
cd "$(dirname "$0")/.."

# Replaced by "git archive" (export-subst): the nearest tag and the commit.
# shellcheck disable=SC2016 # git, not the shell, fills this in
archived='$Format:%(describe:tags=true) %h$'

# The test for .git keeps us from describing a repository around the archive.
if [ -e .git ] && version=$(git describe --tags --always --dirty 2>/dev/null); then
	echo "$version"
	exit
fi
case $archived in
*Format:*) echo devel ;;
*)
	# Without a tag the first of the two is empty.
	# shellcheck disable=SC2086 # split into words on purpose
	set -- $archived
	echo "${1:-devel}"
	;;
esac
