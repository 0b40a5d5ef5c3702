"""A run's calls to its provider: worth waiting for, but not for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from providers.outgoing import CallFailed
from runtime.lifecycle import sleep_until

PAUSE_SECONDS = 2.0  # after a call whose end is unknown, when the provider does not say how long
T = TypeVar("T")


class Stopped(Exception):
    """The run ends here and can be gone on with: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PatientCalls:
    """Of one run. `patience`: seconds for each call, with all its tries."""

    def __init__(self, patience: float, stop: asyncio.Event) -> None:
        self._patience, self._stop = patience, stop

    async def patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Waits for a provider that is busy or silent. Raises CallFailed when it refuses, Stopped when it is not worth waiting for."""
        until = time.monotonic() + self._patience
        while True:
            if self._stop.is_set():
                raise Stopped("stopping")
            try:
                return await call()
            except CallFailed as failed:
                if failed.code in ("provider_credentials", "provider_misconfigured"):
                    raise Stopped(failed.code) from None
                if failed.outcome == "refused":
                    raise
                pause = failed.retry_after or PAUSE_SECONDS
                if time.monotonic() + pause > until:
                    raise Stopped(failed.code) from None
            await sleep_until(self._stop, pause)
