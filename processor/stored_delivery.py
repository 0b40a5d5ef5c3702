"""A row of `deliveries` as the envelope that it came in: every field, so that a replay is what the provider sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import orjson

from schemas.envelope import Envelope

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stored_envelope(row: asyncpg.Record) -> Envelope:
    """The envelope, with its time of receipt to the microsecond."""
    return Envelope(
        delivery_id=str(row["delivery_id"]),
        provider=row["provider"],
        received_at=(row["received_at"] - EPOCH) // timedelta(microseconds=1),
        scheme=row["scheme"],
        secret_id=row["secret_id"],
        path=row["path"],
        body=row["body"],
        headers=orjson.loads(row["headers"]),
    )
