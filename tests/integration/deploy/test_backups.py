"""What `deploy/postgres/` does with a real server, and what `lunas backup check` says of it."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from console import exits, language, main
from eventstore.migrations import migrate
from runtime.ids import utc_now
from tests.archived import ArchivedServer, archived_server
from tests.waiting import until

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def running() -> Iterator[ArchivedServer]:
    """One for all tests of the file: making it takes longer than they do."""
    loop = asyncio.new_event_loop()
    try:
        with archived_server() as made:
            loop.run_until_complete(_migrated(made))
            yield made
    finally:
        loop.close()


async def _migrated(server: ArchivedServer) -> None:
    await server.start()
    await server.create()
    await migrate(server.url)


@pytest.fixture
def server(running: ArchivedServer) -> ArchivedServer:
    """With an empty archive; where timelines part is told on."""
    for path in running.backups.glob("*/*"):
        if path.is_dir():
            shutil.rmtree(path)
        elif not path.name.endswith(".history.gz"):
            path.unlink()
    return running


def damage(path: Path) -> bytes:
    """Changes bytes in the middle; what was there before. One bit may be one that says the same in another way."""
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        whole[:middle] + bytes(one ^ 0xFF for one in whole[middle : middle + 64]) + whole[middle + 64 :]
    )
    return whole


class Said(NamedTuple):
    """What `lunas backup check` said."""

    code: int
    document: dict[str, Any]

    def state(self, check: str) -> str:
        states = [each["state"] for each in self.document["checks"] if each["check"] == check]
        return "problem" if "problem" in states else states[0]

    def detail(self, check: str) -> str:
        return " ".join(each["detail"] for each in self.document["checks"] if each["check"] == check)


Check = Callable[..., Awaitable[Said]]


async def comes_back(server: ArchivedServer) -> None:
    await server.start()
    await server.restored()


@pytest.fixture
def check(
    server: ArchivedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Check:
    for name, value in {
        "LUNAS_DATABASE_URL": server.url,
        "LUNAS_BACKUP_DIR": server.backups,
        "LUNAS_HOME": tmp_path,
        "LUNAS_ENV": "development",
        "LUNAS_PROBE_TIMEOUT_SECONDS": "30",  # for a server that answers, however slow the machine is
    }.items():
        monkeypatch.setenv(name, str(value))

    async def run(*words: str, lang: str = "en") -> Said:
        capfdbinary.readouterr()
        code = await asyncio.to_thread(main.run, ["--lang", lang, "backup", "check", "--json", *words])
        shown = capfdbinary.readouterr()
        language.choose(None)
        assert shown.out, shown.err.decode()
        return Said(code, json.loads(shown.out))

    return run


async def test_a_whole_copy_and_the_log_since_are_verified_and_nothing_is_wrong(
    server: ArchivedServer, check: Check
) -> None:
    before = await check()
    assert (before.code, before.state("base_backup")) == (exits.PROBLEMS, "problem")
    said = await server.copy_whole()
    assert "is whole" in said
    newest = await server.archived()
    seen = await check()
    assert seen.code == exits.FINE, seen.document["checks"]
    assert (seen.state("archiving"), seen.state("gaps"), seen.state("checksums")) == ("ok", "ok", "ok")
    assert newest in seen.detail("gaps")
    assert seen.document["base_backup"] == server.bases()[-1]
    assert seen.document["missing"] == []
    assert seen.document["flaws"] == []
    indonesian = await check(lang="id")
    assert (indonesian.code, "salinan utuh" in indonesian.detail("base_backup")) == (exits.FINE, True)


async def test_a_hole_damage_a_stranger_and_a_failing_archive_are_found(
    server: ArchivedServer, check: Check
) -> None:
    await server.copy_whole()
    names = [await server.archived() for _ in range(3)]
    wal = server.backups / "wal"
    paths = [wal / f"{name}.gz" for name in names]
    kept = [path.read_bytes() for path in paths]

    paths[1].unlink()
    holed = await check("--no-bytes")
    assert (holed.code, holed.document["missing"]) == (exits.PROBLEMS, [names[1]])
    paths[1].write_bytes(kept[1])

    damage(paths[0])
    paths[2].write_bytes(kept[1])  # a file of the log, under another's name
    control = server.backups / "base" / server.bases()[-1] / "PG_VERSION"
    control.write_text("99\n")
    damaged = await check()
    assert damaged.code == exits.PROBLEMS
    assert {(Path(each["file"]).name, each["what"]) for each in damaged.document["flaws"]} == {
        (paths[0].name, "damaged"),
        (paths[2].name, "misplaced"),
        ("PG_VERSION", "damaged"),
    }
    assert (await check("--no-bytes")).code == exits.FINE
    for path, content in zip(paths, kept, strict=True):
        path.write_bytes(content)

    wal.rename(server.backups / "away")  # a disk that is not there any more
    wal.write_text("no folder")
    try:
        await server.end_file()
        await until(
            lambda: server.value(
                "SELECT coalesce(last_failed_time > last_archived_time, false) FROM pg_stat_archiver"
            )
        )
    finally:
        wal.unlink()
        (server.backups / "away").rename(wal)
    failing = await check("--no-bytes")
    if failing.document["failing"]:  # unless PostgreSQL has tried again already
        assert (failing.code, failing.state("archiving")) == (exits.PROBLEMS, "problem")
    await server.archived()
    await until(lambda: server.value("SELECT last_archived_time > last_failed_time FROM pg_stat_archiver"))
    assert (await check()).state("archiving") == "ok"


async def test_old_copies_go_with_the_log_that_only_they_needed_and_a_cut_off_one_is_none(
    server: ArchivedServer, check: Check
) -> None:
    await server.copy_whole(LUNAS_BACKUP_KEEP="1")
    (first,) = server.bases()
    await server.archived()
    early = {path.name for path in (server.backups / "wal").iterdir()}
    aside = server.backups / "base/.new"
    aside.mkdir()
    (aside / "half").write_text("of a copy")
    server.user.own(aside / "half", 0o600)
    server.user.own(aside, 0o700)
    await until(lambda: utc_now().strftime("%Y%m%dT%H%M%SZ") > first)
    await server.copy_whole(LUNAS_BACKUP_KEEP="1")
    (second,) = server.bases()
    assert second > first
    assert not aside.exists()
    await server.archived()
    assert not early <= {path.name for path in (server.backups / "wal").iterdir()}
    seen = await check()
    assert seen.code == exits.FINE, seen.document["checks"]
    # A copy whose list is gone is not counted.
    (server.backups / "base" / second / "backup_manifest").unlink()
    assert (await check("--no-bytes")).state("base_backup") == "problem"


@pytest.mark.parametrize(
    ("version", "said"),
    [("", "no byte is right"), ("echo 'pg_verifybackup (PostgreSQL) 9.6'; exit", "of 9:")],
)
async def test_a_copy_that_cannot_be_verified_gets_no_name(
    server: ArchivedServer, version: str, said: str
) -> None:
    place = server.folder / "bin"
    place.mkdir(mode=0o755, exist_ok=True)
    whole = (
        f'[ "$1" != --version ] || {{ {version or f"exec {server.programs}/pg_verifybackup --version"}; }}'
    )
    (place / "pg_verifybackup").write_text(f"#!/bin/sh\n{whole}\necho no byte is right >&2; exit 1\n")
    (place / "pg_verifybackup").chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        await server.copy_whole(PATH=f"{place}:{server.programs}:/usr/bin:/bin")
    assert said in f"{failed.value.stderr}{failed.value.output}"
    assert server.bases() == []


async def test_everything_that_was_archived_comes_back_and_damage_stops_it(
    server: ArchivedServer, check: Check
) -> None:
    await server.execute("CREATE TABLE kept (number int)")
    await server.copy_whole()
    await server.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    damaged = server.backups / "wal" / f"{await server.archived()}.gz"
    await server.execute("INSERT INTO kept VALUES (1001)")
    await server.archived()
    await server.execute("INSERT INTO kept VALUES (1002)")  # with the disk, this goes
    server.destroy()

    whole = damage(damaged)
    assert "PostgreSQL reads the log when it starts" in server.put_back()
    with pytest.raises(AssertionError):  # it ends by itself
        await comes_back(server)
    assert "is damaged" in server.log.read_text()
    with pytest.raises(subprocess.CalledProcessError, match="3"):
        server.put_back()
    shutil.rmtree(server.data)
    damaged.write_bytes(whole)

    server.put_back()
    await comes_back(server)
    assert await server.value("SELECT array[count(*), max(number)] FROM kept") == [1001, 1001]
    # It archives on, on a timeline of its own, and can be copied and restored again.
    await server.archived()
    seen = await check()
    assert seen.code == exits.FINE, seen.document["checks"]
    assert seen.document["archived"].startswith("00000002")
    await server.copy_whole()
    moment = await server.value("SELECT clock_timestamp() + interval '1 microsecond'")
    await server.execute("INSERT INTO kept VALUES (1003)")
    await server.archived()
    server.destroy()
    server.put_back(moment)  # type: ignore[arg-type]
    await comes_back(server)
    assert await server.value("SELECT max(number) FROM kept") == 1001


async def test_the_login_of_backups_copies_and_does_nothing_else(server: ArchivedServer) -> None:
    service = dict(
        line.split("=", 1)
        for line in (server.folder / "backup_service").read_text().splitlines()
        if "=" in line
    )
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(
            host=service["host"],
            port=int(service["port"]),
            user=service["user"],
            password=service["password"],
            database="lunas",
        )


async def test_how_old_a_copy_is_goes_by_its_name(
    server: ArchivedServer, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.copy_whole()
    await server.archived()
    (name,) = server.bases()
    old = (utc_now() - timedelta(hours=40)).strftime("%Y%m%dT%H%M%SZ")
    (server.backups / "base" / name).rename(server.backups / "base" / old)
    late = await check("--no-bytes")
    assert (late.code, late.state("base_backup")) == (exits.PROBLEMS, "problem")
    monkeypatch.setenv("LUNAS_BACKUP_EVERY_HOURS", "48")
    assert (await check("--no-bytes")).state("base_backup") == "ok"
