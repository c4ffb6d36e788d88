#!/usr/bin/env bash
# check.sh DIR checks all that lies here with the tools that will read it, beside the
# tests of refserver. DIR takes what is rendered. The tools run at pinned versions through
# `go run`; the first time promtool takes some minutes to build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1
mkdir -p "$build"
build=$(cd "$build" && pwd)

PROMTOOL=github.com/prometheus/prometheus/cmd/promtool@v0.316.0
KUSTOMIZE=sigs.k8s.io/kustomize/kustomize/v5@v5.7.1

# Rules need no way of finding targets, and those bring half of the world along.
promtool() { go run -tags remove_all_sd "$PROMTOOL" "$@"; }

echo "--- kustomize"
if command -v kubectl >/dev/null; then
	kubectl kustomize "$here/kubernetes/base" >"$build/rendered.yaml"
else
	go run "$KUSTOMIZE" build "$here/kubernetes/base" >"$build/rendered.yaml"
fi

echo "--- tests"
(cd "$here/.." && DEPLOY_RENDERED=$build/rendered.yaml DEPLOY_QUERIES=$build/queries.yaml \
	go test -count=1 -run '^TestDeploy' .)

echo "--- promtool"
promtool check rules "$here/prometheus/alerts.yaml"
promtool check rules "$build/queries.yaml"
promtool test rules "$here/prometheus/alerts_test.yaml"
promtool check config --syntax-only "$here/prometheus/scrape.yaml"

# verify asks whether the programs of a unit are there, so it gets ours, and a user that
# every machine has.
echo "--- systemd"
if command -v systemd-analyze >/dev/null; then
	go build -o "$build/liidestuja" "$here/.."
	units=()
	for unit in liidestuja.service liidestuja-backup.service liidestuja-backup.timer; do
		sed -e "s|/usr/local/bin/liidestuja|$build/liidestuja|g" "$here/systemd/$unit" >"$build/$unit"
		units+=("$build/$unit")
	done
	said=$(systemd-analyze verify --man=no "${units[@]}" 2>&1) || { echo "$said"; exit 1; }
	if grep -F "$build" <<<"$said"; then # a warning about a unit of ours
		exit 1
	fi
	systemd-analyze security --offline=true --threshold=20 "$build/liidestuja.service" | tail -n 1
else
	echo "systemd-analyze is not here: the units are checked by the tests only"
fi
