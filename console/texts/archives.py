"""Sentences of `lunas webhooks archive|archives`, and of doctor about them."""

from __future__ import annotations

ARCHIVES: dict[str, tuple[str, str]] = {
    "archive.no_folder": (
        "LUNAS_BODY_ARCHIVE_DIR is not set: where the bytes of old webhooks are. Nothing was changed.",
        "LUNAS_BODY_ARCHIVE_DIR belum diisi: tempat bita webhook lama. Tidak ada yang diubah.",
    ),
    "archive.busy": (
        "Somebody else writes archives in this folder now. Nothing was changed.",
        "Orang lain sedang menulis arsip di folder ini. Tidak ada yang diubah.",
    ),
    "archive.unreadable": (
        "The archive of webhooks is not as it must be: {error}. Nothing was changed.",
        "Arsip webhook tidak seperti seharusnya: {error}. Tidak ada yang diubah.",
    ),
    "archive.not_over": (
        "Webhooks of {month} may still come. Nothing was changed.",
        "Webhook bulan {month} masih dapat datang. Tidak ada yang diubah.",
    ),
    "archive.no_month": ("{said} is no month: write 2026-05.", "{said} bukan bulan: tulis 2026-05."),
    "archive.nothing": (
        "Every month that is over has its file, and nobody who was forgotten is in one.",
        "Setiap bulan yang sudah lewat punya berkas, dan tidak ada orang yang dilupakan di dalamnya.",
    ),
    "archive.done": (
        "{month}: {file} holds {bodies} webhooks; {added} were added, {forgotten} taken out.",
        "{month}: {file} berisi {bodies} webhook; {added} ditambahkan, {forgotten} dikeluarkan.",
    ),
    "archive.undo": (
        "none needed: nothing was taken out of the database",
        "tidak perlu: tidak ada yang dihapus dari basis data",
    ),
    "archive.due": (
        "To be written, by lunas webhooks archive: {months}",
        "Perlu ditulis dengan lunas webhooks archive: {months}",
    ),
    "archive.state.there": ("there", "ada"),
    "archive.state.verified": ("verified", "terverifikasi"),
    "archive.state.missing": ("missing", "hilang"),
    "archive.state.damaged": ("damaged:", "rusak:"),
    "doctor.archive_ok": (
        "The bytes of webhooks of every month that is over are archived.",
        "Bita webhook setiap bulan yang sudah lewat sudah diarsipkan.",
    ),
    "doctor.archive_due": (
        "Bytes of webhooks are not archived, or the archive holds a person who was forgotten: {months}. Until then they are not emptied by age.",
        "Bita webhook belum diarsipkan, atau arsipnya memuat orang yang dilupakan: {months}. Sampai itu bita tidak dikosongkan menurut umur.",
    ),
    "doctor.archive_due.fix": (
        "lunas webhooks archive --reason monthly; once a month by itself (docs/personal-data.md)",
        "lunas webhooks archive --reason bulanan; sebulan sekali secara otomatis (docs/personal-data.md)",
    ),
    "doctor.archive_missing": (
        "Files with the bytes of webhooks are missing: {files}.",
        "Berkas berisi bita webhook hilang: {files}.",
    ),
    "doctor.archive_missing.fix": (
        "bring them back to LUNAS_BODY_ARCHIVE_DIR from where they are copied to",
        "kembalikan ke LUNAS_BODY_ARCHIVE_DIR dari tempat salinannya",
    ),
}
