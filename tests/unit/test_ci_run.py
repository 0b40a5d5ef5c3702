"""What `.ci/run` makes of proofs that end with a verdict, run by its own lines."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci/run"
NAMED = ".pytest_cache/green-alone"


def _proved(folder: Path, script: str) -> tuple[int, int]:
    """The exit code of `.ci/run`'s `proved` with a program that keeps count of its tries, and their number."""
    function = re.search(r"^proved\(\) \{.*?^\}$", RUN.read_text(), re.DOTALL | re.MULTILINE)
    assert function is not None
    program = folder / "program"
    program.write_text(f"#!/bin/bash\necho >>tries; tries=$(wc -l <tries)\n{script}\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{function[0]}\nproved ./program of mine\necho behind >behind"],
        cwd=folder, timeout=60, check=False, capture_output=True,
    )  # fmt: skip
    assert (folder / "behind").exists() == (done.returncode == 0)
    return done.returncode, len((folder / "tries").read_text().splitlines())


def test_what_a_verdict_calls_broken_is_red_at_once(tmp_path: Path) -> None:
    code, tries = _proved(tmp_path, 'echo "VERDICT: broken; seed 7"; exit 2')
    assert (code != 0, tries) == (True, 1)


def test_what_ended_without_a_verdict_is_tried_once_more_and_named(tmp_path: Path) -> None:
    assert _proved(tmp_path, 'echo "no port"; [ $tries = 2 ]') == (0, 2)
    assert "./program of mine" in (tmp_path / NAMED).read_text()


@pytest.mark.parametrize("second", ['echo "VERDICT: broken; seed 7"; exit 2', "exit 3"])
def test_the_second_try_decides(second: str, tmp_path: Path) -> None:
    code, tries = _proved(tmp_path, f"[ $tries = 2 ] || exit 3\n{second}")
    assert (code != 0, tries) == (True, 2)


def test_what_is_green_is_not_tried_again(tmp_path: Path) -> None:
    assert _proved(tmp_path, "exit 0") == (0, 1)
    assert not (tmp_path / NAMED).exists()
