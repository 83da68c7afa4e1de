#!/bin/sh
# Builds Hookwall here, and again from a copy of the source at another place,
# for another home, with an empty build cache and modules unpacked anew.
# Fails unless both programs have the same bytes.
# Usage: check-reproducible.sh VERSION
set -eu
version=$1
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/hookwall-again.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

make --no-print-directory build VERSION="$version" BINARY="$work/here"

# The second build must not be helped by anything that the first one left.
modules=$(go env GOMODCACHE)
mkdir -p "$work/a longer path/source" "$work/home" "$work/tmp"
if [ -e .git ]; then
	git ls-files -z --cached --others --exclude-standard
else
	find . -path './.?*' -prune -o -path ./bin -prune -o -path ./out -prune -o -type f -print0
fi | tar -cf - --null -T - | tar -xf - -C "$work/a longer path/source"
env -i PATH="$PATH" HOME="$work/home" TMPDIR="$work/tmp" LANG=C TZ=Pacific/Auckland \
	GOCACHE="$work/cache" GOMODCACHE="$work/modules" GOFLAGS=-modcacherw GOTOOLCHAIN=local \
	GOPROXY="file://$modules/cache/download" \
	make --no-print-directory -C "$work/a longer path/source" build VERSION="$version" BINARY="$work/there" >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2; exit 1; }

if ! cmp -s "$work/here" "$work/there"; then
	echo "Two builds of the same source differ:" >&2
	(cd "$work" && sha256sum here there >&2)
	exit 1
fi
echo "both builds have the SHA-256 $(sha256sum <"$work/here" | cut -d ' ' -f 1)"
