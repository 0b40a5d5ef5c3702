"""Help of `lunas audit seals|verify|prove` and `lunas log`."""

from __future__ import annotations

SEALING_HELP: dict[str, str] = {
    "The parts that the log is kept in: from when to when.": "Bagian-bagian tempat log disimpan: dari kapan sampai kapan.",
    "The log's parts: ranges of positions, each a table of its own, made before they are needed.": (
        "Bagian log: rentang posisi, masing-masing tabel sendiri, dibuat sebelum dibutuhkan."
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
