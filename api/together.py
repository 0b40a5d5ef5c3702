"""Writes that come at the same time are made in one transaction: a commit for each would make the last wait for all the others'."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from runtime.tracing import apart

Item = TypeVar("Item")
Done = TypeVar("Done")


class Together(Generic[Item, Done]):
    """`serve` writes some items in one transaction and says of each what became of it, in order; `most` at once.

    Whoever comes while others are served waits for the next time. Nobody waits for others to come.
    """

    def __init__(self, serve: Callable[[Sequence[Item]], Awaitable[Sequence[Done]]], most: int) -> None:
        self._serve, self._most = serve, most
        self._waiting: list[tuple[Item, asyncio.Future[Done]]] = []
        self._serving: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many are to be served next."""
        return len(self._waiting)

    async def one(self, item: Item) -> Done:
        """What became of this one. Raises what `serve` raised; a caller who leaves stops nothing."""
        future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve_all(), name="together", context=apart())
        return await future

    async def _serve_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                done = await self._serve([item for item, _ in batch])
            except BaseException as error:
                # Whoever waits is told, and tells the caller; the next ones are served.
                for _, future in batch:
                    _fail(future, error)
                if not isinstance(error, Exception):
                    raise
            else:
                for (_, future), result in zip(batch, done, strict=True):
                    if not future.done():
                        future.set_result(result)


def _fail(future: asyncio.Future[Done], error: BaseException) -> None:
    if future.done():
        return
    if isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)
