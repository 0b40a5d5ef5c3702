"""Which secrets verified what comes: the first delivery of each is recorded with it, in one transaction, so that no rotation goes unrecorded.

Ingress, which has the secrets, has no database; each envelope bears the id of the secret that matched. A process asks the database about each id once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from eventstore.queries import load
from processor.intake.interpreter import Prepared
from runtime.database import Connection

_SQL = load("secrets.sql", "processor")
_ID = re.compile(r"[0-9a-f]{12}")

SecretName = tuple[str, str]
"""Provider and id."""


class SecretsSeen:
    """Of one process. What was recorded is remembered once that is committed."""

    def __init__(self) -> None:
        self._known: set[SecretName] = set()

    async def record(self, connection: Connection, batch: Iterable[Prepared]) -> set[SecretName]:
        """In the transaction that stores the batch; what is to be remembered when it is committed."""
        fresh: dict[SecretName, str] = {}
        for prepared in batch:
            envelope = prepared.envelope
            name = (envelope.provider, envelope.secret_id)
            if name not in self._known and _ID.fullmatch(envelope.secret_id):
                fresh.setdefault(name, envelope.delivery_id)
        if fresh:
            providers, secrets = zip(*fresh, strict=True)
            await connection.execute(_SQL["seen"], providers, secrets, list(fresh.values()))
        return set(fresh)

    def committed(self, recorded: set[SecretName]) -> None:
        self._known |= recorded
