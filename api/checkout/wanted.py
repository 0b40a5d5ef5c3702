"""A payment that somebody wants to make, and who is to pay it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from eventstore.queries import in_one_statement, load
from eventstore.read import NEWEST_OF, shown
from runtime.database import Connection
from schemas import streams
from schemas.credit_terms import Credit
from schemas.events import decode
from schemas.facts import CustomerRegistered
from schemas.periods import Period
from schemas.problems import Problem
from schemas.request_facts import RequestedItem

_SQL = load("payment_requests.sql", "api")
LOOK = in_one_statement((("asked", _SQL["asked"]), ("newest", NEWEST_OF)), _SQL["ahead"])


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer as far as a provider is told of them, and the database's time."""

    customer_id: str
    name: str | None
    email: str | None
    phone: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """A payment somebody wants to make. `lasts` is how long it can be paid; `second`: although an equal request is open.

    `page`: where it is paid, when nobody needs to be called for that. `credit`: at what rates a top-up buys it. `needs`: what must be known of the customer.
    `rest_of`: the request of which this is the rest.
    """

    kind: str
    provider: str
    customer_id: str
    amount_idr: int
    description: str
    method: str | None = None
    channel: str | None = None
    lasts: Period | None = None
    mobile_number: str | None = None
    items: tuple[RequestedItem, ...] = ()
    second: bool = False
    page: str | None = None
    credit: Credit | None = None
    needs: frozenset[str] = frozenset()
    rest_of: str | None = None
    more: dict[str, object] = field(default_factory=dict)

    @property
    def slot(self) -> str | None:
        """What there is one open request for."""
        if self.second:
            return None
        bought = [[item.product, item.quantity] for item in self.items]
        parts = [
            self.kind,
            self.provider,
            self.customer_id,
            self.amount_idr,
            self.method,
            self.channel,
            bought,
        ]
        return orjson.dumps(parts).decode()


async def look(
    connection: Connection, customer_id: str, key: str | None = None, slot: str | None = None
) -> dict[str, Any]:
    """What a new request depends on, in one round trip: its customer as the log knows them, whether the key was used (`repeated`), the
    request that has the slot (`live`), and the time."""
    row = await connection.fetchrow(
        LOOK, customer_id, key, slot, streams.customer(customer_id), CustomerRegistered.TYPE
    )
    if row is None:
        raise LookupError("a look has one row")
    return (await shown(connection, [row]))[0]


def payer_of(row: Mapping[str, Any], customer_id: str) -> Payer:
    """Who is to pay, as looked at. Raises Problem `customer_not_found`."""
    if row["data"] is None:
        raise Problem("customer_not_found", field="customer_id")
    registered = decode(row["type"], row["schema_version"], row["data"])
    if not isinstance(registered, CustomerRegistered):
        raise TypeError(type(registered))
    return Payer(customer_id, registered.name, registered.email, registered.phone, row["now"])


def check_complete(payer: Payer, wanted: Wanted) -> None:
    """Raises Problem `customer_incomplete` for whom the provider would refuse."""
    missing = ", ".join(sorted(name for name in wanted.needs if not getattr(payer, name)))
    if missing:
        raise Problem("customer_incomplete", field="customer_id", missing=missing, provider=wanted.provider)
