"""A tool that is broken off leaves nothing behind: no server, no process that it forked, none that stands still."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.waiting import until

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[3]
MARK = "LEFT_BEHIND"
SECONDS = 180.0
TOOL = """
import os, signal, subprocess, sys, threading
from pathlib import Path

from tests.contained import die_with_parent

def forked(place):
    from tests.system import forks

    forks.IMPORTED.clear(), forks.COMMANDS.clear(), forks.OURSELVES.clear()
    pipeline = forks.ForkedPipeline("postgresql://x@127.0.0.1:9/x", "amqp://x@127.0.0.1:9/", place, [])
    pipeline.start("projections")
    while not (place / "projections.log").exists():
        os.sched_yield()
    pipeline.running["projections"].send_signal(signal.SIGSTOP)

if __name__ == "__main__":
    place = Path(sys.argv[1])
    try:
        forked(place)
        if sys.argv[2] == "server":
            subprocess.Popen(["sleep", "100000"], stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        (place / "begun").touch()
        threading.Event().wait()
    finally:
        (place / "ended in order").touch()
"""


def marked(mark: str) -> list[str]:
    """Processes whose environment holds it, by what they are."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """What every process of the tool has in its environment; a tool that can be called by name."""
    (tmp_path / "a_tool.py").write_text(TOOL, "utf-8")
    name = f"{MARK}={secrets.token_hex(8)}"
    yield name
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if name.encode() in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


async def begun(place: Path, mark: str, *words: str) -> subprocess.Popen[bytes]:
    """The tool, which has started what it starts."""
    environment = os.environ | {MARK: mark.partition("=")[2], "PYTHONPATH": f"{place}:{ROOT}"}
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's `&` has it ignored
    )
    await until(lambda: (place / "begun").exists() or process.poll() is not None, SECONDS)
    assert process.poll() is None
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_a_tool_that_is_broken_off_leaves_no_process_behind(
    tmp_path: Path, mark: str, number: signal.Signals
) -> None:
    process = await begun(tmp_path, mark, "-m", "tests.contained", "a_tool", str(tmp_path), "server")
    assert len(marked(mark)) > 4, "the tool, its server, what they forked, and whoever watches them"
    process.send_signal(number)
    await until(lambda: not marked(mark), SECONDS)
    process.wait()
    assert (tmp_path / "ended in order").exists() == (number != signal.SIGKILL)


async def test_what_was_forked_ends_with_whoever_asked_for_it_without_name_spaces_too(
    tmp_path: Path, mark: str
) -> None:
    """The server and its children do not keep each other alive, and one that stands still is ended too."""
    process = await begun(tmp_path, mark, "-m", "a_tool", str(tmp_path), "no server")
    assert len(marked(mark)) > 2
    process.kill()
    process.wait()
    await until(lambda: not marked(mark), SECONDS)


async def test_the_exit_code_is_the_tool_s_and_so_are_its_words(tmp_path: Path, mark: str) -> None:
    (tmp_path / "another_tool.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(7)\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.contained", "another_tool", "--minutes", "1"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, "['--minutes', '1']\n"), done.stderr
