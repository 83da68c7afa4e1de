#!/bin/sh
# Bundles and minifies the style sheets and scripts in static/assets, and writes
# what browsers get into a folder. The browsers named here are the first ones
# with light-dark(): syntax that they lack is rewritten, and none is introduced.
# Usage: minify.sh ESBUILD FOLDER
set -eu
esbuild=$1
folder=$2

exec "$esbuild" static/assets/*.css static/assets/*.js static/assets/*.svg --outdir="$folder" \
	--bundle --minify --charset=utf8 --loader:.svg=copy --target=chrome123,firefox120,safari17.5 \
	--log-level=warning --log-override:css-syntax-error=error
