"""Money that waits for its provider's word: who asks, when, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from processor.app import interpreter_of
from processor.reconciliation.confirming import MoneyConfirming
from processor.reconciliation.feeding import way_in
from processor.reconciliation.keeping import Reconciliation
from processor.reconciliation.metrics import ReconciliationMetrics
from providers.listers import listers_of
from providers.outgoing import CallFailed
from providers.reconciling import ListedPayment, Told
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.processor.reconciliation.scripted import (
    ScriptedProvider,
    Till,
    captured,
    said,
    till_of,
    webhook_of,
)
from tests.integration.processor.reconciliation.stand import Branch, branch_of
from tests.unit.providers.fakes.stand import SECRET
from tests.waiting import until

LARGE = 900_000


class Answering(ScriptedProvider):
    """Says what a test wants, or that it is away."""

    away: CallFailed | None = None

    async def ask(self, row: ListedPayment) -> Told | None:
        if self.away is not None:
            self.asked.append(row.name)
            raise self.away
        return await super().ask(row)


class Asking:
    """Rounds over one scripted provider, beside a till."""

    def __init__(self, till: Till, provider: Answering, given: Settings) -> None:
        self.till, self.provider = till, provider
        self.registry = CollectorRegistry()
        feeders: Any = {"xendit": till}
        self.one = MoneyConfirming(
            given, till.pool, {"xendit": provider}, feeders, ReconciliationMetrics(self.registry)
        )

    async def round(self) -> None:
        await self.one.round(asyncio.Event())
        await self.till.settle()

    async def answer(self) -> tuple[str, int, bool] | None:
        """The answer to the one question, how often it was asked, and whether it is asked again."""
        row = await self.till.pool.fetchrow("SELECT answer, asks, next_at IS NOT NULL FROM confirmations")
        return None if row is None else tuple(row)

    async def later(self, **span: float) -> None:
        """As if the questions so far had been asked so long ago."""
        moved = "UPDATE confirmations SET first_asked_at = first_asked_at - $1::interval, asked_at = asked_at - $1::interval, next_at = next_at - $1::interval"
        await self.till.pool.execute(moved, timedelta(**span))


@pytest.fixture
async def asking(pool: Pool, settings: Callable[..., Settings], database_url: str) -> Asking:
    return Asking(await till_of(pool), Answering(), settings(database_url=database_url))


async def test_money_that_waits_is_asked_about_and_granted_once(asking: Asking) -> None:
    large = captured("py-1", LARGE)
    await asking.till.hear(webhook_of(large))
    assert await asking.till.tokens() == 0
    asking.provider.answers["py-1"] = said(large)
    await asking.round()
    assert await asking.till.tokens() == LARGE * 10
    assert asking.provider.asked == ["py-1"]
    await asking.round()
    assert (asking.provider.asked, await asking.answer()) == (["py-1"], None), "nothing waits any more"
    assert len(asking.till.fed) == 1
    counted = {"provider": "xendit", "answer": "confirmed"}
    assert asking.registry.get_sample_value("lunas_confirmation_answers_total", counted) == 1.0


async def test_what_is_small_is_asked_of_nobody(asking: Asking) -> None:
    await asking.till.hear(webhook_of(captured("py-1", 50_000)))
    await asking.round()
    assert (asking.provider.asked, await asking.till.tokens()) == ([], 500_000)


@pytest.mark.parametrize(
    ("told", "answer"),
    [(None, "unknown"), (Told(status="failed", amount=LARGE), "unpaid"), (Told(status="paid"), "no_detail")],
)
async def test_what_the_provider_does_not_say_is_granted_to_nobody_and_asked_again_ever_more_rarely(
    asking: Asking, told: Told | None, answer: str
) -> None:
    await asking.till.hear(webhook_of(captured("py-1", LARGE)))
    if told is not None:
        asking.provider.answers["py-1"] = told
    await asking.round()
    await asking.round()
    assert await asking.answer() == (answer, 1, True), "not at once again"
    pauses = []
    for _ in range(12):
        await asking.later(hours=6)
        await asking.round()
        pauses.append(
            await asking.till.pool.fetchval(
                "SELECT round(extract(epoch FROM next_at - asked_at)) FROM confirmations"
            )
        )
    assert pauses[:3] == [120, 240, 480]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 6 * 3600
    await asking.later(days=15)
    await asking.round()
    assert await asking.answer() == (answer, 14, False), "and then no more"
    await asking.later(days=1)
    await asking.round()
    assert len(asking.provider.asked) == 14
    assert await asking.till.tokens() == 0


async def test_a_provider_that_states_another_amount_is_believed_and_the_token_is_not(asking: Asking) -> None:
    await asking.till.hear(webhook_of(captured("py-1", LARGE)))
    asking.provider.answers["py-1"] = said(captured("py-1", 10_000))
    await asking.round()
    assert await asking.till.tokens() == 100_000
    parked = "SELECT reason FROM dead_letters WHERE stage = 'fulfil'"
    assert [row["reason"] for row in await asking.till.pool.fetch(parked)] == ["amount_contradicted"]


async def test_a_provider_that_is_away_is_left_alone_and_the_others_stay_due(asking: Asking) -> None:
    for number in range(3):
        await asking.till.hear(webhook_of(captured(f"py-{number}", LARGE)))
    asking.provider.away = CallFailed("unknown", "provider_silent")
    await asking.round()
    assert (len(asking.provider.asked), (await asking.answer() or ("",))[0]) == (1, "failed")
    asking.provider.away = None
    asking.provider.answers = {f"py-{number}": said(captured(f"py-{number}", LARGE)) for number in range(3)}
    await asking.round()
    assert await asking.till.tokens() == 2 * LARGE * 10, "the one that was asked about waits for its turn"
    await asking.later(minutes=2)
    await asking.round()
    assert await asking.till.tokens() == 3 * LARGE * 10


async def test_a_crowd_of_forged_payments_keeps_no_genuine_one_waiting(
    pool: Pool, settings: Callable[..., Settings], database_url: str
) -> None:
    asking = Asking(await till_of(pool), Answering(), settings(database_url=database_url, confirm_asks_max=5))
    for number in range(12):
        await asking.till.hear(webhook_of(captured(f"py-forged-{number:02}", LARGE)))
    for _ in range(3):
        await asking.round()
    await asking.later(hours=1)
    genuine = captured("py-z", LARGE)
    await asking.till.hear(webhook_of(genuine))
    asking.provider.answers["py-z"] = said(genuine)
    await asking.round()
    assert await asking.till.tokens() == LARGE * 10


async def test_a_claim_ends_the_waiting(asking: Asking) -> None:
    await asking.till.hear(webhook_of(captured("py-1", LARGE)))
    await asking.round()
    await asking.till.pool.execute("DELETE FROM fulfilment_waits WHERE wait_key = 'confirmation:xendit'")
    await asking.round()
    assert await asking.answer() is None


async def posted(branch: Branch, payment: dict[str, Any]) -> None:
    """Whoever knows the token sends a webhook."""
    token = {"x-callback-token": SECRET}
    async with branch.session.post(branch.webhooks, data=webhook_of(payment), headers=token) as answer:
        assert answer.status == 200
    await branch.told()
    await branch.settled()


async def test_c05_with_a_stolen_token_nothing_large_is_granted_and_the_genuine_is_once(
    settings: Callable[..., Settings], database_url: str, broker_url: str
) -> None:
    async with branch_of(settings, database_url, broker_url, confirm_look_seconds=0.05) as branch:
        await branch.register("budi", "mallory")
        await posted(branch, captured("py-forged", 5_000_000, "mallory"))
        request = await branch.xendit_payment("topup-1", LARGE, "budi")
        await branch.act("xendit", request)
        await branch.settled()
        assert (await branch.tokens("budi"), await branch.tokens("mallory")) == (0, 0)

        clients, stop = listers_of(branch.settings), asyncio.Event()
        keeper = Reconciliation(
            branch.settings, branch.pool, branch.broker, interpreter_of(branch.settings), clients,
            exchange=way_in(branch.settings.broker_retry_delays_seconds),
        )  # fmt: skip
        kept = asyncio.create_task(keeper.keep(stop))

        async def granted() -> bool:
            await branch.settled()
            return await branch.tokens("budi") > 0

        async def only_the_forged_is_asked_about() -> bool:
            told = await branch.pool.fetch("SELECT payment_id, answer, our_amount FROM confirmations")
            return [tuple(row) for row in told] == [("py-forged", "unknown", 5_000_000)]

        await until(granted)
        await until(only_the_forged_is_asked_about)
        await branch.settled()
        stop.set()
        await kept
        grants = "SELECT count(*) FROM events WHERE type = 'credit.granted'"
        assert (await branch.tokens("budi"), await branch.pool.fetchval(grants)) == (LARGE * 10, 1)
        assert await branch.tokens("mallory") == 0
        held = await branch.pool.fetchrow(
            "SELECT reason, amount, payment_id FROM suspense WHERE status = 'held'"
        )
        assert held is not None
        assert tuple(held) == ("awaiting_confirmation", 5_000_000, "py-forged")
        levels = await branch.pool.fetch("SELECT customer_id, attestation FROM payments ORDER BY customer_id")
        assert [tuple(row) for row in levels] == [("budi", "api_confirmed"), ("mallory", "token_only")]
