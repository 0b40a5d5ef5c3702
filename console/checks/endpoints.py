"""Endpoints of applications that take nothing any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, problem
from console.messages import text
from console.times import short_moment
from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection


async def check_endpoints(connection: Connection) -> AsyncIterator[Finding]:
    """Those that were disabled because they are gone or failed for days; and those that fail right now."""
    for row in await connection.fetch(load("notifications.sql", "console")["failing"]):
        endpoint_id, application = row["endpoint_id"], row["application"] or "–"
        if row["disabled_because"] is not None:
            because = text(f"endpoints.because_{row['disabled_because']}")
            detail = text(
                "doctor.endpoint_disabled", endpoint_id=endpoint_id, application=application, because=because
            )
            yield problem("endpoints", detail, text("doctor.endpoint_disabled.fix", endpoint_id=endpoint_id))
        else:
            since = short_moment(row["failing_since"])
            detail = text(
                "doctor.endpoint_failing", endpoint_id=endpoint_id, application=application, since=since
            )
            yield note("endpoints", detail, text("doctor.endpoint_failing.fix", endpoint_id=endpoint_id))
