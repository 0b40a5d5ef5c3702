#!/bin/bash
# What the container `backup` does all day: a base backup whenever the newest is LUNAS_BACKUP_EVERY_HOURS old.
#
#   bash keep-backups.sh FOLDER
#
# It begins at once when there is none. What fails is said and tried again: after seconds, then after twice as long each time, up to five
# minutes. `lunas backup check` and the alert LunasBaseBackupOld tell of it.
set -u
folder=$1
every=$((${LUNAS_BACKUP_EVERY_HOURS:-24} * 60)) # minutes
here=$(dirname "$0")
again=10
trap 'exit 0' TERM INT

# Whole copies, those that `find` takes with these words.
copies() {
    find "$folder/base" -mindepth 1 -maxdepth 1 -name '*Z' "$@" 2>/dev/null
}

while :; do
    pause=60
    if [ -z "$(copies -mmin "-$every")" ]; then
        checkpoint=${LUNAS_BACKUP_CHECKPOINT:-spread}
        # Without any copy nothing can be restored: then it is not spread over minutes.
        [ -n "$(copies)" ] || checkpoint=fast
        if LUNAS_BACKUP_CHECKPOINT=$checkpoint sh "$here/take-base-backup.sh" "$folder"; then
            again=10
        else
            pause=$again
            again=$((again < 150 ? again * 2 : 300))
        fi
    fi
    # In the background: a signal ends a wait, and not a program.
    sleep "$pause" &
    wait $!
done
