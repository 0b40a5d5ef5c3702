"""Waiting for the database: keep the batch, stop the consumer, try again with growing, jittered pauses.

Nothing is given back to the broker meanwhile, so an outage of an hour costs no message any of its attempts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from processor.intake.failures import Failure, classify, describe
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

T = TypeVar("T")

BUSY_ATTEMPTS = 5  # then the batch is taken apart: one delivery may be what everybody waits for
FIRST_PAUSE_SECONDS = 0.1
REST_SECONDS = 1.0

log = get_logger(__name__)


class Stopping(Exception):
    """The process stops; what was not committed stays in the queue."""


class Pausable(Protocol):
    """A consumer that can stop taking messages while it keeps those it has."""

    async def pause(self) -> None: ...

    async def resume(self) -> None: ...


class Patience:
    """Runs writes for one consumer until the database takes them."""

    def __init__(
        self,
        consumer: Pausable,
        stop: asyncio.Event,
        *,
        max_pause: float,
        alive: Callable[[], Awaitable[bool]],
        waiting: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """`alive` asks the database for a sign of life; `waiting` is told when an outage begins and ends."""
        self._consumer = consumer
        self._stop = stop
        self._max_pause = max_pause
        self._alive = alive
        self._waiting = waiting
        self._paused = False
        self._last = Failure.BUG

    async def through(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, however long the database is away.

        Raises Stopping when the process stops first, the last error when the database works but was busy BUSY_ATTEMPTS times, and at once
        what waiting cannot cure.
        """
        busy = 0

        async def attempt() -> T:
            nonlocal busy
            try:
                return await work()
            except Exception as error:
                self._last = await self._kind(error)
                busy += self._last is Failure.BUSY
                raise

        def again(_error: BaseException) -> bool:
            return self._last is Failure.OUTAGE or (self._last is Failure.BUSY and busy < BUSY_ATTEMPTS)

        retrying = AsyncRetrying(
            retry=retry_if_exception(again),
            wait=wait_random_exponential(multiplier=FIRST_PAUSE_SECONDS, max=self._max_pause),
            sleep=self._sleep,
            before_sleep=self._pause,
            reraise=True,
        )
        try:
            return await retrying(attempt)
        finally:
            await self._resume()

    async def rest(self) -> None:
        """One pause between attempts at something else. Raises Stopping."""
        await self._sleep(min(REST_SECONDS, self._max_pause))

    async def _kind(self, error: Exception) -> Failure:
        """A timeout is an outage when the database gives no sign of life either."""
        failure = classify(error)
        if failure is Failure.BUSY and not await self._alive():
            return Failure.OUTAGE
        return failure

    async def _pause(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None and not DATABASE.explains(error):
            log.warning(
                "database does not take the batch, waiting",
                action="intake.wait",
                error=describe(error),
                attempt=state.attempt_number,
            )
        if not self._paused and self._last is Failure.OUTAGE:
            self._paused = True
            self._waiting(True)
            await self._consumer.pause()

    async def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._waiting(False)
            if not self._stop.is_set():
                await self._consumer.resume()

    async def _sleep(self, seconds: float) -> None:
        if await sleep_until(self._stop, seconds):
            raise Stopping
