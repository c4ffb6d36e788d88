#!/usr/bin/env bash
# e2e.sh DIR plays the demo in Debian's Chromium and checks its pages with
# axe-core. DIR takes the fetched axe-core and, under screenshots/, the pictures.
set -euo pipefail
build=$1
mkdir -p "$build/screenshots"

# install COMMAND PACKAGE... adds Debian packages unless the command is there.
refreshed=
install() {
	local command=$1 root=()
	shift
	if command -v "$command" >/dev/null; then
		return
	fi
	if ((EUID != 0)); then
		root=(sudo)
	fi
	if [[ -z $refreshed ]]; then
		"${root[@]}" apt-get update -qq
		refreshed=yes
	fi
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
install /usr/bin/chromium chromium fonts-liberation

# axe-core is fetched once, never committed, and used only with the pinned sum.
archive=$build/axe-core-$AXE_VERSION.tgz
if [[ ! -f $archive ]]; then
	install npm npm
	npm pack "axe-core@$AXE_VERSION" --silent --pack-destination "$build" >/dev/null
fi
if ! sha256sum --check --status <<<"$AXE_SHA256  $archive"; then
	rm -f "$archive"
	echo "e2e: the archive of axe-core $AXE_VERSION has another SHA-256 than the Makefile"
	exit 1
fi
tar -xzf "$archive" -C "$build" --strip-components=1 package/axe.min.js

# Only the browser tests run here, and all of them: the other tests of the
# package are `make test`'s, and a renamed test must not end in an empty run.
files=$(grep -rlE --include='*_test.go' '^//go:build .*\be2e\b' refserver || true)
if [[ -z $files ]]; then
	echo "e2e: no browser test found"
	exit 1
fi
names=$(xargs grep -hoE '^func Test[A-Za-z0-9_]+\(t ' <<<"$files" | sed -E 's/^func (.*)\(t /\1/' | sort -u)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
LIIDESTUJA_AXE=$build/axe.min.js LIIDESTUJA_SHOTS=$build/screenshots \
	go test -tags e2e -run "^($(paste -sd '|' <<<"$names"))\$" -count=1 -timeout 10m -v ./refserver/... 2>&1 |
	tee "$log" || code=$?

while read -r name; do
	if ! grep -qE "^--- (PASS|FAIL): $name " "$log"; then
		echo "e2e: $name did not run"
		code=1
	fi
done <<<"$names"
exit "$code"
