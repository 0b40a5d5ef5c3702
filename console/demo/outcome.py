"""What came of the day, as the API and the tables tell it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.demo.door import Application, Holdings
from console.demo.script import Script
from eventstore.queries import load
from eventstore.read import StoredEvent, read_after
from schemas.envelope import unpack
from schemas.strict_json import loads

if TYPE_CHECKING:
    from runtime.database import Connection

LOG_MAX = 1_000_000  # events; a day of the demonstration has thousands
CHANGES = (
    "credit.granted", "credit.clawed_back", "credit.withdrawn", "tokens.granted", "tokens.clawed_back", "tokens.withdrawn",
    "course.enrolled", "course.revoked", "course.withdrawn", "subscription.activated", "subscription.renewed", "subscription.withdrawn",
)  # fmt: skip
"""Why each customer has what they have."""


@dataclass(frozen=True, slots=True)
class Change:
    """One decision that gave or took something, and the payment behind it."""

    kind: str
    provider: str
    payment_id: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DayResult:
    """Amounts in whole rupiah; counts of deliveries, not of payments. `stored`: the SHA-256 of every stored body, computed anew."""

    position: int
    holdings: dict[str, Holdings]
    causes: dict[str, list[Change]]
    paid: dict[str, tuple[int, int]]
    held: dict[str, tuple[int, int]]
    parked: list[tuple[str, str, int]]
    rejected: list[tuple[str, str, int]]
    outcomes: dict[str, int]
    ledger: dict[str, tuple[int, int]]
    received: int
    stored: list[bytes]
    milliseconds: tuple[int, int]


async def read_outcome(
    connection: Connection, application: Application, script: Script, position: int
) -> DayResult:
    """Everything as of log position `position` or later."""
    sql = load("demo.sql", "console")
    customers = [str(buyer.customer_id) for buyer in script.day.customers]
    timing = await connection.fetchrow(sql["timing"])
    return DayResult(
        position=position,
        holdings={customer: await application.holdings(customer, position) for customer in customers},
        causes=_causes(await read_after(connection, 0, CHANGES, LOG_MAX)),
        paid={
            row["customer_id"]: (row["paid"], row["refunded"]) for row in await connection.fetch(sql["paid"])
        },
        held={row["reason"]: (row["count"], row["amount"]) for row in await connection.fetch(sql["held"])},
        parked=distinct(await connection.fetch(sql["parked"])),
        rejected=[tuple(row) for row in await connection.fetch(sql["rejected"])],
        outcomes={row["status"]: row["count"] for row in await connection.fetch(sql["outcomes"])},
        ledger={row["unit"]: (row["sum"], row["turnover"]) for row in await connection.fetch(sql["ledger"])},
        received=await connection.fetchval(sql["received"]),
        # Hashed again here, so that a wrong stored digest does not vouch for itself.
        stored=[hashlib.sha256(row["body"]).digest() for row in await connection.fetch(sql["bodies"])],
        milliseconds=(timing["p50"], timing["p99"]) if timing else (0, 0),
    )


def distinct(letters: Sequence[Any]) -> list[tuple[str, str, int]]:
    """Provider, reason and number of different webhooks among dead letters.

    A repetition whose envelope carries another delivery time is the same webhook, though not the same bytes.
    """
    said: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for letter in letters:
        for envelope in unpack(bytes(letter["message"])):
            document = loads(envelope.body)
            said[letter["provider"], letter["reason"]].add(repr(document.get("data", document)))
    return [(provider, reason, len(webhooks)) for (provider, reason), webhooks in said.items()]


def _causes(events: Sequence[StoredEvent]) -> dict[str, list[Change]]:
    found: defaultdict[str, list[Change]] = defaultdict(list)
    for event in events:
        data = json.loads(event.data)
        known_as = data.get("payment_id") or str(data.get("subscription_id", "")).rpartition(":")[2]
        found[data["customer_id"]].append(Change(event.type, data["provider"], known_as, data))
    return dict(found)
