#!/bin/sh
# Makes the database and its two roles: the owner of the tables, whom migrations use, and
# the one that servers use, who owns nothing. Run once as a superuser; the image of
# PostgreSQL does so at its first start. OWNER_PASSWORD and APPLICATION_PASSWORD, or files
# that hold them, are where they come from.
set -eu
OWNER_PASSWORD=${OWNER_PASSWORD:-$(cat /run/secrets/owner.password)}
APPLICATION_PASSWORD=${APPLICATION_PASSWORD:-$(cat /run/secrets/application.password)}
export OWNER_PASSWORD APPLICATION_PASSWORD
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv application_password APPLICATION_PASSWORD
CREATE ROLE liidestuja_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE liidestuja LOGIN PASSWORD :'application_password';
CREATE DATABASE liidestuja OWNER liidestuja_owner ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
REVOKE ALL ON DATABASE liidestuja FROM PUBLIC;
GRANT CONNECT ON DATABASE liidestuja TO liidestuja;
SQL
