#!/usr/bin/env bash
# postgres.sh installs Debian's PostgreSQL server and PgBouncer for the tests,
# unless they are there or ALT_TEST_POSTGRES names another server. Neither runs as
# root: the tests lend them to the user postgres, whom the packages make.
set -euo pipefail
if [[ -n ${ALT_TEST_POSTGRES:-} ]]; then
	exit
fi
missing=()
if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
	missing+=(postgresql)
fi
if [[ ! -x /usr/sbin/pgbouncer ]] && ! command -v pgbouncer >/dev/null; then
	missing+=(pgbouncer)
fi
if ((${#missing[@]} == 0)); then
	exit
fi
if ! command -v apt-get >/dev/null; then
	echo "postgres: install ${missing[*]}, or set ALT_TEST_POSTGRES"
	exit
fi
root=()
if ((EUID != 0)); then
	root=(sudo)
fi
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
