"""What tests keep in memory does not stay there."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.local.services.home import Home
from tests.memory import OLD_SECONDS, quick_place, sweep


def test_homes_of_runs_that_were_killed_are_removed_and_those_in_use_or_just_made_are_not(
    tmp_path: Path,
) -> None:
    names = ("left", "used", "young", "other")
    for name in names:
        (tmp_path / f"{'x' if name == 'other' else 'lunas-tests'}-{name}" / "postgres").mkdir(parents=True)
    homes = dict(zip(names, (next(tmp_path.glob(f"*-{name}")) for name in names), strict=True))
    for name in ("left", "young", "other"):
        with Home(homes[name]):
            pass
    with Home(homes["used"]):
        past = tmp_path.stat().st_mtime - 2 * OLD_SECONDS
        for name in ("left", "used", "other"):
            os.utime(homes[name], (past, past))
        sweep("lunas-tests-", tmp_path)
        assert {name for name, home in homes.items() if home.exists()} == {"used", "young", "other"}


def test_there_is_no_room_for_more_than_the_machine_has() -> None:
    assert quick_place(1 << 60) is None
