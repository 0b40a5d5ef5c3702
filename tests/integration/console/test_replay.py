"""`lunas replay`: what a preview says is what its application does; the world may not move in between, and a crash loses nothing."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from console import exits
from console.exits import Refused
from console.replaying.applying import change, go, resume, start
from console.replaying.planning import make_plan, plan_document
from providers.registry import PROVIDERS
from providers.simulated import Buyer
from providers.simulation import simulate_day
from runtime.database import Pool
from runtime.settings import Settings
from schemas.translation import Effect, Translation, TranslationContext
from schemas.where import parse_where
from tests.integration.console.conftest import Run, add_letter
from tests.integration.console.replays import (
    Direct,
    MortalRunner,
    RunnerDied,
    Shop,
    changes,
    delivered,
    previewed,
    taken_over,
)
from tests.unit.processor.intake.envelopes import capture, envelope

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
RATNA = Buyer("ratna@contoh.id", customer_id="c1")
LETTERS = parse_where("source=letters")


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url, replay_lease_seconds=600)).open()


@pytest.fixture
async def operator(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        database_url, server_settings={"search_path": "lunas", "role": "lunas_operator"}
    )
    yield connection
    await connection.close()


async def applied(shop: Shop, operator: asyncpg.Connection, plan: uuid.UUID) -> dict[str, Any]:
    run, _ = await start(operator, shop.settings, plan, "mended", rate=10_000, by="sari")
    await go(operator, shop.settings, Direct(shop), run, lambda *_: None)
    await shop.settle()
    return await plan_document(operator, plan)


@pytest.mark.parametrize("seed", range(4))
async def test_applied_is_previewed(shop: Shop, operator: asyncpg.Connection, seed: int) -> None:
    """Any day of any provider, any part of it parked: duplicates, refunds, renewals, strangers."""
    dice = random.Random(seed)
    day = simulate_day(seed=seed, customers=5, count=30, start=START)
    await shop.register([one for one in day.customers if dice.random() < 0.8])
    for webhook in day.webhooks:
        await shop.take_in(delivered(webhook), broken=dice.random() < 0.5)
    await shop.settle()
    before = await shop.views()
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    document = await plan_document(operator, plan)
    assert await shop.views() == before
    after = await applied(shop, operator, plan)
    assert changes(before, await shop.views()) == previewed(document)
    assert after["status"] == "done"
    # Why it is parked may differ: behind another one of its stream it waits, whatever would be said of it alone.
    told: Counter[str] = Counter()
    for one in after["progress"]:
        told[one["outcome"]] += one["count"]
    said: Counter[str] = Counter()
    for name, count in document["preview"]["outcomes"].items():
        said[name.split()[0]] += count
    assert told == said


async def parked(shop: Shop, count: int) -> None:
    """Payments of one known customer that a bug has parked."""
    await shop.register([RATNA])
    for number in range(count):
        await shop.take_in(envelope(capture(f"py-{number}", amount=10_000 + number)), broken=True)
    await shop.settle()


async def test_a_plan_is_refused_when_the_world_has_moved(shop: Shop, operator: asyncpg.Connection) -> None:
    await parked(shop, 2)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    await shop.take_in(envelope(capture("py-other")))  # the same customer
    await shop.settle()
    with pytest.raises(Refused, match="customer-c1"):
        await start(operator, shop.settings, plan, "mended", by="sari")
    again = await make_plan(operator, shop.settings, LETTERS, by="sari")
    assert (await applied(shop, operator, again))["status"] == "done"


async def test_a_plan_is_refused_when_it_would_do_something_else_now(
    shop: Shop, operator: asyncpg.Connection
) -> None:
    """No stream it touches has moved: but the money that nobody had is somebody's now."""
    await shop.take_in(envelope(capture()), broken=True)
    await shop.settle()
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    await shop.register([RATNA])
    await shop.settle()
    with pytest.raises(Refused, match="something else"):
        await start(operator, shop.settings, plan, "mended", by="sari")


