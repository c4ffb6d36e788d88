#!/usr/bin/env bash
# check.sh DIR checks all that lies here with the tools that will read it, beside the
# tests of refserver. DIR takes what is rendered. What is not on the machine comes from
# Debian's packages or, at a pinned version, by `go run`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
build=$(cd "$1" && pwd)

KUSTOMIZE=sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
COMPOSE=github.com/compose-spec/compose-go/v2/cmd@v2.16.2
PROMTOOL=github.com/prometheus/prometheus/cmd/promtool@v0.316.0

# as_root COMMAND... runs it with the rights to install.
as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		sudo "$@"
	fi
}

# package NAME makes the lists of packages know it.
package() {
	command -v apt-get >/dev/null || return 1
	apt-cache show "$1" >/dev/null 2>&1 || as_root apt-get update -qq
}

# promtool comes out of Debian's package without the server that it is packed with. Built
# by Go it takes minutes; rules need no way of finding targets, which are most of it.
prometheus() {
	if [[ -x $(type -P promtool) ]]; then
		promtool "$@"
		return
	fi
	if [[ ! -x $build/prometheus/usr/bin/promtool ]] && package prometheus; then
		(cd "$build" && apt-get download -qq prometheus >/dev/null 2>&1 && dpkg -x prometheus_*.deb prometheus && rm prometheus_*.deb) || true
	fi
	if [[ -x $build/prometheus/usr/bin/promtool ]]; then
		"$build/prometheus/usr/bin/promtool" "$@"
	else
		go run -tags remove_all_sd "$PROMTOOL" "$@"
	fi
}

echo "--- kustomize"
for overlay in sqlite postgres postgres/migrate; do
	go run "$KUSTOMIZE" build "$here/kubernetes/overlays/$overlay" >"$build/${overlay//\//-}.yaml"
	echo "$overlay: $(grep -c '^kind:' "$build/${overlay//\//-}.yaml") objects"
done

echo "--- tests"
if ! command -v haproxy >/dev/null && package haproxy; then
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends haproxy >/dev/null
fi
"$here/../../internal/scripts/postgres.sh"
(cd "$here/.." && DEPLOY_RENDERED=$build DEPLOY_QUERIES=$build/queries.yaml go test -count=1 -run '^TestDeploy' -v .) | tee "$build/tests.log" | grep -E '^(---|ok|FAIL|panic)'
if grep -E '^\s*--- SKIP' "$build/tests.log"; then
	echo "what was skipped has not been checked"
	exit 1
fi

echo "--- compose"
for file in compose.yaml compose.postgres.yaml; do
	env -C "$here" go run "$COMPOSE" "$file" >"$build/$file"
	echo "$file: as the specification has it"
done

echo "--- promtool"
prometheus check rules "$here/prometheus/alerts.yaml"
prometheus check rules "$build/queries.yaml"
prometheus test rules "$here/prometheus/alerts_test.yaml"
prometheus check config --syntax-only "$here/prometheus/scrape.yaml"

# verify asks whether the programs of a unit are there, so it gets ours, and a user that
# every machine has.
echo "--- systemd"
if command -v systemd-analyze >/dev/null; then
	go build -o "$build/liidestuja" "$here/.."
	units=()
	mkdir -p "$build/liidestuja.service.d"
	cp "$here/systemd/postgres.conf" "$build/liidestuja.service.d/"
	for unit in liidestuja.service liidestuja-backup.service liidestuja-backup.timer liidestuja-migrate.service; do
		sed -e "s|/usr/local/bin/liidestuja|$build/liidestuja|g" "$here/systemd/$unit" >"$build/$unit"
		units+=("$build/$unit")
	done
	said=$(systemd-analyze verify --man=no "${units[@]}" 2>&1) || { echo "$said"; exit 1; }
	if grep -F "$build" <<<"$said"; then # a warning about a unit of ours
		exit 1
	fi
	for unit in liidestuja.service liidestuja-migrate.service; do
		systemd-analyze security --offline=true --threshold=20 "$build/$unit" | tail -n 1
	done
else
	echo "systemd-analyze is not here: the units are checked by the tests only"
fi

echo "--- image"
"$here/image.sh"
