"""Reads a day from one snapshot of the database: its events, what was said before of their payments, and the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from console.closing.figures import DayFigures, DayPayment, Named, ProviderDay, against, span_of, total_of
from eventstore.queries import load
from eventstore.read import Sought, StoredEvent, before, head, read_page, told_before
from projections.folds.ledger import LEDGER
from providers.registry import PROVIDERS
from schemas import streams
from schemas.decisions import PaymentAssessed
from schemas.event_model import EventModel

if TYPE_CHECKING:
    from runtime.database import Connection

PAGE = 1000
TYPES = sorted({PaymentAssessed.TYPE, *LEDGER.handlers})
SEAL = "close.seal"
SEALS = load("close.sql", "console")["seals"]
ACCOUNTS = [f"{kind}:{name}" for name in PROVIDERS for kind in ("clearing", "suspense")]
_LAST_VERSION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class DailyClose:
    """`through`: the position of the log at which the day ended. `sealed`: who sealed it, when, and what they saw; None while nobody has.

    `payments`: those that make the figures of one provider, where they were asked for.
    """

    day: date
    through: int
    providers: Mapping[str, ProviderDay]
    differences: Sequence[Named]
    sealed: Mapping[str, Any] | None
    payments: Sequence[DayPayment] | None = None

    def figures(self) -> dict[str, Any]:
        return {name: day.document() for name, day in sorted(self.providers.items())}

    def total(self) -> dict[str, Any]:
        return total_of(self.providers.values())

    def document(self) -> dict[str, Any]:
        return {
            "day": self.day.isoformat(),
            "through": self.through,
            "sealed": self.sealed,
            "providers": self.figures(),
            "total": self.total(),
            "differences": [one._asdict() for one in self.differences],
        } | ({} if self.payments is None else {"payments": [one.document() for one in self.payments]})


async def read_close(connection: Connection, day: date, listing: str | None = None) -> DailyClose:
    """As everything is now. `listing`: a provider whose payments are to be told one by one."""
    begin, end = span_of(day)
    sql = load("close.sql", "console")
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        opening, through, newest = (
            await before(connection, begin),
            await before(connection, end),
            await head(connection),
        )
        told = DayFigures(day, listing)
        ledger_at = await connection.fetchval(sql["ledger_at"]) or 0
        balances: dict[str, int] = dict.fromkeys(ACCOUNTS, 0)
        for row in await connection.fetch(sql["balances"], ACCOUNTS):
            balances[row["account"]] = row["balance"]
        position = min(opening, ledger_at)
        while position < newest:
            page = await read_page(connection, position, TYPES, PAGE)
            events = [(one, one.decoded()) for one in page.events]
            earlier = await _earlier(connection, events, opening)
            for number, (event, model) in enumerate(events):
                _back_to(balances, model, event.position, ledger_at, through)
                if opening < event.position <= through:
                    told.said(model, earlier.get(number, ()))
                elif event.position > through:
                    told.later(model, earlier.get(number, ()))
            position = page.through
        told.closed(balances)
        sealed = await sealed_of(connection, day)
        differences = told.differences() + await _beside(
            connection, told, await sealed_of(connection, day - timedelta(days=1))
        )
        if sealed is not None:
            differences += against(sealed["providers"], told.providers)
    payments = None if listing is None else told.payments()
    return DailyClose(day, through, told.providers, differences, sealed, payments)


async def sealed_of(connection: Connection, day: date) -> dict[str, Any] | None:
    """The first seal counts, whoever else sealed it at the same time."""
    row = await connection.fetchrow(load("close.sql", "console")["sealed"], SEAL, day.isoformat())
    if row is None:
        return None
    return {"by": row["actor"], "at": row["at"], "act_id": row["act_id"], **json.loads(row["after"])}


def _back_to(
    balances: dict[str, int], model: EventModel, position: int, ledger_at: int, through: int
) -> None:
    """The ledger as it was at the day's end, from what it is now: what it has seen of later is taken off, what it has not seen yet is added."""
    sign = -1 if through < position <= ledger_at else 1 if ledger_at < position <= through else 0
    for posting in getattr(model, "postings", ()) if sign else ():
        if posting.account in balances and posting.unit == "IDR":
            balances[posting.account] += sign * posting.amount


async def _earlier(
    connection: Connection, events: Sequence[tuple[StoredEvent, EventModel]], opening: int
) -> dict[int, list[PaymentAssessed]]:
    """By number: the newest word on the same payments just before."""
    wanted: list[tuple[int, Sought]] = []
    for number, (event, model) in enumerate(events):
        if isinstance(model, PaymentAssessed) and event.position > opening:
            wanted.append((number, Sought(event.stream, event.version, model.record)))
            for other in model.merged:
                stream = streams.case(other.partition("#")[0])
                below = event.version if stream == event.stream else _LAST_VERSION
                wanted.append((number, Sought(stream, below, other)))
    found = (
        await told_before(connection, [one for _, one in wanted], PaymentAssessed.TYPE, "record")
        if wanted
        else {}
    )
    earlier: dict[int, list[PaymentAssessed]] = {}
    for place, model in found.items():
        if isinstance(model, PaymentAssessed):
            earlier.setdefault(wanted[place][0], []).append(model)
    return earlier


async def _beside(
    connection: Connection, told: DayFigures, before_it: Mapping[str, Any] | None
) -> list[Named]:
    """What others say: the seal of the day before, the money that no fact backs, the providers' own lists."""
    sql = load("close.sql", "console")
    found = []
    for name, day in sorted(told.providers.items()):
        if before_it is not None:
            off = day.clearing_before - before_it["providers"].get(name, {}).get("clearing", 0)
            found += [Named("opening", name, off, f"clearing:{name}")] if off else []
    for row in await connection.fetch(sql["unbacked"]):
        found += (
            [Named("unbacked", row["provider"], row["amount"], str(row["cases"]))] if row["amount"] else []
        )
    for row in await connection.fetch(sql["drift"], *span_of(told.day)):
        found.append(
            Named("provider", row["provider"], row["amount_idr"], f"{row['findings']} × {row['kind']}")
        )
    return found
