"""Help of `lunas webhooks archive|archives`."""

from __future__ import annotations

ARCHIVES_HELP: dict[str, str] = {
    "Write the bytes of a month's webhooks into a file of LUNAS_BODY_ARCHIVE_DIR, each held against what the sealed log says that came.": (
        "Tulis bita webhook sebulan ke sebuah berkas di LUNAS_BODY_ARCHIVE_DIR, masing-masing dicocokkan dengan yang dikatakan log tersegel."
    ),
    "Without a month: every one that is over and has no file yet, and those whose file holds a person who was forgotten since. A month that has a file "
    "is written anew with what came late. With LUNAS_RAW_BODY_ARCHIVE=first only what stands in a file is emptied by age.": (
        "Tanpa bulan: setiap bulan yang sudah lewat dan belum punya berkas, dan yang berkasnya memuat orang yang sejak itu dilupakan. Bulan yang sudah punya "
        "berkas ditulis ulang dengan yang datang terlambat. Dengan LUNAS_RAW_BODY_ARCHIVE=first hanya yang ada di berkas yang dikosongkan menurut umur."
    ),
    "Files with the bytes of webhooks, by month, and months that have none. Exit code 1 when a file is missing or damaged.": (
        "Berkas berisi bita webhook per bulan, dan bulan yang belum punya. Kode keluar 1 bila ada berkas yang hilang atau rusak."
    ),
    "Read every byte, and hold it against the sealed log.": (
        "Baca setiap bita, dan cocokkan dengan log tersegel."
    ),
}
