"""Subscriptions that were asked for: recorded once before a provider is called, as are words on their end and their plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from api.checkout import idempotency
from api.checkout.idempotency import FirstAnswer
from api.checkout.plan_wishes import PlanWanted
from api.checkout.wanted import Payer, look, payer_of
from eventstore import append as log_append
from eventstore.append import NewEvent
from eventstore.queries import load
from eventstore.read import read_stream
from providers.plan_asking import PlanAsk, schedule_day
from runtime.database import Connection, Pool
from runtime.ids import uuid7
from runtime.tracing import told_of
from schemas import streams
from schemas.event_model import EventModel
from schemas.periods import Period
from schemas.plan_facts import (
    CancelAt,
    ChangeFrom,
    PlanActRefused,
    PlanCancelAsked,
    PlanChangeAsked,
    PlanChanged,
    PlanRequested,
)
from schemas.problems import PROBLEMS, Problem
from schemas.request_facts import RequestedItem

if TYPE_CHECKING:
    import asyncpg

SQL = load("plan_requests.sql", "api")
OVER = ("cancelled", "expired")
ACT_ENDS = frozenset(one.TYPE for one in (PlanChanged, PlanActRefused, PlanChangeAsked, PlanCancelAsked))
"""What tells how a change ended; another word on the subscription takes its place."""
AT_ONCE_WITHIN = timedelta(hours=1)
"""What ends so soon may be over before an instrument is linked: then the first charge is made at once."""


@dataclass(frozen=True, slots=True)
class RecordedPlan:
    """The request that stands for what was wanted. `created`: this call made it."""

    request_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class ActWanted:
    """What is to become of a subscription. `owner`: whose the caller says it is; None when they do not say."""

    request_id: str
    owner: str | None
    key: str | None
    digest: bytes


class PlanRequests:
    """Over one pool."""

    def __init__(self, pool: Pool, *, acquire_seconds: float) -> None:
        self.pool = pool
        self._acquire_seconds = acquire_seconds

    async def record(self, wanted: PlanWanted, key: str | None, digest: bytes) -> RecordedPlan:
        """The live subscription of this customer and plan, or a new one: however often and from wherever it is asked for at once.

        Raises Problem `customer_not_found` or `idempotency_key_reused`.
        """
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            repeated = await idempotency.earlier(connection, key, digest)
            earlier_id = str(repeated.document["request_id"]) if repeated is not None else None
            if earlier_id is not None and not await _came_to_nothing(connection, earlier_id):
                return RecordedPlan(earlier_id, created=False)
            payer = payer_of(await look(connection, wanted.customer_id), wanted.customer_id)
            slot = None if wanted.second else slot_of(wanted.customer_id, wanted.sold.product)
            live = await _live(connection, slot)
            request_id = live or await _insert(connection, wanted, slot, payer)
            answer = FirstAnswer(201, {"request_id": request_id})
            if earlier_id is None:
                await idempotency.keep(connection, key, digest, answer)
            else:
                await idempotency.replace(connection, key, answer)
            return RecordedPlan(request_id, created=live is None)

    async def cancel(self, act: ActWanted, at: CancelAt) -> int:
        """Where the log stands with the word on its end; said again it is the same. Raises Problem."""
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            first = await idempotency.earlier(connection, act.key, act.digest)
            if first is not None:
                return int(first.document["position"])
            await log_append.lock_log(connection)
            row = await _locked(connection, act)
            position = int(row["position"])
            if not (row["ends"] == "now" or row["ends"] == at):
                if row["ends"] is None and row["shown_status"] in OVER:
                    raise Problem("subscription_ended")
                fact = PlanCancelAsked(**_about(row), plan_key=row["plan_key"], at=at)
                position = await append(connection, act.request_id, [fact])
                stop = orjson.dumps({"number": str(position), "kind": "stop"}).decode()
                words = (at, row["now"], position, stop, row["expires_at"])
                await connection.execute(SQL["ended"], act.request_id, *words)
            await idempotency.keep(connection, act.key, act.digest, FirstAnswer(200, {"position": position}))
            return position

    async def change(self, act: ActWanted, sold: RequestedItem, since: ChangeFrom) -> int | None:
        """Where in the log the word on its plan stands; None where there was nothing to change. Raises Problem."""
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            first = await idempotency.earlier(connection, act.key, act.digest)
            if first is not None:
                asked = first.document.get("asked")
                return int(asked) if asked is not None else None
            await log_append.lock_log(connection)
            row = await _locked(connection, act)
            position = None
            if _is_news(row, sold, since):
                slot = await self._changeable(connection, row, sold)
                fact = PlanChangeAsked(**_about(row), plan_key=row["plan_key"], sold=sold, since=since)
                position = await append(connection, act.request_id, [fact])
                left = slot_of(row["customer_id"], row["plan"]) if row["slot"] is not None else None
                change = {"number": str(position), "kind": "change", "since": since, "slot": left}
                text = orjson.dumps(change | {"sold": sold.model_dump()}).decode()
                await connection.execute(SQL["change"], act.request_id, text, slot, position)
            await idempotency.keep(connection, act.key, act.digest, FirstAnswer(200, {"asked": position}))
            return position

    async def refusal(self, request_id: str, asked: int) -> str | None:
        """Why the provider would not do what was asked for there in the log; None when it did, or has not answered."""
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection:
            told = await read_stream(connection, streams.request(request_id))
        since = (one.decoded() for one in told if one.position > asked and one.type in ACT_ENDS)
        end = next(since, None)
        return end.code if isinstance(end, PlanActRefused) else None

    async def row(self, request_id: str) -> asyncpg.Record | None:
        """The request with its subscription; None when there is none."""
        found = await self.pool.fetchrow(SQL["find"], request_id)
        return found if found is not None and found["request_id"] is not None else None

    async def _changeable(
        self, connection: Connection, row: asyncpg.Record, sold: RequestedItem
    ) -> str | None:
        """The slot it moves to. Raises Problem."""
        if row["ends"] is not None or row["shown_status"] in OVER:
            raise Problem("subscription_ended")
        if row["shown_status"] != "active":
            raise Problem("subscription_not_active", status=row["shown_status"] or "pending")
        current = RequestedItem.model_validate_json(row["sold"])
        if Period.parse(sold.period or "") != Period.parse(current.period or ""):
            raise Problem("plan_period_differs", field="plan", plan=sold.product)
        if row["slot"] is None:
            return None
        slot = slot_of(row["customer_id"], sold.product)
        live = await _live(connection, slot)
        if live not in (None, row["request_id"]):
            raise Problem("subscription_exists", field="plan", plan=sold.product)
        return slot


def _is_news(row: asyncpg.Record, sold: RequestedItem, since: ChangeFrom) -> bool:
    """To what it is already there is no change. One that waits for its charge can be taken back, or made today after all."""
    if row["ends"] is not None or row["act"] is not None or sold.product != row["plan"]:
        return True
    return since == "now" and row["shown_plan"] != sold.product


def slot_of(customer_id: str, plan: str) -> str:
    """What there is one live subscription for."""
    return orjson.dumps([customer_id, plan]).decode()


async def append(connection: Connection, request_id: str, events: list[EventModel]) -> int:
    """Facts about a request onto its stream, under the log's lock; the position of the last one."""
    metadata = {"correlation_id": str(uuid7()), "actor": "api", **told_of()}
    stream = streams.request(request_id)
    appended = await log_append.append(connection, [NewEvent(stream, event, metadata) for event in events])
    return appended.last


