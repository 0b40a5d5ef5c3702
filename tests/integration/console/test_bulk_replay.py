"""`lunas dlq replay` and `lunas webhooks replay` with filters are plans: previewed, asked about, capped, applied behind live traffic."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from console import exits
from console.commands.replay import filter_of, replay_chosen
from console.exits import Refused
from runtime.database import Pool
from runtime.settings import Settings
from schemas.where import parse_where
from tests.integration.console.conftest import Run
from tests.integration.console.replays import Direct, Shop, changes, previewed
from tests.integration.console.test_replay import parked
from tests.unit.processor.intake.envelopes import capture, envelope


@pytest.fixture
async def shop(
    pool: Pool, database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """What is published is taken in at once."""
    shop = await Shop(pool, settings(database_url=database_url, replay_rate=10_000)).open()

    @asynccontextmanager
    async def opened(_settings: Settings) -> AsyncIterator[Direct]:
        yield Direct(shop)

    monkeypatch.setattr("console.commands.replay.open_replay", opened)
    return shop


async def test_letters_that_a_filter_finds_are_previewed_and_applied_as_a_plan(
    shop: Shop, store: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await parked(shop, 3)
    before = await shop.views()
    code = await replay_chosen(
        shop.settings, "letters", {"provider": "xendit"}, 100, "mended", yes=True, as_json=True
    )
    assert code == exits.FINE
    await shop.settle()
    plan = json.loads(capsys.readouterr().out)
    assert (plan["filter"], plan["items"], plan["status"]) == (
        "source=letters and provider=xendit",
        3,
        "done",
    )
    assert changes(before, await shop.views()) == previewed(plan)
    assert await store.fetchval("SELECT count(*) FROM dead_letters WHERE status = 'resolved'") == 3
    acts = await store.fetch("SELECT verb, target, reason FROM operator_acts")
    assert [tuple(act) for act in acts] == [("replay.apply", plan["plan_id"], "mended")]


async def test_deliveries_that_a_filter_finds_are_a_plan_too(
    shop: Shop, store: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.take_in(envelope(capture("py-1")))
    chosen: dict[str, Any] = {"status": "processed", "since": datetime.now(UTC) - timedelta(days=40_000)}
    code = await replay_chosen(shop.settings, "deliveries", chosen, 100, "again", yes=True, as_json=False)
    told = capsys.readouterr().out
    assert code == exits.FINE, told
    assert "duplicate" in told
    assert await store.fetchval("SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL") == 1


async def test_too_many_or_all_without_saying_so_are_refused_and_nothing_is_sent(
    shop: Shop, store: asyncpg.Connection
) -> None:
    await parked(shop, 3)
    for chosen, cap in (({}, 100), ({"provider": "xendit"}, 2), ({"provider": "mayar"}, 100)):
        with pytest.raises(Refused):
            await replay_chosen(shop.settings, "letters", chosen, cap, "x", yes=True, as_json=False)
    assert await store.fetchval("SELECT count(*) FROM dead_letters WHERE status = 'open'") == 3
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_without_a_terminal_a_filter_needs_yes(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    await parked(shop, 2)
    told = await lunas("dlq", "replay", "--provider", "xendit")
    assert (told.code, "--yes" in told.err) == (exits.REFUSED, True)
    assert "c1" in told.out, "the preview is shown before the question"
    assert await store.fetchval("SELECT count(*) FROM dead_letters WHERE status = 'open'") == 2
    assert (await lunas("dlq", "replay", "--yes")).code == exits.REFUSED


def test_options_are_the_filter_that_says_the_same() -> None:
    since = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
    said = filter_of(
        "letters",
        {"provider": "mayar", "error": "amount_fractional", "event": "payment.received; x", "since": since},
    )
    where = parse_where(said, providers=("mayar",))
    assert where.sources == ("letters",)
    assert where.words["event"].any == {"payment.received; x"}
    assert where.since == since
