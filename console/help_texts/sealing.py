"""Help of `lunas audit seals|verify|prove` and `lunas log`."""

from __future__ import annotations

SEALING_HELP: dict[str, str] = {
    "The parts that the log is kept in: list, archive with proof.": "Bagian-bagian tempat log disimpan: daftar, arsip dengan bukti.",
    "The log's parts: ranges of positions, each a table of its own, made before they are needed; and files of them that prove themselves.": (
        "Bagian log: rentang posisi, masing-masing tabel sendiri, dibuat sebelum dibutuhkan; dan berkasnya yang membuktikan dirinya."
    ),
    "Write what is sealed of a part of the log into a file of LUNAS_BODY_ARCHIVE_DIR, with the seals that prove it; it is read back, and every hash made anew.": (
        "Tulis yang sudah disegel dari sebuah bagian log ke berkas di LUNAS_BODY_ARCHIVE_DIR, dengan segel yang membuktikannya; dibaca ulang, setiap hash dibuat lagi."
    ),
    "Without a part: each that is sealed to its end and has no file that reaches there. deploy/verify_log_part.py checks a file against the published seals, without the "
    "database and without this program. Nothing is taken out of the database.": (
        "Tanpa bagian: setiap bagian yang tersegel sampai akhir dan belum punya berkas sampai di situ. deploy/verify_log_part.py memeriksa berkas terhadap segel terbitan, "
        "tanpa basis data dan tanpa program ini. Tidak ada yang dihapus dari basis data."
    ),
    "Read every file, make every hash anew, and hold them against its seals.": (
        "Baca setiap berkas, buat setiap hash lagi, dan cocokkan dengan segelnya."
    ),
    "With --verify: hold its seals against the published ones too, the lines of LUNAS_SEALS_PATH.": (
        "Dengan --verify: cocokkan juga segelnya dengan yang diterbitkan, baris-baris LUNAS_SEALS_PATH."
    ),
    "Files of the log's parts, and parts that have none to their end. Exit code 1 when a file is missing or damaged.": (
        "Berkas bagian-bagian log, dan bagian yang belum punya sampai akhirnya. Kode keluar 1 bila berkas hilang atau rusak."
    ),
    "List the parts of the log: from which position, before which, from when to when, and how large.": (
        "Daftar bagian log: dari posisi mana, sebelum posisi mana, dari kapan sampai kapan, dan sebesar apa."
    ),
    "Every act of an operator: who, when, why, what it was before and after, and the way back; and proof that the log is as it was.": (
        "Setiap tindakan operator: siapa, kapan, mengapa, sebelum dan sesudahnya, dan jalan kembalinya; serta bukti bahwa log tetap seperti semula."
    ),
    "List the newest seals: what they cover, when they were made, and the hash that was published.": (
        "Daftar segel terbaru: cakupannya, kapan dibuat, dan hash yang diterbitkan."
    ),
    "Compare the log with its seals, event by event, and name what was changed, added or taken away since.": (
        "Bandingkan log dengan segelnya, peristiwa demi peristiwa, dan sebutkan yang sejak itu diubah, disisipkan, atau dihilangkan."
    ),
    "Whoever may change the log may also write new seals over it: only seals that were published elsewhere tell of that. Exit code 1 when something "
    "is not as it was sealed. What no seal covers yet is not compared.": (
        "Siapa pun yang dapat mengubah log juga dapat menulis segel baru: hanya segel yang diterbitkan di tempat lain yang mengungkapkannya. Kode keluar "
        "1 bila ada yang tidak seperti ketika disegel. Yang belum tercakup segel tidak dibandingkan."
    ),
    "Compare with the published seals, from where nobody could change them: the lines of LUNAS_SEALS_PATH.": (
        "Bandingkan dengan segel terbitan, dari tempat yang tak dapat diubah siapa pun: baris-baris LUNAS_SEALS_PATH."
    ),
    "Leave out the bytes of the webhooks; takes half the time.": "Lewati bita webhook; separuh waktunya.",
    "Write a file that proves what was recorded of a payment, to somebody who has neither the database nor this program.": (
        "Tulis berkas yang membuktikan apa yang dicatat tentang sebuah pembayaran, bagi orang yang tidak punya basis data maupun program ini."
    ),
    "It holds the payment's events and webhooks as they are stored, personal data included, and their way up to seals that were published. "
    "deploy/verify_proof.py checks it: a hundred lines of Python that share nothing with us. What is younger than the newest seal cannot be "
    "proved yet.": (
        "Isinya peristiwa dan webhook pembayaran itu seperti tersimpan, termasuk data pribadi, dan jalannya sampai ke segel yang diterbitkan. "
        "deploy/verify_proof.py memeriksanya: seratus baris Python yang tidak berbagi apa pun dengan kami. Yang lebih baru dari segel terbaru belum "
        "dapat dibuktikan."
    ),
    "Where to write it; without, it goes to stdout.": "Ke mana ditulis; tanpa ini, ke stdout.",
}
