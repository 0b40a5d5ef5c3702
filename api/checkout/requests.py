"""Requests for payment: recorded once before a provider is called, found again whatever happened to the caller meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from api.checkout import idempotency
from api.checkout.customers import newest_registration
from api.checkout.idempotency import FirstAnswer
from api.page_secret import new_secret, page_address
from eventstore import append as log_append
from eventstore.append import NewEvent
from eventstore.queries import load
from providers.asking import PaymentAsk
from runtime.database import Connection, Pool
from runtime.ids import uuid7
from schemas import streams
from schemas.event_model import EventModel
from schemas.periods import Period
from schemas.problems import PROBLEMS, Problem
from schemas.request_facts import CheckoutOpened, CheckoutRequested, RequestedItem

if TYPE_CHECKING:
    import asyncpg

SQL = load("payment_requests.sql", "api")


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer as far as a provider is told of them, and the database's time."""

    customer_id: str
    name: str | None
    email: str | None
    phone: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """A payment somebody wants to make. `lasts` is how long it can be paid; `second`: although an equal request is open.

    `page`: where it is paid, when nobody needs to be called for that. `needs`: what must be known of the customer.
    """

    kind: str
    provider: str
    customer_id: str
    amount_idr: int
    description: str
    method: str | None = None
    channel: str | None = None
    lasts: Period | None = None
    mobile_number: str | None = None
    items: tuple[RequestedItem, ...] = ()
    second: bool = False
    page: str | None = None
    needs: frozenset[str] = frozenset()
    more: dict[str, object] = field(default_factory=dict)

    @property
    def slot(self) -> str | None:
        """What there is one open request for."""
        if self.second:
            return None
        bought = [[item.product, item.quantity] for item in self.items]
        parts = [
            self.kind,
            self.provider,
            self.customer_id,
            self.amount_idr,
            self.method,
            self.channel,
            bought,
        ]
        return orjson.dumps(parts).decode()


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """The request that stands for what was wanted. `created`: this call made it."""

    request_id: str
    created: bool


class PaymentRequests:
    """Over one pool."""

    def __init__(self, pool: Pool, *, acquire_seconds: float, public: str | None) -> None:
        self.pool = pool
        self._public = public
        self._acquire_seconds = acquire_seconds

    async def record(self, wanted: Wanted, key: str | None, digest: bytes) -> RecordedRequest:
        """The open request for this, or a new one: however often and from wherever it is asked for at once.

        Raises Problem `customer_not_found`, `customer_incomplete` or `idempotency_key_reused`.
        """
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            repeated = await idempotency.earlier(connection, key, digest)
            earlier_id = str(repeated.document["request_id"]) if repeated is not None else None
            if earlier_id is not None and not await _came_to_nothing(connection, earlier_id):
                return RecordedRequest(earlier_id, created=False)
            payer = await _payer(connection, wanted)
            slot = wanted.slot
            live = None
            if slot is not None:
                await connection.execute(SQL["slot"], slot)
                live = await connection.fetchval(SQL["live"], slot)
            request_id = live or await self._insert(connection, wanted, slot, payer)
            answer = FirstAnswer(201, {"request_id": request_id})
            if earlier_id is None:
                await idempotency.keep(connection, key, digest, answer)
            else:
                await idempotency.replace(connection, key, answer)
            return RecordedRequest(request_id, created=live is None)

    async def _insert(self, connection: Connection, wanted: Wanted, slot: str | None, payer: Payer) -> str:
        request_id = f"req_{uuid7().hex}"
        expires_at = wanted.lasts.after(payer.now) if wanted.lasts else None
        events: list[EventModel] = [_requested(request_id, wanted, payer.now, expires_at)]
        if wanted.page is not None:
            events.append(_opened_at_once(request_id, wanted, payer.now))
        # The log's lock comes before the rows of requests, as it does for whoever records a provider's answer.
        await log_append.lock_log(connection)
        position = await append(connection, request_id, events)
        if slot is not None:
            await connection.execute(SQL["free"], slot)
        secret, digest = new_secret()
        page_url = page_address(self._public, secret)
        ask = (
            None
            if wanted.page is not None
            else _ask(request_id, wanted, payer, expires_at, page_url).model_dump_json()
        )
        await connection.execute(
            SQL["insert"],
            request_id,
            wanted.kind,
            wanted.customer_id,
            wanted.provider,
            wanted.amount_idr,
            wanted.method,
            wanted.channel,
            slot,
            "requested" if wanted.page is None else "open",
            ask,
            orjson.dumps({} if wanted.page is None else {"payment_url": wanted.page}).decode(),
            orjson.dumps([item.model_dump() for item in wanted.items]).decode(),
            expires_at,
            payer.now,
            position,
            secret,
            digest,
        )
        return request_id

    async def knows(self, customer_id: str) -> bool:
        """Whether anybody registered this customer."""
        found = await self.pool.fetchrow(SQL["customer"], customer_id)
        return found is not None and bool(found["known"])

    async def row(self, request_id: str) -> asyncpg.Record | None:
        """The request with its payment; None when there is none."""
        found = await self.pool.fetchrow(SQL["find"], request_id)
        return found if found is not None and found["request_id"] is not None else None


