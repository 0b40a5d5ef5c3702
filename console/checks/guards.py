"""Guards of the log: nobody may change what was recorded, each role says only what is its own to say, and has what it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, ok, problem
from console.messages import text
from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection


async def check_guards(connection: Connection) -> AsyncIterator[Finding]:
    """Looks into the catalogue of the database, which everybody may read."""
    sql = load("doctor.sql", "console")
    # Guarded twice: no role of ours may change what was recorded, and triggers refuse it for everybody.
    strong = [row["what"] for row in await connection.fetch(sql["too_strong"])]
    disabled = [row["name"] for row in await connection.fetch(sql["disabled_triggers"])]
    if strong or disabled:
        detail = text("doctor.append_only_broken", what=", ".join([*strong, *disabled]))
        yield problem("append_only", detail, text("doctor.append_only.fix"))
    else:
        yield ok("append_only", text("doctor.append_only"))
    open_doors = [row["what"] for row in await connection.fetch(sql["open_policies"])]
    if open_doors:
        detail = text("doctor.event_types_open", what=", ".join(open_doors))
        yield problem("event_types", detail, text("doctor.event_types.fix"))
    else:
        yield ok("event_types", text("doctor.event_types"))
    weak = [row["what"] for row in await connection.fetch(sql["too_weak"])]
    if weak:
        role, privilege, table = weak[0].split(" ")
        fix = text("doctor.rights.fix", role=role, privilege=privilege, table=table)
        yield problem("rights", text("doctor.rights_missing", what=", ".join(weak)), fix)
    else:
        yield ok("rights", text("doctor.rights"))
