"""Corrections of payments: bytes and facts stay; a person's word is read over them, by a second person's leave where much is at stake."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.acts import Act, Done, already, record
from console.exits import CommandError, NotFound, Refused, WrongUse
from console.messages import text
from console.options import actor
from console.output import rupiah
from console.two_persons import person
from eventstore.append import NewEvent, append, log_transaction
from eventstore.queries import load
from providers.registry import traits_of
from runtime.ids import uuid7
from schemas import streams
from schemas.event_model import EventModel
from schemas.payment_words import PaymentCorrected, PaymentCorrectionReverted, PaymentPatch

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

SQL, LETTERS = load("corrections.sql", "console"), load("letters.sql", "console")
STATUSES = ("proposed", "applied", "reverted", "declined")


@dataclass(frozen=True, slots=True)
class Corrected:
    """`status`: applied, or proposed while it waits for another person."""

    change_id: uuid.UUID
    status: str
    act_id: uuid.UUID
    undo: str

    def done(self) -> Done:
        """In words."""
        return Done(text(f"correct.{self.status}", id=self.change_id), self.act_id, self.undo)


async def correct(
    connection: Connection,
    settings: Settings,
    provider: str,
    payment_id: str,
    patch: PaymentPatch,
    reason: str,
    *,
    by: str = "",
    letter: uuid.UUID | None = None,
) -> Corrected:
    """Apply a patch, or propose it when more is at stake than one person decides. Raises NotFound, WrongUse; Refused for a proposal of nobody known.

    `letter`: the dead letter by which a person had said what the patch takes back; it waits again once that counts.
    """
    row = await _payment(connection, provider, payment_id)
    await _check(connection, provider, row, patch)
    before = {"amount": row["amount"], "customer_id": row["customer_id"], "payment_type": row["payment_type"]}
    before |= {} if letter is None else {"letter": str(letter)}
    at_stake = max(row["amount"] or 0, patch.amount or 0)
    status = "proposed" if at_stake > settings.correction_approval_idr else "applied"
    by = by or (await person(connection, "operator") if status == "proposed" else actor())
    change_id, said = uuid7(), patch.model_dump(mode="json", exclude_none=True)
    undo = f"lunas revert {change_id} --reason …"
    async with log_transaction(connection):
        named = (provider, row["payment_id"], row["case_key"], json.dumps(said), json.dumps(before))
        await connection.execute(SQL["propose"], change_id, *named, at_stake, reason, by, status)
        if status == "applied":
            await _append(connection, _word(change_id, row["case_key"], patch, reason, by, None), by)
            await _letter(connection, before, "unsettle")
        verb = "correct" if status == "applied" else "correct.propose"
        act = Act(verb, str(change_id), reason, undo, before=before, after=said, by=by)
        return Corrected(change_id, status, await record(connection, act), undo)


async def approve(connection: Connection, change_id: uuid.UUID, reason: str, *, by: str = "") -> Corrected:
    """Let a proposed correction count. Raises Refused for its own author, for who may not agree, and for what is decided already."""
    row = await correction(connection, change_id)
    if row["author"] == (by or actor()):
        raise Refused(text("correct.own", id=change_id, by=row["author"]))
    by = by or await person(connection, "approver")
    patch = PaymentPatch.model_validate_json(row["patch"])
    undo = f"lunas revert {change_id} --reason …"
    async with log_transaction(connection):
        await change(connection, row, "applied", "proposed", "approve", by)
        word = _word(change_id, row["case_key"], patch, row["reason"], row["author"], by)
        await _append(connection, word, by)
        await _letter(connection, json.loads(row["before"]), "unsettle")
        act = Act(
            "approve",
            str(change_id),
            reason,
            undo,
            before={"status": "proposed"},
            after={"status": "applied"},
            by=by,
        )
        return Corrected(change_id, "applied", await record(connection, act), undo)


async def revert(connection: Connection, change_id: uuid.UUID, reason: str, *, by: str = "") -> Corrected:
    """Take a correction back, or a proposal off the table: everything is as if nobody had corrected anything."""
    by = by or actor()
    row = await correction(connection, change_id)
    applied = row["status"] == "applied"
    undo = text("correct.revert_undo")
    async with log_transaction(connection):
        status = "reverted" if applied else "declined"
        await change(connection, row, status, "applied" if applied else "proposed", "revert", by)
        if applied:
            word = PaymentCorrectionReverted(
                change_id=str(change_id), case=row["case_key"], actor=by, reason=reason
            )
            await _append(connection, word, by)
            await _letter(connection, json.loads(row["before"]), "settle_again", by)
        act = Act(
            "revert",
            str(change_id),
            reason,
            undo,
            before={"status": row["status"]},
            after={"status": status},
            by=by,
        )
        return Corrected(change_id, status, await record(connection, act), undo)


async def _letter(connection: Connection, before: Any, statement: str, *more: str) -> None:
    """The letter whose settlement was taken back waits for somebody again; when that is reverted it does not. Somebody may have dealt with it meanwhile."""
    if before.get("letter"):
        await connection.execute(LETTERS[statement], uuid.UUID(before["letter"]), *more)


async def correction(connection: Connection, change_id: uuid.UUID) -> Any:
    """Raises NotFound."""
    row = await connection.fetchrow(SQL["one"], change_id)
    if row is None:
        raise NotFound(text("correct.unknown", id=change_id))
    return row


async def _payment(connection: Connection, provider: str, payment_id: str) -> Any:
    rows = await connection.fetch(SQL["payment"], provider, payment_id)
    if not rows:
        raise NotFound(text("payment.unknown", provider=provider, id=payment_id))
    if len(rows) > 1:
        raise WrongUse(text("correct.several", id=payment_id))
    return rows[0]


async def _check(connection: Connection, provider: str, row: Any, patch: PaymentPatch) -> None:
    if not patch.model_dump(exclude_none=True):
        raise WrongUse(text("correct.nothing"))
    if patch.amount is not None and traits_of(provider).orders_carry_payments:
        raise WrongUse(text("correct.order_amount", provider=provider))
    if patch.customer_id is not None and not await connection.fetchval(SQL["customer"], patch.customer_id):
        raise WrongUse(text("suspense.no_customer", customer=patch.customer_id))


async def change(connection: Connection, row: Any, status: str, former: str, verb: str, by: str) -> None:
    """To its next state. Raises Refused when somebody was faster."""
    if await connection.fetchval(SQL["change"], row["change_id"], status, by, former) is None:
        raise await decided(connection, row, verb)


async def decided(connection: Connection, row: Any, verb: str) -> CommandError:
    """What to refuse with: who decided, and when."""
    change_id = row["change_id"]
    otherwise = Refused(text("correct.decided", id=change_id, status=row["status"]))
    return await already(connection, verb, str(change_id), otherwise)


def _word(
    change_id: uuid.UUID, case: str, patch: PaymentPatch, reason: str, author: str, approver: str | None
) -> PaymentCorrected:
    return PaymentCorrected(
        change_id=str(change_id), case=case, patch=patch, reason=reason, actor=author, approver=approver
    )


async def _append(connection: Connection, word: EventModel, by: str) -> None:
    change_id = str(getattr(word, "change_id", ""))
    metadata = {"correlation_id": change_id, "source": "operator", "actor": by}
    await append(connection, [NewEvent(streams.correction(change_id), word, metadata)])


def amounts(row: Any) -> str:
    """How much is at stake, in words."""
    return rupiah(row["at_stake"])
