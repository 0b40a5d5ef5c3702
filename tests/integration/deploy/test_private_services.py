"""Private PostgreSQL and RabbitMQ: reachable from this machine only, gone with their owner, and back with their data."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import aio_pika
import aiormq.exceptions
import asyncpg
import pytest

from deploy.local.services import orders, programs
from deploy.local.services.failures import AlreadyRunning
from deploy.local.services.home import FAR_ROOT, Home
from deploy.local.services.private import private_services
from deploy.local.services.users import service_user

ROOT = Path(__file__).resolve().parents[3]
OWNER = """
import sys, time
from pathlib import Path
from deploy.local.services.private import private_services

services = private_services(Path(sys.argv[1]))
with services as urls:
    print(urls.database_url, urls.broker_url, flush=True)
    sys.stdin.readline()
    for service in services.services:
        service.settle(120.0)
    print("settled", flush=True)
    time.sleep(300)
"""
QUEUE = "lunas.survivor"


@pytest.fixture(scope="module", autouse=True)
def local_programs() -> None:
    missing = programs.missing_packages()
    assert not missing, f"install {' '.join(missing)}: these tests start the real programs"


def start_owner(home: Path) -> tuple[subprocess.Popen[str], str, str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    database_url, broker_url = owner.stdout.readline().split()
    return owner, database_url, broker_url


def settle(owner: subprocess.Popen[str]) -> None:
    """What the supervisor does once all is declared and ready."""
    assert owner.stdin is not None
    assert owner.stdout is not None
    owner.stdin.write("\n")
    owner.stdin.flush()
    assert owner.stdout.readline() == "settled\n"


def processes(home: Path) -> dict[Path, str]:
    """Living processes that work for a home: their folder in /proc and their command line."""
    # The data is in the home, or in a folder named by the home's digest.
    marks = (str(home).encode(), Home(home).digest().encode())
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if line and any(mark in line + environment for mark in marks) and int(entry.name) != os.getpid():
            found[entry] = line.replace(b"\0", b" ").decode("utf-8", "replace")
    return found


def related(home: Path) -> list[str]:
    return list(processes(home).values())


def wait_until_none(home: Path, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while (left := related(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def listening_addresses(home: Path) -> set[str]:
    """Local addresses (hexadecimal) that processes of a home listen on, from /proc/net."""
    sockets = {os.readlink(link)[8:-1] for entry in processes(home) for link in (entry / "fd").iterdir()}
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in sockets}


async def test_they_listen_on_this_machine_only_and_refuse_strangers_and_leave_nothing(home: Path) -> None:
    with private_services(home) as urls:
        loopback = {"0100007F", "00000000000000000000000001000000"}
        addresses = listening_addresses(home)
        assert addresses
        assert addresses <= loopback
        connection = await asyncpg.connect(urls.database_url)
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        known = await connection.fetchval("SELECT enumvals FROM pg_settings WHERE name = 'wal_compression'")
        assert await connection.fetchval("SHOW wal_compression") == ("lz4" if "lz4" in known else "pglz")
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(urls.database_url, password="guess")
        guest = urls.broker_url.replace(urls.broker_url.split("//")[1].split("@")[0], "guest:guest")
        with pytest.raises((aiormq.exceptions.AMQPConnectionError, aiormq.exceptions.AMQPError)):
            await aio_pika.connect(guest)
        with pytest.raises(AlreadyRunning, match="in use by a running lunas"), private_services(home):
            pass
        assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    assert related(home) == []


async def declare(broker_url: str, body: bytes) -> None:
    async with await aio_pika.connect(broker_url) as broker:
        channel = await broker.channel()
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        await channel.default_exchange.publish(aio_pika.Message(body, delivery_mode=2), QUEUE)


async def test_killed_with_sigkill_they_end_and_the_next_start_continues(
    home: Path,
) -> None:
    owner, database_url, broker_url = start_owner(home)
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await connection.close()
    await declare(broker_url, b"kept")
    settle(owner)
    owner.kill()
    owner.communicate()
    assert wait_until_none(home, 60) == []
    with private_services(home) as urls:
        connection = await asyncpg.connect(urls.database_url)
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()
        async with await aio_pika.connect(urls.broker_url) as broker:
            queue = await (await broker.channel()).get_queue(QUEUE)
            message = await queue.get(timeout=60)
            assert message is not None
            assert message.body == b"kept"
            await message.ack()


async def test_a_queue_whose_node_was_killed_right_after_its_declaration_works_again(home: Path) -> None:
    owner, _, broker_url = start_owner(home)
    await declare(broker_url, b"first")
    owner.kill()
    owner.communicate()
    assert wait_until_none(home, 60) == []
    with private_services(home) as urls:
        await declare(urls.broker_url, b"second")
        async with await aio_pika.connect(urls.broker_url) as broker:
            queue = await (await broker.channel()).get_queue(QUEUE)
            message = await queue.get(timeout=60)
            assert message is not None
            assert message.body in (b"first", b"second")
            await message.ack()


def test_a_frozen_broker_keeps_nobody_waiting_and_takes_its_orders_when_it_thaws(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "ANSWER_SECONDS", 1.0)
    services = private_services(home, database_url="unused")
    with services:
        (broker,) = services.services
        node = broker.children[-1]
        node.signal(signal.SIGSTOP)
        began = time.monotonic()
        broker.settle(2.0)
        broker.tend()
        assert time.monotonic() - began < 50
        assert not broker.settle_orders[0].taken
        node.signal(signal.SIGCONT)
        monkeypatch.setattr(orders, "ANSWER_SECONDS", 60.0)
        assert broker.settle_orders[0].wait(60.0)
        assert broker.alive()


def test_a_broker_that_was_started_again_gets_its_orders_again(home: Path) -> None:
    services = private_services(home, database_url="unused")
    with services:
        (broker,) = services.services
        assert broker.start_orders[0].wait(60.0)
        node = broker.children[-1]
        node.kill()
        node.start()
        broker.tend()
        deadline = time.monotonic() + 120
        while broker.start_orders[0].taken:
            assert time.monotonic() < deadline
            broker.tend()
            time.sleep(0.05)
        assert broker.start_orders[0].wait(60.0)


def test_data_moves_out_of_a_home_its_user_cannot_reach_without_touching_other_modes(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = Home(closed / "home")
    user = service_user("postgres")
    try:
        with home:
            folder = home.data_folder("postgres", user)
        if user.name is None:  # not root: the caller itself runs the services, and reaches its own folders
            assert folder == closed / "home" / "postgres"
        else:
            assert folder == FAR_ROOT / home.digest() / "postgres"
            assert folder.stat().st_uid == user.uid
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        home.erase()
    assert not (FAR_ROOT / home.digest()).exists()
