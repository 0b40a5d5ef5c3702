"""RabbitMQ: is every queue there and as it must be, and does an earlier number of partitions still show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.causes import BROKER, Subject
from console.checks.finding import Finding, note, ok, problem
from console.exits import Away
from console.messages import text
from console.queues import depths, differences
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings


async def check_broker(settings: Settings) -> AsyncIterator[Finding]:
    """Everything that can be seen without the right to change anything; a broker that is away is a finding too."""
    try:
        found = await differences(settings)
        left = [queue for queue in await depths(settings) if queue.left_over]
    except Away as error:
        fix = text("doctor.silent_service.fix" if error.kind == "silent" else "doctor.reach.fix")
        yield problem("broker", error.message, fix, Subject(BROKER, error.kind))
        return
    except ConfigurationError as error:
        yield problem("broker", str(error), text("doctor.reach.fix"), Subject(BROKER))
        return
    if found:
        yield problem("queues", "; ".join(found), text("doctor.queues.fix"))
    else:
        yield ok("queues", text("doctor.queues"))
    if left:
        names = ", ".join(queue.name for queue in left)
        waiting = sum(queue.ready for queue in left)
        detail = text("doctor.left_over", names=names, waiting=waiting)
        yield note("partitions", detail, text("doctor.left_over.fix"))
