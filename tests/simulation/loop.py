"""An event loop without a clock or a network: time jumps to the next thing that is due, and what belongs to a dead process is never run."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import math
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import Any

SLOW_SHARE = 0.03
USUAL_SECONDS, SLOW_SECONDS = 0.002, 0.4


class SimProcess:
    """What `kill -9` ends at once: no handler, no `finally` of it runs any more."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True


PROCESS: ContextVar[SimProcess | None] = ContextVar("process", default=None)


class Stuck(Exception):
    """Nothing is due, and somebody still waits."""


class SimLoop(asyncio.BaseEventLoop):
    """Callbacks run in the order in which they became due, as asyncio promises; when anything outside answers is the dice's to say.

    `between` is called after every callback: that is where processes die.
    """

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice = dice
        self.steps = 0
        self.between: Callable[[], None] = lambda: None
        self._clock = 0.0
        self._busy_until: dict[Any, float] = {}
        """Of executors of one thread."""
        self._trace = hashlib.blake2b(digest_size=16)
        self._all: list[asyncio.Task[Any]] = []
        """Nothing of a dead process may be collected, and so run its last words, while others live."""
        self.set_task_factory(self._made)
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        return self._clock

    def trace(self) -> str:
        """The same for two runs in which the same happened at the same times."""
        return self._trace.hexdigest()

    def latency(self) -> float:
        """How long something outside takes."""
        slow = self.dice.random() < SLOW_SHARE
        return self.dice.expovariate(1 / (SLOW_SECONDS if slow else USUAL_SECONDS))

    def spawn(self, process: SimProcess, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of a process."""
        context = copy_context()
        context.run(PROCESS.set, process)
        return self.create_task(work, context=context)

    def bury(self) -> None:
        """At the end: what was never finished goes, and says nothing any more."""
        for task in self._all:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            with suppress(Exception):
                task.get_coro().close()  # type: ignore[union-attr]
        self._all.clear()
        self.close()

    def _made(self, _loop: asyncio.AbstractEventLoop, work: Any, context: Any = None) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=self, context=context)
        self._all.append(task)
        return task

    def _check_closed(self) -> None: ...

    def call_in(self, process: SimProcess, act: Callable[[], object]) -> None:
        """Something a process does at once, if it lives."""
        context = copy_context()
        context.run(PROCESS.set, process)
        self.call_soon(act, context=context)

    def outside(self, seconds: float, act: Callable[..., object], *arguments: object) -> None:
        """Something that happens whether the process that caused it lives or not."""
        context = copy_context()
        context.run(PROCESS.set, None)
        self.call_later(seconds, act, *arguments, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *arguments: Any) -> Any:
        """Threads are latency: the work is done at one instant, and its end is heard of at a later one. One thread alone keeps the order."""
        future = self.create_future()

        def act() -> None:
            try:
                result = func(*arguments)
            except Exception as error:  # noqa: BLE001 - it is handed on to whoever waits
                self.call_at(self._turn_of(executor), _settle, future, None, error)
            else:
                self.call_at(self._turn_of(executor), _settle, future, result, None)

        self.call_at(self._turn_of(executor), act)
        return future

    def _turn_of(self, executor: Any) -> float:
        """When the next step of work in these threads is done."""
        when = self._clock + self.latency()
        if getattr(executor, "_max_workers", None) == 1:
            when = max(when, math.nextafter(self._busy_until.get(executor, 0.0), math.inf))
            self._busy_until[executor] = when
        return when

    def _run_once(self) -> None:
        scheduled = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._cancelled:
            self._drop_timer()
        if not self._ready and scheduled:  # type: ignore[attr-defined]
            self._clock = max(self._clock, scheduled[0].when())
        elif not self._ready:  # type: ignore[attr-defined]
            raise Stuck
        while scheduled and (scheduled[0]._cancelled or scheduled[0].when() <= self._clock):
            handle = self._drop_timer()
            if not handle._cancelled:
                self._ready.append(handle)  # type: ignore[attr-defined]
        if not self._ready:  # type: ignore[attr-defined]
            return
        handle = self._ready.popleft()  # type: ignore[attr-defined]
        process = handle._context.get(PROCESS) if not handle._cancelled else None
        if handle._cancelled or (process is not None and not process.alive):
            return
        self.steps += 1
        self._trace.update(f"{self._clock:.9f}{process.name if process else ''};".encode())
        handle._run()
        self.between()

    def _drop_timer(self) -> Any:
        handle = heapq.heappop(self._scheduled)  # type: ignore[attr-defined]
        handle._scheduled = False
        if handle._cancelled:
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]
        return handle

    def _process_events(self, _events: object) -> None: ...

    def _write_to_self(self) -> None: ...


async def passes(seconds: float) -> None:
    """So much simulated time."""
    await asyncio.sleep(seconds)


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
