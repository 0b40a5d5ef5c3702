"""Personal data in the log: sealed when it is appended, opened for whoever shows it, unreadable once its key is destroyed (docs/adr/0077).

Fulfilment never needs the address itself: it matches payments and customers by the address's name, before and after an erasure alike. So nothing it
decided changes when a person is forgotten, and nothing it keeps has to be looked through.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
import orjson

from eventstore.keyring import KEYRING, check_key, key_for_new, unwrapped
from eventstore.queries import load
from eventstore.sealed_text import seal, sealed_part, token, unseal
from runtime.database import Connection
from schemas.email_address import normalise_email
from schemas.errors import ConfigurationError
from schemas.event_model import EventModel
from schemas.events import EVENT_TYPES
from schemas.facts import CustomerRegistered

E = TypeVar("E", bound=EventModel)

PAYERS = frozenset(name for name, model in EVENT_TYPES.items() if "payer_email" in model.model_fields)
"""Types of events that name a payer."""
PERSONAL = PAYERS | {CustomerRegistered.TYPE}
"""Types of events that hold personal data, in `FIELDS`."""
FIELDS = ("payer_email", "email", "name", "phone")

_SQL, _KEYS, _PERSONS = load("personal.sql"), load("person_keys.sql"), load("persons.sql")
_SEALED = re.compile(rf'"({"|".join(FIELDS)})":"(~[a-z2-7]{{16}}(?:\.[A-Za-z0-9_-]+)?)"')
_MARK = ':"~'  # in every text that holds something sealed


async def begin(connection: Connection) -> bool:
    """Seal from now on what is appended, when this process has a key and nobody has begun; inside a transaction that holds the log's lock.

    Addresses that the log holds in clear stay in clear: other names would make other decisions of the same facts. True when it began just now.
    Raises ConfigurationError as `check_key` does.
    """
    if await check_key(connection) or KEYRING.sealer is None:
        return False
    sealer = KEYRING.sealer
    rows = await connection.fetch(_SQL["told_in_clear"], sorted(PERSONAL))
    known = {normalise_email(row["address"]) for row in rows} - {None}
    await connection.execute(
        _SQL["leave_in_clear"], [sealer.index(one) for one in known if one], sealer.check
    )
    await connection.execute(_SQL["begin"], sealer.check)
    return True


async def named(connection: Connection, addresses: Collection[str], *, make: bool = True) -> dict[str, str]:
    """What addresses in normal form are called in the log; of those in clear, and without a key, the addresses themselves.

    `make`: who was never met gets a name, which needs the log's lock; else they are left out.
    """
    if KEYRING.sealer is None or not addresses:
        return {one: one for one in addresses}
    wanted = KEYRING.indexes(addresses)
    rows = await connection.fetch(_SQL["names"], list(wanted))
    found = {wanted[row["address_index"]]: row["name"] or wanted[row["address_index"]] for row in rows}
    missing = sorted(set(addresses) - found.keys()) if make else []
    if missing:
        sealer = await key_for_new(connection)
        keys = [sealer.fresh() for _ in missing]
        sealed = [seal(key.name, key.key, one) for key, one in zip(keys, missing, strict=True)]
        indexes = [sealer.index(one) for one in missing]
        names = [key.name for key in keys]
        wrapped = [key.wrapped for key in keys]
        async with _newest(connection):
            await connection.execute(_SQL["make"], names, indexes, wrapped, sealed, sealer.check)
        found |= zip(missing, names, strict=True)
    return found


def payer_in_clear(event: EventModel) -> str | None:
    """The payer's address that an event holds as such: names have no @."""
    if event.TYPE not in PAYERS:
        return None
    said: str | None = event.payer_email  # type: ignore[attr-defined]
    return said if said and "@" in said else None


def with_name(event: E, names: Mapping[str, str]) -> E:
    """The event with the payer's name for their address."""
    said = payer_in_clear(event)
    return event if said is None or names.get(said, said) == said else event.amended(payer_email=names[said])


