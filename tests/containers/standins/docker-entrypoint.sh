#!/bin/sh
# Of the official script what compose.yml counts on: an empty volume gets its cluster, role, password and database.
set -eu
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    # The arguments are several words.
    # shellcheck disable=SC2086
    initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl --pgdata "$PGDATA" --options "-c listen_addresses='' -c unix_socket_directories=/run/postgresql" --wait start
    PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")" createdb -h /run/postgresql -U "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
fi
exec "$@"
