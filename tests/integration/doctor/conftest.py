"""A healthy world for `lunas doctor`: everything is there, and every process says that it is ready."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aio_pika
import aio_pika.abc
import asyncpg
import pytest
from aiohttp import web

from console import language, main
from console.causes import PROCESSES
from eventstore.leadership import lock_key
from projections.versions import ensure
from runtime.amqp.broker import open_broker
from runtime.settings import load_settings
from schemas.topology import PARKED, QUARANTINE, queue_name, work_queues
from tests.waiting import until

SECRETS = {name: f"{name}-7c1f04be92d35a68" for name in ("xendit", "mayar", "scalev")}


@dataclass
class Processes:
    """Stands for the five processes: what each answers to `/readyz`."""

    ports: dict[str, int] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)

    def say(self, name: str, *failed: str) -> None:
        checks = dict.fromkeys(failed, "failed")
        self.answers[name] = (503 if failed else 200, {"process": name, "status": "x", "checks": checks})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for name in PROCESSES:
                self.say(name)
                await self._serve(stack, name)
            yield

    async def _serve(self, stack: AsyncExitStack, name: str) -> None:
        async def ready(_request: web.Request) -> web.Response:
            if name in self.hanging:
                await asyncio.sleep(3600)
            status, document = self.answers[name]
            return web.json_response(document, status=status)

        app = web.Application()
        app.add_routes([web.get("/readyz", ready)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.ports[name] = runner.addresses[0][1]


@dataclass(frozen=True)
class Examined:
    """What the examination said, by check."""

    code: int
    checks: list[dict[str, Any]]
    shown: str

    def states(self, state: str) -> list[str]:
        return [f"{check['check']}: {check['detail']}" for check in self.checks if check["state"] == state]


class World:
    """Where one test plants its mistake."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]) -> None:
        self.patch = patch
        self._capture = capture
        self.processes = Processes()
        self.stack = AsyncExitStack()
        self.folder = Path()
        self.database_url = self.broker_url = ""
        self.store: asyncpg.Connection[Any]
        self.leader: asyncpg.Connection[Any]
        self.admin: aio_pika.abc.AbstractConnection
        self.consumers: aio_pika.abc.AbstractConnection

    def set(self, **variables: object) -> None:
        for name, value in variables.items():
            self.patch.setenv(name, str(value))

    def unset(self, *names: str) -> None:
        for name in names:
            self.patch.delenv(name, raising=False)

    async def connect(self) -> asyncpg.Connection[Any]:
        """One more session that may do everything."""
        made = await asyncpg.connect(self.database_url, server_settings={"search_path": "lunas"})
        self.stack.push_async_callback(made.close)
        return made

    async def waits(self, waiter: asyncpg.Connection[Any], statement: str) -> None:
        """Sends a statement and returns when the server says that it waits for a lock."""
        waiting = asyncio.create_task(waiter.fetch(statement))
        self.stack.push_async_callback(_given_up, waiting, waiter)
        await until(lambda: self.store.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))

    async def server_setting(self, name: str, value: str) -> None:
        """Of the whole server, until the test has ended."""
        before = await self.store.fetchval("SELECT current_setting($1)", name)

        async def setting(wanted: str, statement: str) -> None:
            await self.store.execute(statement)
            await self.store.execute("SELECT pg_reload_conf()")
            await until(lambda: self._is(name, wanted))

        self.stack.push_async_callback(setting, before, f"ALTER SYSTEM RESET {name}")
        await setting(value, f"ALTER SYSTEM SET {name} = {value}")

    async def _is(self, name: str, value: str) -> bool:
        return bool(await self.store.fetchval("SELECT current_setting($1)", name) == value)

    async def held(self) -> None:
        """Money that nobody claims."""
        await self.store.execute(
            "INSERT INTO suspense_v1 (suspense_id, case_key, provider, payment_id, reason, amount, since, status, position)"
            " VALUES ('s-1', 'c-1', 'mayar', 'p-1', 'customer_unknown', 50000, clock_timestamp(), 'held', 1)"
        )

    async def doctor(self, *more: str, lang: str = "en") -> Examined:
        self._capture.readouterr()
        code = await asyncio.to_thread(main.run, ["--lang", lang, "doctor", "--json", *more])
        shown = self._capture.readouterr()
        language.choose(None)
        assert shown.out, shown.err.decode()
        return Examined(code, json.loads(shown.out)["checks"], shown.err.decode())


@pytest.fixture
async def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> AsyncIterator[World]:
    """An environment as of production, without services."""
    made = World(monkeypatch, capfdbinary)
    made.set(LUNAS_HOME=tmp_path, LUNAS_ENV="production", LUNAS_LANG="en")
    # For what answers, however slow the machine is; a mistake that hangs says how long it is waited for.
    made.set(LUNAS_PROBE_TIMEOUT_SECONDS=30)
    async with made.stack, made.processes.serving():
        peers = ",".join(f"{name}=127.0.0.1:{port}" for name, port in made.processes.ports.items())
        made.set(LUNAS_PEERS=peers)
        yield made


async def consumed(stack: AsyncExitStack, url: str) -> aio_pika.abc.AbstractConnection:
    """Somebody reads every queue that the processor reads."""
    connection = await aio_pika.connect(url)
    stack.push_async_callback(connection.close)
    channel = await connection.channel()
    for name in (*(queue_name(number) for number in range(work_queues(1))), PARKED, QUARANTINE):
        queue = await channel.get_queue(name, ensure=False)
        await queue.consume(_ignore)
    return connection


async def _ignore(_message: aio_pika.abc.AbstractIncomingMessage) -> None:
    """Takes nothing."""


async def _given_up(task: asyncio.Task[Any], connection: asyncpg.Connection[Any]) -> None:
    connection.terminate()
    await asyncio.gather(task, return_exceptions=True)


async def led(stack: AsyncExitStack, url: str) -> asyncpg.Connection[Any]:
    """Somebody leads both jobs."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "lunas-x-leader"})
    stack.push_async_callback(connection.close)
    for job in ("fulfilment", "projections"):
        await connection.execute("SELECT pg_advisory_lock($1)", lock_key(job))
    return connection


@pytest.fixture
async def healthy(world: World, database_url: str, broker_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """One machine where one login does everything, and nothing is wrong."""
    world.database_url, world.broker_url, world.folder = database_url, broker_url, tmp_path
    world.set(LUNAS_DATABASE_URL=database_url, LUNAS_BROKER_URL=broker_url)
    world.set(LUNAS_API_KEY="api-7c1f04be92d35a68", LUNAS_OPERATOR_KEY="operator-7c1f04be92d35a68")
    world.set(**{f"{name.upper()}_WEBHOOK_SECRET": secret for name, secret in SECRETS.items()})
    world.store = await world.connect()
    await ensure(world.store)
    async with open_broker(load_settings(), "test") as broker:
        await broker.ready(60.0)
        await broker.publisher_aside()
        await until(lambda: broker.aside.is_up)
    world.consumers = await consumed(world.stack, broker_url)
    world.admin = await aio_pika.connect(broker_url)
    world.stack.push_async_callback(world.admin.close)
    world.leader = await led(world.stack, database_url)
    yield world
    await world.stack.aclose()  # before its database goes
