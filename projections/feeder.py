"""Feeds the generations from the log, one batch per round and position: the loop of the leader, without waiting or leadership."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import asyncpg

from eventstore.read import age_behind
from projections import log as event_log
from projections.ahead import Ahead, commit_and_look_ahead
from projections.commit import Overtaken, commit_carefully, commit_together
from projections.decoding import LogRow, Rows, known_part
from projections.fold import FOLD_ERRORS, describe
from projections.members import Member, by_position, members
from projections.metrics import ProjectionMetrics
from projections.projection import Projection
from projections.registry import BY_NAME
from projections.tracing import Told
from runtime.database import Connection
from runtime.faults import fault_point
from runtime.logs import get_logger

# A broken event shows in a fold, or in what the database says about a value.
BROKEN = (*FOLD_ERRORS, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
# Tables of a generation that was dropped, or rows another worker holds: look again.
MOVED_ON = (
    Overtaken,
    asyncpg.UndefinedTableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
HALT_SECONDS = (
    30.0  # then a halted generation is tried again, so that it goes on by itself once newer code leads
)

log = get_logger(__name__)


class Feeder:
    """Feeds every generation there is, or only those that `only` names, over one connection."""

    def __init__(
        self,
        connection: Connection,
        *,
        batch_max: int,
        metrics: ProjectionMetrics | None = None,
        projections: Mapping[str, Projection] = BY_NAME,
        only: set[tuple[str, int]] | None = None,
        told: Told | None = None,
    ) -> None:
        self._connection = connection
        self._batch_max = batch_max
        self._metrics = metrics
        self._projections = projections
        self._only = only
        self._told = told
        self._halted: dict[str, float] = {}
        self._ahead: Ahead | None = None
        self.members: list[Member] = []

    async def refresh(self) -> None:
        """Looks which generations there are and where they stand."""
        found = await members(self._connection, self._projections)
        self.members = [
            one for one in found if self._only is None or (one.projection.name, one.version) in self._only
        ]

    async def round(self) -> bool:
        """One batch for every group of generations that stand together; True while there may be more to do at once."""
        more = False
        now = time.monotonic()
        running = [one for one in self.members if self._halted.get(one.label, 0.0) <= now]
        for group in by_position(running):
            try:
                more |= await self._feed(group)
            except MOVED_ON as error:
                log.info("looking again", action="projection.moved_on", error=type(error).__name__)
                await self.refresh()
                return True
        return more

    async def catch_up(self) -> int:
        """Rounds until nothing is left to do; the lowest position of what is fed. For builds, the command line and tests."""
        await self.refresh()
        while await self.round():
            pass
        return min((one.position for one in self.members), default=0)

    async def _feed(self, group: Sequence[Member]) -> bool:
        started, began = time.perf_counter(), time.time_ns()
        ahead, self._ahead = self._ahead, None
        if ahead is not None and not ahead.suits(group):
            ahead = None
        batch = ahead.batch if ahead else await self._read(group)
        self._show_lag(group, batch.head)
        if batch.through <= group[0].position:
            return False
        fault_point("projections.read")
        events, unknown = known_part(batch.events)
        if unknown is None:
            await self._commit(group, events, batch.through, ahead)
        else:
            if events:
                await self._commit(group, events, unknown.position - 1)
            self._halt_subscribers(group, unknown)
        if self._told is not None:
            await self._told(self._connection, events, began)
        self._show(group, len(events), time.perf_counter() - started, batch.head)
        return unknown is not None or len(batch.events) >= self._batch_max

    async def _read(self, group: Sequence[Member]) -> event_log.Batch:
        return await event_log.read(self._connection, group[0].position, _types(group), self._batch_max)

    async def _commit(
        self, group: Sequence[Member], events: Rows, through: int, ahead: Ahead | None = None
    ) -> None:
        drafted = ahead.drafted if ahead else None
        try:
            if len(events) < self._batch_max:
                await commit_together(self._connection, group, events, through, drafted)
            else:
                self._ahead = await commit_and_look_ahead(
                    self._connection, group, events, through, drafted, _types(group), self._batch_max
                )
            return
        except BROKEN as error:
            log.warning("a batch holds a broken event", action="projection.isolate", error=describe(error))
        for member in group:
            try:
                await commit_together(self._connection, [member], events, through)
            except BROKEN:
                await self._commit_carefully(member, events, through)

    async def _commit_carefully(self, member: Member, events: Rows, through: int) -> None:
        try:
            parked = await commit_carefully(self._connection, member, events, through)
        except BROKEN as error:
            self._halt(member, describe(error), member.position)
            return
        for one in parked:
            if one.error:
                log.error(
                    "event parked, its stream waits",
                    action="projection.parked",
                    projection=member.label,
                    position=one.position,
                    stream=one.stream,
                    type=one.type,
                    error=one.error,
                )
        if self._metrics is not None:
            self._metrics.of(member.projection.name, member.version).parked.inc(len(parked))

    def _halt_subscribers(self, group: Sequence[Member], unknown: LogRow) -> None:
        for member in group:
            if unknown.type in member.projection.types:
                self._halt(
                    member, f"{unknown.type} version {unknown.schema_version} is newer", unknown.position
                )

    def _halt(self, member: Member, reason: str, position: int) -> None:
        """Fail closed: half-understood money would be worse than standing still."""
        self._halted[member.label] = time.monotonic() + HALT_SECONDS
        log.error(
            "projection halted",
            action="projection.halted",
            projection=member.label,
            position=position,
            reason=reason,
        )
        if self._metrics is not None:
            self._metrics.of(member.projection.name, member.version).halted.set(1)

    def _show(self, group: Sequence[Member], events: int, seconds: float, head: int) -> None:
        if self._metrics is None:
            return
        self._metrics.events.inc(events)
        self._metrics.batch_seconds.observe(seconds)
        for member in group:
            if member.label not in self._halted or self._halted[member.label] <= time.monotonic():
                self._metrics.of(member.projection.name, member.version).halted.set(0)
        self._show_lag(group, head)

    def _show_lag(self, group: Sequence[Member], head: int) -> None:
        if self._metrics is None:
            return
        for member in group:
            shown = self._metrics.of(member.projection.name, member.version)
            shown.position.set(member.position)
            shown.lag_positions.set(max(head - member.position, 0))

    async def show_age(self) -> None:
        """Refreshes the lag in seconds; asked for now and then, not in every round."""
        if self._metrics is None:
            return
        for group in by_position(self.members):
            seconds = await age_behind(self._connection, group[0].position)
            for member in group:
                self._metrics.of(member.projection.name, member.version).lag_seconds.set(seconds)


def _types(group: Sequence[Member]) -> frozenset[str]:
    return frozenset[str]().union(*(one.projection.types for one in group))
