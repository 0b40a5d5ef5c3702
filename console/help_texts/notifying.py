"""Help of `lunas endpoints` and `lunas notifications`."""

from __future__ import annotations

NOTIFYING_HELP: dict[str, str] = {
    "Webhooks to applications: make, list, rotate, test, disable.": (
        "Webhook ke aplikasi: buat, daftar, rotasi, uji, nonaktifkan."
    ),
    "What was told to whom: list, send again.": "Apa yang disampaikan kepada siapa: daftar, kirim ulang.",
    "Addresses of applications that are sent signed webhooks, by Standard Webhooks: what was paid, held, refunded, renewed.": (
        "Alamat aplikasi yang dikirimi webhook bertanda tangan, menurut Standard Webhooks: yang dibayar, tertahan, dikembalikan, "
        "diperpanjang."
    ),
    "Kinds it is sent, separated by commas, or `all`: see docs/notifications.md.": (
        "Jenis yang dikirim, dipisah koma, atau `all`: lihat docs/notifications.md."
    ),
    "Whose endpoint it is, in your own words.": "Milik siapa endpoint ini, dengan kata-kata Anda.",
    "Make an endpoint and show its secret, this once. Decisions from now on are sent to it.": (
        "Buat endpoint dan tampilkan rahasianya sekali ini saja. Keputusan mulai sekarang dikirim ke sana."
    ),
    "List endpoints, newest first: what they are sent, what waits for them, and whether they take it.": (
        "Daftar endpoint, terbaru dahulu: yang dikirim, yang menunggu, dan apakah diterima."
    ),
    "Give an endpoint a new secret and show it, this once. Both sign for LUNAS_NOTIFY_ROTATION_HOURS.": (
        "Beri endpoint rahasia baru dan tampilkan sekali ini saja. Keduanya menandatangani selama LUNAS_NOTIFY_ROTATION_HOURS."
    ),
    "Send nothing to an endpoint until it is enabled again. What comes meanwhile waits for it.": (
        "Hentikan kiriman ke endpoint sampai diaktifkan lagi. Yang datang sementara itu menunggu."
    ),
    "Send to an endpoint again, at once what has waited for it.": (
        "Kirim lagi ke endpoint, segera yang tadi menunggu."
    ),
    "Remove an endpoint for good. What waits for it is not sent.": (
        "Hapus endpoint selamanya. Yang menunggu tidak dikirim."
    ),
    "Seconds to wait for what becomes of it.": "Detik menunggu hasilnya.",
    "Send an endpoint a webhook that means nothing, `endpoint.test`, and see what becomes of it.": (
        "Kirim webhook uji tanpa arti, `endpoint.test`, dan lihat hasilnya."
    ),
    "What applications and customers were told, by webhook and by mail: each decision once for each receiver.": (
        "Yang disampaikan ke aplikasi dan pelanggan, lewat webhook dan surel: setiap keputusan sekali untuk setiap penerima."
    ),
    "Only for this endpoint, or `email` for mail to customers.": (
        "Hanya untuk endpoint ini, atau `email` untuk surel ke pelanggan."
    ),
    "Only in this state.": "Hanya dalam keadaan ini.",
    "Only of this kind.": "Hanya jenis ini.",
    "List notifications, newest first: how often each was tried, and what came of it.": (
        "Daftar pemberitahuan, terbaru dahulu: berapa kali dicoba, dan hasilnya."
    ),
    "Only about this customer.": "Hanya tentang pelanggan ini.",
    "Refuse when more would be sent.": "Tolak bila lebih dari ini yang akan dikirim.",
    "Only those that were delivered, failed or skipped.": "Hanya yang terkirim, gagal, atau dilewati.",
    "Send notifications again, under the same `webhook-id`: one by its id, or all that a filter finds. What waits already is left alone.": (
        "Kirim ulang pemberitahuan dengan `webhook-id` yang sama: satu menurut id-nya, atau semua yang cocok dengan saringan. "
        "Yang masih menunggu dibiarkan."
    ),
}
