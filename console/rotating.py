"""Which webhook secrets a provider has, by their ids and times: what came is recorded by itself, who changed them and why is said by a person.

Never a secret: an id is 12 digits of its hash, as every delivery bears it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.acts import Act, Done, already, record
from console.exits import Refused, WrongUse
from console.messages import text
from eventstore.append import log_transaction
from eventstore.queries import load
from providers.known_secrets import KnownSecrets
from providers.verification import secret_id
from runtime.settings.secret_times import SecretTimes, read_secret_times

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

SQL = load("secrets.sql", "console")
VERB = "secrets.record"
_ID = re.compile(r"[0-9a-fA-F]{12}")
_MOMENTS = ("seen_at", "recorded_at")


@dataclass(frozen=True, slots=True)
class NamedSecret:
    """One that is accepted, by its id."""

    secret_id: str
    times: SecretTimes

    def document(self) -> Mapping[str, str | None]:
        ends = (self.times.not_before, self.times.not_after)
        begins, ended = (None if one is None else one.isoformat() for one in ends)
        return {"secret_id": self.secret_id, "not_before": begins, "not_after": ended}


def configured(settings: Settings, provider: str) -> list[NamedSecret]:
    """Those that this process accepts."""
    known = KnownSecrets.of(settings, provider)
    names = sorted({secret_id(value) for value in known.values})
    return [NamedSecret(name, known.times.get(name, SecretTimes())) for name in names]


def named(given: Sequence[str]) -> list[NamedSecret]:
    """As people write them: an id, and its times. Raises WrongUse with a sentence that repeats nothing of it: it might be a secret."""
    try:
        times = read_secret_times(",".join(one for one in given if not _ID.fullmatch(one.strip())))
    except ValueError as error:
        raise WrongUse(text("secrets.wrong", reason=error)) from None
    bare = {one.strip().lower(): SecretTimes() for one in given if _ID.fullmatch(one.strip())}
    return [NamedSecret(name, each) for name, each in sorted({**bare, **times}.items())]


async def known_secrets(connection: Connection, provider: str | None) -> list[dict[str, Any]]:
    """Every secret that verified a delivery, newest first, with the newest word of a person on it."""
    return [dict(row) for row in await connection.fetch(SQL["known"], provider)]


def unexplained(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that came after others, and of which nobody said why."""
    return [row for row in rows if row["known_before"] and row["act_id"] is None]


async def record_secrets(
    connection: Connection, provider: str, secrets: Sequence[NamedSecret], reason: str
) -> Done:
    """A person's word on the set that is accepted from now on. Raises Refused for one that was recorded so already."""
    if not secrets:
        raise WrongUse(text("secrets.none", provider=provider))
    after = {"secrets": [one.document() for one in secrets]}
    undo = text("secrets.undo", provider=provider)
    async with log_transaction(connection):
        told = await connection.fetch(SQL["records"], provider)
        before = json.loads(told[0]["after"]) if told else None
        if before == after:
            refused = Refused(text("secrets.recorded_so", provider=provider))
            raise await already(connection, VERB, provider, refused)
        act_id = await record(connection, Act(VERB, provider, reason, undo, before=before, after=after))
    names = ", ".join(one.secret_id for one in secrets)
    return Done(text("secrets.recorded", provider=provider, secrets=names), act_id, undo)
