"""Help of `lunas secrets`."""

from __future__ import annotations

ROTATING_HELP: dict[str, str] = {
    "Webhook secrets by their ids: since when each verifies, who rotated them and why.": (
        "Rahasia webhook menurut id-nya: sejak kapan masing-masing memverifikasi, siapa yang menggantinya dan mengapa."
    ),
    "Webhook secrets by their ids: what each verified first, who rotated them and why. Never a secret itself.": (
        "Rahasia webhook menurut id-nya: apa yang pertama diverifikasi, siapa yang menggantinya dan mengapa. Rahasianya sendiri tidak pernah ditampilkan."
    ),
    "List secrets that verified deliveries, newest first: since when, and what a person said of them last.": (
        "Daftar rahasia yang memverifikasi kiriman, terbaru dahulu: sejak kapan, dan kata orang terakhir tentangnya."
    ),
    "The first delivery that a secret verified is recorded by itself. Without a reason nobody has said yet why it came.": (
        "Kiriman pertama yang diverifikasi sebuah rahasia dicatat dengan sendirinya. Tanpa alasan, belum ada yang mengatakan mengapa rahasia itu datang."
    ),
    "Record which secrets of a provider are accepted from now on, and why: the audit record of a rotation.": (
        "Catat rahasia penyedia mana yang diterima mulai sekarang, dan mengapa: catatan audit sebuah pergantian."
    ),
    "It changes nothing of what ingress accepts.": "Yang diterima ingress tidak berubah.",
    "Id of an accepted secret, with its times as in LUNAS_WEBHOOK_SECRET_TIMES; for each one. Without it: those of this process.": (
        "Id rahasia yang diterima, dengan waktunya seperti di LUNAS_WEBHOOK_SECRET_TIMES; untuk masing-masing. Tanpa ini: milik proses ini."
    ),
}
