"""Every step that a worker takes in its database: it may die before it, after it, never hear its answer, or be overtaken there by another one.

Fulfilment and projections think in SQL, so what they think with is the real server, and the simulation is of what happens to them. `Stepping` is
a connection that counts what is asked of the server; at the step that was chosen, fate strikes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any

import asyncpg

NEVER = 10**9
Meanwhile = Callable[[], Awaitable[None]]


class Fate(Enum):
    """What happens at a step."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    ANSWER_LOST = "the answer is lost"
    OVERTAKEN = "stands still, and another one works"


class Died(BaseException):
    """The end of a worker: nothing of ours may take it for an error that can be dealt with."""


class Steps:
    """Counts the steps of one worker and of its connections, and lets fate strike once."""

    def __init__(self) -> None:
        self.taken = 0
        self.struck = False
        self._at, self._fate = NEVER, Fate.DIES_BEFORE
        self._meanwhile: Meanwhile | None = None

    def arm(self, at: int, fate: Fate, meanwhile: Meanwhile | None = None) -> None:
        """Fate strikes at step `at`, counted from 1; `meanwhile` is what the other one does."""
        self.taken, self.struck = 0, False
        self._at, self._fate, self._meanwhile = at, fate, meanwhile

    async def take(self, connection: Stepping, ask: Callable[[], Awaitable[Any]]) -> Any:
        """One step of the worker."""
        self.taken += 1
        if self.taken != self._at or self.struck:
            return await ask()
        self.struck = True
        if self._fate is Fate.DIES_BEFORE:
            connection.terminate()
            raise Died
        if self._fate is Fate.OVERTAKEN:
            assert self._meanwhile is not None
            await self._meanwhile()
            return await ask()
        await ask()
        connection.terminate()
        if self._fate is Fate.DIES_AFTER:
            raise Died
        raise ConnectionResetError("the server did it, and nobody heard of it")


class Stepping(asyncpg.Connection):  # type: ignore[type-arg, misc]
    """A connection whose questions to the server are steps, those that begin and end transactions too."""

    steps: Steps | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if args:  # then it comes by `_execute`
            return await super().execute(query, *args, timeout=timeout)
        return await self._step(lambda: super(Stepping, self).execute(query, timeout=timeout))

    async def _execute(self, *args: Any, **options: Any) -> Any:
        return await self._step(lambda: super(Stepping, self)._execute(*args, **options))  # type: ignore[misc]

    async def _step(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        return await ask() if self.steps is None else await self.steps.take(self, ask)


@asynccontextmanager
async def stepping(url: str, session: dict[str, str], steps: Steps | None) -> AsyncIterator[Any]:
    """A pool of such connections on one database."""

    async def begun(connection: Any) -> None:
        connection.steps = steps

    async def left(_connection: Any) -> None:
        """Cleaning up is no step of the worker's."""

    async with asyncpg.create_pool(
        url,
        min_size=1,
        max_size=4,
        connection_class=Stepping,
        init=begun,
        reset=left,
        server_settings=session,
    ) as pool:
        yield pool
