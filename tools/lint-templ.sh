#!/bin/sh
# Checks the templates for what the Go linters cannot see: their format, and
# calls that put outside text into a page without escaping it.
# Usage: lint-templ.sh TEMPL
set -eu
templ=$1
cd "$(dirname "$0")/.."
failed=0

files=$(find . -name '.?*' -prune -o -name '*.templ' -print)
for file in $files; do
	if ! "$templ" fmt -stdout -log-level error "$file" | cmp -s - "$file"; then
		echo "$file: not formatted: run make fmt" >&2
		failed=1
	fi
done

unsafe='templ\.(Raw|SafeURL|SafeCSS|SafeCSSProperty|ComponentScript|JSUnsafeFuncCall|JSExpression)\b'
unsafe="$unsafe"'|<script>|<style|[[:space:]](on[a-z]+|style)=["{]'
if [ -n "$files" ] && echo "$files" | xargs grep -nE "$unsafe"; then
	echo "Templates must not switch escaping off, nor hold script or style: the policy of every page forbids both." >&2
	failed=1
fi
exit $failed
