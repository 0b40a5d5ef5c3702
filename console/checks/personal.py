"""Whether personal data can be read by the keys of this process, and which of them may go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem
from console.messages import text
from console.output import number
from console.times import moment
from eventstore.key_exchange import exchange_state
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.database import Connection

CHECK = "personal_data"


async def check_personal(connection: Connection) -> AsyncIterator[Finding]:
    """For `lunas doctor`. Where nothing is sealed, nothing is said."""
    try:
        state = await exchange_state(connection)
    except ConfigurationError as error:
        yield problem(CHECK, str(error), text("doctor.personal_wrong.fix"))
        return
    if state.where == "one_key":
        yield ok(CHECK, text("doctor.personal"))
    elif state.where == "to_begin":
        yield note(CHECK, text("doctor.personal_to_begin"), text("doctor.personal_to_begin.fix"))
    elif state.where == "under_way":
        since = "" if state.since is None else moment(state.since)
        detail = text("doctor.personal_under_way", moment=since, keys=number(state.left))
        yield note(CHECK, detail, text("doctor.personal_under_way.fix"))
    elif state.where == "over":
        yield note(CHECK, text("doctor.personal_over"), text("doctor.personal_over.fix"))
