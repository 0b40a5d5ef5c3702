"""What has not come to its end, and what came of a forged request: planted, and found by the witness."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from schemas.streams import payment
from tests.integration.witness.test_planted import FORGED, LETTER, broken, owner

__all__ = ["owner"]  # a fixture


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "INSERT INTO parked_streams (stream, provider, waiting) VALUES ('s', 'xendit', 2)",
            "parked: s, 2 wait",
        ),
        (
            "INSERT INTO parked_streams (stream, provider, released) VALUES ('s', 'xendit', true)",
            "parked: s, 0 wait, released",
        ),
        (
            "INSERT INTO waiting_deliveries (stream, delivery_id, received_at, message)"
            " VALUES ('s', gen_random_uuid(), now(), '')",
            "waits in line: s: 1",
        ),
        (
            "INSERT INTO fulfilment_cases (case_key, kind, state, due_at, position)"
            " VALUES ('c', 'order', '{}', now() - interval '1 h', 1)",
            "overdue: case c since ",
        ),
        (
            "INSERT INTO credit_accounts VALUES ('w01', 1, 1, 1, 0, 0, 0, 0, now() - interval '1 h', '{}')",
            "overdue: account of w01 since ",
        ),
    ],
)
async def test_what_has_not_come_to_its_end_is_named(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path, statement: str, said: str
) -> None:
    await owner.execute(statement)
    found = await broken(database_url, tmp_path)
    assert list(found) == ["I9 not at its end"]
    (line,) = found["I9 not at its end"]
    assert line == said or (said.endswith("since ") and line.startswith(said))


async def test_what_is_due_later_has_not_been_forgotten(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    await owner.execute(
        "INSERT INTO fulfilment_cases (case_key, kind, state, due_at, position)"
        " VALUES ('c', 'order', '{}', now() + interval '1 h', 1)"
    )
    assert await broken(database_url, tmp_path) == {}


async def test_what_came_of_a_forged_request_is_named(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    await owner.execute(LETTER, FORGED.body, "resolved")
    await owner.execute(
        "INSERT INTO streams (stream, category, version) VALUES ($1, 'payment', 1), ($2, 'payment', 1)",
        (stream := str(payment("xendit", f"py-{FORGED.number}"))),
        str(payment("xendit", f"py-{FORGED.number}0000")),
    )
    digest = FORGED.digest
    assert await broken(database_url, tmp_path, FORGED) == {
        "I3 came of a forged one": [f"stream {stream}", f"letter append conflict: {digest}"]
    }
