"""A day of all providers ends alike whatever the number of partitions, also when that number changes in the middle of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import exits, main
from console.demo.door import Application
from console.player import play, shuffle
from eventstore.queries import load
from eventstore.read import head
from providers.registry import PROVIDERS
from providers.scalev.simulator import VARIANT
from providers.simulated_outcome import ExpectedOutcome
from providers.simulation import Day, simulate_day
from runtime.settings import load_settings
from schemas.topology import queue_name, work_queues
from tests.system.pipeline import Pipeline

pytestmark = pytest.mark.heavy

SEED, BUYERS, COUNT = 7, 25, 300
SETTLE_SECONDS = 180.0
CALM = 8

Start = Callable[[int], AbstractAsyncContextManager[Pipeline]]


@pytest.fixture
def start(database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """`async with start(4) as pipeline:` all processes with so many partitions; the `lunas` command finds them."""
    monkeypatch.setenv("LUNAS_DATABASE_URL", database_url)
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    monkeypatch.setenv("LUNAS_HOME", str(tmp_path))
    monkeypatch.setenv("LUNAS_ENV", "development")

    @asynccontextmanager
    async def opened(partitions: int) -> AsyncIterator[Pipeline]:
        assert await asyncio.to_thread(main.run, ["migrate", "--json"]) == exits.FINE
        more = numbered(partitions) | {"SCALEV_VARIANT_UNIQUE_ID": VARIANT}
        async with Pipeline(database_url, broker_url, tmp_path, more=more) as started:
            for name, value in {**started.doors, **more}.items():
                monkeypatch.setenv(name, value)
            yield started

    return opened


def numbered(partitions: int) -> dict[str, str]:
    return {"LUNAS_BROKER_PARTITIONS": str(partitions)}


def the_day() -> Day:
    return simulate_day(SEED, BUYERS, COUNT, datetime.now(UTC) - timedelta(days=1))


def expected(outcome: ExpectedOutcome) -> dict[str, Any]:
    return {
        "tokens": {
            name: (customer.credit_tokens, customer.chat_tokens)
            for name, customer in outcome.customers.items()
            if customer.credit_tokens or customer.chat_tokens
        },
        "courses": {
            (name, course) for name, customer in outcome.customers.items() for course in customer.courses
        },
        "suspense": dict(outcome.suspense),
        "ledger": {0},
    }


async def found(database_url: str, day: Day) -> dict[str, Any]:
    """What the read models hold once they have read everything, or after SETTLE_SECONDS."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        await _settled(connection, len({webhook.body for webhook in day.webhooks}))
        tokens = await connection.fetch("SELECT customer_id, credit_tokens, chat_tokens FROM balances")
        courses = await connection.fetch(
            "SELECT customer_id, course FROM enrollments WHERE status = 'active'"
        )
        sql = load("demo.sql", "console")
        return {
            "tokens": {
                row["customer_id"]: (row["credit_tokens"], row["chat_tokens"])
                for row in tokens
                if row["credit_tokens"] or row["chat_tokens"]
            },
            "courses": {tuple(row) for row in courses},
            "suspense": {row["reason"]: row["amount"] for row in await connection.fetch(sql["held"])},
            "ledger": {row["sum"] for row in await connection.fetch(sql["ledger"])},
        }
    finally:
        await connection.close()


async def _settled(connection: asyncpg.Connection, bodies: int) -> None:
    """Until so many different bodies are stored and every reader of the log has stood at its head for a while."""
    sql = load("demo.sql", "console")
    seen: list[int] = []
    async with asyncio.timeout(SETTLE_SECONDS):
        while len(seen) < CALM or len(set(seen[-CALM:])) > 1:
            await asyncio.sleep(0.1)
            stored = await connection.fetchval("SELECT count(DISTINCT body_sha256) FROM deliveries")
            pending = await connection.fetchrow(sql["pending"], [])
            newest = await head(connection)
            if stored == bodies and pending["slowest"] == newest:
                seen.append(newest)


async def lunas(capture: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and answer of one command, as a person at a terminal of the same machine would run it."""
    capture.readouterr()
    code = await asyncio.to_thread(main.run, [*arguments, "--json"])
    return code, json.loads(capture.readouterr().out)


async def used(database_url: str, partitions: int) -> set[int]:
    """Partitions that a delivery of the day belongs to."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        rows = await connection.fetch("SELECT provider, body FROM deliveries")
    finally:
        await connection.close()
    return {PROVIDERS[row["provider"]].partition(row["body"], partitions) for row in rows}


def queues_of(status: Mapping[str, Any]) -> Sequence[tuple[str, int, bool]]:
    return [
        (queue["name"], queue["ready"], queue["consumers"] > 0)
        for queue in status["queues"]
        if queue["name"].startswith("lunas.webhooks.")
    ]


@pytest.mark.parametrize("partitions", [1, 4])
async def test_a_simulated_day_ends_alike_whatever_the_number_of_partitions(
    start: Start, database_url: str, capsys: pytest.CaptureFixture[str], partitions: int
) -> None:
    async with start(partitions):
        arguments = [
            "--seed",
            SEED,
            "--customers",
            BUYERS,
            "--count",
            COUNT,
            "--duplicates",
            0.2,
            "--disorder",
            0.4,
        ]
        code, _ = await lunas(capsys, "simulate", "day", *map(str, arguments))
        assert code == exits.FINE
        day = the_day()
        assert await found(database_url, day) == expected(day.expected)
        assert await used(database_url, partitions) == set(range(partitions))
        _, status = await lunas(capsys, "status")
        numbers = range(work_queues(partitions))
        assert queues_of(status) == [(queue_name(number), 0, True) for number in numbers]


@pytest.mark.parametrize(("before", "after"), [(4, 1), (1, 4), (4, 3)])
async def test_another_number_of_partitions_in_the_middle_of_the_day_loses_nothing(
    start: Start, database_url: str, capsys: pytest.CaptureFixture[str], before: int, after: int
) -> None:
    """The processor dies with messages in every queue; ingress goes on with the old number until it is restarted too."""
    day = the_day()
    webhooks = shuffle(day.webhooks, duplicates=0.2, disorder=0.4, seed=SEED)
    third = len(webhooks) // 3
    async with start(before) as pipeline:
        async with Application(load_settings()) as application:
            await application.register(day.customers)
        answers = await play(pipeline.ingress, webhooks[:third])
        await pipeline.kill("processor")
        answers += await play(pipeline.ingress, webhooks[third : 2 * third])
        pipeline.start("processor", **numbered(after))
        await pipeline.terminate("ingress")
        pipeline.start("ingress", **numbered(after))
        await pipeline.wait_ready("processor")
        await pipeline.wait_ready("ingress")
        answers += await play(pipeline.ingress, webhooks[2 * third :])
        assert {answer.status for answer in answers} == {200}
        assert await found(database_url, day) == expected(day.expected)
        _, status = await lunas(capsys, "status")
        numbers = range(work_queues(max(before, after)))
        assert queues_of(status) == [(queue_name(number), 0, True) for number in numbers]
