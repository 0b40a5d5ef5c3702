"""Who is worth looking at for held money: everything about a payment and about customers that `scoring` judges, read by index.

Who may read what was sent (an operator) hears of the payer's phone number and name too; the API's own role never reads bodies.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from api.checkout.phones import indonesian_mobile
from api.suspense.likeness import spellings
from api.suspense.scoring import BEFORE, CLOCKS, HeldMoney, OpenRequest, Person, RankedCustomer, rank
from eventstore.queries import in_one_statement, load
from eventstore.read import AT_STEPS, shown, with_phone
from providers.payer import payer_signs
from providers.registry import PROVIDERS
from runtime.database import Connection
from schemas.email_address import normalise_email

if TYPE_CHECKING:
    import asyncpg

SQL = load("suspense.sql", "api")
FACTS = in_one_statement((("steps", load("reads.sql", "api")["steps"]), ("happened", AT_STEPS)), SQL["facts"])
LOOKED_AT = 50  # customers found by one sign; more say that the sign is worth nothing
BODIES = 20  # of one payment; what it says of its payer it says in the first


@dataclass(frozen=True, slots=True)
class HeldFacts:
    """What facts tell of a payment. `deliveries`: where they came from; `attempts`: ids of movements of money."""

    emails: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    references: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    deliveries: tuple[uuid.UUID, ...] = ()
    attempts: frozenset[str] = frozenset()


async def candidates(
    connection: Connection, entry: asyncpg.Record, *, bodies: bool = False
) -> list[RankedCustomer]:
    """Ranked, the best first. `bodies`: look into what was sent, for the payer's phone number and name."""
    told = await facts_of(connection, entry["case_key"])
    held = _held(entry, told)
    if bodies:
        held = await _with_signs(connection, entry["provider"], told, held)
    requests = await _asked(connection, held)
    earlier = await _earlier(connection, entry["case_key"], held)
    found = {one for one in (held.customer_id,) if one} | requests.keys() | earlier.keys()
    found |= await _by_signs(connection, held)
    rows = await connection.fetch(SQL["people"], sorted(found))
    return rank(held, [_person(row, requests, earlier) for row in rows])


async def facts_of(connection: Connection, case_key: str) -> HeldFacts:
    """Merged from all facts of the case, whatever order they came in."""
    rows = await shown(connection, await connection.fetch(FACTS, case_key))
    facts = [orjson.loads(row["data"]) for row in rows]
    names = ("reference_id", "payment_key", "group_id", "attempt_id")
    references = {fact[name] for fact in facts for name in names if fact.get(name)}
    references |= {alias for fact in facts for alias in fact.get("aliases", ())}
    methods = {fact[name].casefold() for fact in facts for name in ("method", "channel") if fact.get(name)}
    return HeldFacts(
        emails=_once(normalise_email(fact.get("payer_email")) for fact in facts),
        named=_once(fact.get("customer_ref") for fact in facts),
        references=frozenset(references),
        methods=frozenset(methods),
        deliveries=tuple(uuid.UUID(row["delivery_id"]) for row in rows if row["delivery_id"]),
        attempts=frozenset(fact["attempt_id"] for fact in facts if fact.get("attempt_id")),
    )


def _once(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if one))


def _held(entry: asyncpg.Record, told: HeldFacts) -> HeldMoney:
    emails = _once((normalise_email(entry["payer_email"]), *told.emails))
    return HeldMoney(
        amount=entry["amount"],
        paid_at=entry["since"],
        customer_id=entry["customer_id"],
        emails=emails,
        named=told.named,
        references=told.references,
        methods=told.methods,
    )


async def _with_signs(connection: Connection, provider: str, told: HeldFacts, held: HeldMoney) -> HeldMoney:
    known = PROVIDERS.get(provider)
    rows = await connection.fetch(SQL["bodies"], list(told.deliveries), BODIES) if known else []
    if known is None or not rows:
        return held
    signs = payer_signs([bytes(row["body"]) for row in rows], known.payer)
    phones = {phone for written in signs.phones if (phone := indonesian_mobile(written))}
    return replace(
        held, phones=frozenset(phones), names=frozenset(name for one in signs.names if (name := _folded(one)))
    )


async def _asked(connection: Connection, held: HeldMoney) -> dict[str, tuple[OpenRequest, ...]]:
    between = (held.paid_at - BEFORE, held.paid_at + CLOCKS)
    rows = await connection.fetch(
        SQL["asked"], sorted(held.references), held.amount or 0, *between, LOOKED_AT
    )
    requests: dict[str, tuple[OpenRequest, ...]] = {}
    for row in rows:
        methods = frozenset(one.casefold() for one in (row["method"], row["channel"]) if one)
        one = OpenRequest(row["request_id"], row["amount"], row["created_at"], methods)
        requests[row["customer_id"]] = (*requests.get(row["customer_id"], ()), one)
    return requests


async def _earlier(connection: Connection, case_key: str, held: HeldMoney) -> dict[str, int]:
    rows = await connection.fetch(SQL["earlier"], list(held.emails), case_key, LOOKED_AT)
    return {row["customer_id"]: row["payments"] for row in rows}


async def _by_signs(connection: Connection, held: HeldMoney) -> set[str]:
    """Customers by address, id and phone. Nobody is looked for by a name: it only weighs in for who was found."""
    alike = sorted({spelling for email in held.emails for spelling in spellings(email)})
    rows = await connection.fetch(SQL["by_email"], alike, LOOKED_AT) if alike else []
    ids = sorted({spelling for one in held.named for spelling in (one, one.lower(), one.upper())})
    if ids:
        rows += await connection.fetch(SQL["by_id"], ids, LOOKED_AT)
    found = {row["customer_id"] for row in rows}
    for phone in held.phones:
        found.update(await with_phone(connection, phone.removeprefix("+62")))
    return found


def _person(
    row: asyncpg.Record, requests: Mapping[str, tuple[OpenRequest, ...]], earlier: Mapping[str, int]
) -> Person:
    name: Any = row["name"]
    return Person(
        customer_id=row["customer_id"],
        email=row["email_normalized"],
        phone=indonesian_mobile(row["phone"]) if row["phone"] else None,
        name=_folded(name) if name else None,
        requests=requests.get(row["customer_id"], ()),
        earlier=earlier.get(row["customer_id"], 0),
    )


def _folded(name: str) -> str:
    """As `lower` of the database folds it."""
    return name.strip().lower()
