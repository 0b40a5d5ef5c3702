"""The one map of processes: what `lunas run NAME` starts, and what a supervisor is told to keep alive.

A composition root is `async def run(settings, stop)`: it serves until `stop` is set, then drains and returns.
"""

from __future__ import annotations

import asyncio
import importlib
import math
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.settings import Settings

Root = Callable[["Settings", asyncio.Event], Coroutine[Any, Any, None]]

ROOTS: dict[str, str] = {
    "ingress": "ingress.app:run",
    "processor": "processor.app:run",
    "projections": "projections.app:run",
    "api": "api.app:run",
    "notify": "notify.app:run",
    "console": "console.web.app:run",
}
DEVELOPMENT: dict[str, str] = {"fakes": "providers.fakes.app:run"}
"""Started on a developer's machine only."""
ALL = "all"


_LUNAS = (sys.executable, "-m", "console.main")
MIGRATE = (*_LUNAS, "migrate")
"""The command that brings the database up to date."""


def commands(settings: Settings) -> dict[str, tuple[str, ...]]:
    """What to call for each process of its own, in the order of their start."""
    stand_ins = DEVELOPMENT if settings.env == "development" and settings.fakes == "on" else {}
    return {name: (*_LUNAS, "run", name) for name in (*ROOTS, *stand_ins)}


def resending(settings: Settings) -> tuple[str, ...]:
    """The command that sends again what a broker may have forgotten: all that the journal keeps and nobody stored."""
    since = f"{math.ceil(settings.ingress_journal_retention_days * 24)}h"
    why = "the broker may have forgotten what it was given: its disk was full, or queues were made anew"
    return (
        *_LUNAS,
        "ingress",
        "republish",
        "--since",
        since,
        "--missing",
        "--reason",
        why,
        "--yes",
        "--json",
    )


def load_root(name: str) -> Root:
    """The composition root of one process; imports only that room."""
    module, _, attribute = (ROOTS | DEVELOPMENT)[name].partition(":")
    root: Root = getattr(importlib.import_module(module), attribute)
    return root


def start(name: str, settings: Settings) -> int:
    """Serves one process, or all of them in this one, until a signal; the exit code."""
    from runtime.lifecycle import run_process
    from runtime.logs import configure_logging, get_logger
    from runtime.settings.not_yet import without_effect
    from runtime.tracing import name_trace, traces_on, tracing

    named = (name_trace,) if traces_on(settings) else ()
    configure_logging(name, level=settings.log_level, form=settings.log_format, steps=named)
    for variable in without_effect(settings):
        get_logger(__name__).warning(
            "nothing reads this setting yet", action="settings.no_effect", variable=variable
        )
    with tracing(name, settings):
        return run_process(lambda stop: serve(name, settings, stop))


async def serve(name: str, settings: Settings, stop: asyncio.Event) -> None:
    """Runs one root, or all of them side by side. One that fails or returns early stops the others."""
    if name != ALL:
        await load_root(name)(settings, stop)
        return
    from runtime.lifecycle import run_until_stopped

    services = [_with_the_others(load_root(each), settings, stop) for each in ROOTS]
    await run_until_stopped(stop, services, budget_seconds=settings.shutdown_budget_seconds)


async def _with_the_others(root: Root, settings: Settings, stop: asyncio.Event) -> None:
    """Half a pipeline helps nobody: when one process of `all` ends, all end and whoever watches starts them again."""
    try:
        await root(settings, stop)
    finally:
        stop.set()
