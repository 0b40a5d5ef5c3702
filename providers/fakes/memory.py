"""A world of fakes in a file: what was asked for, paid and told, the clock, and where the ids go on. For those who want it between two starts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from providers.fakes.clock import Alarm
from providers.fakes.outbox import OWNER, OutgoingWebhook
from providers.fakes.world import FakeWorld
from runtime.files import write_whole
from runtime.logs import get_logger

SAVE_SECONDS = 10.0
"""How old the file may be when the process is killed."""

log = get_logger(__name__)


@dataclass(slots=True)
class Remembered:
    """The content of the file. `dice` and `states` are by provider."""

    ahead_seconds: float
    alarms: list[Alarm]
    webhooks: list[OutgoingWebhook]
    dice: dict[str, list[Any]]
    states: dict[str, Any]


def to_bytes(world: FakeWorld) -> bytes:
    """The world as JSON."""
    return msgspec.json.encode(
        Remembered(
            world.clock.ahead().total_seconds(),
            world.clock.waiting(),
            world.outbox.of(),
            {name: list(provider.dice.getstate()) for name, provider in world.providers.items()},
            {name: provider.memory() for name, provider in world.providers.items()},
        )
    )


def resume(world: FakeWorld, content: bytes) -> None:
    """Goes on with that world. Raises msgspec.MsgspecError when it is none, or one of another version."""
    read = msgspec.json.decode(content, type=Remembered)
    for name, provider in world.providers.items():
        if name in read.states:
            state = msgspec.convert(read.states[name], type=type(provider.memory()), str_keys=True)
            version, internal, gauss = read.dice[name]
            provider.dice.setstate((version, tuple(internal), gauss))
            provider.remember(state)
    known = {*world.providers, OWNER}
    alarms = [alarm for alarm in read.alarms if alarm.owner in known]
    world.clock.resume(timedelta(seconds=read.ahead_seconds), alarms)
    world.outbox.resume([one for one in read.webhooks if one.provider in known])
    rung = {alarm.key for alarm in alarms if alarm.owner == OWNER}
    for one in world.outbox.of():
        # Its attempt was cut off by the stop.
        if one.state == "waiting" and str(one.number) not in rung:
            world.clock.alarm(one.next_at or one.created, OWNER, "send", str(one.number))


@contextlib.asynccontextmanager
async def kept_in(path: Path | None, world: FakeWorld) -> AsyncIterator[None]:
    """Resumes from the file, if there is one, and saves into it while the block runs and at its end. Without a path: nothing."""
    if path is None:
        yield
        return
    _load(path, world)
    saving = asyncio.create_task(_save_now_and_then(path, world))
    try:
        yield
    finally:
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
        _save(path, world)


def _load(path: Path, world: FakeWorld) -> None:
    try:
        resume(world, path.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, msgspec.MsgspecError) as error:
        # Invented money: a fresh start harms nobody, and is said.
        log.warning(
            "state not readable, a new world begins", action="fakes.new_world", error=type(error).__name__
        )


async def _save_now_and_then(path: Path, world: FakeWorld) -> None:
    while True:
        await asyncio.sleep(SAVE_SECONDS)
        _save(path, world)


def _save(path: Path, world: FakeWorld) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, to_bytes(world))
