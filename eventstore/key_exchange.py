"""Exchanging the installation's key of personal data for another one: every key of a person is sealed anew, none is made or destroyed (docs/adr/0090).

What is exchanged is how keys are kept and how addresses are found, nothing that stands in the log: names stay, so no decision changes and no seal breaks.
Killed anywhere, it goes on where it was: each row says by which key it is sealed.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg

from eventstore.keyring import KEYRING, check_key, unwrapped
from eventstore.personal import PERSONAL
from eventstore.queries import load
from eventstore.sealed_text import SealBroken, TextSealer, unseal
from runtime.database import Connection
from runtime.faults import fault_point
from schemas.email_address import normalise_email

_SQL, _PERSONAL = load("key_exchange.sql"), load("personal.sql")

Where = Literal["in_clear", "one_key", "to_begin", "under_way", "over"]


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """`where`: nothing is sealed; this process has one key and all is sealed by it; it has two, and the exchange is to begin, goes on, or is over.

    `left`: keys of persons that are sealed by the key of before while it goes on. `since`: when the newest exchange began.
    """

    where: Where
    left: int = 0
    since: datetime | None = None


async def exchange_state(connection: Connection) -> ExchangeState:
    """Where the exchange stands, as this process sees it. Raises ConfigurationError as `check_key` does."""
    if not await check_key(connection) or KEYRING.sealer is None:
        return ExchangeState("in_clear")
    [row] = await connection.fetch(_SQL["exchange_now"])
    since = row["exchanged_at"]
    if row["key_check_before"] is not None:
        return ExchangeState("under_way", row["left_over"], since)
    if row["key_check"] != KEYRING.sealer.check:
        return ExchangeState("to_begin", since=since)
    return ExchangeState("one_key" if KEYRING.before is None else "over", since=since)


async def prepare_exchange(connection: Connection) -> None:
    """Addresses that the log holds in clear are found by the new key too. There are no more of them since sealing began, so nobody waits for this."""
    if await connection.fetchval(_SQL["clear"]):
        [begun], sealer = await connection.fetch(_PERSONAL["begun"]), _newest()
        rows = await connection.fetch(_SQL["told_before"], sorted(PERSONAL), begun["since"])
        known = {normal for row in rows if (normal := normalise_email(row["address"]))}
        await connection.execute(
            _PERSONAL["leave_in_clear"], [sealer.index(one) for one in known], sealer.check
        )


async def begin_exchange(connection: Connection) -> bool:
    """Keys of persons that are made from now on are sealed by the new key. Needs the log's lock, and `prepare_exchange` before. False when it has begun."""
    begun: bool = await connection.fetchval(_SQL["exchange_begun"], _newest().check)
    return begun


async def exchange_keys(connection: Connection, batch: int) -> AsyncIterator[int]:
    """Seals keys of persons anew, `batch` in a transaction; after each of them how many. Raises SealBroken, and has changed nothing then in that batch."""
    sealer, behind = _newest(), ""
    while rows := await connection.fetch(_SQL["left"], sealer.check, behind, batch):
        anew = [await _anew(connection, sealer, row) for row in rows]
        behind = rows[-1]["name"]
        names, before = [row["name"] for row in rows], [row["wrapped_key"] for row in rows]
        fault_point("rekey.before_commit")
        done: int = await connection.fetchval(
            _SQL["exchange"], names, before, [wrapped for wrapped, _ in anew], [index for _, index in anew]
        )
        fault_point("rekey.after_commit")
        yield done


async def end_exchange(connection: Connection) -> bool:
    """The key of before is needed no more. Needs the log's lock. False while something is sealed by it, or none is being exchanged."""
    ended: bool = await connection.fetchval(_SQL["exchange_ended"])
    return ended


async def _anew(
    connection: Connection, sealer: TextSealer, row: asyncpg.Record
) -> tuple[bytes, bytes | None]:
    """The same key sealed by the new one, opened again before anybody relies on it; and by what its address is found."""
    name: str = row["name"]
    key = await unwrapped(connection, name, row["wrapped_key"])
    wrapped = sealer.wrap(name, key)
    if not hmac.compare_digest(sealer.unwrap(name, wrapped), key):
        raise SealBroken
    return wrapped, sealer.index(unseal(name, key, row["sealed"])) if row["is_address"] else None


def _newest() -> TextSealer:
    if KEYRING.sealer is None:
        raise RuntimeError("without a key there is nothing to exchange it for")
    return KEYRING.sealer
