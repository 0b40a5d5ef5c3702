"""An upgrade as docs/upgrading.md describes it, and the way back: the previous release and this one beside each other, under load all the time."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from console.commands.projections import NAMES
from console.player import Answered, play
from eventstore.migrations import files
from tests.system.pipeline import CUSTOMERS, PROCESSES, Pipeline, Webhook, expected_tokens, settle, top_up
from tests.system.previous_release import unpacked
from tests.waiting import until

pytestmark = [pytest.mark.heavy, pytest.mark.history]

AT_ONCE = 8
LEAST = 40
"""Webhooks of a phase, however quickly what is done beside them ends."""

GAINED = {"payments"}
"""Read models with a column that the previous release does not know and so does not fill: rebuilt once it is gone for good. Each release
names its own, here and in docs/upgrading.md."""


class SteadyLoad:
    """Top-ups, one small burst after the other, at the doors that are named, until it is told to end. Everything must be answered 200."""

    def __init__(self) -> None:
        self.sent: list[Webhook] = []
        self.answers: list[Answered] = []
        self._numbers = count()

    async def beside(self, doors: Sequence[str], *work: asyncio.Task[None]) -> None:
        """At least LEAST to each door, and on until the work is done."""
        most = len(self.sent) + LEAST * len(doors)
        while len(self.sent) < most or not all(each.done() for each in work):
            await asyncio.gather(*(self._burst(door) for door in doors))
        for each in work:
            await each

    async def _burst(self, door: str) -> None:
        numbers = [next(self._numbers) for _ in range(AT_ONCE)]
        webhooks = [top_up(number, f"c{number % len(CUSTOMERS)}", 10_000 + number) for number in numbers]
        self.sent += webhooks
        self.answers += await play(door, webhooks)


def command(url: str, home: Path, code: Mapping[str, str], *words: str) -> None:
    """One `lunas` command of either release; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "console.main", *words],
        env={"PATH": "/usr/bin:/bin", "LUNAS_ENV": "development", "LUNAS_HOME": str(home), "LUNAS_DATABASE_URL": url, "LUNAS_DOTENV": "/dev/null"}
        | dict(code),
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    told = [line for line in (done.stdout + done.stderr).splitlines() if not line.lstrip().startswith("✓")]
    assert done.returncode == 0, (words, told)


async def started(shop: Pipeline) -> None:
    for name in PROCESSES:
        shop.start(name)
    await asyncio.gather(*(shop.wait_ready(name) for name in PROCESSES))


async def ended(shop: Pipeline) -> None:
    """As a deployment ends them: nobody has ended by itself because of what the other release wrote.

    On a busy machine a drain may be cut off by its budget (exit code 1): what was not done is done by the others.
    """
    for name, process in shop.running.items():
        assert process.poll() is None, f"{name} ended by itself:\n{shop.log(name)[-3000:]}"
    codes = await asyncio.gather(*(shop.terminate(name) for name in shop.running))
    assert set(codes) <= {0, 1}, dict(zip(shop.running, codes, strict=True))


def doing(work: object) -> asyncio.Task[None]:
    return asyncio.create_task(work)  # type: ignore[arg-type]


async def applied(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [
            row["name"]
            for row in await connection.fetch("SELECT name FROM lunas.schema_migrations ORDER BY name")
        ]
    finally:
        await connection.close()


async def test_c163_c164_an_upgrade_under_load_and_the_way_back_lose_nothing_and_double_nothing(
    empty_database_url: str, broker_url: str, tmp_path: Path
) -> None:
    url, previous, load = empty_database_url, unpacked(tmp_path / "previous"), SteadyLoad()
    homes = [tmp_path / name for name in ("old", "new")]
    for home in homes:
        home.mkdir()
    await asyncio.to_thread(command, url, homes[0], previous, "migrate")
    nothing: tuple[str, ...] = ()
    async with (
        Pipeline(url, broker_url, homes[0], more=previous) as old,
        Pipeline(url, broker_url, homes[1], processes=nothing) as new,
    ):
        await old.register(CUSTOMERS)
        # Today's migrations, while the previous release works.
        await load.beside([old.ingress], doing(asyncio.to_thread(command, url, homes[1], {}, "migrate")))
        assert await applied(url) == [each.name for each in files()]
        # Both, then this one alone: the state that the previous one left is read.
        await load.beside([old.ingress], doing(started(new)))
        await load.beside([old.ingress, new.ingress])
        await load.beside([new.ingress], doing(ended(old)))
        assert await settle(new, expected_tokens(load.sent)) == expected_tokens(load.sent)
        # It was a mistake: both again, then the previous one alone. It reads what this one left.
        await load.beside([new.ingress], doing(started(old)))
        await load.beside([old.ingress], doing(ended(new)))
        async with kept(old):
            assert await settle(old, expected_tokens(load.sent)) == expected_tokens(load.sent)
        for name in sorted(set(NAMES) - GAINED):
            await asyncio.to_thread(command, url, homes[0], previous, "projections", "verify", name)
        # And forward for good.
        await load.beside([old.ingress], doing(started(new)))
        await load.beside([new.ingress], doing(ended(old)))
        assert await settle(new, expected_tokens(load.sent)) == expected_tokens(load.sent)
        await asyncio.to_thread(
            command, url, homes[1], {}, "fulfilment", "rebuild", "--reason", "upgraded", "--yes"
        )
        for name in GAINED:
            for step in ("rebuild", "switch"):
                await asyncio.to_thread(
                    command, url, homes[1], {}, "projections", step, name, "--reason", "upgraded", "--yes"
                )
        await asyncio.to_thread(command, url, homes[1], {}, "projections", "verify")
        await asyncio.to_thread(command, url, homes[1], {}, "fulfilment", "verify")
        await until(lambda: stored_once(url, load.answers))


@asynccontextmanager
async def kept(shop: Pipeline) -> AsyncIterator[None]:
    """Starts again what has died, as a deployment does: a processor of the previous release ends at a catalogue that this one published last, and publishes its own when
    it starts."""

    async def keeping() -> None:
        while True:
            for name, process in shop.running.items():
                if process.poll() is not None:
                    shop.start(name)
            await asyncio.sleep(0.2)

    keeper = asyncio.create_task(keeping())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def stored_once(url: str, answers: Sequence[Answered]) -> bool:
    assert {answer.status for answer in answers} == {200}
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        rows = await connection.fetch("SELECT body_sha256 FROM deliveries WHERE status = 'processed'")
        parked = await connection.fetchval("SELECT count(*) FROM dead_letters")
    finally:
        await connection.close()
    counted = Counter(row["body_sha256"] for row in rows)
    assert max(counted.values()) == 1
    assert parked == 0
    return {hashlib.sha256(answer.delivery.body).digest() for answer in answers} == set(counted)
