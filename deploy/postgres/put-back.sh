#!/bin/sh
# Puts a whole copy where PostgreSQL's data was, with the order to read the log from the archive when it starts:
#
#   sh put-back.sh FOLDER DATA [TIME]
#
# TIME (`2026-11-30 08:15:00+07`): what was committed until then is restored; without, everything that the archive has. The newest copy that was begun
# before TIME is taken; LUNAS_BACKUP_BASE names another one. DATA must be empty: what was there is evidence, and is moved away by hand.
set -eu
folder=$1
data=$2
moment=${3:-}
here=$(dirname "$0")

[ -z "$(ls -A "$data" 2>/dev/null)" ] || {
    echo "put-back: $data is not empty: move away what is there first. Nothing was changed." >&2
    exit 3
}
before=$(date -u ${moment:+--date="$moment"} +%Y%m%dT%H%M%SZ)
base=${LUNAS_BACKUP_BASE:-$(ls -1 "$folder/base" | grep -E '^[0-9]{8}T[0-9]{6}Z$' | sort | awk -v before="$before" '$0 < before' | tail -n 1)}
[ -n "$base" ] && [ -d "$folder/base/$base" ] || {
    echo "put-back: $folder/base has no copy that was begun before ${moment:-now}. Nothing was changed." >&2
    exit 3
}
pg_verifybackup --quiet "$folder/base/$base"
mkdir -p "$data"
cp -a "$folder/base/$base/." "$data/"
chmod -R u=rwX,go= "$data"
# Its own lines go by the last that was written, and a copy of a server that was restored itself still has that one's.
{
    echo "restore_command = 'sh $here/restore-segment.sh \"%f\" \"%p\" $folder'"
    echo "recovery_target_time = '$moment'"
    echo "recovery_target_action = 'promote'"
} >>"$data/postgresql.auto.conf"
touch "$data/recovery.signal"
sync
echo "put-back: $base is in $data; PostgreSQL reads the log ${moment:+until $moment }when it starts"
