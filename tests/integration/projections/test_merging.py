"""Batches that are added to rows without reading them, and batches folded while the one before is written: nobody can tell afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from projections import ahead
from projections.commit import draft
from projections.feeder import Feeder
from runtime.database import Pool
from tests.integration.projections.conftest import Append
from tests.integration.projections.decisions import AT, broken, credit, tier

CatchUp = Callable[..., Awaitable[int]]


@pytest.mark.parametrize("batch_max", [1, 2, 500])
async def test_a_batch_changes_only_what_its_events_say(
    projected: Pool, append_events: Append, catch_up: CatchUp, batch_max: int
) -> None:
    await append_events(
        [
            credit("c1", 5, at=AT),
            tier("c1", "pro", AT + timedelta(days=30)),
            credit("c1", 3, at=AT - timedelta(days=1)),
            credit("c1", 2, at=AT),
            credit("c2"),
        ]
    )
    await catch_up(batch_max)
    row = await projected.fetchrow("SELECT * FROM balances_v1 WHERE customer_id = 'c1'")
    assert (row["credit_tokens"], row["topped_up_idr"], row["position"]) == (100, 10, 4)
    assert (row["last_top_up_at"], row["last_top_up_idr"]) == (AT, 5)
    assert (row["tier"], row["tier_until"]) == ("pro", AT + timedelta(days=30))


@pytest.mark.parametrize("batch_max", [1, 2, 500])
async def test_a_sum_that_no_column_holds_parks_its_event_and_no_other(
    projected: Pool, append_events: Append, catch_up: CatchUp, batch_max: int
) -> None:
    last = await append_events([credit("c1", 2**59), credit("c1", 2**59), credit("c2")])
    assert await catch_up(batch_max) == last
    assert await projected.fetchval("SELECT position FROM projection_parked WHERE name = 'balances'") == 2
    assert (
        await projected.fetchval("SELECT credit_tokens FROM balances WHERE customer_id = 'c1'") == 10 * 2**59
    )
    assert await projected.fetchval("SELECT credit_tokens FROM balances WHERE customer_id = 'c2'") == 10


async def test_the_next_batch_is_read_and_folded_once_while_one_is_written(
    projected: Pool, append_events: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded_ahead = []

    def counted(members: object, batch: object) -> object:
        folded_ahead.append(batch)
        return draft(members, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(ahead, "draft", counted)
    await append_events([credit("c1", n) for n in range(1, 12)])
    async with projected.acquire() as connection:
        await Feeder(connection, batch_max=3, only={("balances", 1)}).catch_up()
    assert [[row[0] for row in batch] for batch in folded_ahead] == [[4, 5, 6], [7, 8, 9]]
    assert await projected.fetchval("SELECT credit_tokens FROM balances") == 10 * sum(range(1, 12))


async def test_a_broken_event_in_a_batch_folded_ahead_is_parked_in_its_own_round(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    events = [
        credit("c1"),
        credit("c2"),
        broken("c1"),
        credit("c2"),
        credit("c1"),
        credit("c2"),
        credit("c2"),
    ]
    last = await append_events(events)
    assert await catch_up(2) == last
    parked = await projected.fetch(
        "SELECT position FROM projection_parked WHERE name = 'balances' ORDER BY 1"
    )
    assert [row["position"] for row in parked] == [3, 5]
    assert await projected.fetchval("SELECT credit_tokens FROM balances WHERE customer_id = 'c2'") == 40
