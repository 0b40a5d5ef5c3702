"""Every state of the payment page, served from memory: what is shown is set by the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp.test_utils import TestServer

from api.gate import answer_problems, require_key
from api.page_secret import digest_of, new_secret
from api.pay.handlers import CancelEnd, PayLimits, PaymentPages
from api.pay.shown import Shown
from runtime.look import served

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
QRIS = Shown(
    kind="topup",
    title="",
    amount_idr=50_000,
    way="qris",
    channel=None,
    state="waiting",
    reference="req_01JNF8Q2V7W3XZ4B5C6D7E8F9G",
    expires_at=NOW + timedelta(minutes=23, seconds=30),
    qr_string="00020101021226650013ID.CO.XENDIT.WWW011893600914300000000802150000000000000000303UMI51440014ID.CO.QRIS.WWW",
    can_cancel=True,
)
VA = replace(QRIS, way="va", channel="MANDIRI", qr_string=None, va_number="8860812345678901")
GOPAY = replace(
    QRIS, way="ewallet", channel="GOPAY", qr_string=None, address="https://wallet.example/pay?a=1&b=2"
)
OVO = replace(GOPAY, channel="OVO", address=None)
HOSTED = replace(GOPAY, kind="order", title="Kelas Karya Ilmiah", way="hosted", channel=None, expires_at=None)
BY_HAND = replace(HOSTED, address=None)
PAID = replace(QRIS, state="paid", paid_at=NOW, received_idr=50_000)

STATES: dict[str, Shown] = {
    "qris": QRIS,
    "va": VA,
    "gopay": GOPAY,
    "ovo": OVO,
    "hosted": HOSTED,
    "by_hand": BY_HAND,
    "preparing": replace(QRIS, state="preparing", qr_string=None),
    "paid": PAID,
    "back_in_part": replace(PAID, refunded_idr=20_000),
    "too_much": replace(PAID, received_idr=60_000),
    "short": replace(PAID, state="short", received_idr=20_000),
    "held": replace(PAID, state="held"),
    "refunded": replace(PAID, state="refunded", refunded_idr=50_000),
    "expired": replace(QRIS, state="expired"),
    "failed": replace(QRIS, state="failed"),
    "cancelled": replace(QRIS, state="cancelled"),
}

LIMITS = PayLimits(
    listeners=10,
    refresh_seconds=0.02,
    heartbeat_seconds=60,
    longest_seconds=60,
    unknown=3,
    unknown_seconds=60,
    addresses=10,
)


class Counter:
    """Where one request is paid: `address` is its page, `shown` what it shows now."""

    def __init__(self, shown: Shown = QRIS) -> None:
        self.secret = new_secret()[0]
        self.shown = shown
        self.origin = ""
        self.cancels: list[str] = []
        self.end: CancelEnd = "cancelled"

    @property
    def address(self) -> str:
        return f"{self.origin}/pay/{self.secret}"

    async def find(self, digest: bytes) -> Shown | None:
        return self.shown if digest == digest_of(self.secret) else None

    async def cancel(self, reference: str) -> CancelEnd:
        self.cancels.append(reference)
        if self.end == "cancelled":
            self.shown = replace(self.shown, state="cancelled")
        return self.end


@asynccontextmanager
async def opened_counter() -> AsyncIterator[Counter]:
    counter = Counter()
    app = web.Application(middlewares=[answer_problems, require_key("a-key-nobody-sends")])
    pages = PaymentPages(counter.find, LIMITS, counter.cancel, now=lambda: NOW)
    app.add_routes([*pages.routes(), *served.routes()])
    async with TestServer(app) as server:
        counter.origin = str(server.make_url("")).rstrip("/")
        try:
            yield counter
        finally:
            pages.close()
