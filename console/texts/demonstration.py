"""The welcome of `make run`, and the story that `make demo` tells."""

from __future__ import annotations

DEMONSTRATION: dict[str, tuple[str, str]] = {
    "welcome.running": (
        "lunas is running. Ctrl-C stops it and everything it started.",
        "lunas berjalan. Ctrl-C menghentikannya beserta semua yang dijalankannya.",
    ),
    "welcome.ingress": ("webhooks of providers", "webhook penyedia"),
    "welcome.api": ("API, human page /docs", "API, halaman /docs"),
    "welcome.console": ("operators", "operator"),
    "welcome.try": (
        "A first payment, to paste into another terminal: register a customer, pay, look.",
        "Pembayaran pertama, tempelkan di terminal lain: daftarkan pelanggan, bayar, lihat.",
    ),
    "welcome.more": (
        "More: .venv/bin/lunas status · .venv/bin/lunas simulate xendit payment.capture --count 10",
        "Lainnya: .venv/bin/lunas status · .venv/bin/lunas simulate xendit payment.capture --count 10",
    ),
}
