"""The book of refunds: what of a payment is to go back is reserved in the log before anybody is called, and never more than there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from api.checkout import idempotency
from api.checkout.idempotency import FirstAnswer
from api.refunds.counting import SQL, catch_up
from eventstore import append as log_append
from eventstore.append import NewEvent
from providers.provider import Provider
from providers.refunding import RefundAsk, RefundWish
from providers.registry import PROVIDERS
from runtime.database import Connection, Pool
from runtime.faults import fault_point
from runtime.ids import uuid7
from runtime.tracing import told_of
from schemas import streams
from schemas.event_model import EventModel
from schemas.facts import RefundSucceeded
from schemas.problem_reasons import Reason
from schemas.problems import PROBLEMS, Problem
from schemas.refund_facts import RefundRequested

if TYPE_CHECKING:
    import asyncpg

REFUNDABLE = frozenset({"succeeded", "partially_refunded"})


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What somebody wants. `amount_idr` None: all that is left. `by`: the API or an operator, whose name is `actor`.

    `proof`: it went back already, by hand, and this shows it: no provider is asked. `attempt_id`: the movement of money it is of. `owner`: whose
    the payment is, as the caller says; None when they do not say.
    """

    provider: str
    payment_id: str
    amount_idr: int | None
    reason: str
    by: str = "api"
    actor: str = "api"
    proof: str | None = None
    attempt_id: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedRefund:
    """The refund that stands for what was wanted. `created`: this call made it."""

    refund_id: str
    created: bool


class RefundBook:
    """Over one pool."""

    def __init__(self, pool: Pool, *, acquire_seconds: float) -> None:
        self.pool = pool
        self._acquire_seconds = acquire_seconds

    async def record(self, order: RefundOrder, key: str | None, digest: bytes) -> RecordedRefund:
        """A new refund, or the one that this key or an equal one that is under way stands for. Raises Problem."""
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            repeated = await idempotency.earlier(connection, key, digest)
            earlier_id = str(repeated.document["refund_id"]) if repeated is not None else None
            if earlier_id is not None and not await came_to_nothing(connection, earlier_id):
                return RecordedRefund(earlier_id, created=False)
            # Whoever refunds waits for the others, also for those who tell of refunds: what is left is exact until we commit.
            await log_append.lock_log(connection)
            recorded = await reserve(connection, order, again=key is not None)
            answer = FirstAnswer(201, {"refund_id": recorded.refund_id})
            if earlier_id is None:
                await idempotency.keep(connection, key, digest, answer)
            else:
                await idempotency.replace(connection, key, answer)
        fault_point("refund.reserved")
        return recorded

    async def row(self, refund_id: str) -> asyncpg.Record | None:
        """The refund as it stands; None when there is none."""
        return await self.pool.fetchrow(SQL["find"], refund_id)

    async def counted(self, refund_id: str) -> tuple[asyncpg.Record | None, int]:
        """The same after everything that the log tells, and the position of the log up to which it does."""
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            through = await catch_up(connection)
            return await connection.fetchrow(SQL["find"], refund_id), through


async def reserve(connection: Connection, order: RefundOrder, *, again: bool = False) -> RecordedRefund:
    """Under the log's lock. `again`: although an equal one is under way. Raises Problem; then nothing is written."""
    await catch_up(connection)
    payment, left = await room_of(connection, order.provider, order.payment_id)
    if order.owner not in (None, payment["customer_id"]):
        raise Problem("payment_not_found", field="provider_payment_id")
    amount = left if order.amount_idr is None else order.amount_idr
    equal = None
    # All of it asked for again, by a second click: there is nothing left because the first one has taken it.
    everything = order.amount_idr is None and not left and order.proof is None
    if not again and (order.amount_idr is not None or everything):
        wanted = (order.provider, payment["payment_id"], order.amount_idr, order.reason, order.by)
        equal = await connection.fetchval(SQL["equal"], *wanted)
    if equal is not None:
        return RecordedRefund(equal, created=False)
    _check(PROVIDERS[order.provider], payment, amount, left, by_hand=order.proof is not None)
    return RecordedRefund(await _insert(connection, order, payment, amount), created=True)


