"""Help of `lunas fake`."""

from __future__ import annotations

FAKING_HELP: dict[str, str] = {
    "Providers that answer without an account, and their clock.": "Penyedia yang menjawab tanpa akun, dan jamnya.",
    "Fake providers over HTTP: their API, errors, rate limits and bad days, a page on which to pay, and signed webhooks with retries.": (
        "Penyedia palsu lewat HTTP: API, galat, batas laju dan hari buruknya, halaman untuk membayar, dan webhook bertanda tangan "
        "dengan pengulangan."
    ),
    "`make run` starts all of them. Refused in production, where invented money would become real balances.": (
        "`make run` menjalankan semuanya. Ditolak di produksi, karena uang rekaan akan menjadi saldo."
    ),
    "Serve every provider, each beneath its name.": "Sajikan semua penyedia, masing-masing di bawah namanya.",
    "Serve this provider at the root.": "Sajikan penyedia ini di akar alamat.",
    "Port; otherwise LUNAS_FAKES_PORT. 0 is any free one.": "Port; tanpa ini LUNAS_FAKES_PORT. 0 berarti port bebas mana pun.",
    "Where webhooks go: a door for providers, or an address with a path.": (
        "Tujuan webhook: pintu penyedia, atau alamat dengan jalur."
    ),
    "The key that callers use; otherwise that of the settings.": "Kunci pemanggil; tanpa ini kunci dari pengaturan.",
    "What vouches for webhooks; otherwise the secret of the settings.": (
        "Penjamin webhook; tanpa ini rahasia dari pengaturan."
    ),
    "The same number gives the same ids for the same calls.": "Angka yang sama memberi id yang sama untuk panggilan yang sama.",
    "Whether calls are counted and refused as the provider does.": (
        "Apakah panggilan dihitung dan ditolak seperti pada penyedia."
    ),
    "The clock that all fakes share: what expires, renews and is sent again follows it.": (
        "Jam bersama semua penyedia palsu: yang kedaluwarsa, diperpanjang dan dikirim ulang mengikutinya."
    ),
    "Address of the fakes; otherwise those of the running instance.": (
        "Alamat penyedia palsu; tanpa ini milik instans yang berjalan."
    ),
    "Say what time it is for the fakes, and when something is due next.": (
        "Sebutkan waktu bagi penyedia palsu, dan kapan berikutnya ada yang jatuh tempo."
    ),
    "Move the clock forward by SPAN: 31d, 2h, 1h30m, 55s.": "Majukan jam sebesar SPAN: 31d, 2h, 1h30m, 55s.",
    "Everything due on the way happens in its order; each webhook is answered before time goes on.": (
        "Yang jatuh tempo di antaranya terjadi berurutan; tiap webhook dijawab sebelum waktu berlanjut."
    ),
    "Move the clock forward to TIME, an ISO 8601 time (UTC when it names no zone).": (
        "Majukan jam ke TIME, waktu ISO 8601 (UTC bila tanpa zona)."
    ),
}
