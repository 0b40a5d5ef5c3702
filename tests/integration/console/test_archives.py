"""Bytes of webhooks by month in files: what is emptied can be read, replayed and verified, and who was forgotten is in no file."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import signal
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import exits
from console.archives import archiving
from eventstore.sealing import seal_next
from processor.watch.retention import empty_old_bodies
from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import Envelope
from tests.integration.console.conftest import Run
from tests.integration.console.persons.shown import ADDRESS, registered
from tests.integration.console.replays import Shop
from tests.services import run_apart
from tests.unit.processor.intake.envelopes import capture, envelope

NOW = datetime.now(UTC)
MONTH = (datetime(int(f"{NOW:%Y}"), int(f"{NOW:%m}"), 1, tzinfo=UTC) - timedelta(days=20)).date()
"""A month that is over, and stays so."""
WORDS = ("webhooks", "archive", "--reason", "monthly")


def of_last_month(payment: str, email: str = "payer@contoh.id", day: int = 10) -> Envelope:
    """A webhook that came in that month: its id was drawn then."""
    at = datetime(MONTH.year, MONTH.month, day, 12, tzinfo=UTC)
    drawn = uuid.UUID(int=(int(at.timestamp() * 1000) << 80) | 0x7 << 76 | 0x2 << 62 | uuid.uuid4().int >> 70)
    body = capture(payment).replace(b"ratna@contoh.id", email.encode())
    return envelope(body, delivery_id=str(drawn), received_at=int(at.timestamp() * 1_000_000))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "bodies"
    place.mkdir()
    monkeypatch.setenv("LUNAS_BODY_ARCHIVE_DIR", str(place))
    return place


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


async def emptied(pool: Pool) -> int:
    """As the processor empties by age, with LUNAS_RAW_BODY_ARCHIVE=first."""
    async with pool.acquire() as connection:
        return (await empty_old_bodies(connection, 0, 2, archived=True)).bodies


def lines(folder: Path) -> list[Any]:
    [file] = folder.glob(f"bodies-{MONTH:%Y-%m}-*")
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


async def test_what_is_emptied_is_read_replayed_and_verified_from_its_file(
    shop: Shop, pool: Pool, store: asyncpg.Connection, lunas: Run, folder: Path
) -> None:
    sent = [of_last_month(f"py-{number}") for number in range(5)]
    await shop.take_in(*sent, envelope(capture("py-now")))
    assert await emptied(pool) == 0  # no file holds them yet
    done = await lunas(*WORDS, "--json")
    assert done.code == exits.FINE, done.err
    assert await emptied(pool) == 5
    assert await store.fetchval("SELECT count(*) FROM deliveries WHERE redacted_at IS NULL") == 1

    async with pool.acquire() as connection:
        assert await seal_next(connection, 1000) is not None
    verified = await lunas("audit", "verify", "--json")
    assert (verified.code, verified.json["bodies_gone"]) == (exits.FINE, 5)
    listed = await lunas("webhooks", "archives", "--verify", "--json")
    assert listed.code == exits.FINE, listed.err
    first = listed.json["items"][0]  # there are more when a month has just ended
    assert (first["month"], first["state"], first["bodies"]) == (f"{MONTH:%Y-%m}", "verified", 5)
    for one in sent:
        raw = await lunas("webhooks", "raw", str(one.delivery_id))
        assert (raw.code, raw.out.encode()) == (exits.FINE, one.body)
    files = set(folder.iterdir())
    assert (await lunas(*WORDS)).code == exits.FINE  # every month has its file
    assert files <= set(folder.iterdir())
    act = await store.fetchrow("SELECT verb, target FROM operator_acts ORDER BY act_id LIMIT 1")
    assert tuple(act) == ("webhooks.archive", f"{MONTH:%Y-%m}")


async def test_what_came_late_is_added_and_nothing_that_was_emptied_is_lost(
    shop: Shop, pool: Pool, lunas: Run, folder: Path
) -> None:
    await shop.take_in(of_last_month("py-1"))
    assert (await lunas(*WORDS)).code == exits.FINE
    late = of_last_month("py-2", day=3)
    await shop.take_in(late)
    assert await emptied(pool) == 1  # the late one is in no file
    month = await lunas("webhooks", "archive", f"{MONTH:%Y-%m}", "--reason", "journals were sent again")
    assert (month.code, "1 were added" in month.out) == (exits.FINE, True), month.err
    assert len(lines(folder)) == 1 + 2 + 1
    assert await emptied(pool) == 1
    assert (await lunas("webhooks", "raw", str(late.delivery_id))).out.encode() == late.body


async def test_who_is_forgotten_is_in_no_file_afterwards(
    sealing: Shop,
    pool: Pool,
    store: asyncpg.Connection,
    lunas: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs, others = of_last_month("py-1", ADDRESS), of_last_month("py-2", "other@contoh.id")
    await registered(pool)
    # One that says the address and became nothing of theirs: found by its bytes alone.
    mention = of_last_month("py-3", "third@contoh.id", day=4)
    mention = envelope(
        mention.body.replace(b'"QRIS"', b'"' + ADDRESS.encode() + b'"'),
        delivery_id=mention.delivery_id,
        received_at=mention.received_at,
    )
    await sealing.take_in(theirs, others, mention)
    await sealing.settle()
    assert (await lunas(*WORDS)).code == exits.FINE
    assert await emptied(pool) == 3
    assert theirs.body in {_bytes(one) for one in lines(folder)}
    document = (await lunas("customers", "export", "c1", "--json")).json
    assert sum("body" in one for one in document["webhooks"]) == 2

    monkeypatch.delenv("LUNAS_BODY_ARCHIVE_DIR")
    assert (await lunas("customers", "erase", "c1", "--reason", "by letter", "--yes")).code == exits.FINE
    monkeypatch.setenv("LUNAS_OPERATOR", "dewi")
    refused = await lunas("customers", "erase", "c1", "--reason", "checked", "--yes")
    assert (refused.code, "LUNAS_BODY_ARCHIVE_DIR" in refused.err) == (exits.REFUSED, True)
    monkeypatch.setenv("LUNAS_BODY_ARCHIVE_DIR", str(folder))
    done = await lunas("customers", "erase", "c1", "--reason", "checked", "--yes", "--json")
    assert done.code == exits.FINE, done.err
    assert len(done.json["archives_to_be_written_anew"]) == 1
    assert {_bytes(one) for one in lines(folder)} == {b"", others.body}
    assert await store.fetchval("SELECT count(*) FROM bodies_forgotten") == 2
    assert (await lunas("webhooks", "raw", str(theirs.delivery_id))).code == exits.REFUSED
    assert (await lunas("webhooks", "archives", "--verify")).code == exits.FINE


def _bytes(line: Any) -> bytes:
    return base64.b64decode(line.get("body", ""))


@pytest.mark.parametrize("place", ["written", "before_commit", "after_commit"])
async def test_killed_while_it_writes_nothing_is_lost_and_it_goes_on(
    shop: Shop, pool: Pool, lunas: Run, folder: Path, place: str
) -> None:
    one = of_last_month("py-1")
    await shop.take_in(one)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", *WORDS,
        env={**os.environ, "LUNAS_FAULTS": f"archive.{place}", "LUNAS_DOTENV": os.devnull},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    assert await emptied(pool) == (1 if place == "after_commit" else 0)
    assert (await lunas(*WORDS)).code == exits.FINE
    assert await emptied(pool) == (0 if place == "after_commit" else 1)
    assert (await lunas("webhooks", "archives", "--verify")).code == exits.FINE
    assert (await lunas("webhooks", "raw", str(one.delivery_id))).out.encode() == one.body
    if place != "after_commit":  # what the killed run left is swept away
        assert not list(folder.glob(".*"))
        assert len(list(folder.glob(f"bodies-{MONTH:%Y-%m}-*"))) == 1


async def test_who_is_forgotten_while_a_file_is_written_is_not_in_it(
    shop: Shop, lunas: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, others = of_last_month("py-1"), of_last_month("py-2")
    await shop.take_in(theirs, others)
    whole, turns = archiving.read_bodies, [0]

    async def forgotten() -> None:
        other = await asyncpg.connect(os.environ["LUNAS_DATABASE_URL"])
        insert = "INSERT INTO lunas.bodies_forgotten (delivery_id, erasure_id) VALUES ($1, gen_random_uuid())"
        await other.execute(insert, theirs.delivery_id)
        empty = "UPDATE lunas.deliveries SET body = '', redacted_at = now() WHERE delivery_id = $1"
        await other.execute(empty, theirs.delivery_id)
        await other.close()

    def forgotten_meanwhile(path: Path) -> Any:
        turns[0] += 1
        if turns[0] == 1:  # it is read back: written, and not named yet
            run_apart(forgotten)
        return whole(path)

    monkeypatch.setattr(archiving, "read_bodies", forgotten_meanwhile)
    done = await lunas(*WORDS)
    assert done.code == exits.FINE, done.err
    assert turns[0] > 1
    assert {_bytes(one) for one in lines(folder)} == {b"", others.body}


async def test_a_changed_file_is_found_and_never_written_over(
    shop: Shop, pool: Pool, lunas: Run, folder: Path
) -> None:
    await shop.take_in(of_last_month("py-1"), of_last_month("py-2"))
    assert (await lunas(*WORDS)).code == exits.FINE
    [file] = folder.glob(f"bodies-{MONTH:%Y-%m}-*")
    whole = file.read_bytes()
    changed = gzip.decompress(whole).replace(b'"provider":"xendit"', b'"provider":"xxndit"', 1)
    assert changed != gzip.decompress(whole)
    for bytes_ in (gzip.compress(changed), whole[: len(whole) // 2], b"rubbish"):
        file.write_bytes(bytes_)
        found = await lunas("webhooks", "archives", "--verify", "--json")
        assert (found.code, found.json["items"][0]["state"]) == (exits.PROBLEMS, "damaged")
        written = await lunas("webhooks", "archive", f"{MONTH:%Y-%m}", "--reason", "again")
        assert written.code == exits.REFUSED
        assert file.read_bytes() == bytes_
    file.unlink()
    assert (await lunas("webhooks", "archives", "--json")).json["items"][0]["state"] == "missing"
    [found] = [
        one for one in (await lunas("doctor", "--json")).json["checks"] if one["check"] == "body_archive"
    ]
    assert (found["state"], file.name in found["detail"]) == ("problem", True)


async def test_bytes_that_are_not_those_that_came_are_not_archived(
    shop: Shop, store: asyncpg.Connection, lunas: Run, folder: Path
) -> None:
    await shop.take_in(of_last_month("py-1"))
    await store.execute("ALTER TABLE deliveries DISABLE TRIGGER deliveries_are_immutable")
    await store.execute("UPDATE deliveries SET body = 'x', body_sha256 = sha256('x')")
    await store.execute("ALTER TABLE deliveries ENABLE TRIGGER deliveries_are_immutable")
    refused = await lunas(*WORDS)
    assert (refused.code, "other bytes" in refused.err) == (exits.REFUSED, True)
    assert list(folder.iterdir()) == []


async def test_a_month_that_is_not_over_or_none_is_refused(lunas: Run, folder: Path) -> None:
    coming = f"{datetime.now(UTC) + timedelta(days=32):%Y-%m}"
    words = ("--reason", "monthly")
    assert (await lunas("webhooks", "archive", coming, *words)).code == exits.REFUSED
    assert (await lunas("webhooks", "archive", "2026-13", *words)).code == exits.WRONG_USE
