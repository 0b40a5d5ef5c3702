"""Refunds that somebody made at the provider, and of which only a person tells: facts like those that the provider tells itself, and once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from api.refunds.book import append, room_of
from api.refunds.counting import SQL, catch_up
from api.suspense.gathering import facts_of
from eventstore.read import read_stream
from providers.refunding import unnamed_refund
from runtime.database import Connection
from schemas import streams
from schemas.facts import RefundFailed, RefundSucceeded
from schemas.problem_reasons import Reason
from schemas.problems import Problem
from schemas.refund_facts import TAKEN_BACK

BY_OPERATOR = "made at the provider: "
"""Before a person's reason, in the reason of the fact."""


@dataclass(frozen=True, slots=True)
class RefundTold:
    """`refund_id`: the provider's name for it; None where it gives none. `amount_idr` None: all that is left."""

    provider: str
    payment: str
    amount_idr: int | None
    refund_id: str | None
    reason: str
    actor: str


class RefundKnown(Exception):
    """It is counted already, by whoever told of it first."""

    def __init__(self, refund_id: str) -> None:
        super().__init__(refund_id)
        self.refund_id = refund_id


async def tell(connection: Connection, told: RefundTold) -> RefundSucceeded:
    """Under the log's lock. Raises Problem for what cannot be, RefundKnown for what is known."""
    await catch_up(connection)
    payment, left = await room_of(connection, told.provider, told.payment)
    if told.refund_id and await _stands(connection, told.provider, told.refund_id):
        raise RefundKnown(told.refund_id)
    amount = left if told.amount_idr is None else told.amount_idr
    refund_id = told.refund_id or unnamed_refund(payment["payment_id"], amount)
    if await _stands(connection, told.provider, refund_id):
        raise RefundKnown(refund_id)
    if not 0 < amount <= left:
        raise Problem("refund_exceeds_payment", reason=Reason("refund_left", {"left": left}))
    names = tuple(dict.fromkeys((payment["payment_id"], *payment["ids"])))
    movements = (await facts_of(connection, payment["case_key"])).attempts
    before = [one.occurred_at for one in await _words(connection, refund_id)]
    fact = RefundSucceeded(
        provider=told.provider,
        payment_key=payment["payment_id"],
        refund_id=refund_id,
        attempt_id=payment["payment_id"] if payment["payment_id"] in movements else None,
        aliases=names[1:],
        amount=amount,
        reason=BY_OPERATOR + told.reason,
        occurred_at=max([payment["now"], *(at + timedelta(microseconds=1) for at in before)]),
        attestation="operator",
    )
    await append(connection, refund_id, [fact], actor=told.actor)
    await catch_up(connection)
    return fact


async def untell(
    connection: Connection, provider: str, refund_id: str, reason: str, actor: str
) -> RefundSucceeded | None:
    """Under the log's lock: it never was. None where no person told of it, or that was taken back, or its provider tells of it as well."""
    words = [one for one in await _words(connection, refund_id) if one.provider == provider]
    done = words[-1] if words else None
    if not isinstance(done, RefundSucceeded) or not (done.reason or "").startswith(BY_OPERATOR):
        return None
    told = await read_stream(connection, streams.payment(provider, done.payment_key))
    facts = [event.decoded() for event in told if event.type == RefundSucceeded.TYPE]
    if any(isinstance(one, RefundSucceeded) and one.refund_id == refund_id for one in facts):
        return None
    changed = {
        # Later than what it takes back, whatever the clocks say: of two words the later one counts.
        "occurred_at": done.occurred_at + timedelta(microseconds=1),
        "failure_code": TAKEN_BACK,
        "reason": reason,
    }
    await append(connection, refund_id, [RefundFailed(**done.model_dump() | changed)], actor=actor)
    await catch_up(connection)
    return done


async def _words(connection: Connection, refund_id: str) -> list[RefundSucceeded | RefundFailed]:
    told = await read_stream(connection, streams.refund(refund_id))
    facts = [event.decoded() for event in told if event.type in (RefundSucceeded.TYPE, RefundFailed.TYPE)]
    return [one for one in facts if isinstance(one, RefundSucceeded | RefundFailed)]


async def _stands(connection: Connection, provider: str, refund_id: str) -> bool:
    stands: bool = await connection.fetchval(SQL["stands"], provider, refund_id)
    return stands
