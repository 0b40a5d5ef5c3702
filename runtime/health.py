"""Liveness and readiness over HTTP.

`/livez` says only that the event loop turns: it never asks a dependency, so that a broker or database outage does not
make an orchestrator kill healthy processes. `/readyz` says whether this process can keep its promise right now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

Check = Callable[[], Awaitable[bool] | bool]
Note = Callable[[], str | None]
"""A word on something that does not keep a process from being ready, or None for nothing to say."""

CHECK_TIMEOUT_SECONDS = 2.0

LEFT_ALONE = "left_alone."
"""How the notes on providers begin that are not called for a while; then the provider's name."""


class Health:
    """Named readiness checks of one process. Not ready while draining or while any check says no."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._checks: dict[str, Check] = {}
        self._notes: dict[str, Note] = {}
        self._running: dict[str, asyncio.Task[bool]] = {}
        self.draining = False

    def add(self, name: str, check: Check) -> None:
        """Adds a check; it answers quickly, or is counted as failed after CHECK_TIMEOUT_SECONDS."""
        self._checks[name] = check

    def note(self, name: str, say: Note) -> None:
        """Adds something that operators are told and that readiness does not depend on."""
        self._notes[name] = say

    async def report(self) -> tuple[bool, dict[str, object]]:
        """(ready, detail): detail names every check as `ok` or `failed`."""
        results = await asyncio.gather(*(self._passes(name) for name in self._checks))
        checks = {
            name: "ok" if passed else "failed" for name, passed in zip(self._checks, results, strict=True)
        }
        ready = all(results) and not self.draining
        status = "draining" if self.draining else "ready" if ready else "not_ready"
        said = {name: word for name, say in self._notes.items() if (word := say()) is not None}
        notes = {"notes": said} if said else {}
        return ready, {"process": self._process, "status": status, "checks": checks, **notes}

    async def _passes(self, name: str) -> bool:
        """A check that hangs is not waited for, not even until its cancellation has come through: a driver may want to say goodbye to a
        server that says nothing. Until it has ended, it has failed, and is not begun again."""
        running = self._running.get(name)
        if running is None:
            running = self._running[name] = asyncio.create_task(_outcome(self._checks[name]))
            running.add_done_callback(lambda _: self._running.pop(name, None))
        await asyncio.wait({running}, timeout=CHECK_TIMEOUT_SECONDS)
        if not running.done():
            if not running.cancelling():
                running.cancel()
            return False
        return not running.cancelled() and running.result()

    def routes(self) -> list[web.RouteDef]:
        """`GET /livez` and `GET /readyz`, for an aiohttp application."""
        return [web.get("/livez", self._live), web.get("/readyz", self._ready)]

    async def _live(self, _request: web.Request) -> web.Response:
        return _answer(200, {"process": self._process, "status": "alive"})

    async def _ready(self, _request: web.Request) -> web.Response:
        ready, detail = await self.report()
        return _answer(200 if ready else 503, detail)


async def _outcome(check: Check) -> bool:
    try:
        outcome = check()
        return bool(await outcome if isinstance(outcome, Awaitable) else outcome)
    except Exception:  # noqa: BLE001 - whatever a dependency raises, the answer is "not ready", never a 500
        return False


def _answer(status: int, detail: dict[str, object]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(detail), content_type="application/json")
