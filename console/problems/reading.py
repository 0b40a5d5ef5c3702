"""Problems as they are now: looked up, joined with what people said, and put in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.exits import NotFound
from console.held_words import reason_in_words
from console.messages import text, value
from console.next_steps import next_step
from console.problems.problem import Found, arranged, with_state
from console.times import moment
from eventstore.queries import load
from processor.watch.listening import who_is_silent
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

SQL = load("problems.sql", "console")
EXAMPLES = 5


async def all_problems(connection: Connection, settings: Settings) -> list[Found]:
    """Every one, also those that people called ignored."""
    found = [Found(**dict(row)) for row in await connection.fetch(SQL["letters"])]
    found += [Found(**dict(row)) for row in await connection.fetch(SQL["held"])]
    found += [
        Found("silence", "", "silence", "", one.provider, None, 1, 0, 1, 0, one.last_at, utc_now())
        for one in await who_is_silent(connection, settings, utc_now())
    ]
    names = [one.fingerprint for one in found]
    states = {row["fingerprint"]: row for row in await connection.fetch(SQL["states"], names)}
    return arranged([_said(one, states.get(one.fingerprint)) for one in found])


async def one_problem(connection: Connection, settings: Settings, fingerprint: str) -> Found:
    """By its fingerprint or the beginning of it. Raises NotFound when nothing is wrong under that name."""
    fitting = [
        one for one in await all_problems(connection, settings) if one.fingerprint.startswith(fingerprint)
    ]
    if len(fitting) == 1:
        return fitting[0]
    said = None if fitting else await connection.fetchrow(SQL["gone"], fingerprint)
    if said is not None:
        words = {"status": value(said["status"]), "by": said["changed_by"], "at": moment(said["changed_at"])}
        raise NotFound(text("problems.over", id=said["fingerprint"], **words))
    raise NotFound(text("problems.unknown", id=fingerprint))


async def problem_document(connection: Connection, settings: Settings, fingerprint: str) -> dict[str, Any]:
    """One problem with its notes and some of what it consists of."""
    found = await one_problem(connection, settings, fingerprint)
    notes = [dict(row) for row in await connection.fetch(SQL["notes"], found.fingerprint)]
    if found.kind == "held":
        rows = await connection.fetch(
            SQL["held_examples"], found.error, found.provider, found.place, EXAMPLES
        )
    elif found.kind == "silence":
        rows = []
    else:
        rows = await connection.fetch(
            SQL["examples"], found.stage, found.error, found.provider, found.event, found.place, EXAMPLES
        )
    return as_document(found) | {"notes": notes, "examples": [dict(row) for row in rows]}


def as_document(found: Found) -> dict[str, Any]:
    """With the names of the table. `oldest` is when the oldest of it was first seen."""
    said = found.said
    return {
        "fingerprint": found.fingerprint,
        "kind": found.kind,
        "stage": found.stage or None,
        "error": found.error,
        "place": found.place or None,
        "provider": found.provider,
        "event": found.event,
        "count": found.count,
        "amount": found.amount if found.unknown < found.count else None,
        "customers": found.customers,
        "first_seen": found.first_seen,
        "last_seen": found.last_seen,
        "status": said.status,
        "again": said.again,
        "owner": said.owner,
        "changed_by": said.changed_by,
        "changed_at": said.changed_at,
        "because": found.because,
        "words": reason_in_words(found.error) if found.kind == "held" else None,
        "next": step_of(found),
        "replay": replay_of(found),
    }


def step_of(found: Found) -> str:
    """What to do next, in the operator's language."""
    if found.kind == "held":
        return text("problems.next.held", provider=found.provider)
    if found.kind == "silence":
        return text("problems.next.silence", provider=found.provider)
    return next_step(found.stage, found.error)


def replay_of(found: Found) -> str | None:
    """The command that looks what a replay would change, where one is of use."""
    return None if found.where is None else f"lunas replay plan --where '{found.where}'"


def _said(found: Found, row: Any) -> Found:
    if row is None:
        return found
    return with_state(found, row["status"], row["owner"], row["changed_by"], row["changed_at"])
