"""Acts that move money: done at once, or proposed where more is at stake than one person decides; and a second person's leave, with which they are done.

Corrections have waited for a second person always. Other acts do once somebody is named who may agree: before that nobody could.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from api.suspense import speaking
from api.suspense.returning import Return, give_back
from api.suspense.speaking import WHY
from console.acts import Act, Done, record
from console.claims import author, in_words
from console.correcting import SQL, approve, change, correction, decided
from console.exits import Refused
from console.letter_acts import one_letter
from console.manual_orders import PROVIDER, amount_of_order, confirm_order
from console.messages import text
from console.options import acting_as, actor
from console.output import rupiah
from console.refunding import ask_refund, record_refund
from console.settlement import Settlement, received_at, settle
from console.times import moment
from console.two_persons import approvers, person
from eventstore.append import log_transaction
from runtime.ids import uuid7

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

NAMED = ("act", "target")
"""What stands in a proposal's patch beside what was said: `PaymentPatch` knows neither, so that no program takes it for a correction."""


@dataclass(frozen=True, slots=True)
class MoneyAct:
    """`at_stake`: rupiah, all that whoever may do this moves in as many parts as they like. `said`: the act's own words."""

    verb: str
    target: str
    provider: str
    payment_id: str
    at_stake: int
    said: Mapping[str, Any] = field(default_factory=dict)
    case_key: str = ""


@dataclass(frozen=True, slots=True)
class ActOutcome:
    """`change_id`: the proposal, where it waits for another person."""

    done: Done
    target: str
    change_id: uuid.UUID | None = None


async def act(connection: Connection, settings: Settings, wish: MoneyAct, reason: str) -> ActOutcome:
    """Does it, or proposes it. Raises what the act raises; Refused for a proposal of nobody known, or of what waits already."""
    if wish.at_stake <= settings.correction_approval_idr or not await approvers(connection):
        return ActOutcome(await _WAYS[wish.verb](connection, wish, reason), wish.target)
    return await _propose(connection, wish, reason)


async def agree(connection: Connection, change_id: uuid.UUID, reason: str) -> Done:
    """Lets a correction count, or does what was proposed, in its author's name. Raises Refused: one's own, decided, or not possible any more."""
    row = await correction(connection, change_id)
    wish = proposed(row)
    if wish is None:
        return (await approve(connection, change_id, reason)).done()
    by = await second(connection, row)
    if row["status"] != "proposed":
        raise await decided(connection, row, "approve")
    async with connection.transaction():
        with acting_as(row["author"]):
            made = await _WAYS[wish.verb](connection, wish, row["reason"])
        # Last, under the log's lock as whoever declines it: of two at once one is refused, with all that they did.
        await change(connection, row, "applied", "proposed", "approve", by)
        after = {"status": "applied", "act": str(made.act_id)}
        said = Act(
            "approve", str(change_id), reason, made.undo, before={"status": "proposed"}, after=after, by=by
        )
        return replace(made, act_id=await record(connection, said))


async def second(connection: Connection, row: Any) -> str:
    """Who agrees. Raises Refused for the author of what is agreed to, and for who may not."""
    if row["author"] == actor():
        raise Refused(text("correct.own", id=row["change_id"], by=row["author"]))
    return await person(connection, "approver")


def proposed(row: Any) -> MoneyAct | None:
    """What waits in a row; None for a correction."""
    patch = json.loads(row["patch"])
    if "act" not in patch:
        return None
    said = {name: each for name, each in patch.items() if name not in NAMED}
    named = (row["provider"], row["payment_id"], row["at_stake"])
    return MoneyAct(patch["act"], patch["target"], *named, said, row["case_key"])


async def _propose(connection: Connection, wish: MoneyAct, reason: str) -> ActOutcome:
    by, change_id = await person(connection, "operator"), uuid7()
    undo = f"lunas revert {change_id} --reason …"
    said = {name: each for name, each in wish.said.items() if each is not None}
    patch = {"act": wish.verb, "target": wish.target, **said}
    await _tried(connection, wish, reason)
    async with log_transaction(connection):
        waiting = await connection.fetchrow(SQL["same"], wish.verb, wish.target)
        if waiting is not None:
            told = {"by": waiting["author"], "at": moment(waiting["proposed_at"])}
            raise Refused(
                text("agree.waits", act=wish.verb, target=wish.target, change=waiting["change_id"], **told)
            )
        case = wish.case_key or await _case(connection, wish)
        named = (wish.provider, wish.payment_id, case, json.dumps(patch), "{}")
        await connection.execute(SQL["propose"], change_id, *named, wish.at_stake, reason, by, "proposed")
        after = {**patch, "at_stake": wish.at_stake}
        act_id = await record(connection, Act("propose", str(change_id), reason, undo, after=after, by=by))
    told = {"act": wish.verb, "target": wish.target, "amount": rupiah(wish.at_stake), "id": change_id}
    return ActOutcome(Done(text("agree.proposed", **told), act_id, undo), wish.target, change_id)


async def _tried(connection: Connection, wish: MoneyAct, reason: str) -> None:
    """Does it and takes it back unseen: what would be refused is refused now, and not to whoever agrees later."""
    trial = connection.transaction()
    await trial.start()
    try:
        await _WAYS[wish.verb](connection, wish, reason)
    finally:
        await trial.rollback()


async def _case(connection: Connection, wish: MoneyAct) -> str:
    found = await connection.fetchrow(SQL["payment"], wish.provider, wish.payment_id)
    return "" if found is None else str(found["case_key"])


