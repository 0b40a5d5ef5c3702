"""What the payment page says, Indonesian first. A customer reads this with money in hand: short, plain, nothing of machines."""

from __future__ import annotations

from schemas.languages import Language

Words = dict[str, str]

_INDONESIAN: Words = {
    "pay": "Bayar {amount}",
    "topup": "Isi saldo",
    "order": "Pesanan",
    "waiting": "Menunggu pembayaran",
    "until": "berlaku sampai {time}",
    "preparing": "Sedang menyiapkan pembayaran. Halaman ini berubah sendiri sebentar lagi.",
    "paid": "Lunas. Terima kasih!",
    "paid_note": "Pembayaran {received} sudah kami terima pada {time}.",
    "refunded": "Dana sudah dikembalikan",
    "refunded_note": "Pembayaran ini sudah dikembalikan kepada pembayar.",
    "expired": "Waktu pembayaran habis",
    "expired_note": "Buat pembayaran baru di aplikasi. Sudah terlanjur membayar? Uangnya tetap kami terima; halaman ini berubah begitu masuk.",
    "failed": "Pembayaran gagal",
    "failed_note": "Tidak ada uang yang kami terima. Silakan coba lagi dari aplikasi.",
    "cancelled": "Pembayaran dibatalkan",
    "cancelled_note": "Jangan membayar lagi ke kode atau nomor ini.",
    "qr_label": "Kode QRIS untuk {amount}",
    "qr_save": "Unduh kode QR",
    "va_label": "Nomor virtual account {bank}",
    "copy": "Salin",
    "copied": "Tersalin",
    "go_gopay": "Bayar dengan GoPay",
    "go_wallet": "Lanjutkan di {channel}",
    "go_hosted": "Buka halaman pembayaran",
    "how": "Cara membayar",
    "receipt": "Bukti pembayaran",
    "amount": "Jumlah",
    "for": "Untuk",
    "method": "Cara bayar",
    "time": "Waktu",
    "reference": "Nomor referensi",
    "print": "Halaman ini dapat dicetak atau disimpan sebagai bukti.",
    "self": "Halaman ini berubah sendiri begitu pembayaran masuk.",
    "late": "Sudah membayar setelah waktunya habis? Uangnya tetap kami terima.",
    "exact": "Bayar tepat {amount}: jumlah lain harus diperiksa orang dulu.",
    "minutes": "{number} menit lagi",
    "hours": "{number} jam lagi",
    "other": "English",
    "unknown": "Tautan ini tidak dikenal",
    "unknown_note": "Periksa apakah tautannya lengkap, atau buat pembayaran baru di aplikasi.",
    "slow": "Terlalu banyak percobaan",
    "slow_note": "Tunggu sebentar, lalu buka lagi tautan dari aplikasi.",
    "away": "Halaman ini sedang tidak dapat dibuka",
    "away_note": "Coba lagi sebentar lagi. Uang yang sudah dibayar tidak hilang.",
}

_ENGLISH: Words = {
    "pay": "Pay {amount}",
    "topup": "Top-up",
    "order": "Order",
    "waiting": "Waiting for the payment",
    "until": "valid until {time}",
    "preparing": "Getting the payment ready. This page changes by itself in a moment.",
    "paid": "Paid in full. Thank you!",
    "paid_note": "We received {received} at {time}.",
    "refunded": "The money was sent back",
    "refunded_note": "This payment was returned to whoever paid it.",
    "expired": "The time to pay is over",
    "expired_note": "Start a new payment in the application. Paid already? We still take the money; this page changes when it arrives.",
    "failed": "The payment failed",
    "failed_note": "We received no money. Please try again from the application.",
    "cancelled": "The payment was cancelled",
    "cancelled_note": "Please do not pay to this code or number any more.",
    "qr_label": "QRIS code for {amount}",
    "qr_save": "Download the QR code",
    "va_label": "Virtual account number, {bank}",
    "copy": "Copy",
    "copied": "Copied",
    "go_gopay": "Pay with GoPay",
    "go_wallet": "Continue in {channel}",
    "go_hosted": "Open the payment page",
    "how": "How to pay",
    "receipt": "Receipt",
    "amount": "Amount",
    "for": "For",
    "method": "Paid with",
    "time": "Time",
    "reference": "Reference",
    "print": "You may print or save this page as your receipt.",
    "self": "This page changes by itself when the payment arrives.",
    "late": "Paid after the time was over? We still take the money.",
    "exact": "Pay exactly {amount}: another amount has to be looked at by a person first.",
    "minutes": "{number} minutes left",
    "hours": "{number} hours left",
    "other": "Bahasa Indonesia",
    "unknown": "This link is not known",
    "unknown_note": "Check that the link is complete, or start a new payment in the application.",
    "slow": "Too many attempts",
    "slow_note": "Wait a moment, then open the link from the application again.",
    "away": "This page cannot be opened right now",
    "away_note": "Try again in a moment. Money that was paid is not lost.",
}

WORDS: dict[Language, Words] = {"id": _INDONESIAN, "en": _ENGLISH}


def rupiah(amount_idr: int, language: Language) -> str:
    """`Rp 50.000` in Indonesian, `Rp 50,000` in English; the blank does not break."""
    written = f"{amount_idr:,}"
    return "Rp\N{NO-BREAK SPACE}" + (written.replace(",", ".") if language == "id" else written)
