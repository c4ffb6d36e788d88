#!/usr/bin/env bash
# Kills a reference server under load again and again and lets the parent count.
# The last line is the verdict; a run without a verdict has failed.
set -euo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT

code=0
go test -tags crash -run TestCrash -count=1 -timeout 20m -v ./refserver/... 2>&1 | tee "$log" || code=$?

verdict=$(grep -oE 'crash: kills=.*' "$log" | tail -1 || true)
if [[ -z $verdict ]]; then
	echo "crash: no verdict was printed"
	exit 1
fi
echo "$verdict"
exit "$code"
