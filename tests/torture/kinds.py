"""Kinds of faults. Each injects one fault into a running stage, waits while it lasts, and ends it; what it broke must mend itself."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from schemas.topology import queue_name
from tests.system.pipeline import PROCESSES
from tests.torture.stage import Stage

SHORT, LONG = 2.0, 5.0
"""Seconds that a fault lasts: less, and more, than a publish or a database call may take."""
CRASH_POINTS = {
    "ingress": (
        "ingress.before_journal",
        "ingress.journal_written",
        "ingress.confirmed",
        "ingress.before_answer",
    ),
    "processor": (
        "intake.prepare",
        "intake.before_commit",
        "intake.after_commit",
        "intake.before_ack",
    ),
    "projections": ("projections.folded", "projections.committed"),
}
"""The named steps that every run passes. Those of a rare path (retries, the parking lot, calls to providers) have tests of their own."""
CRASH_SECONDS = 15.0
TRIES = 8

Inject = Callable[[Stage, random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Kind:
    """One kind of fault. `inject` returns when the fault has ended; raises NotInjected where it cannot be had."""

    name: str
    inject: Inject


def kinds() -> list[Kind]:
    """All of them."""
    return [
        *_of_processes(),
        *_of_crash_points(),
        *_of_the_broker(),
        *_of_the_database(),
        *_of_the_wires(),
        *_of_disks(),
        *_of_strangers(),
        *_of_operators(),
    ]


def kill(name: str) -> Kind:
    """`kill -9` of one process."""

    async def inject(stage: Stage, _dice: random.Random) -> None:
        stage.kill(name)

    return Kind(f"kill {name}", inject)


def _of_processes() -> list[Kind]:
    def freeze(name: str, seconds: float) -> Kind:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            stage.kill(name, signal.SIGSTOP)
            await asyncio.sleep(seconds)
            stage.kill(name, signal.SIGCONT)

        return Kind(f"freeze {name} {seconds:g} s", inject)

    def deploy(name: str) -> Kind:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            stage.kill(name, signal.SIGTERM)
            await asyncio.to_thread(stage.pipeline.running[name].wait, 30)

        return Kind(f"restart {name}", inject)

    async def everything(stage: Stage, _dice: random.Random) -> None:
        for name in PROCESSES:
            stage.kill(name)
        for name in stage.services:
            stage.signal_service(name, signal.SIGKILL)

    async def all_processes(stage: Stage, _dice: random.Random) -> None:
        for name in PROCESSES:
            stage.kill(name)

    async def twice(stage: Stage, dice: random.Random) -> None:
        """Again while it starts."""
        name = dice.choice(PROCESSES)
        stage.kill(name)
        await asyncio.sleep(dice.uniform(0.2, 1.5))
        stage.kill(name)

    return [
        *(kill(name) for name in PROCESSES),
        *(freeze(name, SHORT) for name in PROCESSES),
        freeze("processor", 12.0),
        *(deploy(name) for name in PROCESSES),
        Kind("kill all processes", all_processes),
        Kind("kill everything, services too", everything),
        Kind("kill one twice", twice),
    ]


def _of_crash_points() -> list[Kind]:
    def crash(name: str, point: str) -> Kind:
        async def inject(stage: Stage, dice: random.Random) -> None:
            stage.resting.add(name)
            stage.kill(name)
            await asyncio.to_thread(stage.pipeline.running[name].wait)
            stage.pipeline.start(name, LUNAS_FAULTS=f"{point}:{dice.randint(1, 20)}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CRASH_SECONDS):
                    while stage.pipeline.running[name].poll() is None:
                        await asyncio.sleep(0.05)
            stage.kill(name)
            stage.kills += 1
            stage.resting.discard(name)

        return Kind(f"crash at {point}", inject)

    return [crash(name, point) for name, points in CRASH_POINTS.items() for point in points]


def _of_the_broker() -> list[Kind]:
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

    async def disk_alarm(stage: Stage, _dice: random.Random) -> None:
        await stage.control_broker("set_disk_free_limit", "900GB")
        await asyncio.sleep(LONG)
        await stage.control_broker("set_disk_free_limit", "64MB")

    async def memory_alarm(stage: Stage, _dice: random.Random) -> None:
        await stage.control_broker("set_vm_memory_high_watermark", "0")
        await asyncio.sleep(LONG)
        await stage.control_broker("set_vm_memory_high_watermark", "0.4")

    async def closed(stage: Stage, _dice: random.Random) -> None:
        await stage.control_broker("close_all_connections", "torture")

    async def deleted(stage: Stage, _dice: random.Random) -> None:
        """Only while nothing is in it: what is in a queue is lost with it, by an administrator's own hand."""
        for _ in range(TRIES):
            said = await stage.control_broker("delete_queue", "--if-empty", queue_name(0))
            if "Deleting" in said and "Error" not in said:
                return
        raise NotInjected("the queue was never empty")

    return [
        Kind("kill broker", killed),
        Kind("restart broker", restarted),
        Kind("freeze broker 2 s", frozen(SHORT)),
        Kind("freeze broker 8 s", frozen(8.0)),
        Kind("disk alarm of broker", disk_alarm),
        Kind("memory alarm of broker", memory_alarm),
        Kind("close all connections of broker", closed),
        Kind("delete the work queue", deleted),
    ]


