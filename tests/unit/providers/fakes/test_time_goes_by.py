"""What falls due rings when it does, although nothing else happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from providers.fakes.world import FakeWorld
from tests.waiting import until

SOON = timedelta(milliseconds=20)


class Bell:
    """Stands in for a provider."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, _kind: str, key: str) -> None:
        self.rung.append(key)


@pytest.fixture
async def bell() -> AsyncIterator[tuple[FakeWorld, Bell]]:
    world, one = FakeWorld(), Bell()
    here: Any = one
    world.providers["bell"] = here
    life = asyncio.create_task(world.run())
    world.clock.alarm(world.clock.now(), "bell", "x", "first")
    await until(lambda: one.rung == ["first"])
    yield world, one
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)


async def test_what_is_set_for_soon_rings_soon_though_it_was_later_that_was_waited_for(
    bell: tuple[FakeWorld, Bell],
) -> None:
    """A refund waited for its end until something else happened, for an hour at most. The clock that is moved wakes as well."""
    world, one = bell
    world.clock.alarm(world.clock.now() + timedelta(hours=2), "bell", "x", "late")
    await asyncio.sleep(0)
    world.clock.alarm(world.clock.now() + SOON, "bell", "x", "soon")
    await until(lambda: one.rung == ["first", "soon"])


async def test_what_a_moved_clock_has_brought_near_rings(bell: tuple[FakeWorld, Bell]) -> None:
    world, one = bell
    world.clock.alarm(world.clock.now() + timedelta(hours=2), "bell", "x", "late")
    await asyncio.sleep(0)
    await world.advance_to(world.clock.now() + timedelta(hours=2) - SOON)
    await until(lambda: one.rung == ["first", "late"])
