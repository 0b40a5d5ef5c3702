"""Sentences of `lunas close`."""

from __future__ import annotations

CLOSING: dict[str, tuple[str, str]] = {
    "close.title": ("Daily close", "Tutup hari"),
    "close.open": ("Not sealed yet.", "Belum disegel."),
    "close.sealed": ("Sealed by", "Disegel oleh"),
    "close.nothing": ("Nothing came on this day.", "Tidak ada apa-apa pada hari ini."),
    "close.received": ("received", "diterima"),
    "close.refunded": ("refunded", "dikembalikan"),
    "close.fees": ("fees", "biaya"),
    "close.expected_settlement": (
        "owed by the provider, less its fees",
        "harus disetor penyedia, setelah biaya",
    ),
    "close.settled": ("of it paid out, by its word", "sudah disetor, menurut penyedia"),
    "close.credited": ("became credit", "menjadi kredit"),
    "close.sold": ("sold", "terjual"),
    "close.written_off": ("held money that was kept", "uang tertahan yang dihapusbukukan"),
    "close.lost": ("given back though it was spent", "dikembalikan walau sudah terpakai"),
    "close.total": ("all", "semua"),
    "close.detail_late": ("payments: {count}", "pembayaran: {count}"),
    "close.detail_fee_claimed": ("payments: {count}", "pembayaran: {count}"),
    "close.detail_unbacked": ("cases: {count}", "kasus: {count}"),
    "close.held": ("held at the day's end", "tertahan di akhir hari"),
    "close.held_change": ("held more than before", "bertambahnya yang tertahan"),
    "close.clearing_before": ("ledger at its beginning", "buku besar di awal hari"),
    "close.clearing": ("ledger at its end", "buku besar di akhir hari"),
    "close.differences": ("Differences", "Selisih"),
    "close.no_difference": (
        "Everything ties to the ledger, to the rupiah.",
        "Semua cocok dengan buku besar, sampai ke rupiah.",
    ),
    "close.difference_ledger": (
        "the ledger moved otherwise than the news say:",
        "gerak buku besar berbeda dari kabar penyedia:",
    ),
    "close.difference_unbalanced": (
        "the day's postings do not sum to zero:",
        "jurnal hari ini tidak berjumlah nol:",
    ),
    "close.difference_unexplained": (
        "came, and is neither credited, sold, held nor kept:",
        "masuk, tetapi tidak menjadi kredit, penjualan, tertahan, atau dihapusbukukan:",
    ),
    "close.difference_fees": (
        "the ledger has other fees than the news say:",
        "biaya di buku besar berbeda dari kabar penyedia:",
    ),
    "close.difference_fee_claimed": (
        "fees by the statement of settlement beyond those that the provider had told:",
        "biaya menurut laporan penyelesaian, di luar yang pernah disebut penyedia:",
    ),
    "close.difference_opening": (
        "begins otherwise than the day before was sealed:",
        "awal hari berbeda dari segel hari sebelumnya:",
    ),
    "close.difference_unbacked": (
        "moved, and no fact tells of it:",
        "bergerak tanpa fakta yang menjelaskan:",
    ),
    "close.difference_provider": ("the provider's own list differs:", "daftar penyedia sendiri berbeda:"),
    "close.difference_late": (
        "paid on this day, heard of later:",
        "dibayar hari ini, baru terdengar kemudian:",
    ),
    "close.difference_changed": ("otherwise than it was sealed:", "berbeda dari yang disegel:"),
    "close.fees_untold": (
        "–: nobody has told of fees. What webhooks do not tell, the provider's statement does.",
        "–: belum ada yang menyebut biaya. Yang tidak disebut webhook, disebut laporan penyedia.",
    ),
    "close.payment": ("payment", "pembayaran"),
    "close.payments_of": ("Payments of {provider} on {day}", "Pembayaran {provider} pada {day}"),
    "close.no_payments": (
        "No payment moved anything on this day.",
        "Tidak ada pembayaran yang bergerak pada hari ini.",
    ),
    "close.payments_sum": (
        "{count} came on this day. Together: received {received}, refunded {refunded}, as the close says.",
        "{count} masuk pada hari ini. Jumlahnya: diterima {received}, dikembalikan {refunded}, sama dengan tutup hari.",
    ),
    "close.made_by": ("made by", "dibuat oleh"),
    "close.seen_by": ("seen by", "diperiksa oleh"),
    "close.no_date": (
        "`{given}` is no date such as 2026-01-31",
        "`{given}` bukan tanggal seperti 2026-01-31",
    ),
    "close.not_over": (
        "{day} is not over in Jakarta; seal it tomorrow.",
        "{day} belum berakhir di Jakarta; segel besok.",
    ),
    "close.question": ("Seal {day} for good?", "Segel {day} untuk selamanya?"),
    "close.no_undo": (
        "nothing: what is heard later is shown beside it",
        "tidak ada: kabar yang datang kemudian ditampilkan di sampingnya",
    ),
    "close.written": ("Written: {file}", "Ditulis: {file}"),
}