def _of_the_database() -> list[Kind]:
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
        await stage.sql("ALTER SYSTEM SET default_transaction_read_only = on")
        await stage.sql("SELECT pg_reload_conf()")
        await asyncio.sleep(LONG)
        await stage.sql("SET default_transaction_read_only = off; SELECT 1")
        await _system(stage, "ALTER SYSTEM RESET default_transaction_read_only")

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

    async def crowded(stage: Stage, _dice: random.Random) -> None:
        name = urlsplit(stage.database_url).path.lstrip("/")
        await _system(stage, f'ALTER DATABASE "{name}" CONNECTION LIMIT 2')
        await backends(stage, _dice)
        await asyncio.sleep(SHORT)
        await _system(stage, f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')

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
        Kind("no connections left in database", crowded),
        Kind("long reader in database", slow_reader),
    ]


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


def _of_the_wires() -> list[Kind]:
    found: list[Kind] = []
    for name in ("broker", "database"):

        async def cut(stage: Stage, _dice: random.Random, name: str = name) -> None:
            stage.wires[name].reset_all()

        async def silent(stage: Stage, _dice: random.Random, name: str = name) -> None:
            stage.wires[name].silence()
            await asyncio.sleep(LONG)
            stage.wires[name].heal()

        async def gone(stage: Stage, _dice: random.Random, name: str = name) -> None:
            """Silent, and afterwards the connections that were there are dead: a firewall that forgot them."""
            stage.wires[name].silence()
            await asyncio.sleep(LONG)
            stage.wires[name].reset_all()
            stage.wires[name].heal()

        async def slow(stage: Stage, _dice: random.Random, name: str = name) -> None:
            stage.wires[name].wire.latency = 0.05
            await asyncio.sleep(LONG)
            stage.wires[name].heal()

        async def narrow(stage: Stage, _dice: random.Random, name: str = name) -> None:
            stage.wires[name].wire.bytes_per_second = 40_000
            await asyncio.sleep(LONG)
            stage.wires[name].heal()

        async def torn(stage: Stage, dice: random.Random, name: str = name) -> None:
            """Every new connection ends after some bytes, in the middle of what is being said."""
            wire = stage.wires[name]
            for _ in range(8):
                wire.wire.cut_after = int(10 ** dice.uniform(2.5, 5))
                wire.reset_all()
                await asyncio.sleep(0.5)
            wire.heal()

        async def refused(stage: Stage, _dice: random.Random, name: str = name) -> None:
            stage.wires[name].wire.refusing = True
            stage.wires[name].reset_all()
            await asyncio.sleep(LONG)
            stage.wires[name].heal()

        found += [
            Kind(f"cut connections to {name}", cut),
            Kind(f"silence to {name} 5 s", silent),
            Kind(f"silence to {name} 5 s, then dead", gone),
            Kind(f"50 ms to {name} 5 s", slow),
            Kind(f"40 kB/s to {name} 5 s", narrow),
            Kind(f"connections to {name} torn anywhere", torn),
            Kind(f"{name} refuses connections 5 s", refused),
        ]
    return found


