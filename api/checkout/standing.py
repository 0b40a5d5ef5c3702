"""What became of a request: its row and its payment's projection as one status, at a position of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import orjson
from aiohttp import web

from api.parameters import MAX_POSITION, integer
from runtime.pay_pages import page_address
from schemas.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    from collections.abc import Collection

    import asyncpg


RETRY_SECONDS = "1"


class Watch(Protocol):
    """Waits for read models to reach a position."""

    async def reached(self, names: Collection[str], position: int, seconds: float) -> bool:
        """Whether they did within so many seconds."""


async def wait_for_position(request: web.Request, watch: Watch, seconds: float) -> int:
    """The position that a caller wants to see, once payments have reached it or the time is over."""
    wanted = integer(request, "min_position", 0, MAX_POSITION) or 0
    if wanted:
        await watch.reached(("payments",), wanted, seconds)
    return wanted


def check_position(row: asyncpg.Record | None, wanted: int) -> asyncpg.Record:
    """Never an answer older than asked for. Raises Problem."""
    if row is None or row["at_position"] is None:
        raise Problem("unavailable", headers={"Retry-After": RETRY_SECONDS})
    if row["at_position"] < wanted:
        raise Problem(
            "projection_behind",
            headers={"Retry-After": RETRY_SECONDS},
            position=row["at_position"],
            min_position=wanted,
        )
    return row


def status_of(row: asyncpg.Record) -> str:
    """As readers of payments see it; while the provider has not answered, `unknown`."""
    paid = row["payment_status"]
    if paid is not None and paid != "pending":
        return str(paid)
    return {"requested": "unknown", "refused": "failed"}.get(row["status"], "pending")


def refusal_of(row: asyncpg.Record) -> Problem:
    """Why a request was refused, for the caller."""
    return refused_as(row["code"], row["provider"], row["retry_after"])


def refused_as(said: str, provider: str, retry_after: int | None = None) -> Problem:
    """A refusal that was recorded under this code, as callers are told."""
    code = said if said in PROBLEMS else "provider_refused"
    headers = {"Retry-After": str(retry_after or 5)} if PROBLEMS[code].status == 503 else {}
    return Problem(code, headers=headers, provider=provider)


def instrument_of(row: asyncpg.Record) -> dict[str, str]:
    """What the payer is shown."""
    shown: dict[str, str] = orjson.loads(row["instrument"])
    return shown


def page_url(row: asyncpg.Record, public: str | None) -> str | None:
    """The payment page of a request; None where customers cannot reach us."""
    return page_address(public, row["page_secret"])