async def test_c30_a_plan_is_applied_once_and_the_second_operator_hears_who_was_first(
    shop: Shop, operator: asyncpg.Connection
) -> None:
    await parked(shop, 1)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    await applied(shop, operator, plan)
    with pytest.raises(Refused, match="by sari"):
        await start(operator, shop.settings, plan, "me too", by="joko")
    acts = await shop.pool.fetch("SELECT verb, actor FROM operator_acts")
    assert [tuple(act) for act in acts] == [("replay.apply", "sari")]


async def test_a_replay_is_paused_and_resumed_and_cancelled_from_elsewhere(
    shop: Shop, operator: asyncpg.Connection, pool: Pool
) -> None:
    await parked(shop, 6)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=2, by="sari")  # two at a time
    seen: list[int] = []

    async def stop_after(verb: str, number: int) -> Direct:
        class Stopping(Direct):
            async def publish(self, envelope: Any) -> None:
                await super().publish(envelope)
                seen.append(len(self.sent))
                if len(self.sent) == number:
                    async with pool.acquire() as other:
                        await change(other, plan, verb, "wait", by="joko")

        return Stopping(shop)

    assert await go(operator, shop.settings, await stop_after("pause", 2), run, lambda *_: None) == "paused"
    assert len(seen) == 2
    run, _ = await resume(operator, shop.settings, plan, rate=2, by="sari")
    assert (
        await go(operator, shop.settings, await stop_after("cancel", 2), run, lambda *_: None) == "cancelled"
    )
    document = await plan_document(operator, plan)
    assert {one["state"]: one["count"] for one in document["progress"]} == {"done": 4, "waiting": 2}
    with pytest.raises(Refused):
        await resume(operator, shop.settings, plan, by="sari")
    still_open = await pool.fetchval("SELECT count(*) FROM dead_letters WHERE status = 'open'")
    assert still_open == 2


async def test_c31_a_replay_goes_on_after_its_process_died_and_nothing_has_two_effects(
    shop: Shop, operator: asyncpg.Connection
) -> None:
    await parked(shop, 4)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=10_000, by="sari")

    class Dying(Direct):
        """Dies when the second one is sent; nobody knows whether the broker has it."""

        async def publish(self, envelope: Any) -> None:
            await super().publish(envelope)
            if len(self.sent) == 2:
                await operator.close()
                raise RunnerDied

    with pytest.raises(RunnerDied):
        await go(operator, shop.settings, Dying(shop), run, lambda *_: None)
    async with shop.pool.acquire() as other:
        # Whoever comes too early is refused: it might still be alive.
        with pytest.raises(Refused):
            await resume(other, shop.settings, plan, by="joko")
    document = await taken_over(shop, plan)
    assert [(one["outcome"], one["count"]) for one in document["progress"]] == [("processed", 4)]
    assert (await shop.views())["c1"]["credit_tokens"] == sum(10 * (10_000 + n) for n in range(4))


@pytest.mark.parametrize("point", ["replay.before_publish", "replay.after_publish"])
async def test_c31_a_replay_that_dies_around_a_publish_sends_everything_and_nothing_counts_twice(
    shop: Shop, operator: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    await parked(shop, 3)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=10_000, by="sari")

    runner = MortalRunner(operator, point)
    monkeypatch.setattr("console.replaying.applying.fault_point", runner)
    with pytest.raises(RunnerDied):
        await go(operator, shop.settings, Direct(shop), run, lambda *_: None)
    await taken_over(shop, plan)
    assert runner.passed.count(point) > 2
    assert (await shop.views())["c1"]["credit_tokens"] == sum(10 * (10_000 + n) for n in range(3))


async def test_a_letter_that_somebody_else_took_is_left_alone(
    shop: Shop, operator: asyncpg.Connection, pool: Pool
) -> None:
    await parked(shop, 2)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    await pool.execute(
        "UPDATE dead_letters SET status = 'discarded', resolved_by = 'joko' WHERE dead_letter_id = (SELECT min(source_id::text)::uuid FROM replay_items)"
    )
    document = await applied(shop, operator, plan)
    assert {one["outcome"]: one["count"] for one in document["progress"]} == {"taken": 1, "processed": 1}


