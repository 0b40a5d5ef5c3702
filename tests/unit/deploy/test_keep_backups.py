"""`deploy/postgres/keep-backups.sh`: when a copy of the database is made, and what follows when it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "deploy/postgres/keep-backups.sh"


def kept(folder: Path, *, fails: int, rounds: int, before: str = "") -> tuple[list[str], list[int]]:
    """How each copy was asked for, and the pauses in seconds, until so many rounds are over. `before`: a copy that is there, of long ago."""
    for made in ("scripts", "bin", "backups/base"):
        (folder / made).mkdir(parents=True)
    if before:
        (folder / "backups/base" / before).mkdir()
        os.utime(folder / "backups/base" / before, (1_000_000_000, 1_000_000_000))
    shutil.copy(SCRIPT, folder / "scripts")
    (folder / "scripts/take-base-backup.sh").write_text(
        f'echo "$LUNAS_BACKUP_CHECKPOINT" >>{folder}/asked\n'
        f"[ $(wc -l <{folder}/asked) -gt {fails} ] && mkdir $1/base/20261130T013000Z\n"
    )
    # In the place of a pause; after the last one the container is told to stop.
    (folder / "bin/sleep").write_text(
        f'#!/bin/sh\necho "$1" >>{folder}/pauses\n[ $(wc -l <{folder}/pauses) -lt {rounds} ] || kill -TERM $PPID\n'
    )
    (folder / "bin/sleep").chmod(0o755)
    done = subprocess.run(
        ["bash", str(folder / "scripts/keep-backups.sh"), str(folder / "backups")],
        env={"PATH": f"{folder}/bin:{os.environ['PATH']}"}, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return (
        (folder / "asked").read_text().split(),
        [int(line) for line in (folder / "pauses").read_text().split()],
    )


def test_what_fails_is_tried_again_soon_and_then_less_often(tmp_path: Path) -> None:
    """A name that is not known yet when everything starts must not cost the first copy five minutes."""
    asked, pauses = kept(tmp_path, fails=100, rounds=8)
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]
    assert asked == ["fast"] * 8


def test_one_that_is_whole_is_not_made_again(tmp_path: Path) -> None:
    asked, pauses = kept(tmp_path, fails=2, rounds=5)
    assert asked == ["fast"] * 3
    assert pauses == [10, 20, 60, 60, 60]


def test_the_first_copy_is_not_spread_over_minutes_and_later_ones_are(tmp_path: Path) -> None:
    asked, _ = kept(tmp_path, fails=0, rounds=2, before="20010909T014640Z")
    assert asked == ["spread"]
