"""What the pages of the fakes say, in English and Indonesian. What a provider calls a state stays its own word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.languages import Language

JAKARTA = ZoneInfo("Asia/Jakarta")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")

WORDS: dict[str, tuple[str, str]] = {
    "pay": ("Pay", "Bayar"),
    "settle": ("Settle", "Cairkan"),
    "fail": ("Fail", "Gagalkan"),
    "expire": ("Expire", "Buat kedaluwarsa"),
    "cancel": ("Cancel the order", "Batalkan pesanan"),
    "delete": ("Delete the order", "Hapus pesanan"),
    "refund": ("Refund", "Kembalikan dana"),
    "dispute": ("Dispute", "Sengketakan"),
    "win_dispute": ("Dispute won", "Sengketa dimenangkan"),
    "lose_dispute": ("Dispute lost", "Sengketa kalah"),
    "reverse": ("Take back by hand", "Tarik kembali dengan tangan"),
    "renew": ("Renew", "Perpanjang"),
    "unsubscribe": ("Unsubscribe", "Berhenti berlangganan"),
    "lapse": ("Let it lapse", "Biarkan berakhir"),
    "change_tier": ("Change the tier", "Ganti tingkat"),
    "link": ("Link an account", "Hubungkan akun"),
    "break_charges": ("Charges fail from now on", "Tagihan gagal mulai sekarang"),
    "mend_charges": ("Charges work again", "Tagihan berhasil lagi"),
    "pay_again": ("Pay again", "Bayar lagi"),
    "pay_late": ("Pay late", "Bayar terlambat"),
    "amount_to_pay": ("Amount to pay", "Jumlah yang dibayar"),
    "amount_to_refund": ("Amount to refund", "Jumlah yang dikembalikan"),
    "back": ("Back to the shop", "Kembali ke toko"),
    "money": ("Money", "Uang"),
    "no_money": ("None has moved.", "Belum ada yang berpindah."),
    "webhooks": ("Webhooks", "Webhook"),
    "no_webhooks": ("None yet.", "Belum ada."),
    "names": ("Names", "Nama"),
    "what_happens": ("What happens", "Yang terjadi"),
    "nothing_more": ("Nothing can happen to it any more.", "Tidak ada lagi yang bisa terjadi padanya."),
    "no_real_money": ("No real money. The fakes' clock:", "Bukan uang sungguhan. Jam penyedia palsu:"),
    "all": ("all payments", "semua pembayaran"),
    "fake": ("fake {provider}", "{provider} palsu"),
    "fakes": ("fake providers", "penyedia palsu"),
    "list": ("Payments asked for", "Pembayaran yang diminta"),
    "payment": ("Payment", "Pembayaran"),
    "state": ("State", "Keadaan"),
    "amount": ("Amount", "Jumlah"),
    "nobody": ("Nobody has asked for a payment yet.", "Belum ada yang meminta pembayaran."),
    "any_amount": ("any amount", "jumlah bebas"),
    "arrives": (
        "{label}: the payer arrives here and presses Pay.",
        "{label}: pembayar tiba di sini dan menekan Bayar.",
    ),
    "asks_phone": ("{label} asks the payer's phone:", "{label} bertanya ke ponsel pembayar:"),
    "never_expires": ("never expires by itself", "tidak pernah kedaluwarsa sendiri"),
    "until": ("until {moment}", "sampai {moment}"),
    "ended": ("ended {moment}", "berakhir {moment}"),
    "answered": ("answered {answers}", "dijawab {answers}"),
    "not_yet": ("not yet", "belum"),
    "again": ("again {moment}", "lagi {moment}"),
    "delivered": ("delivered", "terkirim"),
    "waiting": ("waiting", "menunggu"),
    "given_up": ("given up", "menyerah"),
    "held": ("held", "ditahan"),
    "paid": ("paid", "dibayar"),
    "failed": ("failed", "gagal"),
    "refund pending": ("refund pending", "pengembalian diproses"),
    "refund succeeded": ("refund succeeded", "dana dikembalikan"),
    "refund failed": ("refund failed", "pengembalian gagal"),
    "Licence": ("Licence", "Lisensi"),
    "Virtual account": ("Virtual account", "Rekening virtual"),
    "not_possible": ("Not possible", "Tidak bisa"),
    "no_such": ("No such payment", "Tidak ada pembayaran ini"),
    "no_such_text": ("There is no such payment.", "Pembayaran ini tidak ada."),
    "title": ("Fake payments", "Pembayaran palsu"),
    "figures": ("an amount is whole rupiah, in figures", "jumlah ditulis dalam rupiah bulat, dengan angka"),
    "impossible": (
        "{act} is not possible now, or not with this amount.",
        "{act} tidak bisa sekarang, atau tidak dengan jumlah ini.",
    ),
    "other": ("Bahasa Indonesia", "English"),
}

Say = Callable[..., str]


def sayer(language: Language) -> Say:
    """Says things in one language; a word of a provider that nobody translated is said as it is."""
    at = 0 if language == "en" else 1

    def say(key: str, **values: object) -> str:
        return WORDS[key][at].format(**values) if key in WORDS else key

    return say


def moment(at: datetime, language: Language) -> str:
    """In Jakarta, where the payers are."""
    there = at.astimezone(JAKARTA)
    if language == "en":
        return f"{there:%d %b %Y %H:%M:%S} WIB"
    return f"{there:%d} {_MONTHS[there.month - 1]} {there:%Y} {there:%H.%M.%S} WIB"
