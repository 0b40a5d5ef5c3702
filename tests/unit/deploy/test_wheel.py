"""The wheel has the same bytes wherever and whenever it is built from the same files: who doubts it builds it again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[3]
PACKAGES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
    "targets"
]["wheel"]["packages"]
MOMENT = "1767225600"


def built(folder: Path, *, umask: int, mtime: int) -> bytes:
    """The wheel of a copy of the project."""
    copy = folder / "project"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "secrets"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    for path in copy.rglob("*"):
        os.utime(path, (mtime, mtime))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=copy, env=os.environ | {"SOURCE_DATE_EPOCH": MOMENT}, umask=umask, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel.read_bytes()


def test_two_builds_are_the_same_to_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "somewhere else").mkdir()
    first = built(tmp_path / "a", umask=0o022, mtime=1_600_000_000)
    second = built(tmp_path / "somewhere else", umask=0o077, mtime=1_700_000_000)
    assert first == second
