"""What a rehearsal did, step by step: said while it happens, with how long it took and what was seen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import asyncpg

from tests.torture.recovery import NeverAgain

WIDTH = 44


class StepFailed(Exception):
    """What a step saw that must not be."""


class CommandFailed(Exception):
    """A command of compose that did not end well, with the end of what it said."""


SEEN = (
    StepFailed,
    CommandFailed,
    NeverAgain,
    OSError,
    TimeoutError,
    aiohttp.ClientError,
    asyncpg.PostgresError,
)
"""What a deployment can do to whoever looks at it."""


@dataclass
class Note:
    """What a step wants to be known."""

    said: list[str] = field(default_factory=list)

    def add(self, words: str) -> None:
        self.said.append(words)


@dataclass
class Steps:
    """`broken`: what went wrong, in order; `not_run`: steps that could not be, and why."""

    broken: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    done: int = 0

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[Note]:
        """One step. What it raises is written down; the rehearsal goes on to its verdict, unless that is a mistake of its own."""
        note, began = Note(), time.monotonic()
        try:
            yield note
        except Exception as error:
            self.broken.append(f"{name}: {type(error).__name__}: {error}")
            self._say("✗", name, began, f"{type(error).__name__}: {error}")
            if not isinstance(error, SEEN):
                raise
        else:
            self.done += 1
            self._say("✓", name, began, "; ".join(note.said))

    def skip(self, name: str, why: str) -> None:
        """A step that cannot be here."""
        self.not_run.append(f"{name}: {why}")
        print(f"- {name:<{WIDTH}} not run: {why}", flush=True)

    @staticmethod
    def _say(mark: str, name: str, began: float, words: str) -> None:
        print(f"{mark} {name:<{WIDTH}} {time.monotonic() - began:7.1f} s   {words}".rstrip(), flush=True)
