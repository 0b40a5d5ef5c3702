"""What PostgreSQL says of its archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection


@dataclass(frozen=True, slots=True)
class ArchiverReport:
    """`on`: finished files are given to an archive. `position`: byte that is written next, None on a standby. `size`: bytes of a file.

    `archived`, `failed`: the newest file that was, or could not be, archived. `began`: when the server started.
    """

    now: datetime
    began: datetime
    on: bool
    timeout_seconds: int
    size: int
    system: int
    position: int | None
    archived: str | None
    archived_at: datetime | None
    failed: str | None
    failed_at: datetime | None

    @property
    def failing(self) -> bool:
        """The newest try was in vain."""
        return self.failed_at is not None and (self.archived_at is None or self.failed_at > self.archived_at)


async def archiver_report(connection: Connection) -> ArchiverReport:
    row = await connection.fetchrow(load("backups.sql", "console")["archiver"])
    assert row is not None  # one row, always
    return ArchiverReport(**row)
