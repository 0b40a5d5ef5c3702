"""`make demo` on the session's services: the whole story, and no trace in a database that is in use."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from console import exits

DEMO_SECONDS = 300


def start_demo(database_url: str, broker_url: str, home: Path, *arguments: str) -> subprocess.Popen[str]:
    """`lunas demo` as a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")}
    environment |= {
        "LUNAS_DATABASE_URL": database_url,
        "LUNAS_BROKER_URL": broker_url,
        "LUNAS_HOME": str(home),
        "LUNAS_LANG": "en",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "console.main", "demo", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def demo(
    database_url: str, broker_url: str, home: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """The demo to its end."""
    process = await asyncio.to_thread(start_demo, database_url, broker_url, home, *arguments)
    try:
        out, err = await asyncio.to_thread(process.communicate, timeout=DEMO_SECONDS)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


async def test_the_demo_tells_the_day_and_every_invariant_holds(
    empty_database_url: str, broker_url: str, tmp_path: Path
) -> None:
    done = await demo(empty_database_url, broker_url, tmp_path, "--webhooks", "300", "--seed", "21")
    assert done.returncode == exits.FINE, done.stdout + done.stderr
    checks = done.stdout.partition("What must be true")[2]
    assert checks.count("✓") == 10
    assert "tops up Rp 50,000: the QR code 0002" in done.stdout
    assert "a page that listens has heard it" in done.stdout
    assert "finds 1, and 250,000 credit tokens are there. Asked again it finds 0." in done.stdout
    assert "orders kelas-python for Rp 150,000 (manual)" in done.stdout
    assert "gets Rp 25,000 of the Rp 50,000 back" in done.stdout
    assert "250,000 credit tokens are left" in done.stdout
    assert "subscribes to pro-bulanan for Rp 200,000 a month" in done.stdout
    assert ": 4 get them, the others are told" in done.stdout
    assert "one more is answered quota_exceeded until" in done.stdout
    assert "✗" not in done.stdout
    assert "Every rupiah is accounted for." in checks
    assert "(pelanggan-001) paid Rp" in done.stdout
    assert "payer is not a customer yet" in done.stdout
    assert "xendit: amount_fractional" in done.stdout
    assert "scalev: wrong_credential" in done.stdout
    assert "nothing is left running" in done.stderr
    assert "\x1b" not in done.stdout


async def test_the_demo_refuses_a_database_in_use(database_url: str, broker_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO lunas.streams (stream, category, version) VALUES ('customer-x', 'customer', 1);"
        "INSERT INTO lunas.events (stream_id, event_id, version, schema_version, stream, type, data, metadata)"
        " VALUES (1, gen_random_uuid(), 1, 1, 'customer-x', 'customer.registered', '{}', '{}')"
    )
    done = await demo(database_url, broker_url, tmp_path)
    assert done.returncode == exits.REFUSED
    assert "already has events" in done.stderr
    assert await connection.fetchval("SELECT count(*) FROM lunas.events") == 1
    await connection.close()


@pytest.mark.parametrize("variable", ["XENDIT_BUSINESS_ID", "SCALEV_WEBHOOK_SECRET"])
async def test_settings_of_the_person_do_not_change_the_demo(
    empty_database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "something-of-mine")
    done = await demo(empty_database_url, broker_url, tmp_path, "--webhooks", "60")
    assert done.returncode == exits.FINE, done.stdout + done.stderr


async def test_ctrl_c_in_the_middle_leaves_nothing_running(
    empty_database_url: str, broker_url: str, tmp_path: Path
) -> None:
    process = await asyncio.to_thread(
        start_demo, empty_database_url, broker_url, tmp_path, "--webhooks", "5000"
    )
    assert process.stderr is not None
    try:
        while line := await asyncio.to_thread(process.stderr.readline):
            if "Playing yesterday" in line:
                break
        assert len(processes_of(tmp_path)) >= 6
        process.send_signal(signal.SIGINT)
        _, talk = await asyncio.to_thread(process.communicate, timeout=180)
    finally:
        process.kill()
    assert process.returncode == exits.INTERRUPTED
    assert "Interrupted; nothing is left running." in talk
    assert "Traceback" not in talk
    assert processes_of(tmp_path) == []


def processes_of(home: Path) -> list[str]:
    """Command lines of the living processes that work in `home`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if str(home).encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().decode().replace("\0", " "))
    return found
