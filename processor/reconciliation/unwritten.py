"""A run that leaves nothing behind: what the provider's lists hold is compared as ever, and what is missing here is kept for whoever asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from processor.reconciliation.book import RunBook, RunState, RunStep, after_step
from runtime.database import Pool
from runtime.ids import uuid7
from schemas.envelope import Envelope


class UnwrittenBook(RunBook):
    """Our record is read; runs, differences and what was seen are in memory alone. It neither goes on with a run nor stands in the way of one."""

    def __init__(self, pool: Pool, provider: str) -> None:
        super().__init__(pool, provider)
        self._names: set[str] = set()

    async def unfinished(self) -> RunState | None:
        return None

    async def begin(self, since: datetime, asked_by: str, listing: str, instead: RunState | None) -> RunState:
        return RunState(uuid7(), self._provider, since, listing)

    async def step(self, run: RunState, done: RunStep) -> tuple[RunState, int]:
        fresh = set(done.seen) - self._names
        self._names |= fresh
        return after_step(run, done, run.steps + 1, len(done.found)), len(fresh)

    async def pause(self, run: RunState, code: str) -> None:
        """Nothing is kept of it."""

    async def finish(self, run: RunState, *, code: str | None) -> None:
        """Nothing is kept of it."""

    async def left(self, run: RunState, lists: Iterable[str]) -> str | None:
        return None

    async def waiting(self, run: RunState) -> int:
        return 0

    async def seen(self, names: Iterable[str]) -> set[str]:
        return self._names.intersection(names)


class KeptEnvelopes:
    """Keeps what a run would give to the queue, in the order in which it was found."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def feed(self, envelopes: Sequence[Envelope]) -> None:
        self.envelopes += envelopes
