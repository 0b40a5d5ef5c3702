#!/bin/sh
# Keeps one finished file of PostgreSQL's write-ahead log (WAL) outside of the database:
#
#   archive_command = 'sh archive-segment.sh "%p" "%f" FOLDER'
#
# PostgreSQL calls it for every file, and again until it ends with 0; until then it keeps the file itself. So 0 is said only when FOLDER/wal
# holds the whole of it under its name, read back and synced. What a crash leaves half written has another name, and is written anew.
set -eu
umask 027 # the group reads: `lunas backup check` runs as somebody else
source=$1
name=$2
folder=$3/wal
kept=$folder/$name.gz
aside=$folder/.$name.gz.new

mkdir -p "$folder"
if [ -e "$kept" ]; then
    # After a crash PostgreSQL gives a file that it gave before. Another file of this name is another database's, and stays as it is.
    if gzip -dc "$kept" | cmp -s - "$source"; then
        sync "$kept" "$folder"
        exit 0
    fi
    echo "archive-segment: $kept is there already and is not $source: two databases must not share an archive" >&2
    exit 1
fi
# Compressed, because a file that was ended early (archive_timeout) is mostly zeros; and gzip keeps a checksum of what is in it.
gzip -1 -n -c "$source" >"$aside"
# When it was finished, for whoever asks how far the archive reaches.
touch -r "$source" "$aside"
sync "$aside"
gzip -dc "$aside" | cmp -s - "$source" || {
    echo "archive-segment: $aside is not what was written to it" >&2
    exit 1
}
mv "$aside" "$kept"
sync "$folder"
