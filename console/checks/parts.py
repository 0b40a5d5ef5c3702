"""Whether there is room for the log to grow: without a part for the next position every append is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem
from console.messages import text
from console.output import number
from eventstore.parts import AHEAD, room

if TYPE_CHECKING:
    from runtime.database import Connection

CHECK = "log_parts"


async def check_log_parts(connection: Connection) -> AsyncIterator[Finding]:
    """For `lunas doctor`."""
    left = await room(connection)
    said = text(
        "doctor.log_parts", parts=number(left.parts), positions=number(max(left.behind - left.head - 1, 0))
    )
    if left.parts >= AHEAD:
        yield ok(CHECK, said)
    else:
        grade = note if left.parts else problem
        yield grade(CHECK, said, text("doctor.log_parts.fix"))
