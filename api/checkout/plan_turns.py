"""Asking providers for plans that were recorded, to change them and to stop them; and recording what they answer. Nothing is made or charged twice.

A process claims a request for the time of one turn. When it dies the lease ends, and whoever looks next asks the provider what became of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import orjson

from api.checkout.plan_requests import SQL, PlanRequests, append
from api.turns import DUE_MAX, Turns, pause_after
from eventstore.append import lock_log
from providers.outgoing import CallFailed
from providers.plan_asking import PlanAsk, PlanClient, PlanOpening
from runtime.faults import fault_point
from runtime.ids import utc_now
from runtime.logs import get_logger
from schemas.errors import Transient
from schemas.event_model import EventModel
from schemas.facts import SubscriptionReported
from schemas.plan_facts import (
    PlanActRefused,
    PlanCalled,
    PlanCancelAsked,
    PlanChanged,
    PlanOpened,
    PlanRefused,
    PlanStopped,
)
from schemas.request_facts import RequestedItem

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

Operation = Literal["open", "stop", "change", "read"]
NOT_THERE = 404

log = get_logger(__name__)


class _Overtaken(Transient):
    """Another process recorded it, or the request has moved on: nothing of ours is."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One claimed request, and when its turn began."""

    row: asyncpg.Record
    operation: Operation
    began: float

    @property
    def request_id(self) -> str:
        return str(self.row["request_id"])

    @property
    def act(self) -> dict[str, Any]:
        document: dict[str, Any] = orjson.loads(self.row["act"])
        return document

    def about(self) -> dict[str, Any]:
        names = ("request_id", "provider", "reference")
        return {name: self.row[name] for name in names} | {"occurred_at": utc_now()}

    def called(self, failed: CallFailed | None = None) -> PlanCalled:
        """The call as an event."""
        return PlanCalled(
            **self.about(),
            operation=self.operation,
            outcome="answered" if failed is None else failed.outcome,
            status=failed.status if failed else None,
            code=(failed.said_code or failed.code) if failed else None,
            milliseconds=round((time.monotonic() - self.began) * 1000),
        )


