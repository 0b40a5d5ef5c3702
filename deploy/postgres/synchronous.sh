#!/bin/bash
# Has the primary wait for its standby before it confirms a commit, once there is one. Without a standby after PATIENCE seconds it does not:
# it would confirm nothing.
set -euo pipefail
PGPASSWORD=$(< /run/secrets/postgres_password)
export PGPASSWORD PGCONNECT_TIMEOUT=3
ask() { psql --no-psqlrc -v ON_ERROR_STOP=1 -At "$@"; }

for _ in $(seq "${PATIENCE:-120}"); do
    if [ "$(ask -c "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'" 2>/dev/null)" = 1 ]; then
        ask -c "ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (*)'" -c "SELECT pg_reload_conf()" > /dev/null
        echo "every commit now waits for the standby"
        exit 0
    fi
    sleep 1
done
echo "no standby streams: commits are confirmed with ONE copy. Start the other server, and this again." >&2
ask -c "ALTER SYSTEM RESET synchronous_standby_names" -c "SELECT pg_reload_conf()" > /dev/null
