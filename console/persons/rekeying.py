"""Exchanging the installation's key of personal data: begun, carried on after a kill, and ended, by one command."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.acts import Act, record
from console.exits import Refused
from console.messages import text
from console.output import talk
from eventstore.append import log_transaction
from eventstore.key_exchange import (
    ExchangeState,
    begin_exchange,
    end_exchange,
    exchange_keys,
    exchange_state,
    prepare_exchange,
)

if TYPE_CHECKING:
    from runtime.database import Connection

TARGET = "LUNAS_PERSONAL_DATA_KEY"
BEGUN, VERB = "customers.rekey_begun", "customers.rekey"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """`keys`: sealed anew by this run; those of an earlier one that was stopped are not among them."""

    act_id: uuid.UUID
    keys: int


async def to_exchange(connection: Connection) -> ExchangeState:
    """What there is to do. Raises Refused when there is nothing, and says what to set."""
    state = await exchange_state(connection)
    if state.where == "in_clear":
        raise Refused(text("rekey.not_sealed"))
    if state.where == "one_key":
        raise Refused(text("rekey.one_key"))
    if state.where == "over":
        raise Refused(text("rekey.over"))
    return state


async def exchange(connection: Connection, reason: str, batch: int) -> Exchanged:
    """Everything that is left, and the end of it. Raises Refused as `to_exchange` does."""
    state = await to_exchange(connection)
    if state.where == "to_begin":
        await prepare_exchange(connection)
        async with log_transaction(connection):  # names are made under the log's lock
            if await begin_exchange(connection):
                await record(connection, Act(BEGUN, TARGET, reason, text("rekey.undo")))
    keys = 0
    async for done in exchange_keys(connection, batch):
        keys += done
        talk(text("rekey.going_on", keys=keys))
    async with log_transaction(connection):
        if not await end_exchange(connection):
            raise Refused(text("rekey.by_another"))
        act = Act(VERB, TARGET, reason, text("rekey.undo"), after={"keys": keys})
        return Exchanged(await record(connection, act), keys)
