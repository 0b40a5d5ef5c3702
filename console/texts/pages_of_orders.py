"""The web console: orders that customers pay outside any provider."""

from __future__ import annotations

PAGES_OF_ORDERS: dict[str, tuple[str, str]] = {
    "web.way.orders": ("Manual orders", "Pesanan manual"),
    "web.manual.waiting": (
        "{amount} waits for somebody who has seen it · orders: {count}",
        "{amount} menunggu orang yang sudah melihat uangnya · pesanan: {count}",
    ),
    "web.manual.dealt_with": ("Confirmed and rejected too", "Yang dikonfirmasi dan ditolak juga"),
    "web.manual.col.order": ("Order", "Pesanan"),
    "web.manual.order": ("Order {id}", "Pesanan {id}"),
    "web.manual.asked": ("ordered {at}", "dipesan {at}"),
    "web.manual.waits": ("waits", "menunggu"),
    "web.manual.confirmed": ("confirmed", "dikonfirmasi"),
    "web.manual.rejected": ("rejected", "ditolak"),
    "web.manual.confirm": ("The money has come", "Uangnya sudah masuk"),
    "web.manual.confirm_note": (
        "In full. What was ordered is granted at once.",
        "Seluruhnya. Yang dipesan langsung diberikan.",
    ),
    "web.manual.proof": (
        "Proof of payment: a number, a file, a link (optional)",
        "Bukti pembayaran: nomor, berkas, tautan (opsional)",
    ),
    "web.manual.proof_given": ("Proof of payment", "Bukti pembayaran"),
    "web.manual.reject": ("It will not come", "Uangnya tidak akan datang"),
    "web.manual.reject_note": (
        "The order ends; its customer may order again.",
        "Pesanan berakhir; pelanggan boleh memesan lagi.",
    ),
}