# What may be asked for, from the state that it is asked in.


def of_held(verb: str, row: Any, said: Mapping[str, Any] | None = None) -> MoneyAct:
    """`suspense.claim`, `suspense.write_off`, `suspense.refund`: a part is judged as all that is held."""
    named = (str(row["suspense_id"]), row["provider"], row["payment_id"], row["amount"] or 0)
    return MoneyAct(verb, *named, said or {}, row["case_key"])


def of_letter(letter: Any, said: Settlement) -> MoneyAct:
    """`dlq.settle`."""
    words = {"customer_id": said.customer_id, "amount": said.amount, "product": said.product}
    return MoneyAct(
        "dlq.settle", str(letter["dead_letter_id"]), said.provider, said.payment_id, said.amount, words
    )


async def of_order(connection: Connection, order_id: str, proof: str | None) -> MoneyAct:
    """`manual.confirm`. Raises NotFound."""
    amount = await amount_of_order(connection, order_id)
    return MoneyAct("manual.confirm", order_id, PROVIDER, order_id, amount, {"proof": proof})


async def of_payment(
    connection: Connection,
    provider: str,
    payment: str,
    amount: int | None,
    verb: str = "payments.refund",
    **said: Any,
) -> MoneyAct:
    """`payments.refund`, `payments.refunded`: a part is judged as the whole payment. One that nobody knows is for the refund itself to refuse."""
    row = await connection.fetchrow(SQL["payment"], provider, payment)
    at_stake, case = (0, "") if row is None else (row["amount"] or 0, row["case_key"])
    return MoneyAct(
        verb, payment, provider, payment, max(at_stake, amount or 0), {"amount": amount, **said}, case
    )


# Each act as it is done, by whoever asked for it.


async def _claim(connection: Connection, wish: MoneyAct, reason: str) -> Done:
    customer, product = wish.said["customer_id"], wish.said.get("product")
    with in_words(wish.target, customer):
        async with connection.transaction():
            spoken = await speaking.claim(connection, wish.target, customer, product, author(reason))
    return Done(text("suspense.claimed", id=wish.target, customer=customer), spoken.act_id, spoken.undo)


async def _write_off(connection: Connection, wish: MoneyAct, reason: str) -> Done:
    with in_words(wish.target):
        async with connection.transaction():
            spoken = await speaking.write_off(connection, wish.target, author(reason))
    return Done(text("suspense.written_off", id=wish.target), spoken.act_id, spoken.undo)


async def _give_back(connection: Connection, wish: MoneyAct, reason: str) -> Done:
    amount, proof = wish.said.get("amount"), wish.said.get("proof")
    with in_words(wish.target):
        async with connection.transaction():
            made = await give_back(connection, Return(wish.target, amount, proof), author(reason), "operator")
    told = {"amount": rupiah(amount or made.entry.row["amount"]), "provider": wish.provider, "proof": proof}
    done = text(
        f"suspense.{'given_back' if proof else 'refund_reserved'}",
        **told,
        refund=made.recorded.refund_id,
        id=wish.target,
    )
    undo = f"lunas suspense undo {wish.target} {WHY}" if proof else text("suspense.refund_undo")
    return Done(done, made.act_id, undo)


async def _settle(connection: Connection, wish: MoneyAct, reason: str) -> Done:
    letter = await one_letter(connection, uuid.UUID(wish.target))
    customer, amount = wish.said["customer_id"], wish.said["amount"]
    named = (wish.provider, customer, amount, wish.payment_id, wish.said.get("product"))
    undo = text("dlq.settle_undo", letter=wish.target)
    act_id = await settle(connection, letter, Settlement(*named, received_at(letter)), reason, undo)
    told = {"customer": customer, "provider": wish.provider, "payment": wish.payment_id}
    return Done(text("dlq.settled", id=wish.target, amount=rupiah(amount), **told), act_id, undo)


async def _confirm(connection: Connection, wish: MoneyAct, reason: str) -> Done:
    undo = text("manual.confirm_undo", id=wish.target)
    act_id = await confirm_order(connection, wish.target, reason, wish.said.get("proof"), undo)
    return Done(text("manual.confirmed", id=wish.target), act_id, undo)


async def _refund(connection: Connection, wish: MoneyAct, reason: str) -> Done:
    undo = text("payment.refund_undo")
    named = (wish.provider, wish.target, wish.said.get("amount"))
    made, act_id = await ask_refund(connection, *named, reason, undo)
    return Done(text("payment.refund_reserved", id=made.refund_id), act_id, undo)


async def _refunded(connection: Connection, wish: MoneyAct, reason: str) -> Done:
    named = (wish.provider, wish.target, wish.said.get("amount"), wish.said.get("refund_id"))
    fact, act_id, undo = await record_refund(connection, *named, reason)
    told = {"amount": rupiah(fact.amount), "provider": wish.provider, "payment": wish.target}
    return Done(text("payment.refund_recorded", id=fact.refund_id, **told), act_id, undo)


_WAYS: Mapping[str, Callable[[Connection, MoneyAct, str], Awaitable[Done]]] = {
    "suspense.claim": _claim,
    "suspense.write_off": _write_off,
    "suspense.refund": _give_back,
    "dlq.settle": _settle,
    "manual.confirm": _confirm,
    "payments.refund": _refund,
    "payments.refunded": _refunded,
}
