"""What a control makes wrong, in one life of a machine: each of them takes a sync away from who alone keeps what was accepted."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from deploy.local.services import postgres, rabbitmq
from deploy.local.services.children import minimal_environment
from tests.system.forks import ForkedPipeline, become

JOURNAL, BROKER = "journal", "broker"
"""Who alone keeps what is accepted: the broker is gone, or the processor is, and ingress has no journal."""


@dataclass(frozen=True)
class Control:
    """`alone`: who is to keep everything; "" for nobody in particular."""

    name: str
    alone: str = ""


CONTROLS = (
    Control("fsync-off"),
    Control("journal-not-synced", JOURNAL),
    Control("broker-not-synced", BROKER),
)


LOST_SECONDS = 30.0
"""What a control lost is not coming: after so long in which nothing more of it came, nobody waits for it."""


def until_lost(missing: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
    """How much is missing, and nothing once it has been the same for LOST_SECONDS: the verdict says what was lost."""
    last, since = -1, 0.0

    async def asked() -> int:
        nonlocal last, since
        found = await missing()
        if found != last:
            last, since = found, time.monotonic()
        return 0 if time.monotonic() - since > LOST_SECONDS else found

    return asked


def unsync() -> None:
    """In a process of ingress: its journal is written as ever, and nothing waits for the disk."""
    from ingress.journal import direct, segment

    segment.OPENED &= ~os.O_DSYNC
    for place, name in ((direct.DirectWrites, "begin"), (os, "fsync"), (os, "fdatasync")):
        setattr(place, name, lambda *_: None)


def _become_unsynced(words: Sequence[str], environment: Mapping[str, str], out: str, err: str) -> None:
    if list(words) == ["run", "ingress"]:
        unsync()
    become(words, environment, out, err)


class UnsyncedJournal(ForkedPipeline):
    """Ingress of it syncs nothing."""

    becomes = staticmethod(_become_unsynced)


def _without_syncs(**variables: str) -> dict[str, str]:
    """A broker's: the log of its quorum queues is written, and not synced before it confirms."""
    arguments = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"
    if arguments in variables:
        variables[arguments] += " -ra wal_sync_method none"
    return minimal_environment(**variables)


@contextmanager
def planted(control: str) -> Iterator[type[ForkedPipeline]]:
    """Services that start within it, and processes of such a pipeline, are wrong in that way; "" for right ones."""
    settings = {"fsync": "off"} if control == "fsync-off" else {}
    environment = _without_syncs if control == "broker-not-synced" else minimal_environment
    with (
        mock.patch.dict(postgres.SETTINGS, settings),
        mock.patch.object(rabbitmq, "minimal_environment", environment),
    ):
        yield UnsyncedJournal if control == "journal-not-synced" else ForkedPipeline
