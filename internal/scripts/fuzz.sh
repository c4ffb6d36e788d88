#!/usr/bin/env bash
# Runs every fuzz target of the tree for FUZZTIME, one at a time (the fuzzer uses
# every core), and prints one line a target. Any crash fails the run.
set -euo pipefail
time=${FUZZTIME:-20s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The targets are those that the source declares; each must also be known to the
# test binary, so that a target behind a build tag is not passed over in silence.
targets=$(grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' . |
	sed -E 's#^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*)\($#\1 \2#' | sort -u)
if [[ -z $targets ]]; then
	echo "fuzz: no target found"
	exit 1
fi

# fuzz PACKAGE TARGET leaves the output in $log.
fuzz() {
	go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 10x "$1" >"$log" 2>&1
}

count=0
failed=0
while read -r package target; do
	count=$((count + 1))
	code=0
	fuzz "$package" "$target" || code=$?
	# The engine sometimes reports its own deadline as a failure when the time
	# is up. That is told from a finding by the missing input, and run again.
	if ((code != 0)) && grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
		code=0
		fuzz "$package" "$target" || code=$?
	fi
	execs=$(grep -oE 'execs: [0-9]+' "$log" | tail -1 | grep -oE '[0-9]+' || true)
	if ((code == 0 && ${execs:-0} > 0)); then
		echo "fuzz: $package $target time=$time execs=$execs ok"
	else
		failed=$((failed + 1))
		cat "$log"
		echo "fuzz: $package $target time=$time execs=${execs:-0} FAILED"
	fi
done <<<"$targets"

echo "fuzz: targets=$count failed=$failed"
((failed == 0))
