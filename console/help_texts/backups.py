"""Help of `lunas backup`."""

from __future__ import annotations

BACKUPS_HELP: dict[str, str] = {
    "Backups of the database: could it be restored to now.": "Cadangan basis data: dapatkah dipulihkan sampai sekarang.",
    "The archive of the database: base backups and the log since then.": "Arsip basis data: salinan utuh dan log sejak itu.",
    "Say whether the database could be restored to now, and what would be missing.": (
        "Beri tahu apakah basis data dapat dipulihkan sampai sekarang, dan apa yang akan hilang."
    ),
    "It looks at what PostgreSQL says of archiving, at the whole copies and their age, for holes in the log between, at every byte of both, and whether the "
    "journals of ingress reach back to the end of the archive. Exit code 1 when there is a problem. It changes nothing.": (
        "Yang dilihat: kata PostgreSQL tentang pengarsipan, salinan utuh dan umurnya, lubang pada log di antaranya, setiap bita keduanya, dan apakah jurnal "
        "ingress sampai ke akhir arsip. Kode keluar 1 bila ada masalah. Tidak mengubah apa pun."
    ),
    "Names only: leave out reading every byte, which takes as long as the archive is large.": (
        "Nama saja: tanpa membaca setiap bita, yang lamanya menurut besar arsip."
    ),
}
