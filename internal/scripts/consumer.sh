#!/usr/bin/env bash
# Builds and runs the program of internal/consumer as a module of its own, outside
# the tree, the way a user of the library would, and prints the modules that its
# binary links. Anything but the short list that the library promises fails.
set -euo pipefail
root=$PWD
ours=github.com/liidestuja/liidestuja
allowed="^($ours|golang\.org/x/.+|github\.com/go-resty/resty/v2|github\.com/cenkalti/backoff/v4|github\.com/sony/gobreaker)\$"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp internal/consumer/*.go "$work"
cp go.sum "$work" # the same sums hold: nothing is trusted anew
cd "$work"
export GOWORK=off GOFLAGS=-mod=mod

go mod init example.org/consumer 2>/dev/null
go mod edit -go="$(cd "$root" && go list -m -f '{{.GoVersion}}')" -require="$ours@v0.0.0" -replace="$ours=$root"
go build -o consumer .
./consumer

echo "consumer: linked modules"
echo "  std $(go version consumer | awk '{ print $2 }')"
foreign=0
while read -r module version; do
	if [[ $module =~ $allowed ]]; then
		echo "  $module $version"
	else
		echo "  $module $version NOT ALLOWED"
		foreign=$((foreign + 1))
	fi
done < <(go version -m consumer | awk '$1 == "dep" { print $2, $3 }')
echo "consumer: foreign=$foreign"
((foreign == 0))