async def test_a_preview_of_many_runs_a_sample_of_every_kind_and_says_so(
    shop: Shop, operator: asyncpg.Connection
) -> None:
    await parked(shop, 9)
    await shop.take_in(envelope(b'{"event":"strange","data":{}}', provider="mayar"), broken=True)
    few = shop.settings.model_copy(update={"replay_preview_max": 5})
    document = await plan_document(operator, await make_plan(operator, few, LETTERS, by="sari"))
    assert document["items"] == 10
    assert document["sampled"] < 10
    assert sum(kind["count"] for kind in document["kinds"]) == 10
    assert {kind["amount"] for kind in document["kinds"]} == {sum(10_000 + n for n in range(9)), 0}
    sampled = await shop.pool.fetch("SELECT DISTINCT provider FROM replay_items WHERE sampled")
    assert {row["provider"] for row in sampled} == {"xendit", "mayar"}


async def test_deliveries_of_events_that_nothing_handled_have_their_effect_when_they_are_known(
    lunas: Run, shop: Shop, operator: asyncpg.Connection
) -> None:
    await shop.register([RATNA])
    known = PROVIDERS["xendit"]

    def not_yet(document: Any, context: TranslationContext) -> Translation:
        """As an older program saw what this one knows."""
        return Translation(
            Effect.UNKNOWN, "payment.capture", f"older:{context.body_sha256}", {"body": context.body_sha256}
        )

    older = {"xendit": replace(known, translate=not_yet)}
    assert await shop.take_in(envelope(), providers=older) == ["no_effect"]
    assert await shop.take_in(envelope(b'{"event":"strange","data":{}}', provider="mayar")) == ["no_effect"]
    await shop.settle()
    result = await lunas("replay", "unhandled", "--since", "2026-01-01", "--json")
    document = result.json
    assert document["preview"]["outcomes"] == {"duplicate": 1, "processed": 1}
    await applied(shop, operator, uuid.UUID(document["plan_id"]))
    assert (await shop.views())["c1"]["credit_tokens"] == 500_000


async def test_the_command_plans_and_shows_and_refuses_in_words(lunas: Run, shop: Shop) -> None:
    await parked(shop, 3)
    wrong = await lunas("replay", "plan", "--where", "provider=mayar and eror~x")
    assert wrong.code == exits.WRONG_USE
    assert "Column 20" in wrong.err
    assert "“error”" in wrong.err
    assert wrong.err.splitlines()[-1].index("^") == 2 + 19
    indonesian = await lunas("--lang", "id", "replay", "plan", "--where", "amount>5rb")
    assert "Kolom 8" in indonesian.err
    planned = await lunas(
        "replay", "plan", "--where", "provider=xendit and amount>=10001 and since 1h", "--json"
    )
    assert planned.code == exits.FINE, planned.err
    document = planned.json
    assert document["items"] == 2
    [customer] = document["preview"]["customers"]
    assert customer["changes"]["credit_tokens"] == {"before": None, "after": 200_030}
    assert customer["notifications"] == {"payment.received": 2}
    shown = await lunas("replay", "show", document["plan_id"])
    assert "credit tokens: - → 200,030" in shown.out
    listed = (await lunas("replay", "status", "--json")).json["items"]
    assert [one["status"] for one in listed] == ["planned"]
    for rate in ("fast", "0", "nan", "20/m"):
        hasty = await lunas("replay", "apply", document["plan_id"], "--reason", "x", "--yes", "--rate", rate)
        assert (hasty.code, "20/s" in hasty.err) == (exits.WRONG_USE, True), hasty.err
    cancelled = await lunas("replay", "cancel", document["plan_id"], "--json")
    assert cancelled.code == exits.FINE, cancelled.err
    again = await lunas("replay", "cancel", document["plan_id"])
    assert again.code == exits.REFUSED
    assert "by sari" in again.err
    nothing = await lunas("replay", "plan", "--where", "provider=mayar")
    assert nothing.code == exits.REFUSED


async def test_an_unreadable_letter_is_told_and_never_sent(
    shop: Shop, operator: asyncpg.Connection, pool: Pool
) -> None:
    await add_letter(pool, message=b"garbage", stage="decode", reason="frame_not_msgpack")
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    document = await applied(shop, operator, plan)
    assert document["preview"]["outcomes"] == {"unreadable": 1}
    assert [one["outcome"] for one in document["progress"]] == ["unreadable"]
    assert await pool.fetchval("SELECT status FROM dead_letters") == "open"
