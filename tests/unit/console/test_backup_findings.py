"""What `lunas backup check` says of a look at archive and journals, without any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console import language
from console.backups.archive import Archive, ArchiveFlaw, BaseBackup
from console.backups.looking import BackupView, seen_in
from console.backups.server import ArchiverReport
from console.backups.wal_names import WalFile, wal_name
from console.checks.backups import backup_findings, republish_since
from console.checks.finding import Finding
from ingress.journal.survey import JournalState
from runtime.settings import Settings

SIZE = 16 * 2**20
NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    language.choose("en")
    yield
    language.choose(None)


def report(**more: Any) -> ArchiverReport:
    """Of a server that writes file 9, and has archived file 8 a minute ago."""
    told = ArchiverReport(
        now=NOW, began=NOW - timedelta(days=3), on=True, timeout_seconds=60, size=SIZE, system=7, position=9 * SIZE + 5000,
        archived=wal_name(WalFile(1, 8), SIZE), archived_at=NOW - MINUTE, failed=None, failed_at=None,
    )  # fmt: skip
    return replace(told, **more)


def kept(
    folder: Path, numbers: range, *, begun: datetime = NOW - timedelta(hours=3), first: int = 3
) -> Archive:
    """An archive whose only copy was begun in file `first`."""
    names = [wal_name(WalFile(1, number), SIZE) for number in numbers]
    (folder / "wal").mkdir(exist_ok=True)
    for name in names:
        (folder / "wal" / f"{name}.gz").touch()
    base = BaseBackup(folder / "base/x", begun, 1, first * SIZE + 40, first * SIZE + 900)
    return Archive(folder, frozenset(names), [base], [])


def journal(**more: Any) -> JournalState:
    state = JournalState(
        Path("0"), held=True, files=1, bytes=1, first=1, records=1, waiting=0, oldest=NOW - MINUTE, newest=NOW
    )
    return replace(state, **more)


def of(view: BackupView, settings: Settings, check: str) -> Finding:
    (found,) = [each for each in backup_findings(view, settings) if each.check == check]
    return found


Build = Callable[..., Settings]


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return Settings(env="development", home=tmp_path, backup_dir=tmp_path)


def test_everything_is_well(tmp_path: Path, chosen: Settings) -> None:
    view = seen_in(kept(tmp_path, range(3, 9)), report(), [journal()])
    found = list(backup_findings(view, chosen))
    assert [(each.check, each.state) for each in found] == [
        (check, "ok") for check in ("archiving", "base_backup", "gaps", "journals")
    ]
    assert view.waiting == 0
    assert view.behind_seconds == 0


def test_a_quiet_night_is_not_behind(tmp_path: Path, chosen: Settings) -> None:
    """Hours without a payment: nothing is finished, so nothing waits."""
    view = seen_in(kept(tmp_path, range(3, 9)), report(archived_at=NOW - timedelta(hours=7)), [])
    assert of(view, chosen, "archiving").state == "ok"


def test_finished_files_that_wait_are_told_after_a_while(tmp_path: Path, chosen: Settings) -> None:
    archive = kept(tmp_path, range(3, 9))
    soon = seen_in(archive, report(position=12 * SIZE, archived_at=NOW - 4 * MINUTE), [])
    assert of(soon, chosen, "archiving").state == "ok"
    late = seen_in(archive, report(position=12 * SIZE, archived_at=NOW - 6 * MINUTE), [])
    said = of(late, chosen, "archiving")
    assert said.state == "problem"
    assert "3 finished files of the log have waited for the archive for 6 min" in said.detail
    # A server that was down all night has not been late all night.
    woken = seen_in(
        archive, report(position=12 * SIZE, archived_at=NOW - 600 * MINUTE, began=NOW - MINUTE), []
    )
    assert of(woken, chosen, "archiving").state == "ok"


def test_a_failed_try_is_told_until_one_succeeds(tmp_path: Path, chosen: Settings) -> None:
    archive = kept(tmp_path, range(3, 9))
    failed = report(failed="000000010000000000000009", failed_at=NOW - MINUTE / 2)
    said = of(seen_in(archive, failed, []), chosen, "archiving")
    assert said.state == "problem"
    assert "000000010000000000000009" in said.detail
    mended = replace(failed, archived_at=NOW)
    assert of(seen_in(archive, mended, []), chosen, "archiving").state == "ok"


def test_a_hole_is_named_and_what_the_server_gave_and_is_gone_is_one(
    tmp_path: Path, chosen: Settings
) -> None:
    archive = kept(tmp_path, range(3, 9))
    holed = replace(archive, names=archive.names - {wal_name(WalFile(1, number), SIZE) for number in (5, 6)})
    said = of(seen_in(holed, report(), []), chosen, "gaps")
    assert said.state == "problem"
    assert "2 files" in said.detail
    assert "000000010000000000000005–000000010000000000000006" in said.detail
    other = of(seen_in(kept(tmp_path, range(3, 8)), report(), []), chosen, "gaps")
    assert "000000010000000000000008" in other.detail


def test_a_timeline_without_its_history_is_told(tmp_path: Path, chosen: Settings) -> None:
    archive = kept(tmp_path, range(3, 9))
    view = seen_in(archive, report(archived=wal_name(WalFile(2, 9), SIZE), position=10 * SIZE), [])
    assert "00000002.history" in of(view, chosen, "gaps").detail


def test_a_copy_that_is_late_or_not_there_is_told(tmp_path: Path, chosen: Settings) -> None:
    old = kept(tmp_path, range(3, 9), begun=NOW - timedelta(hours=37))
    assert of(seen_in(old, report(), []), chosen, "base_backup").state == "problem"
    fresh = kept(tmp_path, range(3, 9), begun=NOW - timedelta(hours=35))
    assert of(seen_in(fresh, report(), []), chosen, "base_backup").state == "ok"
    none = replace(fresh, bases=[], unfinished=["20310506T000000Z"])
    found = [
        each for each in backup_findings(seen_in(none, report(), []), chosen) if each.check == "base_backup"
    ]
    assert [each.state for each in found] == ["problem", "note"]
    assert "20310506T000000Z" in found[1].detail


def test_journals_must_reach_back_beyond_the_end_of_the_archive(tmp_path: Path, chosen: Settings) -> None:
    view = seen_in(kept(tmp_path, range(3, 9)), report(), [])
    since = republish_since(view, chosen)
    assert view.reaches is not None
    assert since == view.reaches - timedelta(hours=1)
    for state, expected in (
        (journal(first=1, oldest=NOW), "ok"),  # nothing of it was ever deleted
        (journal(first=7, oldest=since), "ok"),
        (journal(first=7, oldest=since + MINUTE), "problem"),
        (journal(first=7, oldest=None, records=0), "problem"),
    ):
        assert of(replace(view, journals=[journal(), state]), chosen, "journals").state == expected
    assert of(view, chosen, "journals").state == "not_looked_at"
    without = chosen.model_copy(update={"ingress_durability": "broker"})
    assert of(view, without, "journals").state == "note"


def test_what_is_damaged_is_named_and_many_are_counted(tmp_path: Path, chosen: Settings) -> None:
    view = seen_in(kept(tmp_path, range(3, 9)), report(), [])
    flaws = [ArchiveFlaw(Path(f"f{number}"), "damaged") for number in range(8)]
    found = [
        each for each in backup_findings(replace(view, flaws=flaws), chosen) if each.check == "checksums"
    ]
    assert [each.state for each in found] == ["problem"] * 6
    assert "3 more" in found[-1].detail
    assert of(replace(view, flaws=[], read=9), chosen, "checksums").state == "ok"


def test_nothing_archived_and_nothing_known_are_told(tmp_path: Path, chosen: Settings) -> None:
    off = BackupView(report(on=False, archived=None, archived_at=None))
    assert of(off, chosen, "archiving").state == "problem"
    assert of(off, chosen, "archive").state == "not_looked_at"
    never = BackupView(report(archived=None, archived_at=None))
    assert of(never, chosen, "archiving").state == "problem"
    young = BackupView(report(archived=None, archived_at=None, began=NOW - MINUTE))
    assert of(young, chosen, "archiving").state == "ok"
    unreadable = BackupView(report(), unreadable="/nowhere: No such file or directory")
    assert "/nowhere" in of(unreadable, chosen, "archive").detail
    assert of(BackupView(report(timeout_seconds=0)), chosen, "archive_timeout").state == "note"
