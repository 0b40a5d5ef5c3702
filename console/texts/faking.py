"""What `lunas fake` says."""

from __future__ import annotations

FAKING: dict[str, tuple[str, str]] = {
    "fake.production": (
        "Fake providers are refused in production: their money is invented.",
        "Penyedia palsu ditolak di produksi: uangnya rekaan.",
    ),
    "fake.port_taken": (
        "The fakes cannot listen on port {port} ({reason}): choose another with --port, or 0 for any free one.",
        "Penyedia palsu tidak dapat memakai port {port} ({reason}): pilih yang lain dengan --port, atau 0 untuk port bebas.",
    ),
    "fake.serves": ("{name}: webhooks go to {url}", "{name}: webhook dikirim ke {url}"),
    "fake.page": (
        "Payments to pay, fail, refund: {address}/fake. Ctrl-C stops.",
        "Pembayaran untuk dibayar, digagalkan, dikembalikan: {address}/fake. Ctrl-C menghentikan.",
    ),
    "fake.away": (
        "No fakes answer at {address}: start them with `make run` or `lunas fake all`, or name them with --url.",
        "Tidak ada penyedia palsu di {address}: jalankan `make run` atau `lunas fake all`, atau sebutkan dengan --url.",
    ),
    "fake.refused": ("The fakes refuse: {reason}.", "Penyedia palsu menolak: {reason}."),
    "fake.clock": ("It is {now} for the fakes.", "Bagi penyedia palsu kini pukul {now}."),
    "fake.due": ("Next due: {due}; {count} waiting.", "Berikutnya: {due}; {count} menunggu."),
}
