"""What happens to the broker and to the database themselves."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable

import asyncpg

from deploy.local.services.home import Home
from deploy.local.services.rabbitmq import free_limit
from tests.torture.crowding import crowded
from tests.torture.deleting import work_queue_deleted
from tests.torture.kind import LONG, SHORT, Inject, Kind, NotInjected, answered, mended
from tests.torture.stage import Stage


def of_the_broker() -> list[Kind]:
    async def killed(stage: Stage, _dice: random.Random) -> None:
        stage.signal_service("broker", signal.SIGKILL)

    async def restarted(stage: Stage, _dice: random.Random) -> None:
        stage.signal_service("broker", signal.SIGTERM)

    def frozen(seconds: float) -> Inject:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            stage.signal_service("broker", signal.SIGSTOP)
            await asyncio.sleep(seconds)
            stage.signal_service("broker", signal.SIGCONT)

        return inject

    def alarm(limit: str, reached: str, usual: Callable[[Stage], str]) -> Inject:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            await _told(stage, limit, reached)
            try:
                await asyncio.sleep(LONG)
            finally:
                await mended(lambda: _told(stage, limit, usual(stage)))

        return inject

    async def closed(stage: Stage, _dice: random.Random) -> None:
        await _told(stage, "close_all_connections", "torture")

    return [
        Kind("kill broker", killed),
        Kind("restart broker", restarted),
        Kind("freeze broker 2 s", frozen(SHORT)),
        Kind("freeze broker 8 s", frozen(8.0)),
        Kind("disk alarm of broker", alarm("set_disk_free_limit", "900GB", _kept_free)),
        Kind("memory alarm of broker", alarm("set_vm_memory_high_watermark", "0", lambda _: "0.4")),
        Kind("close all connections of broker", closed),
        Kind("delete the work queue", work_queue_deleted),
    ]


def of_the_database() -> list[Kind]:
    def ended(number: signal.Signals) -> Inject:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            child = stage.services["database"].children[-1]
            if number == signal.SIGKILL:
                stage.signal_service("database", number)
            else:
                child.signal(number)

        return inject

    def frozen(seconds: float) -> Inject:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            stage.signal_service("database", signal.SIGSTOP)
            await asyncio.sleep(seconds)
            stage.signal_service("database", signal.SIGCONT)

        return inject

    async def backends(stage: Stage, _dice: random.Random) -> None:
        await stage.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL"
        )

    async def one_backend(stage: Stage, _dice: random.Random) -> None:
        await stage.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND usename IS NOT NULL ORDER BY random() LIMIT 1"
        )

    async def read_only(stage: Stage, _dice: random.Random) -> None:
        try:
            await _system(stage, "ALTER SYSTEM SET default_transaction_read_only = on")
            await asyncio.sleep(LONG)
        finally:
            await mended(lambda: _system(stage, "ALTER SYSTEM RESET default_transaction_read_only"))

    def locked(table: str) -> Inject:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            connection = await asyncpg.connect(
                stage.database_url, server_settings={"search_path": "lunas"}, timeout=10
            )
            try:
                async with connection.transaction():
                    await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                    await asyncio.sleep(LONG)
            finally:
                await connection.close()

        return inject

    async def without_room(stage: Stage, _dice: random.Random) -> None:
        async with crowded(stage.database_url):
            await asyncio.sleep(SHORT)

    async def slow_reader(stage: Stage, _dice: random.Random) -> None:
        await stage.sql(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events; SELECT pg_sleep(4); COMMIT"
        )

    return [
        Kind("kill database", ended(signal.SIGKILL)),
        Kind("stop database at once", ended(signal.SIGQUIT)),
        Kind("restart database", ended(signal.SIGINT)),
        Kind("freeze database 5 s", frozen(LONG)),
        Kind("end all sessions of database", backends),
        Kind("end one session of database", one_backend),
        Kind("database read-only 5 s", read_only),
        Kind("lock events 5 s", locked("events")),
        Kind("lock deliveries 5 s", locked("deliveries")),
        Kind("lock checkpoints 5 s", locked("checkpoints")),
        Kind("no connections left in database", without_room),
        Kind("long reader in database", slow_reader),
    ]


def _kept_free(stage: Stage) -> str:
    """What it was started with: with less, the next full disk would meet a broker that nobody has."""
    folder = Home(stage.home / "services").found_data("rabbitmq")
    if folder is None:
        raise NotInjected("the broker has no folder")
    return str(free_limit(folder))


async def _told(stage: Stage, *words: str) -> None:
    """Raises NotInjected when the broker does not take it: it is down, or busy with another fault."""
    answered(words[0], await stage.control_broker(*words))


async def _system(stage: Stage, statement: str) -> None:
    """What an administrator sets, also while sessions are read-only or none is left: by a superuser's own connection."""
    connection = await asyncpg.connect(
        stage.database_url, server_settings={"default_transaction_read_only": "off"}, timeout=10
    )
    try:
        await connection.execute(statement)
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
