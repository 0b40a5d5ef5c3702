"""How a customer pays, step by step, by the way of paying and the bank. Sentences hold no markup."""

from __future__ import annotations

from api.pay.shown import Shown
from schemas.languages import Language

_QRIS = {
    "id": (
        "Buka aplikasi bank atau dompet digital apa pun.",
        "Pilih QRIS, lalu pindai kode ini atau unggah gambarnya.",
        "Periksa namanya dan jumlahnya, lalu bayar.",
    ),
    "en": (
        "Open any bank or wallet application.",
        "Choose QRIS, then scan this code or upload its picture.",
        "Check the name and the amount, then pay.",
    ),
}

_BANKS = {
    "BCA": (
        "BCA mobile: m-Transfer, BCA Virtual Account",
        "ATM BCA: Transaksi Lainnya, Transfer, ke Rek BCA Virtual Account",
    ),
    "BNI": (
        "BNI Mobile: Transfer, Virtual Account Billing",
        "ATM BNI: Menu Lainnya, Transfer, Virtual Account Billing",
    ),
    "BRI": ("BRImo: BRIVA", "ATM BRI: Transaksi Lain, Pembayaran, Lainnya, BRIVA"),
    "MANDIRI": (
        "Livin' by Mandiri: Bayar, Buat Pembayaran Baru, Multipayment",
        "ATM Mandiri: Bayar/Beli, Multi Payment",
    ),
}
"""Menus as the banks' own applications and machines name them: they speak Indonesian in either language."""

_VA = {
    "id": (
        "Pilih menu virtual account di aplikasi atau ATM bank Anda.",
        "Masukkan nomor di atas.",
        "Periksa namanya dan jumlahnya, lalu bayar.",
    ),
    "en": (
        "Choose the virtual account menu in your bank's application or at its machine.",
        "Enter the number above.",
        "Check the name and the amount, then pay.",
    ),
}

_WALLET = {
    "id": (
        "Buka aplikasi {channel}: permintaan pembayarannya sudah menunggu di sana.",
        "Periksa jumlahnya, lalu setujui.",
    ),
    "en": (
        "Open the {channel} application: the request is waiting there.",
        "Check the amount, then approve it.",
    ),
}

_PAGE = {
    "id": ("Tekan tombol di atas.", "Bayar di halaman yang terbuka, lalu kembali ke sini."),
    "en": ("Press the button above.", "Pay on the page that opens, then come back here."),
}

_AGREED = {
    "id": (
        "Bayar dengan cara yang diberitahukan penjual, tepat sejumlah di atas.",
        "Sebutkan nomor referensi di bawah. Penjual mengonfirmasi begitu uangnya terlihat.",
    ),
    "en": (
        "Pay the way the seller has told you, exactly the amount above.",
        "Name the reference below. The seller confirms it once the money is seen.",
    ),
}
"""Nobody but a person takes the money, and no page is known."""


def steps(shown: Shown, language: Language) -> tuple[str, ...]:
    """What to do, in order."""
    if shown.way == "qris":
        return _QRIS[language]
    if shown.way == "va":
        menus = _BANKS.get((shown.channel or "").upper(), ())
        first, *rest = _VA[language]
        return ("; ".join(menus) + "." if menus else first, *rest)
    if shown.address is not None:
        return _PAGE[language]
    if shown.way == "hosted":
        return _AGREED[language]
    return tuple(step.format(channel=shown.channel or "") for step in _WALLET[language])
