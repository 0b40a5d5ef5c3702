"""Room on the disk of the private services: full, it stops the database and the broker at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from console.output import number
from console.times import moment
from deploy.local.services.home import Home
from ingress.journal.opening import journal_root
from ingress.journal.survey import JournalState, survey
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.settings import Settings

LEAST_FREE_BYTES = 2 * 2**30
"""A queue may hold 2 GiB while the database is away; RabbitMQ stops publishers earlier, PostgreSQL ends."""


def check_disk(settings: Settings) -> Finding:
    """The disk of LUNAS_HOME; that of services elsewhere cannot be seen from here."""
    if not settings.home.exists():
        return unseen("disk", text("doctor.disk_unseen"), text("doctor.disk_unseen.fix"))
    free = shutil.disk_usage(settings.home).free
    detail = text("doctor.disk", home=settings.home, free=free // 2**20)
    return problem("disk", detail, text("doctor.disk.fix")) if free < LEAST_FREE_BYTES else ok("disk", detail)


def check_journal(settings: Settings) -> Iterator[Finding]:
    """What ingress answered for and keeps on its own disk, as far as that disk is here."""
    root = journal_root(settings)
    if settings.ingress_durability != "journal" or not root.is_dir():
        return
    states = list(survey(root))
    size = sum(state.bytes for state in states) // 2**20
    yield ok("journal", text("doctor.journal", root=root, bytes=size))
    late = [state for state in states if state.waiting and (not state.held or _is_late(state))]
    if late:
        since = min((state.unsent for state in late if state.unsent), default=None)
        yield problem(
            "journal",
            text(
                "doctor.journal_waiting",
                count=number(sum(state.waiting for state in late)),
                since=moment(since),
            ),
            text("doctor.journal_waiting.fix"),
        )
    broker = Home(settings.home).found_data("rabbitmq")
    if broker is not None and broker.stat().st_dev == root.stat().st_dev:
        yield note(
            "journal_disk", text("doctor.journal_shared", root=root), text("doctor.journal_shared.fix")
        )


def _is_late(state: JournalState) -> bool:
    """Whether a living ingress has waited longer than a broker takes to confirm."""
    return state.unsent is None or utc_now() - state.unsent > LATE


LATE = timedelta(seconds=15)
"""A healthy broker confirms in milliseconds and a busy one within a second or two; how far ingress is it saves once a second."""
