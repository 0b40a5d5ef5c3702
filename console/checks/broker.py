"""RabbitMQ: is everything there and as it must be, does somebody read it, and does an earlier number of partitions still show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

from console.causes import BROKER, CONSUMERS, QUEUES, Subject
from console.checks.finding import Finding, note, ok, problem, unseen
from console.exits import Away
from console.messages import text
from console.queues import Compared, QueueState, compare, depths
from schemas.errors import ConfigurationError
from schemas.topology import PARKED, WEBHOOKS

if TYPE_CHECKING:
    from runtime.settings import Settings

BACKLOG = 1000
"""Messages in one work queue. The processor takes a batch of half as many at once: more wait only when it is slower than what comes."""


async def check_broker(settings: Settings) -> AsyncIterator[Finding]:
    """Everything that can be seen without the right to change anything; a broker that is away is a finding too."""
    try:
        compared, queues = await compare(settings), await depths(settings)
    except Away as error:
        fix = text("doctor.silent_service.fix" if error.kind == "silent" else "doctor.reach.fix")
        yield problem("broker", error.message, fix, Subject(BROKER, error.kind))
        return
    except ConfigurationError as error:
        yield problem("broker", str(error), text("doctor.reach.fix"), Subject(BROKER))
        return
    for finding in (*_compared(compared, queues), *_read(queues), *_left_over(queues)):
        yield finding


def _compared(compared: Compared, queues: Sequence[QueueState]) -> Iterator[Finding]:
    missing = any(not queue.exists for queue in queues)
    if compared.different:
        subject = Subject(QUEUES, "missing") if missing else Subject(QUEUES)
        yield problem("queues", "; ".join(compared.different), text("doctor.queues.fix"), subject)
    elif not compared.unseen:
        yield ok("queues", text("doctor.queues"))
    else:
        yield ok("queues", text("doctor.queues_there"))
    if compared.unseen:
        detail = text("doctor.arguments_unseen", names=", ".join(compared.unseen))
        yield unseen("arguments", detail, text("doctor.arguments_unseen.fix"))


def _read(queues: Sequence[QueueState]) -> Iterator[Finding]:
    ours = [
        queue
        for queue in queues
        if queue.exists and (queue.name.startswith(WEBHOOKS) or queue.name == PARKED)
    ]
    unread = [queue.name for queue in ours if not queue.consumers]
    if unread:
        subject = Subject(CONSUMERS, "unread", of="processor")
        detail = text("doctor.unread", names=", ".join(unread), ready=sum(queue.ready for queue in ours))
        yield problem("consumers", detail, text("doctor.unread.fix"), subject)
    elif ours:
        yield ok("consumers", text("doctor.read"))
    full = [queue for queue in ours if queue.consumers and queue.ready > BACKLOG]
    if full:
        detail = text("doctor.backlog", names=", ".join(f"{queue.name} ({queue.ready})" for queue in full))
        yield note("backlog", detail, text("doctor.backlog.fix"))


def _left_over(queues: Sequence[QueueState]) -> Iterator[Finding]:
    left = [queue for queue in queues if queue.left_over]
    if left:
        names, waiting = ", ".join(queue.name for queue in left), sum(queue.ready for queue in left)
        detail = text("doctor.left_over", names=names, waiting=waiting)
        yield note("partitions", detail, text("doctor.left_over.fix"))
