"""Asking providers for what was recorded, and recording what they answer. Nobody is asked twice: after an unknown end they are looked at first.

A process claims a request for the time of one call. When it dies the lease ends, and whoever looks next asks the provider by our reference.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

import orjson

from api.called import TurnAtProvider
from api.checkout.drafts import SQL, events_of
from api.checkout.requests import Claimed, PaymentRequests, append
from api.together import Together
from api.turns import DUE_MAX, Turns, pause_after
from eventstore.append import for_one_call, lock_log
from providers.asking import Opening, PaymentAsk, PaymentClient
from providers.call_record import CallMade, calls_collected
from providers.outgoing import CallFailed
from runtime.database import Connection
from runtime.faults import fault_point
from runtime.ids import utc_now
from runtime.logs import get_logger
from schemas.errors import Transient
from schemas.event_model import EventModel
from schemas.request_facts import CheckoutOpened, CheckoutRefused, RestAsked

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

log = get_logger(__name__)


class _SettledAlready(Transient):
    """Another process recorded the answer: nothing of ours is."""


OPENED_TOGETHER = 50
"""Answers of providers in one transaction, of those that wait for one."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """What a provider said of a request, and the events that say so."""

    ask: PaymentAsk
    facts: Sequence[EventModel]
    opening: Opening


class Opener:
    """Opens recorded requests at their providers. One per process."""

    def __init__(
        self, requests: PaymentRequests, clients: Mapping[str, PaymentClient], settings: Settings
    ) -> None:
        self._requests, self._clients = requests, clients
        self._pause = settings.checkout_resolve_seconds
        self._give_up = timedelta(minutes=settings.checkout_give_up_minutes)
        self._repeat_after = timedelta(seconds=settings.checkout_repeat_after_seconds)
        self._turns = Turns(self._claimed_turn, requests.row, patience=settings.provider_call_budget_seconds)
        self._opening = Together(self._write_together, OPENED_TOGETHER)

    async def settled(self, request_id: str, claimed: Claimed | None = None) -> asyncpg.Record | None:
        """The request once its provider has answered, or nobody is asking any more. `claimed`: it is the caller's to ask."""
        return await self._turns.settled(request_id, self._recorded_turn(claimed) if claimed else None)

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

    async def _claimed_turn(self, request_id: str) -> None:
        row = await self._requests.pool.fetchrow(SQL["claim"], request_id, self._requests.lease)
        if row is None:
            return
        ask = PaymentAsk.model_validate_json(row["ask"])
        await self._recorded_turn(
            Claimed(row["provider"], ask, row["attempts"], row["age"], row["asked_ago"])
        )

    async def _recorded_turn(self, claimed: Claimed) -> None:
        fault_point("checkout.claimed")
        with calls_collected() as made:
            await self._turn(claimed, made)

    async def _turn(self, claimed: Claimed, made: Sequence[CallMade]) -> None:
        provider, ask = claimed.provider, claimed.ask
        again, began = claimed.attempts > 1, time.monotonic()

        def turn(failed: CallFailed | None = None) -> TurnAtProvider:
            return TurnAtProvider.since(began, made, failed=failed)

        try:
            opening = await self._open(claimed, again=again)
        except CallFailed as failed:
            over = failed.outcome == "refused" or claimed.age >= self._give_up
            if over or (failed.outcome == "not_sent" and not again):
                try:
                    await self._refused(provider, ask, failed, turn(failed))
                except _SettledAlready:
                    _settled_twice(ask)
            else:
                await self._postponed(provider, ask, failed, turn(failed), claimed.attempts)
        else:
            fault_point("checkout.answered")
            await self._opened(provider, ask, opening, turn())

    async def _open(self, claimed: Claimed, *, again: bool) -> Opening:
        provider, ask, asked_ago = claimed.provider, claimed.ask, claimed.asked_ago
        client = self._clients.get(provider)
        if client is None:
            raise CallFailed("refused", "provider_not_configured")
        once = client.repeats_safely(ask)
        if again:
            told = await self._requests.pool.fetchval(SQL["told"], ask.reference, provider)
            # What had come before the rest was asked for says nothing of the rest.
            if told is not None and ask.rest_of is None:
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
        if opening.amount is not None and opening.amount != ask.amount_idr:
            log.warning(
                "the provider charges another price than our catalogue's",
                action="checkout.other_price",
                provider=provider,
                request=ask.reference,
                amount=ask.amount_idr,
                charged=opening.amount,
            )
        told = [*call.told(ask.reference, provider, ask.reference), *_rest_asked(provider, ask), fact]
        if not await self._opening.one(_Answered(ask, told, opening)):
            _settled_twice(ask)
            return
        fault_point("checkout.stored")
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
        async with self._requests.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            told = [*call.told(ask.reference, provider, ask.reference), fact]
            position = await append(connection, ask.reference, told)
            row = (ask.reference, failed.code, failed.said or None, after, position)
            if await connection.fetchval(SQL["refused"], *row) is None:
                raise _SettledAlready
        fault_point("checkout.stored")
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

    async def _write_together(self, answered: Sequence[_Answered]) -> list[bool]:
        """Which were recorded; the others had been settled."""
        async with self._requests.pool.acquire() as connection:
            if await _write(connection, answered):
                return [True] * len(answered)
            return [len(answered) > 1 and await _write(connection, [one]) for one in answered]


async def _write(connection: Connection, answered: Sequence[_Answered]) -> bool:
    """Events and rows together; none of them when one had been settled."""
    events = [event for one in answered for event in events_of(one.ask.reference, one.facts)]
    last = accumulate(len(one.facts) for one in answered)
    rows = [
        {
            "request_id": one.ask.reference,
            "payment_key": one.opening.payment_key,
            "provider_status": one.opening.status,
            "instrument": one.opening.instrument.model_dump(mode="json", exclude_none=True),
            "expires_at": one.opening.expires_at,
            "amount": one.opening.amount,
            "number": number - 1,
        }
        for one, number in zip(answered, last, strict=True)
    ]
    first = await connection.fetchval(SQL["opened"], *for_one_call(events), orjson.dumps(rows).decode())
    return first is not None


def _rest_asked(provider: str, ask: PaymentAsk) -> list[RestAsked]:
    """Of a rest it is said that it can be paid now."""
    if ask.suspense_id is None:
        return []
    return [
        RestAsked(
            request_id=ask.reference,
            provider=provider,
            reference=ask.reference,
            occurred_at=utc_now(),
            suspense_id=ask.suspense_id,
            customer_id=ask.customer_id,
            amount_idr=ask.amount_idr,
            expires_at=ask.expires_at,
        )
    ]


def _settled_twice(ask: PaymentAsk) -> None:
    """Another process recorded an answer: nothing of ours is."""
    log.warning("a request was settled twice", action="checkout.settled_twice", request=ask.reference)


async def _look(client: PaymentClient, ask: PaymentAsk) -> Opening | None:
    """A provider that does not let us look says nothing about what it has made."""
    try:
        return await client.find(ask)
    except CallFailed as failed:
        if failed.outcome == "refused":
            failed.outcome = "unknown"
        raise
