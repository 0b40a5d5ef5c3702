"""A subscription over half a year by the fake provider's clock: what our client asks for, what its webhooks say, and what we decide.

Our own clock goes with the provider's. Afterwards the same webhooks come again in other orders and twice, and end alike.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from providers.fakes.app import serving
from providers.fakes.provider import FakeAccount
from providers.fakes.world import FakeWorld
from providers.outgoing import CallLimits
from providers.plan_asking import PlanAsk
from providers.registry import PROVIDERS
from providers.xendit.plan_client import XenditPlans
from runtime.breaker import Breaker
from schemas.event_model import EventModel
from schemas.periods import Period
from schemas.plan_facts import PlanCancelAsked, PlanChanged, PlanOpened
from schemas.translation import TranslationContext
from tests.unit.processor.policies.ledgerbook import Book, balanced
from tests.unit.processor.policies.test_own_plans import MAX, PRO, RATNA, higher
from tests.unit.providers.fakes.stand import KEYS, SECRET, START, Caller, WebhookDoor

MONTH = Period.parse("1 month")
LIMITS = CallLimits(connect=2, call=5, budget=5, attempts=1, calls=10_000, period=60)
ABOUT: dict[str, Any] = {"request_id": "sub_1", "provider": "xendit", "reference": "pro-satu"}


class Months:
    """Ratna's subscription, the provider that charges for it, and our books, all at one time."""

    def __init__(self, caller: Caller, door: WebhookDoor, plans: XenditPlans) -> None:
        self.caller, self.door, self.plans = caller, door, plans
        self.book = Book(catalog=higher(), now=START).customer(*RATNA)
        self.told: list[tuple[datetime, EventModel]] = []
        self.heard = 0
        self.key = ""

    @property
    def now(self) -> datetime:
        return self.caller.served.world.clock.now()

    async def begin(self) -> None:
        asked_at = self.now
        ask = PlanAsk(
            reference="pro-satu", customer_id="c-1", product="pro-bulanan", description="Pro", amount_idr=200_000,
            interval="MONTH", interval_count=1, next_charge=MONTH.after(asked_at), retries=3,
        )  # fmt: skip
        opening = await self.plans.open(ask)
        self.key = opening.plan_key
        self.say(PlanOpened(**self.about(), customer_ref="c-1", sold=PRO, asked_at=asked_at))

    def about(self) -> dict[str, Any]:
        return ABOUT | {"plan_key": self.key, "occurred_at": self.now}

    def say(self, fact: EventModel) -> None:
        """A word of our own checkout."""
        self.book.now = self.now
        self.told.append((self.now, fact))
        self.book.give(fact)

    async def act(self, act: str) -> None:
        assert (await self.caller.control("POST", f"/payments/xendit/{self.key}/{act}", {}))[0] == 200
        await self.advance("1s")

    async def advance(self, span: str) -> None:
        """A day after the other, so that what comes is heard about when it comes."""
        days = int(span.removesuffix("d")) if span.endswith("d") else 0
        for step in ["1d"] * days or [span]:
            await self.caller.advance(step)
            self.book.now = self.now
            self.hear()
            self.book.wait()

    def hear(self) -> None:
        taken, self.heard = self.door.taken[self.heard :], len(self.door.taken)
        for webhook in taken:
            context = TranslationContext(received_at=self.now)
            for fact in PROVIDERS["xendit"].translate(webhook.document, context).facts:
                self.told.append((self.now, fact.event))
                self.book.give(fact.event)

    def seen(self) -> tuple[str, str | None, str]:
        row = self.book.subscription("c-1")
        return row.status, row.plan, self.book.tier("c-1")

    @property
    def ends(self) -> datetime | None:
        return self.book.subscription("c-1").expires_at


@pytest.fixture
async def months() -> AsyncIterator[Months]:
    door = WebhookDoor()
    app = web.Application()
    app.router.add_post("/webhooks/{provider}", door.take)
    async with TestServer(app) as server:
        account = FakeAccount(KEYS["xendit"], SECRET, "akun", f"{server.make_url('/')}webhooks/xendit", ())
        world = FakeWorld(wall=lambda: START, frozen=True, rate_limits=False)
        async with serving({"xendit": account}, world) as served, aiohttp.ClientSession() as session:
            plans = XenditPlans(served.bases["xendit"], KEYS["xendit"], LIMITS, Breaker(5, 1.0))
            yield Months(Caller(session, served), door, plans)
            await plans.close()


