#!/bin/bash
# At the first start of an empty server (deploy/compose.standby.yaml): who may copy it.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --no-psqlrc --username postgres --dbname postgres --file /run/secrets/replication_login.sql
echo 'host replication lunas_replica all scram-sha-256' >> "$PGDATA/pg_hba.conf"
