"""Kinds of faults. Each injects one fault into a running stage, waits while it lasts, and ends it; what it broke must mend itself."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from urllib.parse import urlsplit

import aiohttp

from tests.system.pipeline import PROCESSES
from tests.torture.comparing import differs
from tests.torture.kind import LONG, SHORT, Inject, Kind, NotInjected, kept
from tests.torture.machine_kinds import of_clocks, of_disks, of_limits
from tests.torture.service_kinds import of_the_broker, of_the_database
from tests.torture.stage import Stage

CRASH_POINTS = {
    "ingress": (
        "ingress.before_journal",
        "ingress.journal_written",
        "ingress.confirmed",
        "ingress.before_answer",
        "ingress.half_answered",
        "publish.unconfirmed",
    ),
    "processor": (
        "intake.prepare",
        "intake.before_append",
        "intake.before_commit",
        "intake.after_commit",
        "intake.before_ack",
        "intake.acked",
    ),
    "projections": ("projections.read", "projections.folded", "projections.committed"),
}
"""The named steps that every run passes. Those of a rare path (retries, the parking lot, calls to providers) have tests of their own."""
CRUMB_BYTES = 3
CRASH_SECONDS = 30.0
MOST_PASSES = 8
"""Of a crash point before it kills: a pass is a batch, and a quiet minute has few."""


def kinds() -> list[Kind]:
    """All of them."""
    return [
        *_of_processes(),
        *_of_crash_points(),
        *of_the_broker(),
        *of_the_database(),
        *_of_the_wires(),
        *of_disks(),
        *of_clocks(),
        *of_limits(),
        *_of_strangers(),
        *_of_operators(),
    ]


def kill(name: str) -> Kind:
    """`kill -9` of one process."""

    async def inject(stage: Stage, _dice: random.Random) -> None:
        if not stage.kill(name):
            raise NotInjected("it was dead already")

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
            with kept(stage, name):
                stage.kill(name)
                await asyncio.to_thread(stage.pipeline.running[name].wait)
                passes = dice.randint(1, MOST_PASSES)
                stage.pipeline.start(name, LUNAS_FAULTS=f"{point}:{passes}")
                armed = stage.pipeline.running[name]
                stage.killed.discard(armed.pid)  # numbers of processes come again
                code = await _ended(stage, name)
                if code != -signal.SIGKILL:
                    stage.kill(name)
                    raise NotInjected(f"not passed {passes} times in {CRASH_SECONDS:g} s (exit code {code})")
                if armed.pid in stage.killed:
                    raise NotInjected("another fault killed it before it came there")
                stage.kills += 1

        return Kind(f"crash at {point}", inject)

    return [crash(name, point) for name, points in CRASH_POINTS.items() for point in points]


async def _ended(stage: Stage, name: str) -> int | None:
    """The exit code of a process that is to die by itself; None when it lives on."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CRASH_SECONDS):
            while stage.pipeline.running[name].poll() is None:
                await asyncio.sleep(0.05)
    return stage.pipeline.running[name].poll()


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

        async def dribbling(stage: Stage, _dice: random.Random, name: str = name) -> None:
            """Every frame comes in many pieces."""
            stage.wires[name].wire.crumb = CRUMB_BYTES
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
            Kind(f"{CRUMB_BYTES} bytes at a time to {name} 5 s", dribbling),
            Kind(f"connections to {name} torn anywhere", torn),
            Kind(f"{name} refuses connections 5 s", refused),
        ]
    return found


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
    def look(title: str, *words: str) -> Kind:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            code, said = await stage.lunas(*words)
            if code not in (0, 1, 3):
                raise NotInjected(f"{' '.join(words)}: {said[-300:]}")
            if words[1] == "verify" and differs(code, said):
                stage.differing.append(said[-500:])

        return Kind(title, inject, fault=False)

    def rebuilt(*what: str) -> Inject:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            code, said = await stage.lunas(*what, "--reason", "torture", "--yes", "--json")
            if code not in (0, 1, 3):
                raise NotInjected(f"{' '.join(what)}: {said[-300:]}")

        return inject

    balances = rebuilt("projections", "rebuild", "balances")

    async def killed_while_rebuilding(stage: Stage, dice: random.Random) -> None:
        task = asyncio.create_task(balances(stage, dice))
        await asyncio.sleep(dice.uniform(0.5, 2.0))
        stage.kill("projections")
        await asyncio.gather(task, return_exceptions=True)

    return [
        Kind("rebuild balances", balances),
        Kind("rebuild fulfilment", rebuilt("fulfilment", "rebuild")),
        Kind("kill projections while rebuilding", killed_while_rebuilding),
        look("verify fulfilment", "fulfilment", "verify", "--json"),
        look("verify projections", "projections", "verify", "--json"),
        look("doctor", "doctor", "--json"),
    ]
