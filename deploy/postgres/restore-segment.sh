#!/bin/sh
# Gives PostgreSQL one file of the archive back while it restores:
#
#   restore_command = 'sh restore-segment.sh "%f" "%p" FOLDER'
#
# 1: the archive does not have it, which is how PostgreSQL finds the end of the archive. 200: it has it, and it is damaged. PostgreSQL stops
# at a number above 125 instead of taking the damage for the end, and everything behind it for lost.
set -u
kept=$3/wal/$1.gz
[ -e "$kept" ] || exit 1
gzip -dc "$kept" >"$2" || {
    echo "restore-segment: $kept is damaged" >&2
    exit 200
}