def _of_disks() -> list[Kind]:
    async def full(stage: Stage, _dice: random.Random) -> None:
        if not stage.journal_is_small:
            raise NotInjected("no disk of its own could be mounted")
        filler = stage.journal / "filler"
        try:
            with filler.open("wb") as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 1_048_576)
            await asyncio.sleep(LONG)
        finally:
            filler.unlink()

    async def full_and_no_broker(stage: Stage, dice: random.Random) -> None:
        stage.wires["broker"].wire.refusing = True
        stage.wires["broker"].reset_all()
        try:
            await full(stage, dice)
        finally:
            stage.wires["broker"].heal()

    return [
        Kind("journal's disk full 5 s", full),
        Kind("journal's disk full and no broker 5 s", full_and_no_broker),
    ]


def _of_strangers() -> list[Kind]:
    async def halves(stage: Stage, dice: random.Random) -> None:
        """Requests that stop anywhere in their middle."""
        address = urlsplit(stage.pipeline.ingress)
        request = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nx-callback-token: dev-xendit-secret\r\n\r\n"
        writers = []
        for _ in range(60):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(address.hostname, address.port)
                writer.write((request + b"{" * 4000)[: dice.randrange(1, len(request) + 4000)])
                writers.append(writer)
        await asyncio.sleep(SHORT)
        for writer in writers:
            writer.transport.abort()

    def flood(size: int, number: int, token: str) -> Inject:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            connector = aiohttp.TCPConnector(limit=20)
            async with aiohttp.ClientSession(connector=connector) as session:

                async def one() -> None:
                    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                        async with session.post(
                            f"{stage.pipeline.ingress}/webhooks/xendit",
                            data=b"{" + b" " * size,
                            headers={"x-callback-token": token},
                            timeout=aiohttp.ClientTimeout(5),
                        ) as answer:
                            await answer.read()

                await asyncio.gather(*(one() for _ in range(number)))

        return inject

    return [
        Kind("60 half requests", halves),
        Kind("500 forged requests", flood(200, 500, "forged")),
        Kind("60 forged bodies of 1 MiB", flood(1_000_000, 60, "forged")),
    ]


def _of_operators() -> list[Kind]:
    def command(title: str, *words: str) -> Kind:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            code, said = await stage.lunas(*words)
            if code not in (0, 1, 3):
                raise NotInjected(f"{' '.join(words)}: {said[-300:]}")

        return Kind(title, inject)

    async def rebuilt(stage: Stage, _dice: random.Random) -> None:
        code, said = await stage.lunas(
            "projections", "rebuild", "balances", "--reason", "torture", "--yes", "--json"
        )
        if code not in (0, 1, 3):
            raise NotInjected(f"projections rebuild: {said[-300:]}")

    async def killed_while_rebuilding(stage: Stage, dice: random.Random) -> None:
        task = asyncio.create_task(rebuilt(stage, dice))
        await asyncio.sleep(dice.uniform(0.5, 2.0))
        stage.kill("projections")
        await asyncio.gather(task, return_exceptions=True)

    return [
        Kind("rebuild balances", rebuilt),
        Kind("kill projections while rebuilding", killed_while_rebuilding),
        command("verify fulfilment", "fulfilment", "verify", "--json"),
        command("doctor", "doctor", "--json"),
    ]


class NotInjected(Exception):
    """This machine, or this moment, does not let us do that; the report says so."""