async def test_c101_c102_c104_c105_half_a_year_of_a_subscription_in_any_order_of_its_webhooks(
    months: Months,
) -> None:
    await months.begin()
    assert months.seen() == ("pending", "pro-bulanan", "gratis")
    await months.advance("2d")
    await months.act("link")
    first = months.now
    assert months.seen() == ("active", "pro-bulanan", "pro")
    assert months.ends is not None
    assert abs(months.ends - MONTH.after(first)) < timedelta(minutes=1)

    # Two renewals, each on the day before the paid time is over.
    for month in (2, 3):
        await months.advance("31d")
        assert months.seen() == ("active", "pro-bulanan", "pro")
        assert abs(months.ends - MONTH.after(first, month)) < timedelta(minutes=1)

    # A charge fails, is tried again for days, and recovers.
    await months.act("break_charges")
    await months.advance("30d")
    assert months.seen() == ("past_due", "pro-bulanan", "pro")
    await months.act("mend_charges")
    await months.advance("2d")
    assert months.seen() == ("active", "pro-bulanan", "pro")
    assert abs(months.ends - MONTH.after(first, 4)) < timedelta(minutes=1)

    # An upgrade is charged today, and a downgrade when the next charge is due.
    repriced = await months.plans.reprice(months.key, 400_000, "Max")
    months.say(PlanChanged(**months.about(), sold=MAX, since="now", changed_at=repriced.changed_at))
    assert repriced.next_cycle is not None
    assert months.seen()[2] == "pro"
    await months.advance("1s")
    await months.plans.charge_now(months.key, repriced.next_cycle)
    await months.plans.charge_now(months.key, repriced.next_cycle)
    await months.advance("1s")
    assert months.seen() == ("active", "max-bulanan", "max")
    assert abs(months.ends - MONTH.after(first, 5)) < timedelta(minutes=1)
    repriced = await months.plans.reprice(months.key, 200_000, "Pro")
    months.say(PlanChanged(**months.about(), sold=PRO, since="period_end", changed_at=repriced.changed_at))
    await months.advance("30d")
    assert months.seen() == ("active", "max-bulanan", "max")
    await months.advance("31d")
    assert months.seen() == ("active", "pro-bulanan", "pro")
    assert abs(months.ends - MONTH.after(first, 6)) < timedelta(minutes=1)

    # It is to end with what is paid for; after that there is nothing, and nothing more is charged.
    months.say(PlanCancelAsked(**months.about(), at="period_end"))
    await months.plans.stop(months.key)
    await months.plans.stop(months.key)
    await months.advance("1s")
    assert months.seen() == ("cancelled", "pro-bulanan", "pro")
    left = (months.ends - months.now).days + 1
    await months.advance(f"{left}d")
    assert months.seen() == ("cancelled", "pro-bulanan", "gratis")
    charged = [event for event in months.book.decisions if type(event).__name__ == "SaleRecorded"]
    assert sorted(sale.amount_idr for sale in charged) == [200_000] * 5 + [400_000]
    assert balanced(months.book)
    tiers = [event.tier for event in months.book.decisions if type(event).__name__ == "TierChanged"]
    assert [tier for tier, before in zip(tiers, ["", *tiers], strict=False) if tier != before] == [
        "pro", "max", "pro", "gratis",
    ]  # fmt: skip

    end = months.book.end_state()
    facts = [fact for _, fact in months.told]
    for seed in range(5):
        shuffled = [*facts, *facts]
        random.Random(seed).shuffle(shuffled)
        again = Book(catalog=higher(), now=months.now).customer(*RATNA).give(*shuffled)
        assert again.end_state() == end


async def test_c102_c103_retries_run_out_grace_ends_access_and_nobody_is_charged_again(
    months: Months,
) -> None:
    await months.begin()
    await months.act("link")
    await months.act("break_charges")
    await months.advance("31d")
    assert months.seen() == ("past_due", "pro-bulanan", "pro")
    assert months.ends is not None
    assert months.book.subscription("c-1").access_until == months.ends + timedelta(days=3)
    await months.advance("2d")
    assert months.seen()[2] == "pro"
    await months.advance("2d")
    assert months.seen() == ("expired", "pro-bulanan", "gratis")
    paid = len([event for event in months.book.decisions if type(event).__name__ == "SaleRecorded"])
    await months.advance("40d")
    assert (
        len([event for event in months.book.decisions if type(event).__name__ == "SaleRecorded"]) == paid == 1
    )


async def test_a_first_charge_that_fails_gives_nothing(months: Months) -> None:
    await months.begin()
    plan = months.caller.served.world.providers["xendit"].memory().plans[months.key]
    plan.failing = True
    await months.act("link")
    await months.advance("1d")
    assert months.seen() == ("cancelled", "pro-bulanan", "gratis")
