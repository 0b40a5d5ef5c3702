"""Read models and money: does the ledger sum to zero, is every read model live and close to the log, what waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from console.causes import READERS, Subject
from console.checks.finding import Finding, note, ok, problem
from console.messages import text
from console.output import rupiah
from console.overview import Overview, standing_still
from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection


async def check_reading(connection: Connection, seen: Overview) -> AsyncIterator[Finding]:
    """What the tables say; `seen` is the overview of the same moment."""
    sql = load("doctor.sql", "console")
    if seen.suspense is None:
        subject = Subject(READERS, "behind", of="projections")
        yield problem("projections", text("status.no_projections"), text("doctor.projections.fix"), subject)
        return
    off = [f"{row['unit']} {row['sum']}" for row in await connection.fetch(sql["ledger"])]
    if off:
        yield problem("ledger", text("doctor.ledger_off", units=", ".join(off)), text("doctor.ledger.fix"))
    else:
        yield ok("ledger", text("doctor.ledger"))
    dark = [row["name"] for row in await connection.fetch(sql["not_live"])]
    if dark:
        yield problem(
            "projections", text("doctor.not_live", names=", ".join(dark)), text("doctor.projections.fix")
        )
    for finding in _lag(seen):
        yield finding
    for finding in _waiting(seen):
        yield finding


def _lag(seen: Overview) -> Iterator[Finding]:
    slow = list(standing_still(seen.readers or ()))
    for process, sentence in slow:
        yield problem("lag", sentence, text("doctor.lag.fix"), Subject(READERS, "behind", of=process))
    if not slow:
        yield ok("lag", text("doctor.lag"))


def _waiting(seen: Overview) -> Iterator[Finding]:
    if seen.parked and seen.parked["count"]:
        amount = rupiah(seen.parked["amount"])
        detail = text("doctor.parked", count=seen.parked["count"], amount=amount)
        yield problem("parked", detail, text("doctor.parked.fix"))
    else:
        yield ok("parked", text("dlq.none"))
    if seen.suspense and seen.suspense["count"]:
        amount = rupiah(seen.suspense["amount"])
        detail = text("doctor.suspense", count=seen.suspense["count"], amount=amount)
        yield note("suspense", detail, text("doctor.suspense.fix"))
    else:
        yield ok("suspense", text("suspense.none"))


async def check_provider(connection: Connection, provider: str) -> AsyncIterator[Finding]:
    """What one provider sent during the last day, and what of it was turned away."""
    sql = load("doctor.sql", "console")
    newest = await connection.fetchval(sql["newest"], provider)
    outcomes = await connection.fetch(sql["outcomes"], provider)
    if newest is None:
        yield note(
            "deliveries", text("doctor.silent", name=provider), text("doctor.silent.fix", name=provider)
        )
    else:
        counts = ", ".join(f"{row['status']} {row['count']}" for row in outcomes) or "0"
        yield ok("deliveries", text("doctor.deliveries", counts=counts))
    async for finding in check_rejected(connection, provider):
        yield finding


async def check_rejected(connection: Connection, provider: str) -> AsyncIterator[Finding]:
    """What of one provider was turned away during the last day, by cause: a secret that is not the provider's shows here."""
    for row in await connection.fetch(load("doctor.sql", "console")["rejected"], provider):
        detail = text("doctor.rejected", count=row["count"], cause=row["cause"])
        variable = f"{provider.upper()}_WEBHOOK_SECRET"
        yield problem("rejected", detail, text("doctor.rejected.fix", name=provider, variable=variable))