async def protected(connection: Connection, events: Sequence[E]) -> Sequence[E]:
    """Events as they are appended: addresses under their names, and what was said of a customer sealed. Needs the log's lock."""
    if KEYRING.sealer is None:
        return events
    told = {said for event in events if (said := payer_in_clear(event))}
    registered = [event for event in events if isinstance(event, CustomerRegistered)]
    told |= {normal for event in registered if (normal := normalise_email(event.email))}
    if not (told or registered):
        return events
    names = await named(connection, told)
    sealed: list[E] = []
    for event in events:
        if isinstance(event, CustomerRegistered):
            sealed.append(await _sealed_registration(connection, event, names))
        else:
            sealed.append(with_name(event, names))
    return sealed


async def _sealed_registration(connection: Connection, event: Any, names: Mapping[str, str]) -> Any:
    changes: dict[str, object] = {}
    normal = normalise_email(event.email)
    if normal is not None and (name := names[normal]) != normal:
        changes["email"] = name if event.email == normal else await _spelt(connection, name, event.email)
    said = {field: text for field in ("name", "phone") if (text := getattr(event, field)) is not None}
    if event.email is not None and normal is None and "@" in event.email:
        said["email"] = event.email
    if said:
        name, key = await _key_of_customer(connection, event.customer_id)
        changes |= {field: token(name, key, text) for field, text in said.items()}
    return event.amended(**changes) if changes else event


async def _spelt(connection: Connection, name: str, spelling: str) -> str:
    """An address as somebody wrote it, by the key of its normal form."""
    row = (await connection.fetch(_KEYS["keys"], [name]))[0]
    return token(name, await unwrapped(connection, name, row["wrapped_key"]), spelling)


async def _key_of_customer(connection: Connection, customer_id: str) -> tuple[str, bytes]:
    row = await connection.fetchrow(_PERSONS["key_of_customer"], customer_id)
    if row is not None:
        return row["name"], await unwrapped(connection, row["name"], row["wrapped_key"])
    sealer = await key_for_new(connection)
    fresh = sealer.fresh()
    async with _newest(connection):
        await connection.execute(
            _PERSONS["make_for_customer"], fresh.name, customer_id, fresh.wrapped, sealer.check
        )
    return fresh.name, fresh.key


async def opened(connection: Connection, texts: Sequence[str]) -> list[str]:
    """JSON texts of events with what is sealed in them as it was said; null where the key is destroyed. Raises SealBroken."""
    if KEYRING.sealer is None:
        return list(texts)
    wanted = {found[2] for text in texts if _MARK in text for found in _SEALED.finditer(text)}
    if not wanted:
        return list(texts)
    said = {one: orjson.dumps(text).decode() for one, text in (await values_of(connection, wanted)).items()}
    return [
        _SEALED.sub(lambda found: f'"{found[1]}":{said[found[2]]}', text) if _MARK in text else text
        for text in texts
    ]


async def values_of(connection: Connection, wanted: Iterable[str]) -> dict[str, str | None]:
    """What names and sealed texts stand for; None where the key is destroyed. Raises SealBroken."""
    parts = {one: sealed_part(one) for one in wanted}
    rows = await connection.fetch(_KEYS["keys"], sorted({name for name, _ in parts.values()}))
    stored = {row["name"]: row for row in rows}
    values: dict[str, str | None] = {}
    for one, (name, text) in parts.items():
        row = stored.get(name)
        sealed = None if row is None else (text or row["sealed"])
        if row is None or row["wrapped_key"] is None or sealed is None:
            values[one] = None
        else:
            values[one] = unseal(name, await unwrapped(connection, name, row["wrapped_key"]), sealed)
    return values


@asynccontextmanager
async def _newest(connection: Connection) -> AsyncIterator[None]:
    """A key that was exchanged since this process began makes nobody's name: the table refuses it, and whoever starts us again is told why."""
    try:
        yield
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        raise ConfigurationError(
            "LUNAS_PERSONAL_DATA_KEY was exchanged since this process began: restart it with the new one"
        ) from error
