"""What to do about a dead letter, by the kind of its reason (console/next_steps.py)."""

from __future__ import annotations

_STEPS: dict[str, tuple[str, str]] = {
    "unreadable": (
        "read it: lunas webhooks raw; if it is money: lunas dlq settle; else lunas dlq discard",
        "baca isinya: lunas webhooks raw; bila itu uang: lunas dlq settle; bila bukan: lunas dlq discard",
    ),
    "money": (
        "look up the amount at the provider, then lunas dlq settle",
        "periksa jumlahnya di penyedia, lalu lunas dlq settle",
    ),
    "unclear": (
        "compare with the provider; if money came: lunas dlq settle; if lunas was mended: lunas dlq replay",
        "bandingkan dengan penyedia; bila uang masuk: lunas dlq settle; bila lunas sudah diperbaiki: lunas dlq replay",
    ),
    "update": (
        "report it, update lunas, then lunas dlq replay",
        "laporkan, perbarui lunas, lalu lunas dlq replay",
    ),
    "report": (
        "not the provider's doing: keep it and report what lunas dlq show says",
        "bukan ulah penyedia: simpan dan laporkan isi lunas dlq show",
    ),
    "conflict": (
        "compare both with the provider; if it is money of its own: lunas dlq settle; else lunas dlq discard",
        "bandingkan keduanya dengan penyedia; bila itu uang tersendiri: lunas dlq settle; bila bukan: lunas dlq discard",
    ),
    "repair": ("lunas doctor, then lunas dlq replay", "lunas doctor, lalu lunas dlq replay"),
    "crash": (
        "read the processor's log, then lunas dlq replay for one alone",
        "baca log processor, lalu lunas dlq replay satu saja",
    ),
    "policy_failed": (
        "report it, update lunas and restart the processor; lunas dlq replay then closes it",
        "laporkan, perbarui lunas dan mulai ulang processor; lalu lunas dlq replay menutupnya",
    ),
    "refund": (
        "ask the provider how much went back, then lunas dlq discard",
        "tanyakan ke penyedia berapa yang kembali, lalu lunas dlq discard",
    ),
    "twice": (
        "refund one of the two at the provider, then lunas dlq discard",
        "kembalikan salah satu lewat penyedia, lalu lunas dlq discard",
    ),
    "contradict": (
        "look both orders up at the provider and mend the wrong one there, then lunas dlq discard",
        "cari kedua pesanan di penyedia dan betulkan yang salah di sana, lalu lunas dlq discard",
    ),
    "contradicted": (
        "compare with the provider; whoever wrote that webhook may know the token: change it (docs/runbooks/rotate-a-secret.md), then lunas dlq discard",
        "bandingkan dengan penyedia; penulis webhook itu mungkin tahu tokennya: ganti (docs/runbooks/rotate-a-secret.md), lalu lunas dlq discard",
    ),
    "unconfirmed": (
        "look the payment up at the provider; paid: have the webhook sent again; then lunas dlq discard",
        "cari pembayarannya di penyedia; bila sudah dibayar, minta webhook dikirim lagi; lalu lunas dlq discard",
    ),
    "disputed": (
        "answer it at the provider in time (reconciled-…: ask the provider whether it was paid); decide with the customer what it bought, then lunas dlq discard",
        "jawab di penyedia tepat waktu (reconciled-…: tanyakan ke penyedia apakah dibayar); putuskan dengan pelanggan apa yang dibelinya, lalu lunas dlq discard",
    ),
    "changed": (
        "compare the amount with the provider, settle it with the customer, then lunas dlq discard",
        "bandingkan jumlahnya dengan penyedia, selesaikan dengan pelanggan, lalu lunas dlq discard",
    ),
    "reversed": (
        "ask who set it to unpaid; if no money came, refund or cancel the order at the provider; then lunas dlq discard",
        "tanyakan siapa yang mengubahnya; bila uang tidak masuk, kembalikan atau batalkan di penyedia; lalu lunas dlq discard",
    ),
    "deleted": (
        "find out why the paid order was deleted, then lunas dlq discard",
        "cari tahu mengapa pesanan yang sudah dibayar dihapus, lalu lunas dlq discard",
    ),
    "ended_early": (
        "look at the provider whether its money went back; the catalogue's expired_early decides access; then lunas dlq discard",
        "periksa di penyedia apakah uangnya dikembalikan; expired_early di katalog menentukan akses; lalu lunas dlq discard",
    ),
    "beyond": (
        "compare its end with the provider; if more was paid for: have that payment sent again; then lunas dlq discard",
        "bandingkan tanggal akhirnya dengan penyedia; bila ada pembayaran lain, minta dikirim lagi; lalu lunas dlq discard",
    ),
    "licence": (
        "ask the customer whether the licence was passed on, then lunas dlq discard",
        "tanyakan ke pelanggan apakah lisensinya dialihkan, lalu lunas dlq discard",
    ),
    "look": (
        "look at the payment: lunas payments show, then lunas dlq discard",
        "lihat pembayarannya: lunas payments show, lalu lunas dlq discard",
    ),
}  # fmt: skip

NEXT_STEPS: dict[str, tuple[str, str]] = {f"dlq.next.{step}": words for step, words in _STEPS.items()}
