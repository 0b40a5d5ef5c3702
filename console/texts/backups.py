"""Sentences of `lunas backup check`, which `lunas doctor` says too."""

from __future__ import annotations

BACKUPS: dict[str, tuple[str, str]] = {
    "backup.summary": ("Checks: {count}, problems: {problems}.", "Pemeriksaan: {count}, masalah: {problems}."),
    "backup.off": (
        "PostgreSQL archives nothing: with its disk goes everything since the last copy",
        "PostgreSQL tidak mengarsipkan apa pun: bila disknya rusak, semua sejak salinan terakhir hilang",
    ),
    "backup.off.fix": (
        "set archive_mode and archive_command as deploy/compose.yaml does, or use your provider's own: docs/backups.md",
        "atur archive_mode dan archive_command seperti deploy/compose.yaml, atau pakai milik penyedia basis data: docs/backups.md",
    ),
    "backup.failing": (
        "the newest try to archive, of {name}, failed {age} ago; the log stays on the database's disk, which fills up",
        "percobaan terakhir mengarsipkan {name} gagal {age} yang lalu; log tetap di disk basis data, yang akan penuh",
    ),
    "backup.failing.fix": (
        "PostgreSQL's log says why (archive-segment: …): most often the archive's disk is full or not there. It tries again by itself",
        "log PostgreSQL menyebut sebabnya (archive-segment: …): biasanya disk arsip penuh atau tidak ada. Ia mencoba lagi sendiri",
    ),
    "backup.behind": (
        "{count} finished files of the log have waited for the archive for {age}",
        "{count} berkas log yang selesai sudah menunggu arsip selama {age}",
    ),
    "backup.never": (
        "nothing was archived since the server started {age} ago",
        "belum ada yang diarsipkan sejak server mulai {age} yang lalu",
    ),
    "backup.not_yet": (
        "archiving is on; the server has just started, and no file of the log is finished yet",
        "pengarsipan aktif; server baru mulai, dan belum ada berkas log yang selesai",
    ),
    "backup.archived": (
        "everything until {age} ago is archived, with {name} as the last; {count} finished files wait",
        "semua sampai {age} yang lalu sudah diarsipkan, {name} yang terakhir; {count} berkas selesai menunggu",
    ),
    "backup.no_timeout": (
        "archive_timeout is 0: on a quiet night the newest payments wait for the archive until a file is full",
        "archive_timeout bernilai 0: pada malam yang sepi pembayaran terbaru menunggu arsip sampai satu berkas penuh",
    ),
    "backup.no_timeout.fix": ("set archive_timeout to 60", "atur archive_timeout ke 60"),
    "backup.unseen": (
        "base backups and holes of the archive: this process does not know its folder",
        "salinan dasar dan lubang arsip: proses ini tidak tahu foldernya",
    ),
    "backup.unseen.fix": (
        "set LUNAS_BACKUP_DIR where the archive can be read; who backs up otherwise looks there",
        "atur LUNAS_BACKUP_DIR di tempat arsip dapat dibaca; bila memakai cara lain, periksa di sana",
    ),
    "backup.unreadable": ("the archive cannot be read: {why}", "arsip tidak dapat dibaca: {why}"),
    "backup.unreadable.fix": (
        "correct LUNAS_BACKUP_DIR; it holds wal/ and base/, and this user's group must be that of PostgreSQL",
        "perbaiki LUNAS_BACKUP_DIR; isinya wal/ dan base/, dan grup pengguna ini harus sama dengan grup PostgreSQL",
    ),
    "backup.no_base": (
        "there is no whole copy of the database in {root}: nothing can be restored",
        "tidak ada salinan utuh basis data di {root}: tidak ada yang dapat dipulihkan",
    ),
    "backup.base_old": (
        "the newest of {count} whole copies was begun {begun}, {age} ago; one is due every {hours} h. A restore takes the longer",
        "yang terbaru dari {count} salinan utuh dimulai {begun}, {age} yang lalu; seharusnya setiap {hours} jam. Pemulihan makin lama",
    ),
    "backup.base.fix": (
        "read the log of the container backup; at once: deploy/postgres/take-base-backup.sh",
        "baca log kontainer backup; segera: deploy/postgres/take-base-backup.sh",
    ),
    "backup.base": (
        "{count} whole copies of {keep}; the newest was begun {begun}, {age} ago",
        "{count} salinan utuh dari {keep}; yang terbaru dimulai {begun}, {age} yang lalu",
    ),
    "backup.unfinished": (
        "these are no whole copies, and are not counted: {names}",
        "ini bukan salinan utuh, dan tidak dihitung: {names}",
    ),
    "backup.unfinished.fix": ("delete them", "hapus saja"),
    "backup.gap": (
        "{count} files of the log are missing from the archive: {names}. Nothing can be restored beyond a hole",
        "{count} berkas log tidak ada di arsip: {names}. Pemulihan berhenti di depan lubang",
    ),
    "backup.untold": (
        "{name} is missing from the archive: nobody knows which file follows which",
        "{name} tidak ada di arsip: urutan berkasnya tidak diketahui",
    ),
    "backup.gap.fix": (
        "look for them on the database's disk (pg_wal) and in copies of the archive; then make a whole copy at once: deploy/postgres/take-base-backup.sh",
        "cari di disk basis data (pg_wal) dan di salinan arsip; lalu segera buat salinan utuh: deploy/postgres/take-base-backup.sh",
    ),
    "backup.no_gap": (
        "every file of the log from {first} to {last} is there ({count})",
        "setiap berkas log dari {first} sampai {last} ada ({count})",
    ),
    "backup.bytes": (
        "the bytes of {count} files are what was written",
        "bita {count} berkas sama dengan yang ditulis",
    ),
    "backup.damaged": ("{file} is not what was written", "{file} tidak sama dengan yang ditulis"),
    "backup.foreign": ("{file} is of another database", "{file} milik basis data lain"),
    "backup.misplaced": ("{file} is another part of the log than its name says", "{file} adalah bagian log yang lain dari namanya"),
    "backup.gone": ("{file} is gone", "{file} hilang"),
    "backup.more_damage": ("{count} more files are damaged", "{count} berkas lagi rusak"),
    "backup.damage.fix": (
        "make a whole copy at once: deploy/postgres/take-base-backup.sh. Then find out what the disk does; a restore to before the copy needs another copy of the file",
        "segera buat salinan utuh: deploy/postgres/take-base-backup.sh. Lalu periksa disknya; pemulihan ke waktu sebelum salinan itu memerlukan berkas dari tempat lain",
    ),
    "backup.no_journal": (
        "ingress keeps no journal: what the archive lacks comes back from the providers only",
        "ingress tidak menyimpan jurnal: yang tidak ada di arsip hanya kembali dari penyedia",
    ),
    "backup.no_journal.fix": (
        "after a restore: lunas reconcile run for each provider; a journal is kept with LUNAS_INGRESS_DURABILITY=journal",
        "setelah pemulihan: lunas reconcile run untuk setiap penyedia; jurnal disimpan dengan LUNAS_INGRESS_DURABILITY=journal",
    ),
    "backup.journals_unseen": (
        "whether the journals of ingress reach back to the end of the archive: there is none here",
        "apakah jurnal ingress sampai ke akhir arsip: di sini tidak ada jurnal",
    ),
    "backup.journals_unseen.fix": (
        "run lunas backup check where ingress keeps them (LUNAS_INGRESS_JOURNAL_DIR)",
        "jalankan lunas backup check di tempat ingress menyimpannya (LUNAS_INGRESS_JOURNAL_DIR)",
    ),
    "backup.journals_short": (
        "the journals of ingress begin {oldest}, and a restore needs what came since {since}",
        "jurnal ingress mulai {oldest}, sedangkan pemulihan memerlukan yang datang sejak {since}",
    ),
    "backup.journals_short.fix": (
        "mend archiving; raise LUNAS_INGRESS_JOURNAL_RETENTION_DAYS or LUNAS_INGRESS_JOURNAL_MAX_BYTES. What lies between comes from the providers: lunas reconcile run",
        "perbaiki pengarsipan; naikkan LUNAS_INGRESS_JOURNAL_RETENTION_DAYS atau LUNAS_INGRESS_JOURNAL_MAX_BYTES. Yang di antaranya datang dari penyedia: lunas reconcile run",
    ),
    "backup.journals": (
        "what the archive lacks is in {count} journals here; after a restore: lunas ingress republish --since {since}",
        "yang tidak ada di arsip ada di {count} jurnal di sini; setelah pemulihan: lunas ingress republish --since {since}",
    ),
}  # fmt: skip
