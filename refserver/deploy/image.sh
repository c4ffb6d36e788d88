#!/usr/bin/env bash
# image.sh runs what the Dockerfile runs, without Docker and without a network: it copies
# the committed tree, puts the modules beside it, and builds there with the very commands of
# the file while no packet can leave. What it shows is the build, not the image.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git -C "$here" clone --quiet --shared "$(git -C "$here" rev-parse --show-toplevel)" "$work/src"
cd "$work/src"
go mod vendor # as the Dockerfile says for a build without a network
go mod verify >/dev/null

# The commands of the build stage, with /out in our folder.
commands=$(sed -e ':joined' -e '/\\$/{N' -e 's/\\\n//' -e 'b joined' -e '}' refserver/deploy/Dockerfile | sed -n 's/^RUN //p' | sed "s|/out/|$work/out/|g")
[[ $(wc -l <<<"$commands") == 2 ]]

alone=(unshare --net --map-root-user)
if ! "${alone[@]}" true 2>/dev/null; then
	alone=(env) # GOPROXY alone keeps Go from the network then
fi
mkdir "$work/cache"
while read -r command; do
	"${alone[@]}" env GOFLAGS=-mod=vendor GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOMODCACHE="$work/cache" sh -euc "$command"
done <<<"$commands"
"$work/out/usr/bin/liidestuja" version
test -d "$work/out/var/lib/liidestuja"
if ldd "$work/out/usr/bin/liidestuja" >/dev/null 2>&1; then
	echo "the program needs libraries that the image does not have"
	exit 1
fi
echo "image: built with no network (${alone[0]}), from $(find vendor -type f | wc -l) vendored files"
