"""Asking providers for what was recorded, and recording what they answer. Nobody is asked twice: after an unknown end they are looked at first.

A process claims a request for the time of one call. When it dies the lease ends, and whoever looks next asks the provider by our reference.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from api.called import TurnAtProvider
from api.checkout.requests import SQL, PaymentRequests, append
from api.turns import DUE_MAX, Turns, pause_after
from eventstore.append import lock_log
from providers.asking import Opening, PaymentAsk, PaymentClient
from providers.call_record import CallMade, calls_collected
from providers.outgoing import CallFailed
from runtime.faults import fault_point
from runtime.ids import utc_now
from runtime.logs import get_logger
from schemas.errors import Transient
from schemas.event_model import EventModel
from schemas.request_facts import CheckoutOpened, CheckoutRefused

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

log = get_logger(__name__)


class _SettledAlready(Transient):
    """Another process recorded the answer: nothing of ours is."""


class Opener:
    """Opens recorded requests at their providers. One per process."""

    def __init__(
        self, requests: PaymentRequests, clients: Mapping[str, PaymentClient], settings: Settings
    ) -> None:
        self._requests, self._clients = requests, clients
        self._lease = timedelta(seconds=settings.checkout_lease_seconds)
        self._pause = settings.checkout_resolve_seconds
        self._give_up = timedelta(minutes=settings.checkout_give_up_minutes)
        self._repeat_after = timedelta(seconds=settings.checkout_repeat_after_seconds)
        self._turns = Turns(self._recorded_turn, requests.row, patience=settings.provider_call_budget_seconds)

    async def settled(self, request_id: str) -> asyncpg.Record | None:
        """The request once its provider has answered, or nobody is asking any more."""
        return await self._turns.settled(request_id)

    async def resolve(self) -> int:
        """Asks about requests that wait for an answer; how many."""
        rows = await self._requests.pool.fetch(SQL["due"], DUE_MAX)
        for row in rows:
            await self.settled(row["request_id"])
        return len(rows)

    async def close(self) -> None:
        """After the turns that are under way."""
        await self._turns.close()
        for client in self._clients.values():
            await client.close()

    async def _recorded_turn(self, request_id: str) -> None:
        with calls_collected() as made:
            await self._turn(request_id, made)

    async def _turn(self, request_id: str, made: Sequence[CallMade]) -> None:
        claimed = await self._requests.pool.fetchrow(SQL["claim"], request_id, self._lease)
        if claimed is None:
            return
        fault_point("checkout.claimed")
        ask = PaymentAsk.model_validate_json(claimed["ask"])
        again, began = claimed["attempts"] > 1, time.monotonic()

        def turn(failed: CallFailed | None = None) -> TurnAtProvider:
            return TurnAtProvider.since(began, made, failed=failed)

        try:
            opening = await self._open(claimed["provider"], ask, again=again, asked_ago=claimed["asked_ago"])
        except CallFailed as failed:
            over = failed.outcome == "refused" or claimed["age"] >= self._give_up
            if over or (failed.outcome == "not_sent" and not again):
                await self._refused(claimed["provider"], ask, failed, turn(failed))
            else:
                await self._postponed(claimed["provider"], ask, failed, turn(failed), claimed["attempts"])
        else:
            fault_point("checkout.answered")
            await self._opened(claimed["provider"], ask, opening, turn())

    async def _open(
        self, provider: str, ask: PaymentAsk, *, again: bool, asked_ago: timedelta | None
    ) -> Opening:
        client = self._clients.get(provider)
        if client is None:
            raise CallFailed("refused", "provider_not_configured")
        once = client.repeats_safely(ask)
        if again:
            told = await self._requests.pool.fetchval(SQL["told"], ask.reference, provider)
            if told is not None:
                return Opening(payment_key=told)
            found = await _look(client, ask)
            if found is not None:
                return found
            if not once and asked_ago is not None and asked_ago < self._repeat_after:
                # It may still be making it: a second one would be a second order.
                raise CallFailed("unknown", "provider_silent")
        if not once:
            await self._requests.pool.execute(SQL["asking"], ask.reference)
        return await client.open(ask)

    async def _opened(self, provider: str, ask: PaymentAsk, opening: Opening, call: TurnAtProvider) -> None:
        fact = CheckoutOpened(
            request_id=ask.reference,
            provider=provider,
            reference=ask.reference,
            occurred_at=utc_now(),
            payment_key=opening.payment_key,
            group_id=opening.group_id,
            aliases=opening.aliases,
            expires_at=opening.expires_at,
        )
        arguments = (
            opening.payment_key,
            opening.status,
            opening.instrument.model_dump_json(exclude_none=True),
            opening.expires_at,
            opening.amount,
        )
        if opening.amount is not None and opening.amount != ask.amount_idr:
            log.warning(
                "the provider charges another price than our catalogue's",
                action="checkout.other_price",
                provider=provider,
                request=ask.reference,
                amount=ask.amount_idr,
                charged=opening.amount,
            )
        await self._record(
            ask, [*call.told(ask.reference, provider, ask.reference), fact], "opened", *arguments
        )
        log.info("payment opened", action="checkout.opened", provider=provider, request=ask.reference)

    async def _refused(
        self, provider: str, ask: PaymentAsk, failed: CallFailed, call: TurnAtProvider
    ) -> None:
        fact = CheckoutRefused(
            request_id=ask.reference,
            provider=provider,
            reference=ask.reference,
            occurred_at=utc_now(),
            code=failed.code,
        )
        after = None if failed.retry_after is None else max(round(failed.retry_after), 1)
        await self._record(
            ask,
            [*call.told(ask.reference, provider, ask.reference), fact],
            "refused",
            failed.code,
            failed.said or None,
            after,
        )
        log.warning(
            "payment refused",
            action="checkout.refused",
            provider=provider,
            request=ask.reference,
            code=failed.code,
        )

    async def _postponed(
        self, provider: str, ask: PaymentAsk, failed: CallFailed, call: TurnAtProvider, attempts: int
    ) -> None:
        """Its end is unknown: ask later, a little later each time."""
        pause = pause_after(failed, attempts, self._pause)
        async with self._requests.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            await append(connection, ask.reference, list(call.told(ask.reference, provider, ask.reference)))
            await connection.execute(SQL["postpone"], ask.reference, pause, failed.code, failed.said or None)
        log.warning(
            "end of a request is unknown",
            action="checkout.unknown",
            provider=provider,
            request=ask.reference,
            code=failed.code,
            again_in_seconds=pause.total_seconds(),
        )

    async def _record(
        self, ask: PaymentAsk, facts: list[EventModel], statement: str, *arguments: object
    ) -> None:
        """Facts and row together; neither when somebody else was faster."""
        try:
            await self._append(ask, facts, statement, *arguments)
        except _SettledAlready:
            log.warning("a request was settled twice", action="checkout.settled_twice", request=ask.reference)

    async def _append(
        self, ask: PaymentAsk, facts: list[EventModel], statement: str, *arguments: object
    ) -> None:
        async with self._requests.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            position = await append(connection, ask.reference, facts)
            if await connection.fetchval(SQL[statement], ask.reference, *arguments, position) is None:
                raise _SettledAlready
        fault_point("checkout.stored")


async def _look(client: PaymentClient, ask: PaymentAsk) -> Opening | None:
    """A provider that does not let us look says nothing about what it has made."""
    try:
        return await client.find(ask)
    except CallFailed as failed:
        if failed.outcome == "refused":
            failed.outcome = "unknown"
        raise
