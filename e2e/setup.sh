#!/bin/sh
# Installs what the browser tests need into .e2e/:
#
#   .e2e/node_modules      Playwright's driver and axe-core, from npm
#   .e2e/driver/package    the driver where playwright-go looks for it
#   .e2e/browser           one line: the path of the browser
#
# Run it as often as you like: what is there already is kept. $CHROMIUM chooses
# the browser; else the first that starts of: one on the PATH (the headless
# shell first), one that Playwright installed earlier, Debian's package
# (installed now, when root), Playwright's own download.
set -eu
cd "$(dirname "$0")/.."
home=.e2e

say() { echo "browser tests: $*" >&2; }

fail() {
	say "$@"
	exit 1
}

install_modules() {
	if cmp -s e2e/package-lock.json $home/installed; then
		return
	fi
	command -v npm >/dev/null || fail "npm is missing: install it, it comes with Node.js"
	say "installing the driver and axe-core from npm"
	mkdir -p $home
	rm -f $home/installed
	cp e2e/package.json e2e/package-lock.json e2e/.npmrc $home/
	(cd $home && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
	cp e2e/package-lock.json $home/installed
}

link_driver() {
	mkdir -p $home/driver
	ln -sfn ../node_modules/playwright-core $home/driver/package
}

# starts tells whether $1 is a browser that runs here, with all its libraries.
starts() { [ -n "$1" ] && "$1" --version >/dev/null 2>&1; }

on_path() {
	for name in chromium-headless-shell chromium google-chrome chromium-browser \
		'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' \
		/Applications/Chromium.app/Contents/MacOS/Chromium; do
		path=$(command -v "$name") || continue
		if starts "$path"; then
			echo "$path"
			return
		fi
	done
	return 1
}

playwrights_own() {
	path=$(node -e 'console.log(require("./.e2e/node_modules/playwright-core").chromium.executablePath())') || return 1
	starts "$path" && echo "$path"
}

# Debian's headless shell has no windows, which take half of a browser test's
# processor time. Older Debians and Ubuntu have no such package.
install_debian() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	apt-get update -qq >$home/apt.log 2>&1
	for package in chromium-headless-shell chromium; do
		say "installing the Debian package $package"
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $package \
			>>$home/apt.log 2>&1 && return
	done
	tail -n 5 $home/apt.log >&2
	return 1
}

download_own() {
	say "downloading a browser with Playwright"
	node $home/node_modules/playwright-core/cli.js install chromium >$home/download.log 2>&1 || {
		tail -n 5 $home/download.log >&2
		return 1
	}
}

find_browser() {
	on_path || playwrights_own ||
		{ install_debian && on_path; } ||
		{ download_own && playwrights_own; }
}

choose_browser() {
	if [ -n "${CHROMIUM:-}" ]; then
		browser=$(command -v "$CHROMIUM") || browser=
		starts "$browser" ||
			fail "CHROMIUM is $CHROMIUM, which does not start: set it to the path of Chromium or Chrome, or unset it"
	else
		browser=$(find_browser) ||
			fail "no browser found. Install Chromium or Google Chrome with your system's package manager" \
				"(Debian: apt-get install chromium), or set CHROMIUM to the path of one, and try again"
	fi
	echo "$browser" >$home/browser
}

node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null ||
	fail "Node.js 18 or newer is missing: install it with npm"
install_modules
link_driver
choose_browser
