"""Why money is held, and why a request was turned away, in words."""

from __future__ import annotations

_REASONS: dict[str, tuple[str, str]] = {
    "customer_missing": ("no payer named", "pembayar tidak disebut"),
    "customer_unknown": ("payer is not a customer yet", "pembayar belum menjadi pelanggan"),
    "customer_ambiguous": ("several customers fit", "beberapa pelanggan cocok"),
    "unmapped_product": ("product not in the catalogue", "produk tidak ada di katalog"),
    "ambiguous_product": ("several products fit", "beberapa produk cocok"),
    "duplicate_purchase": ("bought twice", "dibeli dua kali"),
    "awaiting_confirmation": ("large for what is known of it: the provider is being asked", "besar untuk bukti yang ada: penyedia sedang ditanya"),
    "underpaid": ("paid too little", "kurang bayar"),
    "overpaid": ("paid too much", "lebih bayar"),
    "currency_unexpected": ("not in rupiah", "bukan rupiah"),
    "awaiting_order": ("paid, but its order never came", "dibayar, tetapi pesanannya belum diterima"),
    "spam_order": ("the order was flagged as spam", "pesanan ditandai spam"),
    "order_deleted": ("the order was deleted at the provider", "pesanan dihapus di penyedia"),
    "paid_after_cancel": ("paid after it was cancelled", "dibayar setelah dibatalkan"),
    "paid_late": ("paid after its end: decide what becomes of it", "dibayar setelah batas waktu: tentukan nasibnya"),
    "paid_late_refund": ("paid after its end: give it back", "dibayar setelah batas waktu: kembalikan"),
    "licence_of_another_customer": ("the licence belongs to another customer", "lisensi milik pelanggan lain"),
    "payload_without_id": ("the webhook names no transaction", "webhook tidak menyebut transaksi"),
    "unconfirmed": ("announced as completed, the money was not told yet", "diumumkan selesai, uangnya belum dilaporkan"),
    "time_in_future": ("dated after we heard of it: confirm at the provider", "bertanggal setelah kita menerimanya: konfirmasi ke penyedia"),
    "time_long_past": ("dated before the provider existed", "bertanggal sebelum penyedia ada"),
    "amount_zero": ("nothing was paid", "tidak ada yang dibayar"),
    "amount_unknown": ("nobody said how much was paid", "jumlah tidak disebut"),
    "purpose_unknown": ("nobody said what it is for", "tujuan tidak disebut"),
}  # fmt: skip

_CAUSES: dict[str, tuple[str, str]] = {
    "missing_credential": ("no token and no signature", "tanpa token dan tanpa tanda tangan"),
    "empty_credential": ("an empty token or signature", "token atau tanda tangan kosong"),
    "wrong_credential": ("the token or signature does not match", "token atau tanda tangan tidak cocok"),
    "duplicate_credential": ("the token or signature is there twice", "token atau tanda tangan ada dua kali"),
    "malformed_credential": ("the token or signature has a wrong form", "bentuk token atau tanda tangan salah"),
    "no_secret_configured": ("we have no secret of this provider", "kita tidak punya rahasia penyedia ini"),
    "headers_too_large": ("its head is too large", "header permintaan terlalu besar"),
    "too_large": ("its body is too large", "isi permintaan terlalu besar"),
    "slow_body": ("its body came too slowly", "isi permintaan datang terlalu lambat"),
    "broken_body": ("its body broke off or is not HTTP", "isi permintaan terputus atau bukan HTTP"),
    "crumbs": ("its body came in absurdly small pieces", "isi permintaan datang dalam potongan yang terlalu kecil"),
    "crowded": ("there was no memory for it in a flood", "tidak ada memori untuknya saat kebanjiran permintaan"),
    "wrong_account": ("authentic, but of another account", "asli, tetapi milik akun lain"),
    "wrong_environment": ("authentic, but of another environment", "asli, tetapi dari lingkungan lain"),
    "unreadable": ("the message in the queue could not be read", "pesan di antrean tidak terbaca"),
}  # fmt: skip

REASONS: dict[str, tuple[str, str]] = {
    **{f"reason.{code}": words for code, words in _REASONS.items()},
    **{f"cause.{code}": words for code, words in _CAUSES.items()},
}
