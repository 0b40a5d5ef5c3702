"""Wake-ups from PostgreSQL: LISTEN on a connection of its own, with polling as the truth behind it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, retry_if_result, wait_fixed

from runtime.database import CONNECTION_ERRORS, connect, server_settings
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

CHECK_INTERVAL_SECONDS = 15.0  # an idle listener asks whether its connection still lives
RECONNECT_PAUSE_SECONDS = 1.0

log = get_logger(__name__)


class Notifications:
    """Listens on one channel and turns notifications into wake-ups; reconnects by itself.

    A notification is only a hint: `wait` also returns after the poll interval, so a lost one costs a second, not
    an event. Use as `async with Notifications(settings, "projections", "lunas_events") as wakeups`.
    """

    def __init__(self, settings: Settings, process: str, channel: str) -> None:
        self._settings = settings
        self._process = process
        self._channel = channel
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen_forever(), name=f"listen {self._channel}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Ends the current or the next `wait` at once (used on stop)."""
        self._woken.set()

    async def wait(self, seconds: float | None = None) -> bool:
        """Waits for a notification, at most `seconds` (default: the poll interval); True when one came.

        Notifications that arrived since the last call end it at once, so none is missed between calls.
        """
        try:
            async with asyncio.timeout(self._settings.poll_interval_seconds if seconds is None else seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    async def _listen_forever(self) -> None:
        listening = AsyncRetrying(
            # It ends when its connection does, with an error or without.
            retry=retry_if_exception_type(CONNECTION_ERRORS) | retry_if_result(lambda _: True),
            wait=wait_fixed(RECONNECT_PAUSE_SECONDS),
            before_sleep=_lost,
        )
        await listening(self._listen)

    async def _listen(self) -> None:
        ended = asyncio.Event()
        connection = await connect(
            self._settings.require_database_url(),
            timeout=self._settings.database_connect_timeout_seconds,
            command_timeout=self._settings.database_connect_timeout_seconds,
            server_settings=server_settings(self._settings, f"{self._process}-listener"),
        )
        try:
            connection.add_termination_listener(lambda *_: ended.set())
            await connection.add_listener(self._channel, lambda *_: self._woken.set())
            self._woken.set()  # something may have happened while nobody listened
            while not ended.is_set():
                await connection.execute("SELECT 1")
                await _wait_at_most(ended, CHECK_INTERVAL_SECONDS)
        finally:
            connection.terminate()


def _lost(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if error is not None and not DATABASE.explains(error):
        log.warning(
            "listener lost, polling until it is back", action="listen.lost", error=type(error).__name__
        )


async def _wait_at_most(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