async def room_of(connection: Connection, provider: str, payment_id: str) -> tuple[asyncpg.Record, int]:
    """The payment, and the rupiah of it that can still go back, of all that is counted. Raises Problem."""
    payment = await connection.fetchrow(SQL["payment"], provider, payment_id)
    if provider not in PROVIDERS or payment is None:
        raise Problem("payment_not_found", field="provider_payment_id")
    names = [payment["payment_id"], *payment["ids"]]
    taken = await connection.fetchrow(SQL["taken"], provider, names, payment["payment_id"], payment["others"])
    return payment, _left(payment, taken)


def _left(payment: asyncpg.Record, taken: asyncpg.Record | None) -> int:
    """What can still go back. A read model may count what the log of refunds does not, a lost dispute: the larger of both is gone."""
    if payment["status"] not in REFUNDABLE or payment["amount"] is None or taken is None:
        return 0
    counted, under_way = int(taken["counted"]), int(taken["under_way"])
    return max(int(payment["amount"]) - max(counted, int(payment["refunded_amount"]) + under_way), 0)


def _check(
    provider: Provider, payment: asyncpg.Record, amount: int, left: int, *, by_hand: bool = False
) -> None:
    """What cannot be is said at once. Raises Problem. What went back by hand no provider had to agree to."""
    obstacle = provider.refunds(
        RefundWish(
            amount,
            payment["amount"] or 0,
            payment["channel"],
            payment["method"],
            payment["paid_at"],
            payment["now"],
        )
    )
    if obstacle is not None and not by_hand:
        raise Problem("refund_not_supported", provider=provider.name, reason=Reason(obstacle))
    if not 0 < amount <= left:
        raise Problem("refund_exceeds_payment", reason=Reason("refund_left", {"left": left}))


async def _insert(connection: Connection, order: RefundOrder, payment: asyncpg.Record, amount: int) -> str:
    refund_id = f"rfn_{uuid7().hex}"
    payment_id = payment["payment_id"]
    names = tuple(dict.fromkeys((payment_id, *payment["ids"])))
    fact = RefundRequested(
        refund_id=refund_id,
        provider=order.provider,
        payment_key=payment_id,
        occurred_at=payment["now"],
        amount_idr=amount,
        reason=order.reason,
        by=order.by,
    )
    position = await append(connection, refund_id, [fact], actor=order.actor)
    ask = RefundAsk(
        reference=refund_id, names=names, payment_id=payment_id, amount_idr=amount, reason=order.reason
    )
    # Credit of its own is set aside before the provider is asked, so that it is not spent while the money is on its way.
    credited = payment["payment_type"] == "credit_topup" and payment["held"] is None
    stored: dict[str, Any] = ask.model_dump() | {"credit_of": payment["case_key"] if credited else None}
    await connection.execute(
        SQL["insert"],
        refund_id,
        order.provider,
        payment_id,
        list(names),
        payment["customer_id"],
        amount,
        order.reason,
        order.by,
        orjson.dumps(stored).decode(),
        payment["now"],
        position,
    )
    if order.proof is not None:
        await _went_back(connection, order, fact, names)
    return refund_id


async def _went_back(
    connection: Connection, order: RefundOrder, asked: RefundRequested, names: tuple[str, ...]
) -> None:
    """By hand: it has succeeded, and nobody asks about it any more."""
    fact = RefundSucceeded(
        provider=asked.provider,
        payment_key=asked.payment_key,
        refund_id=asked.refund_id,
        attempt_id=order.attempt_id,
        aliases=tuple(name for name in names if name != asked.payment_key),
        amount=asked.amount_idr,
        reason=f"by hand: {order.proof}",
        own_reference=asked.refund_id,
        occurred_at=asked.occurred_at,
    )
    position = await append(connection, asked.refund_id, [fact], actor=order.actor)
    await connection.execute(
        SQL["ended"], asked.refund_id, None, "succeeded", None, asked.occurred_at, position
    )


async def append(
    connection: Connection, refund_id: str, events: list[EventModel], *, actor: str = "api"
) -> int:
    """Facts about a refund onto its stream, under the log's lock; the position of the last one."""
    metadata = {"correlation_id": str(uuid7()), "actor": actor, **told_of()}
    stream = streams.refund(refund_id)
    appended = await log_append.append(connection, [NewEvent(stream, event, metadata) for event in events])
    return appended.last


async def came_to_nothing(connection: Connection, refund_id: str) -> bool:
    """A key is not bound for ever to a refund that no provider ever heard of."""
    row = await connection.fetchrow(SQL["find"], refund_id)
    if row is None or row["status"] != "failed":
        return False
    known = PROBLEMS.get(row["code"])
    return known is not None and known.status == 503