class PlanTurns:
    """Turns at the providers of plans. One per process."""

    def __init__(self, requests: PlanRequests, clients: Mapping[str, PlanClient], settings: Settings) -> None:
        self._requests, self._clients = requests, clients
        self._lease = timedelta(seconds=settings.checkout_lease_seconds)
        self._pause = settings.checkout_resolve_seconds
        self._give_up = timedelta(minutes=settings.checkout_give_up_minutes)
        self._link_within = timedelta(hours=settings.plan_link_hours)
        self._turns = Turns(self._turn, requests.row, patience=settings.provider_call_budget_seconds)

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

    async def _turn(self, request_id: str) -> None:
        claimed = await self._requests.pool.fetchrow(SQL["claim"], request_id, self._lease)
        if claimed is None:
            return
        fault_point("plan.claimed")
        turn = _Turn(claimed, _operation(claimed), time.monotonic())
        try:
            client = self._clients.get(claimed["provider"])
            if client is None:
                raise CallFailed("refused", "provider_not_configured")
            if turn.operation == "open":
                await self._opened(turn, await self._open(client, claimed))
            elif turn.operation == "read":
                await self._look(client, turn)
            elif turn.operation == "stop":
                await client.stop(claimed["plan_key"])
                done = PlanStopped(**turn.about(), plan_key=claimed["plan_key"])
                await self._record(turn, [turn.called(), done], "done", turn.act["number"])
            else:
                await self._change(client, turn)
        except CallFailed as failed:
            await self._failed(turn, failed)

    async def _open(self, client: PlanClient, row: asyncpg.Record) -> PlanOpening:
        ask = PlanAsk.model_validate_json(row["ask"])
        if row["attempts"] > 1:
            found = await client.find(ask)
            if found is not None:
                return found
        return await client.open(ask)

    async def _opened(self, turn: _Turn, opening: PlanOpening) -> None:
        fact = PlanOpened(
            **turn.about(),
            plan_key=opening.plan_key,
            customer_ref=turn.row["customer_id"],
            sold=RequestedItem.model_validate_json(turn.row["sold"]),
            asked_at=turn.row["created_at"],
            status=opening.status,
        )
        arguments = (opening.plan_key, opening.action_url, self._link_within)
        await self._record(turn, [turn.called(), fact], "opened", *arguments)
        log.info("plan opened", action="plan.opened", request=turn.request_id)

    async def _look(self, client: PlanClient, turn: _Turn) -> None:
        """Its time to be linked is over. One that nobody linked is ended; of one that is in use without our knowledge we hear now."""
        plan_key = turn.row["plan_key"]
        shown = await self._requests.pool.fetchval(SQL["linked"], turn.row["provider"], plan_key)
        if shown not in (None, "pending"):
            await self._requests.pool.execute(SQL["looked"], turn.request_id)
            return
        if await _linked(client, plan_key):
            fact = SubscriptionReported(
                provider=turn.row["provider"],
                subscription_key=plan_key,
                report="activated",
                occurred_at=utc_now(),
                timed=False,
            )
            await self._record(turn, [turn.called(), fact], "heard")
            log.warning(
                "plan was linked and nobody told", action="plan.found_linked", request=turn.request_id
            )
            return
        ended = PlanCancelAsked(**turn.about(), plan_key=plan_key, at="now", why="never_linked")
        if await self._record(turn, [turn.called(), ended], "unlinked"):
            log.warning("plan was never linked", action="plan.never_linked", request=turn.request_id)

    async def _change(self, client: PlanClient, turn: _Turn) -> None:
        """First the price, then the charge of today: which one that is, is remembered before it is made."""
        act, plan_key = turn.act, turn.row["plan_key"]
        sold = RequestedItem.model_validate(act["sold"])
        if "cycle" not in act:
            repriced = await client.reprice(plan_key, sold.price_idr, sold.title or sold.product)
            fact = PlanChanged(
                **turn.about(),
                plan_key=plan_key,
                sold=sold,
                since=act["since"],
                changed_at=repriced.changed_at,
            )
            act["cycle"] = repriced.next_cycle
            left = orjson.dumps(act).decode()
            arguments = (act["number"], sold.product, sold.price_idr, sold.model_dump_json(), left)
            if not await self._record(turn, [turn.called(), fact], "changed", *arguments):
                return
        await self._record(turn, [await self._charged(client, turn, act)], "done", act["number"])

    async def _charged(self, client: PlanClient, turn: _Turn, act: Mapping[str, Any]) -> PlanCalled:
        """A charge of today that cannot be made leaves the change to the next one that is due."""
        if act["since"] == "now" and act["cycle"] is not None:
            try:
                await client.charge_now(turn.row["plan_key"], act["cycle"])
            except CallFailed as failed:
                if failed.outcome != "refused":
                    raise
                return turn.called(failed)
        return turn.called()

    async def _failed(self, turn: _Turn, failed: CallFailed) -> None:
        first = turn.row["attempts"] == 1
        if turn.operation == "open":
            # After a silence a refusal says nothing of what was made before it.
            over = turn.row["age"] >= self._give_up or (first and failed.outcome != "unknown")
            if over:
                await self._refused(turn, failed)
                return
        elif _is_final(turn, failed):
            await self._not_done(turn, failed)
            return
        await self._postponed(turn, failed)

    async def _refused(self, turn: _Turn, failed: CallFailed) -> None:
        fact = PlanRefused(**turn.about(), code=failed.code)
        after = None if failed.retry_after is None else max(round(failed.retry_after), 1)
        arguments = (failed.code, failed.said or None, after)
        await self._record(turn, [turn.called(failed), fact], "refused", *arguments)
        log.warning("plan refused", action="plan.refused", request=turn.request_id, code=failed.code)

    async def _not_done(self, turn: _Turn, failed: CallFailed) -> None:
        act = "stop" if turn.operation == "stop" else "change"
        fact = PlanActRefused(**turn.about(), plan_key=turn.row["plan_key"], act=act, code=failed.code)
        await self._record(
            turn,
            [turn.called(failed), fact],
            "not_done",
            turn.act["number"],
            failed.code,
            failed.said or None,
        )
        log.error(
            "provider would not do it",
            action="plan.act_refused",
            request=turn.request_id,
            act=act,
            code=failed.code,
        )

    async def _postponed(self, turn: _Turn, failed: CallFailed) -> None:
        """Its end is unknown: ask later, a little later each time."""
        pause = pause_after(failed, turn.row["attempts"], self._pause)
        async with self._requests.pool.acquire() as connection, connection.transaction():
            if turn.row["code"] != failed.code:  # what is said again is not written again
                await lock_log(connection)
                await append(connection, turn.request_id, [turn.called(failed)])
            await connection.execute(
                SQL["postpone"], turn.request_id, pause, failed.code, failed.said or None
            )
        log.warning(
            "end of a call is unknown",
            action="plan.unknown",
            operation=turn.operation,
            request=turn.request_id,
            code=failed.code,
            again_in_seconds=pause.total_seconds(),
        )

    async def _record(self, turn: _Turn, facts: list[EventModel], statement: str, *arguments: object) -> bool:
        """Facts and row together; neither when somebody else was faster, which is False."""
        fault_point(f"plan.answered.{statement}")
        try:
            async with self._requests.pool.acquire() as connection, connection.transaction():
                await lock_log(connection)
                position = await append(connection, turn.request_id, facts)
                changed = await connection.fetchval(SQL[statement], turn.request_id, position, *arguments)
                if changed is None:
                    raise _Overtaken
        except _Overtaken:
            log.warning("a request has moved on", action="plan.overtaken", request=turn.request_id)
            await self._requests.pool.execute(SQL["released"], turn.request_id, turn.row["claimed_until"])
            return False
        fault_point(f"plan.stored.{statement}")
        return True


def _is_final(turn: _Turn, failed: CallFailed) -> bool:
    """Whether it will not be done. A stop is asked for until nothing more is charged: only a plan that is not there is stopped as it is."""
    if turn.operation == "read" or failed.outcome != "refused" or failed.code == "provider_credentials":
        return False
    return turn.operation == "change" or failed.status == NOT_THERE


async def _linked(client: PlanClient, plan_key: str) -> bool:
    """Whether its payer has linked an instrument; a plan that the provider does not know has none."""
    try:
        return bool((await client.read(plan_key)).linked)
    except CallFailed as failed:
        if failed.outcome == "refused" and failed.status == NOT_THERE:
            return False
        raise


def _operation(row: asyncpg.Record) -> Operation:
    if row["status"] != "open":
        return "open"
    if not row["act"]:
        return "read"
    return "stop" if orjson.loads(row["act"])["kind"] == "stop" else "change"
