#!/usr/bin/env bash
# postgres.sh installs Debian's PostgreSQL server for the tests, unless one is
# there or ALT_TEST_POSTGRES names another.
set -euo pipefail
if [[ -n ${ALT_TEST_POSTGRES:-} ]] || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
	exit
fi
if ! command -v apt-get >/dev/null; then
	echo "postgres: install a PostgreSQL server, or set ALT_TEST_POSTGRES"
	exit
fi
root=()
if ((EUID != 0)); then
	root=(sudo)
fi
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
