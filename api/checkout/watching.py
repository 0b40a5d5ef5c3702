"""After the end of a request its provider is asked, at once and for days: what was paid late is told, what can still be paid is closed there.

A webhook usually told before. What is asked here is what no webhook tells: that a request is closed is told by nobody, and one may be lost.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter

from api.checkout.requests import append
from eventstore.append import lock_log
from eventstore.queries import load
from providers.outgoing import CallFailed
from providers.watching import Looked, WatchClient, Watched
from runtime.database import Pool
from runtime.faults import fault_point
from runtime.ids import utc_now
from runtime.logs import get_logger
from schemas.event_model import EventModel
from schemas.facts import PaymentExpired
from schemas.request_facts import CallOutcome, ProviderCalled

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

SQL = load("watched_requests.sql", "api")
DUE_MAX = 20  # requests asked about in one look
SILENT = timedelta(minutes=5)  # that a provider is left alone about a request when it did not answer

log = get_logger(__name__)


class RequestWatch:
    """One per process that keeps time."""

    def __init__(
        self, settings: Settings, pool: Pool, clients: Mapping[str, object], registry: CollectorRegistry
    ) -> None:
        self._pool = pool
        self._clients = {name: client for name, client in clients.items() if isinstance(client, WatchClient)}
        self._after = list(settings.checkout_ask_after_minutes)
        self._lease = timedelta(seconds=settings.checkout_lease_seconds)
        self._asked = Counter(
            "lunas_requests_asked_total",
            "Requests whose providers were asked about them after their end, by what they said: paid, over, closed, silent",
            ["provider", "outcome"],
            registry=registry,
        )

    async def look(self) -> int:
        """Asks about requests that are due; how many."""
        free = [name for name, client in self._clients.items() if client.at_leisure()]
        asked = 0
        for row in await self._pool.fetch(SQL["due"], self._after, free, DUE_MAX):
            if self._clients[row["provider"]].at_leisure():
                await self._turn(row["request_id"])
                asked += 1
        return asked

    async def _turn(self, request_id: str) -> None:
        claimed = await self._pool.fetchrow(SQL["claim"], request_id, self._lease)
        if claimed is None:
            return
        if claimed["paid"]:
            await self._pool.execute(SQL["asked"], request_id, True, None, None)
            return
        one = Watched(
            reference=request_id,
            kind=claimed["kind"],
            payment_key=claimed["payment_key"],
            last=claimed["asks"] + 1 >= len(self._after),
        )
        client, began = self._clients[claimed["provider"]], time.monotonic()
        try:
            said = await client.look(one)
            closed = said.payable and await self._closed(client, one, claimed["provider"])
            if said.payable and not closed:
                # It may have been paid in between.
                said = await client.look(one)
        except CallFailed as failed:
            await self._silent(claimed, one, failed)
            return
        fault_point("request.before_record")
        await self._record(claimed, one, said, closed=closed, began=began)

    async def _closed(self, client: WatchClient, one: Watched, provider: str) -> bool:
        """Whether nobody can pay it any more. A provider that will not close it is asked about it at its next time all the same."""
        try:
            await client.withdraw(one)
        except CallFailed as failed:
            if failed.outcome != "refused":
                raise
            log.warning(
                "a provider does not close a request",
                action="checkout.not_closed",
                provider=provider,
                request=one.reference,
                code=failed.code,
            )
            return False
        return True

    async def _record(
        self, claimed: asyncpg.Record, one: Watched, said: Looked, *, closed: bool, began: float
    ) -> None:
        provider = claimed["provider"]
        paid = said.paid
        outcome: CallOutcome = "answered"
        called = ProviderCalled(
            request_id=one.reference,
            provider=provider,
            reference=one.reference,
            occurred_at=utc_now(),
            operation="close" if closed else "ask",
            outcome=outcome,
            milliseconds=round((time.monotonic() - began) * 1000),
        )
        facts: list[EventModel] = [called]
        if paid or said.status != claimed["provider_status"]:
            # The same end is told once, however often it is asked about.
            facts += said.facts
        over = paid or one.last
        if (closed or over) and not said.facts and not claimed["ended"]:
            facts.append(_ended(claimed, one, said))
        news = closed or len(facts) > 1
        async with self._pool.acquire() as connection, connection.transaction():
            position = None
            if news:
                await lock_log(connection)
                position = await append(connection, one.reference, facts)
            await connection.execute(SQL["asked"], one.reference, over, said.status, position)
        told = "paid" if paid else "closed" if closed else "over"
        self._asked.labels(provider, told).inc()
        log.info(
            "a request was asked about",
            action=f"checkout.found_{told}",
            provider=provider,
            request=one.reference,
        )

    async def _unknown(self, claimed: asyncpg.Record, one: Watched) -> None:
        """Nobody can pay what its provider does not know; at the last time it is over."""
        async with self._pool.acquire() as connection, connection.transaction():
            position = None
            if one.last and not claimed["ended"]:
                await lock_log(connection)
                position = await append(connection, one.reference, [_ended(claimed, one, None)])
            await connection.execute(SQL["asked"], one.reference, one.last, None, position)

    async def _silent(self, claimed: asyncpg.Record, one: Watched, failed: CallFailed) -> None:
        """It is asked again; a request that the provider does not know is not."""
        unknown = failed.outcome == "refused" and failed.status == 404
        if unknown:
            await self._unknown(claimed, one)
        else:
            pause = (
                SILENT if failed.retry_after is None else max(SILENT, timedelta(seconds=failed.retry_after))
            )
            await self._pool.execute(SQL["later"], one.reference, pause)
        self._asked.labels(claimed["provider"], "silent").inc()
        log.warning(
            "a provider does not say what became of a request",
            action="checkout.found_nothing",
            provider=claimed["provider"],
            request=one.reference,
            code=failed.code,
        )


def _ended(claimed: asyncpg.Record, one: Watched, said: Looked | None) -> PaymentExpired:
    """Our own word that it is over, where no provider says so. Money that comes all the same counts, and is late."""
    return PaymentExpired(
        provider=claimed["provider"],
        payment_key=one.payment_key,
        requested_amount=claimed["to_pay_idr"],
        reference_id=one.reference,
        provider_status=said.status if said else None,
        occurred_at=utc_now(),
    )
