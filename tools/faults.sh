#!/bin/sh
# Breaks Fourthwall, the way there, the database and the programs themselves
# while people work, and prints a row for each. Every row must hold.
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p out
rm -f out/faults.txt out/killed.txt

status=0
# shellcheck disable=SC2086 # several flags
${GO:-go} test -count=1 ${TESTFLAGS:-} ./e2e/faults -args -matrix="$PWD/out/faults.txt" || status=1
[ ! -f out/faults.txt ] || cat out/faults.txt

# The form is sent again as it was, and done once.
${GO:-go} test -count=1 -v -run '^(TestKilledAtEveryCall|TestKilledBetweenCallAndAnswer|TestHolderOfTheRefreshDies|TestReconcilerDies|TestRunOfKilledReplicas)$' ./e2e/replicas >out/killed.txt 2>&1 || {
	status=1
	cat out/killed.txt
}
echo
echo "THE PROGRAM IS KILLED, THE FORM SENT AGAIN, AND DONE ONCE"
sed -n -e '/--- [A-Z]*: [^/]*\//s/_/ /g' -e 's|^ *--- \([A-Z]*\): Test\([^/]*/\)\{0,1\}\(.*\) ([0-9.]*s)$|\1  \3|p' out/killed.txt
exit $status
