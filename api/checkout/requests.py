"""Requests for payment: recorded once before a provider is called, found again whatever happened to the caller meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from api.checkout import idempotency
from api.checkout.drafts import SQL, KeyUse, RequestDraft, drafted, events_of, without_rivals, write
from api.checkout.idempotency import FirstAnswer
from api.checkout.wanted import Wanted, check_complete, look, payer_of
from api.together import Together
from eventstore import append as log_append
from providers.asking import PaymentAsk
from runtime.database import Connection, Pool
from schemas.event_model import EventModel
from schemas.problems import PROBLEMS

RECORDED_TOGETHER = 50
"""Requests in one transaction. Whoever comes later waits for it once, and nobody else's append waits long for so many."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request that is this process's to call the provider for. `age` since it was recorded; `asked_ago` since its provider was asked to make
    one, where it would make a second."""

    provider: str
    ask: PaymentAsk
    attempts: int = 1
    age: timedelta = timedelta()
    asked_ago: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """The request that stands for what was wanted. `created`: this call made it; `claimed`: and is to call its provider."""

    request_id: str
    created: bool
    claimed: Claimed | None = None


class PaymentRequests:
    """Over one pool. `lease`: how long a new request belongs to whoever recorded it."""

    def __init__(self, pool: Pool, *, acquire_seconds: float, public: str | None, lease: timedelta) -> None:
        self.pool = pool
        self.lease = lease
        self._public = public
        self._acquire_seconds = acquire_seconds
        self._recording = Together(self._record_together, RECORDED_TOGETHER)

    @property
    def waiting(self) -> int:
        """New requests that wait for others to be recorded."""
        return self._recording.waiting

    async def record(self, wanted: Wanted, key: str | None, digest: bytes) -> RecordedRequest:
        """The open request for this, or a new one: however often and from wherever it is asked for at once.

        Raises Problem `customer_not_found`, `customer_incomplete` or `idempotency_key_reused`.
        """
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection:
            seen = await look(connection, wanted.customer_id, key, wanted.slot)
        if not seen["repeated"] and seen["live"] is None:
            draft = self._drafted(seen, wanted, None if key is None else KeyUse(key, digest))
            if await self._recording.one(draft):
                return _made(draft)
        return await self._record_alone(wanted, key, digest)

    async def knows(self, customer_id: str) -> bool:
        """Whether anybody registered this customer."""
        return bool(await self.pool.fetchval(SQL["known"], customer_id))

    async def row(self, request_id: str) -> asyncpg.Record | None:
        """The request with its payment; None when there is none."""
        found = await self.pool.fetchrow(SQL["find"], request_id)
        return found if found is not None and found["request_id"] is not None else None

    def _drafted(self, seen: Mapping[str, Any], wanted: Wanted, use: KeyUse | None) -> RequestDraft:
        payer = payer_of(seen, wanted.customer_id)
        check_complete(payer, wanted)
        return drafted(wanted, payer, use, self._public)

    async def _record_together(self, drafts: Sequence[RequestDraft]) -> list[bool]:
        """Which were recorded; the others look again, one by one."""
        alone = without_rivals(drafts)
        try:
            async with self.pool.acquire(timeout=self._acquire_seconds) as connection:
                recorded = await write(connection, alone, self.lease)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
            recorded = False  # whosever fault it is, it is not held against the others
        written = {draft.request_id for draft in alone} if recorded else set()
        return [draft.request_id in written for draft in drafts]

    async def _record_alone(self, wanted: Wanted, key: str | None, digest: bytes) -> RecordedRequest:
        """The same under the locks from the first look on."""
        async with self.pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            repeated = await idempotency.earlier(connection, key, digest)
            earlier_id = str(repeated.document["request_id"]) if repeated is not None else None
            if earlier_id is not None and not await _came_to_nothing(connection, earlier_id):
                return RecordedRequest(earlier_id, created=False)
            if wanted.slot is not None:
                await connection.execute(SQL["slot"], wanted.slot)
            seen = await look(connection, wanted.customer_id, None, wanted.slot)
            draft = self._drafted(seen, wanted, None)
            live: str | None = seen["live"]
            if live is None and not await write(connection, [draft], self.lease):
                raise RuntimeError("a slot was taken while it was ours")
            answer = FirstAnswer(201, {"request_id": live or draft.request_id})
            if earlier_id is None:
                await idempotency.keep(connection, key, digest, answer)
            else:
                await idempotency.replace(connection, key, answer)
        return _made(draft) if live is None else RecordedRequest(live, created=False)


def _made(draft: RequestDraft) -> RecordedRequest:
    claimed = None if draft.ask is None else Claimed(draft.wanted.provider, draft.ask)
    return RecordedRequest(draft.request_id, created=True, claimed=claimed)


async def append(connection: Connection, request_id: str, events: Sequence[EventModel]) -> int:
    """Facts about a request onto its stream, under the log's lock; the position of the last one."""
    return (await log_append.append(connection, events_of(request_id, events))).last


async def _came_to_nothing(connection: Connection, request_id: str) -> bool:
    """A key is not bound for ever to a request that no provider ever heard of."""
    row = await connection.fetchrow(SQL["find"], request_id)
    if row is None or row["status"] != "refused":
        return False
    known = PROBLEMS.get(row["code"])
    return known is not None and known.status == 503
