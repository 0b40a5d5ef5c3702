"""Asking providers for refunds that were reserved, and recording what they answer. Never twice: after an unknown end they are looked up.

A process claims a refund for the time of one call. When it dies the lease ends, and whoever looks next asks the provider by our reference.
A refund whose end nobody knows stays reserved, however long that takes: it may have happened.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from api.called import TurnAtProvider
from api.refunds.book import RefundBook, append
from api.refunds.counting import SQL, catch_up
from api.refunds.holding import Holds
from api.refunds.instruments import RefundInstruments
from api.turns import DUE_MAX, Turns, pause_after
from eventstore.append import lock_log
from providers.call_record import CallMade, calls_collected
from providers.outgoing import CallFailed
from providers.refunding import RefundAsk, RefundClient, RefundSaid
from runtime.faults import fault_point
from runtime.ids import utc_now
from runtime.logs import get_logger
from schemas.errors import Transient
from schemas.event_model import EventModel
from schemas.facts import RefundFailed, RefundSucceeded
from schemas.refund_facts import RefundAccepted, RefundRefused

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

PERHAPS_OURS = frozenset({"refund_in_progress", "refund_exceeds_payment"})
"""What a provider refuses a second time for, when the first was heard and is not listed yet."""

log = get_logger(__name__)


class _EndedAlready(Transient):
    """Another process, or a webhook, recorded its end: nothing of ours is."""


class _Refused(Transient):
    """Nothing goes back."""

    def __init__(self, failed: CallFailed) -> None:
        super().__init__(failed.code)
        self.failed = failed


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn at a provider. `asked_again`: somebody may have asked before us; `code`: why its end was unknown before; `made`: its calls so far."""

    ask: RefundAsk
    provider: str
    pending: bool
    attempts: int
    age: timedelta
    code: str | None
    began: float
    made: Sequence[CallMade]

    @property
    def asked_again(self) -> bool:
        return self.pending or self.attempts > 1

    def called(self, failed: CallFailed | None = None) -> list[EventModel]:
        """The calls of this turn as events."""
        turn = TurnAtProvider.since(self.began, self.made, failed=failed)
        return list(turn.told(self.ask.reference, self.provider, self.ask.payment_id, "refund"))


