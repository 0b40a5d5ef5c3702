"""Plans over what is in no letter: rejected requests that are genuine by now, events nothing handled, what only the provider has, and several at once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from console import exits
from console.exits import Refused
from console.replaying.applying import go, start
from console.replaying.planning import make_plan, plan_document
from eventstore.queries import load
from ingress.quarantine import RefusedRequest, _rejection
from processor.intake.quarantine import _columns
from providers.registry import PROVIDERS
from providers.simulated import SimulatedWebhook
from providers.simulation import simulate_day
from providers.verification import sign_hmac_sha256
from runtime.database import Pool
from runtime.ids import uuid7
from runtime.settings import Settings
from schemas.translation import Effect, Translation, TranslationContext
from schemas.where import parse_where
from tests.integration.console.conftest import Run
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
from tests.integration.console.test_replay import RATNA, applied
from tests.integration.console.test_reverify import RIGHT, keep, mixed, refused, token
from tests.integration.processor.reconciliation.stand import Branch
from tests.unit.processor.intake.envelopes import capture

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
REJECTED = parse_where("source=quarantine")
EVERYTHING = parse_where("source=letters,unhandled,quarantine and since 90d")
SECRETS = {
    name: SecretStr(RIGHT)
    for name in ("xendit_webhook_secret", "mayar_webhook_secret", "scalev_webhook_secret")
}


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    given = settings(database_url=database_url, replay_lease_seconds=600, **SECRETS)
    return await Shop(pool, given).open()


@pytest.fixture
async def operator(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        database_url, server_settings={"search_path": "lunas", "role": "lunas_operator"}
    )
    yield connection
    await connection.close()


async def test_exactly_what_is_genuine_by_now_is_planned_previewed_and_admitted_by_a_replay(
    shop: Shop, operator: asyncpg.Connection, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA])
    await keep(store, mixed())
    before = await shop.views()
    plan = await make_plan(operator, shop.settings, REJECTED, by="sari")
    document = await plan_document(operator, plan)
    assert (document["items"], {one["cause"] for one in document["kinds"]}) == (300, {"wrong_credential"})
    assert sum(one["amount"] for one in document["kinds"]) == 300 * 10_000
    assert await store.fetchval("SELECT count(*) FROM quarantine WHERE admitted_at IS NOT NULL") == 0
    after = await applied(shop, operator, plan)
    assert after["status"] == "done"
    assert changes(before, await shop.views()) == previewed(document)
    assert previewed(document)["c1"]["credit_tokens"] == (None, 300 * 10_000 * 10)
    admitted = await store.fetch("SELECT DISTINCT admitted_by FROM quarantine WHERE admitted_at IS NOT NULL")
    assert [row["admitted_by"] for row in admitted] == [after["act_id"]]
    assert await store.fetchval("SELECT count(*) FROM quarantine WHERE admitted_at IS NULL") == 50
    with pytest.raises(Refused):
        await make_plan(operator, shop.settings, REJECTED, by="sari")


async def test_a_filter_chooses_among_rejected_requests_like_everywhere(
    shop: Shop, operator: asyncpg.Connection, store: asyncpg.Connection
) -> None:
    bodies = [capture(f"py-{n}", 10_000 * (n + 1)) for n in range(5)]
    await keep(store, [refused(body, token(RIGHT)) for body in bodies])
    one = await store.fetchval("SELECT min(quarantine_id::text) FROM quarantine")
    for where, count in (
        ("provider=xendit and amount>=20000 and amount<50000", 3),
        ("event=payment.capture", 5),
        ("event~CAPTURE and error=wrong_credential", 5),
        (f"id={one}", 1),
        ("until 2026-07-01T10:04:09+07:00", 2),
    ):
        plan = await make_plan(operator, shop.settings, parse_where(f"source=quarantine and {where}"), by="s")
        assert (await plan_document(operator, plan))["items"] == count, where
    for where in ("provider=mayar", "event=nothing", "error!=wrong_credential", "since 1h"):
        with pytest.raises(Refused):
            await make_plan(operator, shop.settings, parse_where(f"source=quarantine and {where}"), by="s")


async def test_a_plan_over_the_quarantine_is_refused_once_its_secret_is_another(
    shop: Shop, operator: asyncpg.Connection, store: asyncpg.Connection
) -> None:
    await keep(store, [refused(capture(), token(RIGHT))])
    plan = await make_plan(operator, shop.settings, REJECTED, by="sari")
    other = shop.settings.model_copy(update={"xendit_webhook_secret": SecretStr("another-secret-altogether")})
    with pytest.raises(Refused, match="something else"):
        await start(operator, other, plan, "mended", by="sari")


async def test_a_rejected_request_that_somebody_else_admitted_is_left_alone(
    shop: Shop, operator: asyncpg.Connection, store: asyncpg.Connection
) -> None:
    await keep(store, [refused(capture(f"py-{n}"), token(RIGHT)) for n in range(2)])
    plan = await make_plan(operator, shop.settings, REJECTED, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=10_000, by="sari")
    await store.execute(
        "UPDATE quarantine SET admitted_at = now() WHERE quarantine_id = (SELECT min(quarantine_id::text)::uuid FROM quarantine)"
    )
    await go(operator, shop.settings, Direct(shop), run, lambda *_: None)
    document = await plan_document(operator, plan)
    assert {one["outcome"]: one["count"] for one in document["progress"]} == {"taken": 1, "processed": 1}


@pytest.mark.parametrize("point", ["replay.before_publish", "replay.after_publish"])
async def test_a_replay_of_the_quarantine_that_dies_admits_each_once_and_none_before_its_effect(
    shop: Shop,
    operator: asyncpg.Connection,
    store: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    await shop.register([RATNA])
    await keep(store, [refused(capture(f"py-{n}", 10_000), token(RIGHT)) for n in range(3)])
    plan = await make_plan(operator, shop.settings, REJECTED, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=10_000, by="sari")

    monkeypatch.setattr("console.replaying.applying.fault_point", MortalRunner(operator, point))
    with pytest.raises(RunnerDied):
        await go(operator, shop.settings, Direct(shop), run, lambda *_: None)
    outside = "SELECT count(*) FROM quarantine q WHERE admitted_at IS NOT NULL AND NOT EXISTS (SELECT FROM deliveries WHERE delivery_id = quarantine_id)"
    assert await store.fetchval(outside) == 0
    await taken_over(shop, plan)
    assert await store.fetchval("SELECT count(*) FROM quarantine WHERE admitted_at IS NULL") == 0
    assert (await shop.views())["c1"]["credit_tokens"] == 3 * 10_000 * 10


def turned_away(webhook: SimulatedWebhook) -> RefusedRequest:
    """A simulated webhook as it is kept while our secret is wrong."""
    provider = PROVIDERS[webhook.provider]
    header = provider.token_header
    signed = (
        [(header, RIGHT)]
        if header is not None
        else [("X-Scalev-Hmac-Sha256", sign_hmac_sha256(webhook.body, RIGHT))]
    )
    told = [("Content-Type", "application/json"), ("Content-Length", str(len(webhook.body)))]
    return RefusedRequest(
        webhook.provider, "wrong_credential", "203.0.113.9", webhook.path, told + signed, webhook.body
    )


def not_yet(document: Any, context: TranslationContext) -> Translation:
    """As an older program saw what this one knows."""
    return Translation(
        Effect.UNKNOWN, "older.name", f"older:{context.body_sha256}", {"body": context.body_sha256}
    )


@pytest.mark.parametrize("seed", range(3))
async def test_applied_is_previewed_over_everything_that_had_no_effect(
    shop: Shop, operator: asyncpg.Connection, store: asyncpg.Connection, seed: int
) -> None:
    """Any day of any provider: some of it taken in, some parked, some unknown to the program of then, some turned away."""
    dice = random.Random(seed)
    day = simulate_day(seed=seed, customers=5, count=30, start=START)
    await shop.register([one for one in day.customers if dice.random() < 0.8])
    older = {name: replace(one, translate=not_yet) for name, one in PROVIDERS.items()}
    for number, webhook in enumerate(day.webhooks):
        fate = dice.choice(("taken", "parked", "unknown", "refused"))
        if fate == "refused":
            one = _rejection(
                turned_away(webhook),
                str(uuid7()),
                round(webhook.at.timestamp() * 1_000_000) + number,
                production=True,
            )
            await store.execute(load("intake.sql", "processor")["quarantine"], *_columns([one]))
        else:
            await shop.take_in(
                delivered(webhook), broken=fate == "parked", providers=older if fate == "unknown" else None
            )
    await shop.settle()
    before = await shop.views()
    plan = await make_plan(operator, shop.settings, EVERYTHING, by="sari")
    document = await plan_document(operator, plan)
    assert await shop.views() == before
    assert {row["source"] for row in await store.fetch("SELECT DISTINCT source FROM replay_items")} == {
        "letters", "deliveries", "quarantine",
    }  # fmt: skip
    numbers = await store.fetch("SELECT number, source_id FROM replay_items ORDER BY source_id")
    assert [row["number"] for row in numbers] == list(range(1, document["items"] + 1)), "the oldest first"
    after = await applied(shop, operator, plan)
    assert changes(before, await shop.views()) == previewed(document)
    assert after["status"] == "done"
    told: Counter[str] = Counter()
    for progressed in after["progress"]:
        told[progressed["outcome"]] += progressed["count"]
    # A letter that the same words by another way have closed before its turn is not sent again: it would be a duplicate.
    told["duplicate"] += told.pop("taken", 0)
    said: Counter[str] = Counter({"duplicate": 0})
    for name, count in document["preview"]["outcomes"].items():
        said[name.split()[0]] += count
    assert told == said


async def test_what_only_the_provider_has_is_planned_and_applied_and_asking_writes_nothing(
    lunas: Run, branch: Branch
) -> None:
    await branch.register("budi")
    none = await lunas("replay", "missing", "--provider", "xendit", "--since", "1d")
    assert (none.code, "lists nothing that fits" in none.err) == (exits.REFUSED, True), none.err
    branch.door.lost = lambda _: True
    await branch.act("xendit", await branch.xendit_payment("topup-1", 50_000, "budi"))
    await branch.act("xendit", await branch.xendit_payment("topup-2", 20_000, "budi"))
    planned = await lunas("replay", "missing", "--provider", "xendit", "--since", "1d", "--json")
    assert planned.code == exits.FINE, planned.err
    document = planned.json
    assert (document["items"], document["source"]) == (2, "missing")
    assert [(one["cause"], one["count"], one["amount"]) for one in document["kinds"]] == [
        ("missing_here", 2, 70_000)
    ]
    [customer] = document["preview"]["customers"]
    assert customer["changes"]["credit_tokens"]["after"] == 700_000
    kept = "SELECT (SELECT count(*) FROM reconcile_runs) + (SELECT count(*) FROM reconcile_findings) + (SELECT count(*) FROM reconcile_seen)"
    assert await branch.pool.fetchval(kept) == 0
    assert await branch.tokens("budi") in (0, None)

    done = await lunas(
        "replay", "apply", document["plan_id"], "--reason", "a night without webhooks", "--yes", "--json"
    )
    assert done.code == exits.FINE, done.err + done.out
    assert [(one["outcome"], one["count"]) for one in done.json["progress"]] == [("processed", 2)]
    await branch.settled()
    assert await branch.tokens("budi") == 700_000
    again = await lunas("replay", "missing", "--provider", "xendit", "--since", "1d")
    assert again.code == exits.REFUSED, again.out
    # What the schedule finds afterwards is nothing.
    found = await lunas("reconcile", "run", "xendit", "--since", "1d", "--json")
    assert (found.code, found.json["fed"]) == (exits.FINE, 0)


async def test_what_cannot_be_asked_for_is_said(lunas: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUNAS_FAKES", "off")
    nokey = await lunas("replay", "missing", "--provider", "xendit", "--since", "1d")
    assert (nokey.code, "key" in nokey.err) == (exits.WRONG_USE, True), nokey.err
    half = await lunas("replay", "plan", "--where", "source=missing and provider=xendit")
    assert (half.code, "since" in half.err, "^" in half.err) == (exits.WRONG_USE, True, True), half.err