async def _live(connection: Connection, slot: str | None) -> str | None:
    """The request that holds a slot; when it holds it no longer, the slot is free afterwards."""
    if slot is None:
        return None
    await connection.execute(SQL["slot"], slot)
    live: str | None = await connection.fetchval(SQL["live"], slot)
    if live is None:
        await connection.execute(SQL["free"], slot)
    return live


async def _insert(connection: Connection, wanted: PlanWanted, slot: str | None, payer: Payer) -> str:
    number = uuid7().hex
    request_id, reference = f"sub_{number}", f"{wanted.prefix}{number}"
    requested = PlanRequested(
        request_id=request_id,
        provider=wanted.provider,
        reference=reference,
        occurred_at=payer.now,
        customer_id=wanted.customer_id,
        sold=wanted.sold,
    )
    first = None if wanted.second else await _first_charge(connection, wanted, payer.now)
    await log_append.lock_log(connection)
    position = await append(connection, request_id, [requested])
    await connection.execute(
        SQL["insert"],
        request_id,
        wanted.customer_id,
        wanted.provider,
        wanted.sold.product,
        wanted.sold.price_idr,
        reference,
        slot,
        _ask(reference, wanted, payer, first).model_dump_json(),
        wanted.sold.model_dump_json(),
        payer.now,
        position,
        first,
    )
    return request_id


async def _first_charge(connection: Connection, wanted: PlanWanted, now: datetime) -> datetime | None:
    """When what the customer has paid for of this plan is over, which is not charged any more: nobody pays for the same days twice.

    None: as soon as an instrument is linked.
    """
    paid = await connection.fetchval(SQL["paid"], wanted.customer_id, wanted.sold.product)
    return schedule_day(paid, later=True) if paid is not None and paid - now > AT_ONCE_WITHIN else None


def _ask(reference: str, wanted: PlanWanted, payer: Payer, first: datetime | None) -> PlanAsk:
    sold = wanted.sold
    return PlanAsk(
        reference=reference,
        customer_id=wanted.customer_id,
        product=sold.product,
        description=sold.title or sold.product,
        amount_idr=sold.price_idr,
        interval=wanted.interval,
        interval_count=wanted.count,
        next_charge=first or Period.parse(sold.period or "").after(payer.now),
        charged_at_once=first is None,
        retries=wanted.retries,
        instrument=wanted.instrument,
        payer_name=payer.name,
        payer_email=payer.email,
        payer_phone=payer.phone,
    )


async def _locked(connection: Connection, act: ActWanted) -> asyncpg.Record:
    """The request, for whoever changes it. Raises Problem."""
    row = await connection.fetchrow(SQL["lock"], act.request_id)
    if row is None or row["status"] == "refused" or act.owner not in (None, row["customer_id"]):
        raise Problem("subscription_not_found")
    if row["plan_key"] is None:
        raise Problem("subscription_not_active", status="unknown")
    return row


def _about(row: asyncpg.Record) -> dict[str, str | datetime]:
    names = ("request_id", "provider", "reference")
    return {name: row[name] for name in names} | {"occurred_at": row["now"]}


async def _came_to_nothing(connection: Connection, request_id: str) -> bool:
    """A key is not bound for ever to a request that no provider ever heard of."""
    row = await connection.fetchrow(SQL["find"], request_id)
    if row is None or row["status"] != "refused":
        return False
    known = PROBLEMS.get(row["code"])
    return known is not None and known.status == 503