async def append(connection: Connection, request_id: str, events: list[EventModel]) -> int:
    """Facts about a request onto its stream, under the log's lock; the position of the last one."""
    metadata = {"correlation_id": str(uuid7()), "actor": "api"}
    stream = streams.request(request_id)
    appended = await log_append.append(connection, [NewEvent(stream, event, metadata) for event in events])
    return appended.last


async def _payer(connection: Connection, wanted: Wanted) -> Payer:
    row = await connection.fetchrow(SQL["customer"], wanted.customer_id)
    if row is None or not row["known"]:
        raise Problem("customer_not_found", field="customer_id")
    payer = Payer(wanted.customer_id, row["name"], row["email"], row["phone"], row["now"])
    if None in (payer.name, payer.email, payer.phone):
        # The read model may be behind the log, and whoever was told what is missing has just sent it.
        _, newest = await newest_registration(connection, streams.customer(wanted.customer_id))
        if newest is not None:
            payer = Payer(wanted.customer_id, newest.name, newest.email, newest.phone, row["now"])
    missing = ", ".join(sorted(name for name in wanted.needs if not getattr(payer, name)))
    if missing:
        raise Problem("customer_incomplete", field="customer_id", missing=missing, provider=wanted.provider)
    return payer


async def _came_to_nothing(connection: Connection, request_id: str) -> bool:
    """A key is not bound for ever to a request that no provider ever heard of."""
    row = await connection.fetchrow(SQL["find"], request_id)
    if row is None or row["status"] != "refused":
        return False
    known = PROBLEMS.get(row["code"])
    return known is not None and known.status == 503


def _requested(
    request_id: str, wanted: Wanted, now: datetime, expires_at: datetime | None
) -> CheckoutRequested:
    return CheckoutRequested(
        request_id=request_id,
        provider=wanted.provider,
        reference=request_id,
        occurred_at=now,
        kind="topup" if wanted.kind == "topup" else "order",
        customer_id=wanted.customer_id,
        amount_idr=wanted.amount_idr,
        method=wanted.method,
        channel=wanted.channel,
        items=wanted.items,
        expires_at=expires_at,
    )


def _opened_at_once(request_id: str, wanted: Wanted, now: datetime) -> CheckoutOpened:
    return CheckoutOpened(
        request_id=request_id,
        provider=wanted.provider,
        reference=request_id,
        occurred_at=now,
        payment_key=request_id,
    )


def _ask(
    request_id: str, wanted: Wanted, payer: Payer, expires_at: datetime | None, page_url: str | None
) -> PaymentAsk:
    return PaymentAsk.model_validate(
        {
            "reference": request_id,
            "kind": wanted.kind,
            "customer_id": wanted.customer_id,
            "amount_idr": wanted.amount_idr,
            "description": wanted.description,
            "asked_at": payer.now,
            "method": wanted.method,
            "channel": wanted.channel,
            "expires_at": expires_at,
            "mobile_number": wanted.mobile_number,
            "payer_name": payer.name,
            "payer_email": payer.email,
            "payer_phone": payer.phone,
            "page_url": page_url,
            **wanted.more,
        }
    )
