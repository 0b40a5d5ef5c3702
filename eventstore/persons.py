"""What the log holds about one person, as it is stored: for an export, and to know which keys an erasure destroys."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg
import orjson

from eventstore.queries import load
from runtime.database import Connection
from schemas.decisions import PaymentAssessed, SuspenseHeld
from schemas.email_address import normalise_email
from schemas.facts import FACTS
from schemas.streams import StreamName

_SQL = load("person_log.sql")
_NAME = re.compile(r'[":](~[a-z2-7]{16})[".]')
_IN_CLEAR = re.compile(r'"(?:payer_email|email)":"([^"]*@[^"]*)"')
_OF_THEIR_OWN = frozenset(model.TYPE for model in FACTS)


@dataclass(frozen=True, slots=True)
class LoggedEvents:
    """Events of some streams and the facts that they rest on, in the order of the log, as they are stored."""

    rows: Sequence[asyncpg.Record]

    @property
    def names(self) -> set[str]:
        """Names of keys that stand in them."""
        return names_in(row["data"] for row in self.rows)

    @property
    def in_clear(self) -> set[str]:
        """Addresses that stand in them as such, in normal form."""
        said = {found for row in self.rows for found in _IN_CLEAR.findall(row["data"])}
        return {normalise_email(one) or one for one in said}

    @property
    def deliveries(self) -> set[uuid.UUID]:
        """Webhooks that they came from. A decision may name that of somebody else, whose payment made it due."""
        told = [
            row
            for row in self.rows
            if row["type"] in _OF_THEIR_OWN or row["type"].startswith("subscription.")
        ]
        return {uuid.UUID(row["delivery_id"]) for row in told if row["delivery_id"]}

    def told(self, model: type[PaymentAssessed | SuspenseHeld]) -> list[dict[str, object]]:
        """What decisions of one type say."""
        return [orjson.loads(row["data"]) for row in self.rows if row["type"] == model.TYPE]


def names_in(texts: Iterable[str]) -> set[str]:
    """Names of keys in JSON texts of events or of cases."""
    return {found for text in texts for found in _NAME.findall(text)}


async def logged(connection: Connection, streams: Iterable[StreamName]) -> LoggedEvents:
    """Of these streams, and every fact that their decisions name."""
    rows = await connection.fetch(_SQL["stored_in"], sorted(set(streams)))
    assessed = [orjson.loads(row["data"]) for row in rows if row["type"] == PaymentAssessed.TYPE]
    known = {row["position"] for row in rows}
    facts = {position for each in assessed for position in each.get("facts", ())} - known
    rows += await connection.fetch(_SQL["stored_at"], sorted(facts))
    return LoggedEvents(sorted(rows, key=lambda row: int(row["position"])))


async def destroy_keys(connection: Connection, erasure_id: uuid.UUID, by: str, names: Iterable[str]) -> int:
    """Agree to an erasure and destroy these keys; how many there were. Raises InsufficientPrivilegeError when `by` asked for it, or nobody did."""
    destroyed: int = await connection.fetchval(_SQL["destroy"], erasure_id, by, sorted(names))
    return destroyed
