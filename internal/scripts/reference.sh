#!/usr/bin/env bash
# Replays the recorded payloads that lie in the folder ALT_REFERENCE and adds up
# what the packages report. Each package prints one line
#   reference: fixtures=N vectors=N later=N failed=N
# and the last line of this script is their sum. A run that replayed nothing has
# failed: the payloads are what shows that a driver speaks the provider's wire.
set -euo pipefail
if [[ ! -d ${ALT_REFERENCE:?} ]]; then
	echo "reference: absent: there is no folder $ALT_REFERENCE (set ALT_REFERENCE)"
	exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

code=0
go test -count=1 -run Reference -v ./... >"$log" 2>&1 || code=$?
grep -vE 'no tests to run|no test files|^PASS$|^=== ' "$log" || true

if grep -q 'reference: absent' "$log" && [[ ${CI:-} == true ]]; then
	echo "reference: a package did not find its payloads under $ALT_REFERENCE"
	code=1
fi

read -r fixtures vectors later failed < <(
	{ grep -oE 'reference: fixtures=[0-9]+ vectors=[0-9]+ later=[0-9]+ failed=[0-9]+' "$log" || true; } |
		awk -F '[ =]' '{ f += $3; v += $5; l += $7; x += $9 } END { print f+0, v+0, l+0, x+0 }'
)
if ((fixtures == 0 || vectors == 0 || failed > 0)); then
	code=1
fi
echo "reference: fixtures=$fixtures vectors=$vectors later=$later failed=$failed"
exit "$code"
