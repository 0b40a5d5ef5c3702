#!/bin/sh
# Copies the whole database while it runs, verifies the copy, and deletes what nobody needs any more:
#
#   sh take-base-backup.sh FOLDER
#
# FOLDER/base/20261130T013000Z is a whole copy, named by when it was begun (UTC): a copy that is not whole, or not verified, has another name.
# Where the database is, libpq's own variables say (PGHOST, PGUSER, … or PGSERVICEFILE and PGSERVICE); the login needs REPLICATION.
# LUNAS_BACKUP_KEEP copies are kept, with the WAL from the beginning of the oldest on. LUNAS_BACKUP_CHECKPOINT: `spread` writes the checkpoint
# that a copy begins with over minutes, so that commits do not wait behind it; `fast` at once.
set -eu
umask 027 # the group reads: `lunas backup check` runs as somebody else
folder=$1
keep=${LUNAS_BACKUP_KEEP:-2}
name=$(date -u +%Y%m%dT%H%M%SZ)
aside=$folder/base/.new

mkdir -p "$folder/base"
rm -rf "$aside" "$folder/base/.old"
# The WAL that was written meanwhile comes along: a copy can be started without the archive.
pg_basebackup --pgdata="$aside" --format=plain --wal-method=stream --checkpoint="${LUNAS_BACKUP_CHECKPOINT:-spread}" \
    --manifest-checksums=SHA256 --label="lunas $name" --no-password
# Programs of another version cannot read the log that came along, and would only say that it is broken.
copied=$(cat "$aside/PG_VERSION")
ours=$(pg_verifybackup --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
if [ "$copied" != "$ours" ]; then
    echo "take-base-backup: the database is PostgreSQL $copied, and these programs are of $ours: give both the same image" >&2
    exit 1
fi
# Every byte against the list that the server wrote, and the WAL that it needs read through.
pg_verifybackup --quiet "$aside"
# The server's own files are its user's alone.
chmod -R g+rX "$aside"
mv -T "$aside" "$folder/base/$name"
sync "$folder/base"
echo "take-base-backup: $folder/base/$name is whole"

# Newest first; names sort by time.
ls -1 "$folder/base" | grep -E '^[0-9]{8}T[0-9]{6}Z$' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
    # Renamed first: cut off in the middle, what is left is not taken for a copy.
    mv -T "$folder/base/$old" "$folder/base/.old"
    rm -rf "$folder/base/.old"
done
oldest=$(ls -1 "$folder/base" | grep -E '^[0-9]{8}T[0-9]{6}Z$' | sort | head -n 1)
first=$(sed -n 's/^START WAL LOCATION: .* (file \([0-9A-F]\{24\}\))$/\1/p' "$folder/base/$oldest/backup_label")
if [ -n "$first" ] && [ -d "$folder/wal" ]; then
    pg_archivecleanup -x .gz "$folder/wal" "$first"
fi
