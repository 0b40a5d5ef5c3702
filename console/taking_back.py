"""One way back for everything an operator said of money: the id of its audit record is enough, whatever it was.

Only the newest word on something is taken back by its record: an older one was answered by what came after it. What has no way back says so.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from api.suspense import speaking, undoing
from console.account_acts import OPPOSITES, judge
from console.acts import Done
from console.agreeing import proposed
from console.claims import TAKEN_BACK_WORDS, author, in_words, taken_back_told
from console.correcting import SQL as CORRECTIONS
from console.correcting import correction, revert
from console.exits import NotFound, Refused
from console.letter_acts import discard_letter, one_letter, reopen_letter
from console.messages import text
from console.refunding import unrecord_refund
from console.times import moment
from console.unsaying import unconfirm, unsettle
from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

TakeBack = Callable[["Connection", "Settings", Any, str], Awaitable[Done]]


async def act_to_take_back(connection: Connection, given: uuid.UUID) -> Any:
    """The act of this id, of an audit record or of a correction. Raises NotFound."""
    sql = load("acts.sql", "console")
    row = await connection.fetchrow(sql["one"], given)
    if row is None and await connection.fetchrow(CORRECTIONS["one"], given) is not None:
        row = await connection.fetchrow(sql["first"], str(given), list(_WAYS))
    if row is None:
        raise NotFound(text("revert.unknown", id=given))
    return row


async def take_back(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    """Everything is as if it had not been done. Raises Refused with the way there is, or with what came after it."""
    way = _way_of(act)
    if way is None:
        raise Refused(text("revert.otherwise", verb=act["verb"], undo=act["undo"] or text("revert.no_way")))
    later = await _later(connection, act)
    if later is not None:
        told = {
            "verb": later["verb"],
            "by": later["actor"],
            "at": moment(later["at"]),
            "act": later["act_id"],
        }
        raise Refused(text("revert.not_newest", **told))
    return await way(connection, settings, act, reason)


async def can_be_taken_back(connection: Connection, act: Any) -> bool:
    """Whether somebody may try; what stands meanwhile is found out then."""
    return _way_of(act) is not None and await _later(connection, act) is None


def _way_of(act: Any) -> TakeBack | None:
    """A refund has one where it was by hand: what its provider sent back is gone."""
    by_hand = act["verb"] == "suspense.refund" and (json.loads(act["after"] or "{}") or {}).get("proof")
    return _held_money if by_hand else _WAYS.get(act["verb"])


async def _later(connection: Connection, act: Any) -> Any:
    """What was said of the same after it; None when it is the newest."""
    family = next((one for one in _FAMILIES if act["verb"] in one), None)
    if family is None:
        return None
    newest = await connection.fetchrow(load("acts.sql", "console")["newest"], act["target"], list(family))
    return None if newest is None or newest["act_id"] == act["act_id"] else newest


async def _change(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    row = await correction(connection, uuid.UUID(act["target"]))
    if row["status"] != "applied" or proposed(row) is None:
        return (await revert(connection, row["change_id"], reason)).done()
    agreed = await connection.fetchrow(load("acts.sql", "console")["first"], act["target"], ["approve"])
    made = json.loads(agreed["after"]).get("act") if agreed is not None else None
    if made is None:
        raise Refused(text("revert.otherwise", verb=act["verb"], undo=text("revert.no_way")))
    return await take_back(connection, settings, await act_to_take_back(connection, uuid.UUID(made)), reason)


async def _settlement(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    letter = await one_letter(connection, uuid.UUID(act["target"]))
    return (await unsettle(connection, settings, letter, reason)).done()


async def _confirmation(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    return (await unconfirm(connection, settings, act["target"], reason)).done()


async def _discard(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    return await reopen_letter(connection, await one_letter(connection, uuid.UUID(act["target"])), reason)


async def _reopening(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    return await discard_letter(connection, await one_letter(connection, uuid.UUID(act["target"])), reason)


async def _judgement(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    opposite = OPPOSITES[act["verb"].removeprefix("credit.")]
    return await judge(connection, opposite, act["target"], reason)


async def _held_money(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    entry = act["target"]
    with in_words(entry):
        found = await speaking.look(connection, entry)
        undoable = await undoing.check_undo(connection, found)
        async with connection.transaction():
            spoken = await undoing.undo(connection, entry, author(reason), seen=undoable)
    said = text(f"suspense.{TAKEN_BACK_WORDS[undoable.kind]}", **taken_back_told(found, undoable))
    return Done(said, spoken.act_id, spoken.undo)


async def _refund_told(connection: Connection, settings: Settings, act: Any, reason: str) -> Done:
    said = json.loads(act["after"])
    return await unrecord_refund(connection, said["provider"], said["refund_id"], reason)


_WAYS: Mapping[str, TakeBack] = {
    "correct": _change,
    "correct.propose": _change,
    "propose": _change,
    "approve": _change,
    "dlq.settle": _settlement,
    "dlq.discard": _discard,
    "dlq.reopen": _reopening,
    "manual.confirm": _confirmation,
    "payments.refunded": _refund_told,
    "suspense.claim": _held_money,
    "suspense.write_off": _held_money,
    "credit.freeze": _judgement,
    "credit.unfreeze": _judgement,
}
_FAMILIES: Sequence[Sequence[str]] = (
    (
        "suspense.claim",
        "suspense.unclaim",
        "suspense.write_off",
        "suspense.reopen",
        "suspense.refund",
        "suspense.unrefund",
    ),
    ("dlq.settle", "dlq.discard", "dlq.reopen", "dlq.replay"),
    ("credit.freeze", "credit.unfreeze"),
    ("manual.confirm", "manual.reject"),
)
"""Verbs that answer each other. Corrections have a state of their own, which says whether they were taken back."""
