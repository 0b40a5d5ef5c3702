"""The table of mistakes, and what several of them need to be planted."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aio_pika

from tests.integration.doctor.conftest import World

Plant = Callable[[World], Awaitable[object]]
CATALOGUE = (Path(__file__).parents[4] / "catalog.toml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Mistake:
    """`check` and `said` must stand in one finding that is not `ok`, `step` in its fix."""

    plant: Plant
    check: str
    said: str
    step: str
    lang_free: bool = True


MISTAKES: dict[str, Mistake] = {}


def mistake(check: str, said: str, step: str) -> Callable[[Plant], Plant]:
    """Puts a plant into the table under its own name."""

    def note(plant: Plant) -> Plant:
        name = plant.__name__.replace("_", " ")  # type: ignore[attr-defined]
        assert name not in MISTAKES
        MISTAKES[name] = Mistake(plant, check, said, step)
        return plant

    return note


async def sql(world: World, *statements: str) -> None:
    for statement in statements:
        await world.store.execute(statement)


async def rejected(world: World, provider: str, cause: str, count: int = 1) -> None:
    for _ in range(count):
        await world.store.execute(
            "INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256)"
            " VALUES ($1, $2, $3, clock_timestamp(), '203.0.113.9', '/webhooks/x', '{}', 'x', 'y')",
            uuid.uuid4(), provider, cause,
        )  # fmt: skip


async def channel(world: World) -> aio_pika.abc.AbstractChannel:
    return await world.admin.channel()
