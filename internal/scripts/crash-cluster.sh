#!/usr/bin/env bash
# Kills and stops replicas of the reference server, their database and its disk
# under load, and lets the parent count. The last line is the verdict on four
# replicas; a run without a verdict has failed.
set -euo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT

export LIIDESTUJA_CLUSTER_KILLS=${LIIDESTUJA_CLUSTER_KILLS:-100}
export LIIDESTUJA_CLUSTER_DATABASE_KILLS=${LIIDESTUJA_CLUSTER_DATABASE_KILLS:-20}
export LIIDESTUJA_CLUSTER_AWAY=${LIIDESTUJA_CLUSTER_AWAY:-60}
export LIIDESTUJA_CLUSTER_FREEZES=${LIIDESTUJA_CLUSTER_FREEZES:-5}
export LIIDESTUJA_CLUSTER_APART=${LIIDESTUJA_CLUSTER_APART:-20}

code=0
go test -run '^TestCluster' -count=1 -timeout 40m -v ./refserver 2>&1 | tee "$log" || code=$?

verdict=$(grep -oE 'crash: kills=.*' "$log" | tail -1 || true)
if [[ -z $verdict ]]; then
	echo "crash-cluster: no verdict was printed"
	exit 1
fi
echo "$verdict"
exit "$code"
