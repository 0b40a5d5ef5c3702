"""A version of the project as files: what the checkout holds now, or what a commit held. The checkout itself is only read."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.archive import unpack

ROOT = Path(__file__).parents[2]
KEPT = {"deploy/secrets", ".env"}
"""What belongs to the deployment, whatever version runs."""


SAME_TIME = 1_000_000_000
"""When every file was changed, in seconds: engines that look at it would take each copy for a new one, and install everything again."""


class NoSuchVersion(Exception):
    """A commit that is not there, as a sentence."""


def of_checkout(folder: Path) -> None:
    """What the checkout holds, committed or not; nothing that git ignores."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    _of_the_same_time(folder)


def of_commit(commit: str, folder: Path) -> str:
    """What a commit held; its short name. Raises NoSuchVersion."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        short = _git("rev-parse", "--short", "--verify", f"{commit}^{{commit}}").decode().strip()
        held = _git("archive", "--format=tar", short)
    except subprocess.CalledProcessError as error:
        raise NoSuchVersion(f"there is no commit {commit} here") from error
    unpack(held, folder)
    _of_the_same_time(folder)
    return short


def replace_version(source: Path, target: Path) -> None:
    """As `git pull` does: every file of the version, and what belongs to the deployment stays."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and not any(name.is_relative_to(kept) for kept in KEPT):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / name)


def _of_the_same_time(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (SAME_TIME, SAME_TIME), follow_symlinks=False)


def _git(*words: str) -> bytes:
    # Whoever owns the checkout: it is only read.
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, check=True).stdout
