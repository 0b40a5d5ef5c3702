"""An order to a running service: repeated until it is taken, while everything else goes on."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

ANSWER_SECONDS = 30.0  # rabbitmqctl starts an Erlang node of its own: a second or two, ten on a busy machine
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
POLL_SECONDS = 0.05
SHOWN_LENGTH = 300


@dataclass
class Order:
    """A command whose success we need sooner or later. A service that is frozen or still busy takes it later.

    `look` never waits: a failing order must not keep the supervisor from anything else.
    """

    service: str
    command: Sequence[str]
    report: Callable[[str], None] = lambda _line: None
    heard: Callable[[str], str] = lambda _said: ""
    """What to report of the answer to an order that was taken; nothing where it is empty."""
    answer_seconds: float | None = None
    """How long an answer may take; None: ANSWER_SECONDS."""
    clock: Callable[[], float] = time.monotonic
    taken: bool = field(default=True, init=False)  # nothing was asked yet
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)
    _due: float = field(default=0.0, init=False, repr=False)
    _pause: float = field(default=FIRST_PAUSE_SECONDS, init=False, repr=False)
    _told: bool = field(default=False, init=False, repr=False)

    def give(self) -> None:
        """From now on it is wanted; also again, after it was taken before."""
        self.cancel()
        self.taken, self._due, self._pause = False, self.clock(), FIRST_PAUSE_SECONDS

    def look(self) -> bool:
        """One step without waiting; whether it was taken."""
        if self.taken:
            return True
        if self._process is None:
            if self.clock() >= self._due:
                self._begin()
            return False
        if self._process.poll() is None:
            if self.clock() >= self._until:
                self._failed("no answer")
            return False
        if self._process.returncode == 0:
            self._taken()
        else:
            self._failed(self._said().strip())
        return self.taken

    def wait(self, seconds: float) -> bool:
        """Looks until it was taken, for so many seconds at most."""
        deadline = self.clock() + seconds
        while not self.look() and self.clock() < deadline:
            time.sleep(POLL_SECONDS)
        return self.taken

    def cancel(self) -> None:
        """Ends a command under way."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            list(self.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._until = self.clock() + (ANSWER_SECONDS if self.answer_seconds is None else self.answer_seconds)

    def _said(self) -> str:
        """What a command that has ended wrote. Its end is not waited for: what it started may hold the pipe open."""
        if self._process is None or self._process.stdout is None:
            return ""
        os.set_blocking(self._process.stdout.fileno(), False)
        return (self._process.stdout.read() or b"").decode("utf-8", "replace")

    def _taken(self) -> None:
        if words := self.heard(self._said()):
            self.report(words)
        self.cancel()
        self.taken = True
        if self._told:
            self._told = False
            self.report(f"{self.service} takes orders again")

    def _failed(self, why: str) -> None:
        self.cancel()
        self._due = self.clock() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        if not self._told:
            self._told = True
            last = why.splitlines()[-1][:SHOWN_LENGTH] if why else "no reason given"
            self.report(
                f"{self.service} does not take orders yet ({last}); trying again, everything else goes on"
            )
