"""Statuses and kinds in Indonesian. In English the code is the word; it is also what filters and `--json` take in either language."""

from __future__ import annotations

VALUES_IN_INDONESIAN: dict[str, str] = {
    # Deliveries.
    "processed": "diproses",
    "no_effect": "tanpa_dampak",
    "test": "uji",
    "duplicate": "duplikat",
    "conflict": "bertentangan",
    "parked": "diparkir",
    "quarantined": "dikarantina",
    # Dead letters, and where they failed.
    "open": "terbuka",
    "replaying": "diulang",
    "resolved": "selesai",
    "discarded": "ditutup",
    "decode": "dekode",
    "translate": "terjemah",
    "append": "simpan",
    "broker": "broker",
    "fulfil": "pemenuhan",
    # Payments and subscriptions.
    "pending": "menunggu",
    "authorized": "diotorisasi",
    "succeeded": "berhasil",
    "failed": "gagal",
    "expired": "kedaluwarsa",
    "partially_refunded": "dikembalikan_sebagian",
    "refunded": "dikembalikan",
    "reversed": "dibatalkan_lagi",
    "active": "aktif",
    "past_due": "menunggak",
    "cancelled": "dibatalkan",
    "merged": "digabung",
    "withdrawn": "ditarik",
    "revoked": "dicabut",
    # Calls to providers.
    "answered": "dijawab",
    "unknown": "tidak_diketahui",
    "not_sent": "tidak_dikirim",
    "refused": "ditolak",
    # Held money.
    "held": "tertahan",
    "released": "dilepas",
    "granted": "diberikan",
    "written_off": "dihapusbukukan",
    "changed": "berubah",
    # Read models.
    "building": "dibangun",
    "live": "aktif",
    "retired": "pensiun",
    # What is found.
    "delivery": "kiriman",
    "dead letter": "surat mati",
    "rejected": "ditolak",
    "payment": "pembayaran",
    "suspense": "tertahan",
    "customer": "pelanggan",
    "subscription": "langganan",
    "enrollment": "kelas",
    "audit": "audit",
    "product": "produk",
    "course": "kelas",
    "tokens": "token",
    "plan": "paket",
}
