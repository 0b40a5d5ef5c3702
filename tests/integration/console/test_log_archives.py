"""Parts of the log in files that prove themselves: against the published seals, without the database and without this program."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import exits
from console.archives.body_file import ArchiveDamaged
from console.archives.part_file import read_part
from deploy import verify_log_part
from eventstore.published_seals import append_seals
from eventstore.sealing import seal_next, seals_behind
from runtime.database import Pool
from tests.integration.console.conftest import Run
from tests.integration.eventstore.samples import append_now, written_off
from tests.parts import in_parts

WORDS = ("log", "archive", "--reason", "yearly")
STEP, EVENTS = 10, 25


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "archives"
    place.mkdir()
    monkeypatch.setenv("LUNAS_BODY_ARCHIVE_DIR", str(place))
    return place


async def sealed(pool: Pool, under: int = 4) -> None:
    """Seals of four events reach over the ends of parts of ten."""
    async with pool.acquire() as connection:
        while await seal_next(connection, under) is not None:
            pass


@pytest.fixture
async def published(pool: Pool, tmp_path: Path) -> Path:
    """The seals of a log of two parts that ended and one that goes on."""
    async with pool.acquire() as connection:
        await in_parts(connection, STEP, EVENTS)
        for number in range(EVENTS):
            await append_now(connection, written_off(f"a-{number % 3}", str(number)))
    await sealed(pool)
    file = tmp_path / "seals.jsonl"
    async with pool.acquire() as connection:
        append_seals(file, await seals_behind(connection, 0, 100))
    return file


def checked(*files: Path) -> subprocess.CompletedProcess[str]:
    """As somebody who has the script alone: no site packages, no environment, another folder."""
    command = [sys.executable, "-I", "-S", str(Path(verify_log_part.__file__)), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", env={}, check=False)


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def written(file: Path, documents: list[Any]) -> Path:
    """As whoever may write the folder would: with an end that fits."""
    texts = [json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in documents[:-1]]
    events, seals = (sum(kind in each for each in documents[:-1]) for kind in ("event", "seal"))
    end = {"events": events, "seals": seals, "sha256": hashlib.sha256(b"".join(texts)).hexdigest()}
    other = file.with_name("other.jsonl.gz")
    other.write_bytes(gzip.compress(b"".join(texts) + json.dumps(end).encode() + b"\n"))
    return other


async def test_each_part_that_ended_is_proved_to_whoever_has_the_script_alone(
    lunas: Run, published: Path, folder: Path, store: asyncpg.Connection
) -> None:
    done = await lunas(*WORDS, "--json")
    assert (done.code, len(done.json["items"])) == (exits.FINE, 2), done.err
    files = {file.name.split("-")[1]: file for file in folder.glob("log-*")}
    assert sorted(files) == ["events_p0", "events_p10"]
    for part, file in files.items():
        said = checked(file, published)
        assert (said.returncode, said.stderr) == (0, ""), said.stdout
        assert (
            f"{part}: {STEP - (part == 'events_p0')} events are as they were sealed, to its end"
            in said.stdout
        )
        assert "(published)" in said.stdout
        assert checked(file).returncode == 0
    listed = await lunas("log", "archives", "--verify", "--published", str(published), "--json")
    assert (listed.code, listed.json["due"]) == (exits.FINE, []), listed.err
    assert [(row["part"], row["state"], row["through"]) for row in listed.json["items"]] == [
        ("events_p0", "verified", 9),
        ("events_p10", "verified", 19),
    ]
    assert "verified" in (await lunas("log", "archives", "--verify")).out
    acts = await store.fetch("SELECT verb, target, reason FROM operator_acts ORDER BY act_id")
    assert [tuple(act) for act in acts] == [
        ("log.archive", part, "yearly") for part in ("events_p0", "events_p10")
    ]
    nothing = await lunas(*WORDS)
    assert (nothing.code, "has its file" in nothing.out) == (exits.FINE, True)


async def test_what_is_sealed_of_a_part_that_goes_on_is_written_and_later_the_rest(
    lunas: Run, published: Path, folder: Path, pool: Pool
) -> None:
    assert (await lunas("log", "archive", "events_p20", "--reason", "now")).code == exits.FINE
    [first] = folder.glob("log-*")
    assert "up to position 25" in checked(first, published).stdout
    async with pool.acquire() as connection:
        await append_now(connection, *(written_off("b-1", str(number)) for number in range(10)))
    await sealed(pool)
    assert (await lunas("log", "archives", "--json")).json["due"] == ["events_p0", "events_p10", "events_p20"]
    assert (await lunas("log", "archive", "events_p20", "--reason", "the rest")).code == exits.FINE
    [whole] = folder.glob("log-*")
    assert whole != first
    assert "10 events are as they were sealed, to its end" in checked(whole).stdout
    again = await lunas("log", "archive", "events_p20", "--reason", "once more")
    assert (again.code, list(folder.iterdir())) == (exits.FINE, [whole])


async def test_whatever_is_changed_in_a_file_is_found_by_us_and_by_the_script(
    lunas: Run, published: Path, folder: Path
) -> None:
    assert (await lunas("log", "archive", "events_p10", "--reason", "x")).code == exits.FINE
    [file] = folder.glob("log-*")
    whole = lines(file)
    events = [number for number, each in enumerate(whole) if "event" in each]
    seals = [number for number, each in enumerate(whole) if "seal" in each]
    for number in events:
        for name in whole[number]["event"]:
            changed = [json.loads(json.dumps(each)) for each in whole]
            changed[number]["event"][name] += "1"
            assert_found(written(file, changed), published)
        assert_found(written(file, whole[:number] + whole[number + 1 :]), published)
        assert_found(written(file, [*whole[: number + 1], whole[number], *whole[number + 1 :]]), published)
    # A whole seal with its events: at the begin, in between, at the end.
    for at, number in enumerate(seals):
        until = seals[at + 1] if at + 1 < len(seals) else len(whole) - 1
        left = whole[:number] + whole[until:]
        if at + 1 < len(seals):
            assert_found(written(file, left), published)
        else:  # then it reaches less far, and says so
            assert "up to position" in checked(written(file, left), published).stdout
    # An event of this part of which only the hash is there.
    hidden = [json.loads(json.dumps(each)) for each in whole]
    gone = hidden.pop(events[0])
    under = max(number for number in seals if number < events[0])
    texts = gone["event"]
    hidden[under]["elsewhere"].append([int(texts["position"]), verify_log_part.leaf(texts).hex()])
    assert_found(written(file, hidden), published)


def assert_found(file: Path, published: Path) -> None:
    assert checked(file, published).returncode == 1, checked(file, published).stdout
    with pytest.raises(ArchiveDamaged):
        read_part(file)


async def test_a_log_that_was_sealed_anew_does_not_fit_the_published_seals(
    lunas: Run, published: Path, folder: Path, tmp_path: Path
) -> None:
    assert (await lunas(*WORDS)).code == exits.FINE
    other = tmp_path / "other.jsonl"
    other.write_text(published.read_text(encoding="utf-8").replace('"hash":"', '"hash":"0'), encoding="utf-8")
    listed = await lunas("log", "archives", "--verify", "--published", str(other), "--json")
    assert (listed.code, {row["state"] for row in listed.json["items"]}) == (exits.PROBLEMS, {"damaged"})
    for file in folder.glob("log-*"):
        assert (checked(file, other).returncode, "published is 0" in checked(file, other).stdout) == (1, True)


async def test_what_is_missing_cut_off_or_another_file_is_told(
    lunas: Run, published: Path, folder: Path
) -> None:
    assert (await lunas(*WORDS)).code == exits.FINE
    one, two = sorted(folder.glob("log-*"))
    one.write_bytes(one.read_bytes()[:-20])
    assert checked(one).returncode == 2
    two.unlink()
    listed = await lunas("log", "archives", "--verify", "--json")
    assert (listed.code, [row["state"] for row in listed.json["items"]]) == (
        exits.PROBLEMS,
        ["damaged", "missing"],
    )
    assert checked(published).returncode == 2
    assert (await lunas("log", "archives")).code == exits.PROBLEMS
    assert (await lunas(*WORDS[:2], "events_p10", *WORDS[2:])).code == exits.FINE  # it is there again
    assert two.exists()


async def test_a_log_that_is_not_what_was_sealed_is_not_archived(
    lunas: Run, published: Path, folder: Path, store: asyncpg.Connection
) -> None:
    await store.execute("ALTER TABLE events_p10 DISABLE TRIGGER USER")
    await store.execute("UPDATE events_p10 SET metadata = '{}' WHERE position = 15")
    refused = await lunas("log", "archive", "events_p10", "--reason", "x")
    assert (refused.code, "seal 4" in refused.err) == (exits.REFUSED, True), refused.err
    assert list(folder.iterdir()) == []


async def test_what_is_not_there_is_told(lunas: Run, pool: Pool, folder: Path) -> None:
    unknown = await lunas("log", "archive", "events_p7", "--reason", "x")
    assert unknown.code == exits.WRONG_USE
    async with pool.acquire() as connection:
        await append_now(connection, written_off("a-1"))
    unsealed = await lunas("log", "archive", "events_p0", "--reason", "x")
    assert (unsealed.code, "sealed yet" in unsealed.err) == (exits.REFUSED, True)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["written", "before_commit", "after_commit"])
async def test_killed_while_it_writes_the_file_that_is_named_is_whole_and_it_goes_on(
    lunas: Run, published: Path, folder: Path, place: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", *WORDS[:2], "events_p10", *WORDS[2:],
        env={**os.environ, "LUNAS_FAULTS": f"log_archive.{place}", "LUNAS_DOTENV": os.devnull},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    listed = (await lunas("log", "archives", "--verify", "--json")).json["items"]
    assert [row["state"] for row in listed] == (["verified"] if place == "after_commit" else [])
    assert (await lunas("log", "archive", "events_p10", "--reason", "again")).code == exits.FINE
    [file] = folder.iterdir()
    assert checked(file, published).returncode == 0
    assert (await lunas("log", "archives", "--verify")).code == exits.FINE
