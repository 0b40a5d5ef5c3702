"""The audit record: every command that changes something writes who did what, why, and how to take it back."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from console.exits import CommandError, Refused
from console.messages import text
from console.options import actor
from console.output import print_data, print_json
from console.times import moment
from eventstore.append import lock_log, log_transaction
from eventstore.queries import load
from runtime.ids import uuid7

if TYPE_CHECKING:
    from runtime.database import Connection


@dataclass(frozen=True, slots=True)
class Act:
    """One thing an operator did. `undo` is the command that takes it back, or a sentence that says why there is none."""

    verb: str
    target: str
    reason: str
    undo: str
    before: object = None
    after: object = None
    by: str = ""
    """Who did it, where that is not whoever runs the command."""


async def record(connection: Connection, act: Act) -> uuid.UUID:
    """Writes the record in the caller's transaction and returns its id."""
    act_id = uuid7()
    await connection.execute(
        load("acts.sql", "console")["record"],
        act_id,
        act.by or actor(),
        act.verb,
        act.target,
        act.reason,
        json.dumps(act.before, default=str),
        json.dumps(act.after, default=str),
        act.undo,
    )
    return act_id


async def already(
    connection: Connection, verb: str, target: str, otherwise: CommandError, *, undone_by: Sequence[str] = ()
) -> CommandError:
    """What to refuse an act with that changes nothing any more: who did it before, and when; `otherwise` when nobody did, or it was undone."""
    newest = await connection.fetchrow(load("acts.sql", "console")["newest"], target, [verb, *undone_by])
    if newest is None or newest["verb"] != verb:
        return otherwise
    command = f"lunas {verb.replace('.', ' ').replace('_', '-')} {target}"
    by, at = newest["actor"], moment(newest["at"])
    return Refused(text("act.already", command=command, by=by, at=at, act_id=newest["act_id"]))


@asynccontextmanager
async def log_held(connection: Connection) -> AsyncIterator[None]:
    """The log's lock, in the caller's transaction where one is open, else in one of its own."""
    if connection.is_in_transaction():
        await lock_log(connection)
        yield
    else:
        async with log_transaction(connection):
            yield


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did, for the operator. `outcome` is what followed, where the command waited to see it."""

    done: str
    act_id: uuid.UUID
    undo: str
    outcome: str | None = None


def tell(done: Sequence[Done], *, as_json: bool) -> None:
    """What was done, the audit record, the way back; with `as_json` as one document."""
    if as_json:
        print_json({"items": [asdict(each) for each in done]})
        return
    for each in done:
        print_data(each.done)
        if each.outcome:
            print_data(each.outcome)
        print_data(text("act.recorded", act_id=each.act_id))
        print_data(text("act.undo", undo=each.undo))
