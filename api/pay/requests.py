"""What the page shows, from the requests of checkout and what became of their payments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import orjson

from api.pay.handlers import CancelEnd, Find, PayLimits, PaymentPages
from api.pay.shown import Shown, Way, state_of
from eventstore.queries import load
from runtime.database import Pool
from schemas.request_facts import CANCELLED

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

HEARTBEAT_SECONDS = 15
"""A sign of life, so that nothing in between takes a quiet stream for a dead one."""

LONGEST_SECONDS = 1800
"""Then the browser connects anew by itself: no page holds a place for ever."""

ADDRESSES = 10_000
"""Addresses remembered for unknown links: about a megabyte."""

_WAYS: dict[str, Way] = {"qris": "qris", "va": "va", "ewallet": "ewallet"}


class LetsGo(Protocol):
    """Lets requests go at their providers."""

    def can(self, provider: str, kind: str) -> bool:
        """Whether that can be done with a request of this kind."""

    async def cancel(self, request_id: str) -> CancelEnd:
        """What became of it."""


def pages(settings: Settings, pool: Pool, canceller: LetsGo) -> PaymentPages:
    """The payment pages over the API's pool."""
    limits = PayLimits(
        listeners=settings.pay_listeners,
        refresh_seconds=settings.pay_refresh_ms / 1000,
        heartbeat_seconds=HEARTBEAT_SECONDS,
        longest_seconds=LONGEST_SECONDS,
        unknown=settings.pay_unknown_max,
        unknown_seconds=60 / settings.pay_unknown_max,
        addresses=ADDRESSES,
    )
    return PaymentPages(finder(pool, canceller), limits, canceller.cancel)


def finder(pool: Pool, canceller: LetsGo) -> Find:
    """Looks a request up by the digest of its secret."""
    sql = load("payment_requests.sql", "api")["page"]

    async def find(digest: bytes) -> Shown | None:
        row = await pool.fetchrow(sql, digest)
        if row is None:
            return None
        return shown_of(row, datetime.now(UTC), can_cancel=canceller.can(row["provider"], row["kind"]))

    return find


def shown_of(row: asyncpg.Record, now: datetime, *, can_cancel: bool) -> Shown:
    """One request as its payer sees it."""
    instrument: dict[str, str] = orjson.loads(row["instrument"])
    items = [item["title"] or item["product"] for item in orjson.loads(row["items"])]
    return Shown(
        kind=row["kind"],
        title=", ".join(items),
        amount_idr=row["amount_idr"],
        way=_WAYS.get(row["method"] or "", "hosted"),
        channel=_channel(row["channel"]),
        state=state_of(
            row["status"] == "open",
            row["status"] == "refused",
            row["payment_status"],
            row["expires_at"],
            now,
            held=row["held"],
            cancelled=row["code"] == CANCELLED,
        ),
        reference=row["request_id"],
        expires_at=row["expires_at"],
        paid_at=row["paid_at"],
        received_idr=row["received_idr"],
        refunded_idr=row["refunded_idr"] or 0,
        qr_string=instrument.get("qr_string"),
        va_number=instrument.get("va_number"),
        address=instrument.get("redirect_url") or instrument.get("payment_url") or None,
        can_cancel=can_cancel,
    )


def _channel(name: str | None) -> str | None:
    """`BCA_VIRTUAL_ACCOUNT` is BCA to whoever pays."""
    return name.removesuffix("_VIRTUAL_ACCOUNT") if name else None