class Refunder:
    """Asks for reserved refunds. One per process. `clients`: of the providers that give money back."""

    def __init__(
        self,
        book: RefundBook,
        clients: Mapping[str, RefundClient],
        holds: Holds,
        settings: Settings,
        instruments: RefundInstruments,
    ) -> None:
        self._book, self._clients, self._holds, self._instruments = book, clients, holds, instruments
        self._lease = timedelta(seconds=settings.checkout_lease_seconds)
        self._pause = settings.checkout_resolve_seconds
        self._poll = timedelta(minutes=settings.refund_ask_minutes)
        self._give_up = timedelta(minutes=settings.checkout_give_up_minutes)
        self._turns = Turns(self._recorded_turn, book.row, patience=settings.provider_call_budget_seconds)

    async def settled(self, refund_id: str) -> asyncpg.Record | None:
        """The refund once its provider has answered, or nobody is asking any more."""
        return await self._turns.settled(refund_id)

    async def resolve(self) -> int:
        """Asks about refunds that wait for an answer or for their end; how many. Counts what the log tells before, and gives back what is free."""
        async with self._book.pool.acquire() as connection, connection.transaction():
            await catch_up(connection)
        rows = await self._book.pool.fetch(SQL["due"], DUE_MAX)
        for row in rows:
            await self.settled(row["refund_id"])
        for row in await self._book.pool.fetch(SQL["to_give_back"], DUE_MAX):
            await self._holds.give_back(row["customer_id"], row["refund_id"])
            await self._book.pool.execute(SQL["given_back"], row["refund_id"])
        return len(rows)

    async def close(self) -> None:
        """After the turns that are under way."""
        await self._turns.close()

    async def _recorded_turn(self, refund_id: str) -> None:
        with calls_collected() as made:
            await self._turn(refund_id, made)

    async def _turn(self, refund_id: str, made: Sequence[CallMade]) -> None:
        claimed = await self._book.pool.fetchrow(SQL["claim"], refund_id, self._lease)
        if claimed is None:
            return
        ask, pending = RefundAsk.model_validate_json(claimed["ask"]), claimed["status"] == "pending"
        if not pending:
            await self._set_aside(claimed, ask)
        turn = _Turn(
            ask=ask,
            provider=claimed["provider"],
            pending=pending,
            attempts=claimed["attempts"],
            age=claimed["age"],
            code=claimed["code"],
            began=time.monotonic(),
            made=made,
        )
        try:
            said = await self._known(turn) if turn.asked_again else None
            if said is None:
                said = await self._made(turn)
        except _Refused as refused:
            await self._refused(turn, refused.failed)
        except CallFailed as failed:
            await self._postponed(turn, failed)
        else:
            fault_point("refund.before_record")
            await self._accepted(turn, said)

    async def _set_aside(self, claimed: asyncpg.Record, ask: RefundAsk) -> None:
        case, customer = orjson.loads(claimed["ask"]).get("credit_of"), claimed["customer_id"]
        if case and customer and await self._holds.set_aside(customer, ask.reference, case, ask.amount_idr):
            await self._book.pool.execute(SQL["held"], ask.reference)

    async def _known(self, turn: _Turn) -> RefundSaid | None:
        """What the provider has under our reference. Whatever keeps it from saying so leaves the refund as it is."""
        client = self._clients.get(turn.provider)
        if client is None:
            raise CallFailed("unknown", "provider_not_configured")
        found = await client.find_refund(turn.ask)
        if found is None and turn.pending:
            raise CallFailed("unknown", "provider_unreadable", said="the refund is not listed any more")
        return found

    async def _made(self, turn: _Turn) -> RefundSaid:
        """A refusal is its end: nothing was there before. So is a first call that was surely never sent."""
        client = self._clients.get(turn.provider)
        try:
            if client is None:
                raise CallFailed("refused", "provider_not_configured")
            return await client.refund(turn.ask)
        except CallFailed as failed:
            if turn.asked_again and failed.code in PERHAPS_OURS and turn.age < self._give_up:
                raise CallFailed("unknown", failed.code, said=failed.said) from failed
            if failed.outcome == "refused" or (failed.outcome == "not_sent" and not turn.asked_again):
                raise _Refused(failed) from failed
            raise

    async def _accepted(self, turn: _Turn, said: RefundSaid) -> None:
        accepted = RefundAccepted(
            refund_id=turn.ask.reference,
            provider=turn.provider,
            payment_key=turn.ask.payment_id,
            occurred_at=utc_now(),
            provider_refund_id=said.provider_refund_id,
        )
        facts = turn.called()
        facts += [] if turn.pending else [accepted]
        if said.fact is None:
            if turn.pending:
                await self._book.pool.execute(SQL["postpone"], turn.ask.reference, self._poll, None, None)
                return
            await self._record(turn, facts, "accepted", said.provider_refund_id, self._poll)
        else:
            failed = said.fact.failure_code if isinstance(said.fact, RefundFailed) else None
            status = "succeeded" if isinstance(said.fact, RefundSucceeded) else "failed"
            fact = said.fact.amended(own_reference=turn.ask.reference)
            await self._record(
                turn, [*facts, fact], "ended", said.provider_refund_id, status, failed, fact.occurred_at
            )
        self._told("refund accepted", "refund.accepted", turn, said.fact.TYPE if said.fact else "pending")

    async def _refused(self, turn: _Turn, failed: CallFailed) -> None:
        fact = RefundRefused(
            refund_id=turn.ask.reference,
            provider=turn.provider,
            payment_key=turn.ask.payment_id,
            occurred_at=utc_now(),
            code=failed.code,
        )
        after = None if failed.retry_after is None else max(round(failed.retry_after), 1)
        await self._record(
            turn, [*turn.called(failed), fact], "refused", failed.code, failed.said or None, after
        )
        self._told("refund refused", "refund.refused", turn, failed.code)

    async def _postponed(self, turn: _Turn, failed: CallFailed) -> None:
        """Its end is unknown: ask later, a little later each time. What is said again is not written again."""
        pause = pause_after(failed, turn.attempts, self._pause)
        async with self._book.pool.acquire() as connection, connection.transaction():
            if turn.code != failed.code:
                await lock_log(connection)
                await append(connection, turn.ask.reference, turn.called(failed))
            await connection.execute(
                SQL["postpone"], turn.ask.reference, pause, failed.code, failed.said or None
            )
        self._told("end of a refund is unknown", "refund.unknown", turn, failed.code)

    def _told(self, said: str, action: str, turn: _Turn, outcome: str) -> None:
        self._instruments.asked(turn.provider, action.removeprefix("refund."))
        log.info(said, action=action, provider=turn.provider, refund=turn.ask.reference, outcome=outcome)

    async def _record(self, turn: _Turn, facts: list[EventModel], statement: str, *arguments: object) -> None:
        """Facts and row together; neither when somebody else was faster."""
        try:
            async with self._book.pool.acquire() as connection, connection.transaction():
                await lock_log(connection)
                await catch_up(connection)
                position = await append(connection, turn.ask.reference, facts)
                row = await connection.fetchval(SQL[statement], turn.ask.reference, *arguments, position)
                if row is None:
                    raise _EndedAlready
        except _EndedAlready:
            log.info("a refund ended meanwhile", action="refund.ended_already", refund=turn.ask.reference)
