"""Bodies above 2 kB are compressed by the database, and come out byte for byte; whoever looks inside one finds it."""

from __future__ import annotations

import hashlib
import json

from runtime.database import Pool
from tests.integration.processor.intake.taking_in import rows, store_of, take_in
from tests.unit.processor.intake.envelopes import capture, envelope


async def test_a_large_body_takes_less_than_its_bytes_and_is_read_as_it_was_signed(pool: Pool) -> None:
    body = json.loads(capture("py-1"))
    body["data"]["items"] = [
        {"name": f"Kelas {n}", "quantity": 1, "price": 50_000 + n, "note": None} for n in range(60)
    ]
    sent = envelope(json.dumps(body).encode())
    assert len(sent.body) > 3_000
    assert await take_in(store_of(pool), sent) == ["processed"]
    (stored,) = await rows(
        pool,
        "SELECT body, sha256(body) = body_sha256 AS same, pg_column_size(body) AS size, position(convert_to('Kelas 59', 'UTF8') IN body) > 0 AS found "
        "FROM deliveries",
    )
    assert (stored["body"], stored["same"], stored["found"]) == (sent.body, True, True)
    assert hashlib.sha256(stored["body"]).digest() == hashlib.sha256(sent.body).digest()
    assert stored["size"] * 2 < len(sent.body)
