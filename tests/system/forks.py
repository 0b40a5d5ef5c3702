"""Processes of ours that start in a tenth of the time: a server that has everything imported forks them. What they run is `lunas …`.

However whoever asked for them ends, none is left: the server ends with them, and the kernel ends its processes, those that stand still too.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from runtime.lifecycle import SUPERVISOR_VARIABLE
from tests.contained import die_with_parent
from tests.system.pipeline import Pipeline

IMPORTED = [
    "console.main",
    "console.commands.run",
    "console.processes",
    "ingress.app",
    "processor.app",
    "projections.app",
    "api.app",
    "notify.app",
]
COMMANDS = [
    "console.commands.migrate",
    "console.commands.projections",
    "console.commands.quarantine_reverify",
    "console.commands.reconcile",
    "console.commands.replay",
]
"""What operators' commands import."""
OURSELVES = ["tests.system.forks", "tests.system.frozen"]
LOOK_SECONDS = 0.01


def become(words: Sequence[str], environment: Mapping[str, str], out: str, err: str) -> None:
    """In the child: the process itself."""
    _end_with_the_server()
    os.environ.clear()
    os.environ.update(environment)
    os.environ[SUPERVISOR_VARIABLE] = str(os.getppid())
    for number, place in ((1, out), (2, err)):
        os.dup2(os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), number)
    from console.main import run

    sys.exit(run(words))


def _end_with_the_server() -> None:
    """A server ends when nobody holds its line any more. Each child is given one, for children of its own: without this, server and children would
    keep each other alive for ever once whoever asked for them is gone."""
    die_with_parent(parent=os.getppid())
    line: int | None = getattr(forkserver._forkserver, "_forkserver_alive_fd", None)
    if line is not None:
        os.close(line)


_LOOKING = threading.Lock()
"""How a process ended can be read once, and who comes second is told 255. multiprocessing looks after all of them whenever it starts another one, so
one lock is for all of them and for the start."""


class Fork:
    """In the place of subprocess.Popen, as far as a pipeline uses it."""

    def __init__(self, process: Any) -> None:
        self._process = process
        with _LOOKING:
            process.start()
        self.pid: int = process.pid

    def poll(self) -> int | None:
        with _LOOKING:
            code: int | None = self._process.exitcode
            return code

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self._process.name), timeout or 0.0)
            time.sleep(LOOK_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkedPipeline(Pipeline):
    """A pipeline whose processes are forked, and commands beside them, which end with it."""

    _ordered: Sequence[Fork] = ()
    becomes = staticmethod(become)
    """What a child does; a control has it do wrong."""

    def start(self, name: str, **more: str) -> None:
        log = Path(self._home) / f"{name}.log"
        self.running[name] = self._forked(["run", name], log, log, more)  # type: ignore[assignment]

    def order(self, words: Sequence[str], out: Path, **more: str) -> Fork:
        """Starts a command; what it prints goes to `out`, what it says to people to commands.log."""
        command = self._forked(words, out, Path(self._home) / "commands.log", more)
        self._ordered = [*(each for each in self._ordered if each.poll() is None), command]
        return command

    def _end(self) -> None:
        for command in self._ordered:
            command.kill()
        super()._end()

    def _forked(self, words: Sequence[str], out: Path, err: Path, more: Mapping[str, str]) -> Fork:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(IMPORTED + COMMANDS + OURSELVES)
        arguments = (list(words), self.environment | more, str(out), str(err))
        return Fork(
            context.Process(target=self.becomes, args=arguments, name=" ".join(words[:2]), daemon=True)
        )
