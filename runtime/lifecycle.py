"""Start, stop and drain of a process: one stop event, signals, a supervisor that may die, steps with budgets."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from runtime.logs import get_logger
from schemas.errors import ConfigurationError

# Set by the supervisor; its children end by themselves when that process is gone.
SUPERVISOR_VARIABLE = "LUNAS_SUPERVISOR_PID"
PARENT_POLL_SECONDS = 0.3
ORPHAN_BUDGET_SECONDS = 3.5  # orderly stop of an orphan; with the poll and process exit it stays under 5 s

YOUNG_OBJECTS = 50_000  # made before a young collection; a full batch holds nearly as many until it ends, and they form hardly any cycles

EXIT_FINE = 0
EXIT_PROBLEM = 1
EXIT_WRONG_USE = 2

Service = Callable[[asyncio.Event], Awaitable[None]]

log = get_logger(__name__)


def run_process(main: Service) -> int:
    """Runs `main(stop)` until it returns; the exit code. SIGTERM or SIGINT sets `stop`, a second one exits at once.

    `main` drains within its own budgets once `stop` is set. A ConfigurationError ends in one sentence on stderr.
    """
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_supervised(main))
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a person starts processes too, and reads one sentence
        return EXIT_WRONG_USE
    return EXIT_FINE


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _supervised(main: Service) -> None:
    stop = asyncio.Event()
    install_signal_handlers(stop)
    watch_supervisor(stop)
    spare_what_is_loaded()
    await main(stop)


def spare_what_is_loaded() -> None:
    """Keep the cycle collector from walking through all modules, classes and schemas again and again: that stops a process for tens of ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def install_signal_handlers(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT set `stop`; the second signal ends the process at once with the signal's usual code."""

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            log.warning("second signal, exiting at once", action="process.abort", signal=number.name)
            os._exit(128 + number)
        log.info("stopping", action="process.stop", signal=number.name)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)


def watch_supervisor(stop: asyncio.Event) -> None:
    """Sets `stop` when the supervising process is gone, and exits hard if draining then takes too long.

    A thread, because a blocked event loop must not keep an orphan alive.
    """
    expected = os.environ.get(SUPERVISOR_VARIABLE, "")
    if not expected.isdigit():
        return
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while os.getppid() == int(expected):
            time.sleep(PARENT_POLL_SECONDS)
        loop.call_soon_threadsafe(stop.set)
        time.sleep(ORPHAN_BUDGET_SECONDS)
        os._exit(EXIT_PROBLEM)

    threading.Thread(target=watch, name="supervisor watch", daemon=True).start()


async def run_until_stopped(
    stop: asyncio.Event, services: Sequence[Coroutine[Any, Any, None]], *, budget_seconds: float
) -> None:
    """Runs services side by side in one TaskGroup until all ended, or until `stop` and the budget after it.

    Each service watches `stop` itself and drains. The first failure cancels the others and is raised (as
    ExceptionGroup). What is not finished `budget_seconds` after `stop` is cancelled.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(service) for service in services]
        overseer = group.create_task(_cancel_after_stop(stop, tasks, budget_seconds))
        await asyncio.gather(*tasks, return_exceptions=True)
        overseer.cancel()


async def _cancel_after_stop(
    stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]], budget_seconds: float
) -> None:
    await stop.wait()
    await asyncio.wait(tasks, timeout=budget_seconds)
    for task in tasks:
        if not task.done():
            log.warning("stop budget used up, cut off", action="process.cut_off", task=task.get_name())
            task.cancel()


async def within(budget_seconds: float, step: Awaitable[None], *, name: str) -> bool:
    """Runs one step of a drain inside its budget; False (and a log line) when it had to be cut off."""
    try:
        async with asyncio.timeout(budget_seconds):
            await step
    except TimeoutError:
        log.warning(
            "drain step cut off", action="process.drain_timeout", step=name, budget_seconds=budget_seconds
        )
        return False
    return True


async def sleep_until(stop: asyncio.Event, seconds: float) -> bool:
    """Sleeps, but not past `stop`; True when stopping."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
