"""Runs, differences and what a run has seen, in the database. Each step is one transaction, so that a killed run goes on where it was."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eventstore.queries import load
from processor.cases.case import PaymentCase, SubscriptionCase
from processor.reconciliation.comparing import Difference
from runtime.database import Connection, Pool
from runtime.faults import fault_point
from runtime.ids import uuid7
from schemas.errors import Transient

SQL = load("reconciliation.sql", "processor")
THE_REST = "the rest"


class RunTakenOver(Transient):
    """Another runner goes on with this run; what we read last is not written down."""


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands. `listing` None: the lists were read, and payments of ours are asked about, up to `position` in the log. That is set while
    lists are read where the run before had asked enough: those before it are not asked again; `cursor` is then THE_REST when the lists are read."""

    run_id: uuid.UUID
    provider: str
    since: datetime
    listing: str | None
    cursor: str | None = None
    position: int | None = None
    steps: int = 0
    rows: int = 0
    asked: int = 0
    fed: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class FoundDifference:
    """A difference, and the delivery as which it was given to intake."""

    difference: Difference
    delivery_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class RunStep:
    """What one step did, to be written down with where the next begins."""

    listing: str | None
    cursor: str | None
    position: int | None
    found: Sequence[FoundDifference] = ()
    seen: Sequence[str] = ()
    rows: int = 0
    asked: int = 0


def after_step(run: RunState, done: RunStep, steps: int, new: int) -> RunState:
    """The run after its step number `steps`, of whose differences `new` were not known. Pure."""
    fed = sum(one.delivery_id is not None for one in done.found)
    return replace(
        run, listing=done.listing, cursor=done.cursor, position=done.position, steps=steps, rows=run.rows + done.rows,
        asked=run.asked + done.asked, fed=run.fed + fed, found=run.found + new,
    )  # fmt: skip


class RunBook:
    """Of one provider."""

    def __init__(self, pool: Pool, provider: str) -> None:
        self._pool, self._provider = pool, provider

    async def now(self) -> datetime:
        moment: datetime = await self._pool.fetchval(SQL["now"])
        return moment

    async def covered(self) -> datetime | None:
        """Up to when everything was compared; None: never was."""
        moment: datetime | None = await self._pool.fetchval(SQL["covered"], self._provider)
        return moment

    async def unfinished(self) -> RunState | None:
        row = await self._pool.fetchrow(SQL["unfinished"], self._provider)
        return None if row is None else RunState(provider=self._provider, **dict(row))

    async def begin(self, since: datetime, asked_by: str, listing: str, instead: RunState | None) -> RunState:
        """A new run, in the place of one that was cut off and looks less far back."""
        run_id = uuid7()
        async with self._pool.acquire() as connection, connection.transaction():
            if instead is not None:
                await connection.execute(SQL["replace"], instead.run_id)
            await connection.execute(SQL["forget_seen"], self._provider)
            given = (run_id, self._provider, since, asked_by, listing)
            position: int | None = await connection.fetchval(SQL["begin"], *given)
        return RunState(run_id, self._provider, since, listing, position=position)

    async def step(self, run: RunState, done: RunStep) -> tuple[RunState, int]:
        """Writes a step down; the run after it, and how many names of it were new to the run. Raises RunTakenOver."""
        async with self._pool.acquire() as connection, connection.transaction():
            new = await self._find(connection, run, done.found)
            fresh: int = await connection.fetchval(SQL["see"], self._provider, sorted(set(done.seen)))
            fed = sum(one.delivery_id is not None for one in done.found)
            steps = await connection.fetchval(
                SQL["step"], run.run_id, run.steps, done.listing, done.cursor, done.position, done.rows, done.asked, fed, new
            )  # fmt: skip
            if steps is None:
                raise RunTakenOver
            fault_point("reconcile.before_commit")
        return after_step(run, done, steps, new), fresh

    async def pause(self, run: RunState, code: str) -> None:
        """It stopped where it stands."""
        await self._pool.execute(SQL["pause"], run.run_id, code)

    async def finish(self, run: RunState, *, code: str | None) -> None:
        """`code`: why it did not see everything. What was seen before and is not there any more is gone, when everything was seen."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["settle"], self._provider)
            if code is None:
                await connection.execute(SQL["gone"], self._provider, run.run_id, run.since)
            await connection.execute(SQL["finish"], run.run_id, "partly" if code else "done", code)
            await connection.execute(SQL["forget_seen"], self._provider)

    async def left(self, run: RunState, lists: Iterable[str]) -> str | None:
        """Why one of these lists was not read to its end, also by who began this run; None: all were."""
        code: str | None = await self._pool.fetchval(SQL["left"], self._provider, list(lists), run.run_id)
        return code

    async def waiting(self, run: RunState) -> int:
        """What this run gave to intake and intake has not stored yet."""
        count: int = await self._pool.fetchval(SQL["fed"], run.run_id)
        return count

    async def cases(self, names: Iterable[str]) -> dict[str, PaymentCase]:
        """Our cases by these names, which have their provider before them."""
        rows = await self._pool.fetch(SQL["cases"], sorted(set(names)))
        read = {row["case_key"]: PaymentCase.from_json(row["state"]) for row in rows}
        return {row["alias"]: read[row["case_key"]] for row in rows}

    async def plans(self, keys: Iterable[str]) -> dict[str, SubscriptionCase]:
        """Our cases of subscriptions by their keys."""
        rows = await self._pool.fetch(SQL["plans"], sorted(set(keys)))
        return {row["case_key"]: SubscriptionCase.from_json(row["state"]) for row in rows}

    async def taken_in(self, keys: Iterable[str]) -> set[str]:
        """Which of these dedupe keys intake knows."""
        rows = await self._pool.fetch(SQL["taken_in"], self._provider, sorted(set(keys)))
        return {row["dedupe_key"] for row in rows}

    async def stored(self, deliveries: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, str]:
        """What became of deliveries that intake has stored."""
        rows = await self._pool.fetch(SQL["stored"], list(deliveries))
        return {row["delivery_id"]: row["status"] for row in rows}

    async def seen(self, names: Iterable[str]) -> set[str]:
        """Which of these names the lists of this run held."""
        rows = await self._pool.fetch(SQL["seen"], self._provider, sorted(set(names)))
        return {row["name"] for row in rows}

    async def _find(self, connection: Connection, run: RunState, found: Sequence[FoundDifference]) -> int:
        """How many of them were not known to be open."""
        each = {(one.difference.kind, one.difference.payment_id): one for one in found}
        if not each:
            return 0
        differences = [one.difference for one in each.values()]
        columns: list[list[object]] = [
            [one.kind for one in differences],
            [one.payment_id for one in differences],
            [uuid7() for _ in differences],
            [one.reason for one in differences],
            [one.case_key for one in differences],
            [one.ours for one in differences],
            [one.theirs for one in differences],
            [one.our_amount for one in differences],
            [one.their_amount for one in differences],
            [one.at for one in differences],
            [one.delivery_id for one in each.values()],
        ]
        rows = await connection.fetch(SQL["find"], self._provider, run.run_id, *columns)
        return sum(row["fresh"] for row in rows)
