"""Which keys, payments and webhooks are a person's. Only reads."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.exits import NotFound
from console.messages import text
from eventstore.personal import values_of
from eventstore.persons import LoggedEvents, logged, names_in
from eventstore.queries import load
from processor.cases.keys import email_key
from processor.cases.packed import unpacked
from schemas import streams
from schemas.decisions import PaymentAssessed, SuspenseHeld

if TYPE_CHECKING:
    from runtime.database import Connection

SQL = load("persons.sql", "console")


@dataclass(frozen=True, slots=True)
class PersonHeld:
    """`names`: keys that are theirs alone; `shared`: of addresses that others are registered with or paid for, too; `records` and `held`: payments and
    held money as read models know them; `in_clear`: addresses that the log holds as such, which nobody can take back.
    """

    customer_id: str
    names: frozenset[str]
    shared: frozenset[str]
    addresses: tuple[str, ...]
    in_clear: frozenset[str]
    cases: tuple[str, ...]
    logged: LoggedEvents
    records: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    deliveries: tuple[uuid.UUID, ...] = field(default=())


async def held_about(connection: Connection, customer_id: str) -> PersonHeld:
    """From the log, from fulfilment's cases and from the inbox. Raises NotFound for a customer who was never registered."""
    own = await logged(connection, [streams.customer(customer_id)])
    if not own.rows:
        raise NotFound(text("customer.unknown", customer=customer_id))
    cases = await connection.fetch(SQL["cases"], customer_id)
    names = own.names | names_in(unpacked(row["state"]) for row in cases)
    waits = [email_key(name) for name in sorted(names | own.in_clear)]
    waiting = [
        row
        for row in await connection.fetch(SQL["waiting_for"], waits)
        if names_in([unpacked(row["state"])]) <= names
    ]
    keys = tuple(sorted({row["case_key"] for row in (*cases, *waiting)}))
    everything = await logged(connection, [streams.customer(customer_id), *map(streams.case, keys)])
    names |= everything.names
    shared, values = await _shared(connection, customer_id, names)
    return PersonHeld(
        customer_id,
        frozenset(names - shared),
        frozenset(shared),
        tuple(sorted({said for name, said in values.items() if said and name not in shared})),
        frozenset(everything.in_clear),
        keys,
        everything,
        records=_records(everything),
        held=tuple(sorted({str(one["suspense_id"]) for one in everything.told(SuspenseHeld)})),
        deliveries=await _alike(connection, everything.deliveries),
    )


def spellings(addresses: Iterable[str]) -> list[bytes]:
    """How addresses may stand in the bytes of a webhook."""
    return sorted(
        {spelling.encode() for one in addresses for spelling in (one, one.lower(), one.capitalize())}
    )


async def mentioning(connection: Connection, addresses: Iterable[str]) -> tuple[uuid.UUID, ...]:
    """Webhooks whose bytes hold one of these, and those that said the same; reads all bytes there are."""
    parts = spellings(addresses)
    rows = await connection.fetch(SQL["mentioning"], parts) if parts else []
    return await _alike(connection, {row["delivery_id"] for row in rows})


async def _shared(
    connection: Connection, customer_id: str, names: set[str]
) -> tuple[set[str], dict[str, str | None]]:
    """Names that are not theirs alone, and what all of them stand for."""
    others = {row["name"] for row in await connection.fetch(SQL["others"], sorted(names), customer_id)}
    values = await values_of(connection, names)
    spelt = {said.lower(): name for name, said in values.items() if said and "@" in said}
    paid = await connection.fetch(SQL["paid_for_others"], sorted(spelt), customer_id)
    return others | {spelt[row["address"]] for row in paid}, values


def _records(found: LoggedEvents) -> tuple[str, ...]:
    """Payments, and those that turned out to be the same ones."""
    records: set[str] = set()
    for one in found.told(PaymentAssessed):
        merged: Any = one.get("merged", ())
        records |= {str(one["record"]), *merged}
    return tuple(sorted(records))


async def _alike(connection: Connection, deliveries: Iterable[uuid.UUID]) -> tuple[uuid.UUID, ...]:
    rows = await connection.fetch(SQL["alike"], sorted(deliveries))
    return tuple(sorted(row["delivery_id"] for row in rows))
