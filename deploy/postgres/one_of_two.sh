#!/bin/bash
# Entry point of a PostgreSQL that has a PEER (deploy/compose.standby.yaml). Empty, it becomes the peer's standby; with FIRST=yes, and no primary
# at the peer, a new primary. It never starts as a second primary: one that was replaced while it was away would take writes nobody else has.
set -euo pipefail

PGPASSWORD=$(< "${SECRETS:-/run/secrets}/replication_password")
export PGPASSWORD PGCONNECT_TIMEOUT=3
conninfo="host=$PEER user=lunas_replica dbname=postgres application_name=$(hostname)"

peer_is_primary() { [ "$(psql --no-psqlrc -At "$conninfo" -c 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; }

copy() {
    echo "$(hostname): empty; becoming the standby of $PEER"
    chmod 0700 "$PGDATA"
    pg_basebackup --pgdata "$PGDATA" --write-recovery-conf --wal-method stream --checkpoint fast --dbname "$conninfo"
    # Whom the primary waits for is not whom this one is to wait for, once it is promoted.
    sed -i '/^synchronous_standby_names/d' "$PGDATA/postgresql.auto.conf"
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ "${FIRST:-no}" = yes ] && ! peer_is_primary; then
        echo "$(hostname): empty, and $PEER is no primary: a new server"
    else
        until peer_is_primary; do sleep 1; done
        copy
    fi
elif [ ! -e "$PGDATA/standby.signal" ] && peer_is_primary; then
    echo "$(hostname): $PEER is the primary now, and this server was one before. It does not start: to make it the standby," >&2
    echo "remove its volume and start it again; it then copies $PEER. See docs/deployment.md" >&2
    exit 1
fi
unset PGPASSWORD
exec docker-entrypoint.sh "$@"
