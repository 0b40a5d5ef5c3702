"""Subscriptions that our own checkout asked for: whose they are and what was sold is our word, what was paid is the provider's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas import facts as f
from schemas.catalog import Catalog, Product, Tier
from schemas.periods import Period
from schemas.plan_facts import PlanCancelAsked, PlanChanged, PlanOpened
from schemas.request_facts import RequestedItem
from tests.unit.processor.cases.facts import charge, cycle
from tests.unit.processor.policies.ledgerbook import NOON, Book, balanced, permutations, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")
DAY = timedelta(days=1)
MONTH = Period.parse("1 month")
NAMELESS: dict[str, Any] = {"payer_email": None, "products": ()}


def sold(product: str, tier: str, price: int) -> RequestedItem:
    return RequestedItem(
        product=product, kind="plan", price_idr=price, tier=tier, period="1 month", grace="3 days"
    )


PRO, MAX = sold("pro-bulanan", "pro", 200_000), sold("max-bulanan", "max", 400_000)


def about(when: datetime = NOON) -> dict[str, Any]:
    return {
        "request_id": "sub_1", "provider": "xendit", "reference": "pro-1", "plan_key": "repl-1", "occurred_at": when,
    }  # fmt: skip


def opened(item: RequestedItem = PRO) -> PlanOpened:
    return PlanOpened(**about(), customer_ref="c-1", sold=item, asked_at=NOON)


def cancel(how: str, when: datetime) -> PlanCancelAsked:
    return PlanCancelAsked.model_validate(about(when) | {"at": how})


def changed(item: RequestedItem, when: datetime) -> PlanChanged:
    return PlanChanged(**about(when), sold=item, since="now", changed_at=when)


def paid_cycle(number: int, when: datetime, item: RequestedItem = PRO) -> list[Any]:
    report = "activated" if number == 1 else "renewed"
    money = charge(number, when, amount=item.price_idr, **NAMELESS, customer_ref="c-1")
    return [money, cycle(number, when, report, amount=item.price_idr, **NAMELESS)]


def stopped(when: datetime, code: str | None = None) -> f.SubscriptionReported:
    """The provider says that it charges nothing more; with a code because a charge failed."""
    return f.SubscriptionReported(
        provider="xendit", subscription_key="repl-1", report="cancelled", failure_code=code, token_only=True, occurred_at=when
    )  # fmt: skip


def higher() -> Catalog:
    """The shipped catalogue with a tier above pro."""
    catalog = shipped_catalog()
    plan = Product(
        id="max-bulanan", kind="plan", tier="max", price_idr=400_000, period="1 month", grace="3 days"
    )
    return catalog.model_copy(
        update={"tiers": (*catalog.tiers, Tier(id="max")), "products": (*catalog.products, plan)}
    )


def book() -> Book:
    return Book(catalog=higher()).customer(*RATNA)


def test_our_own_word_says_whose_and_what_it_is_whenever_it_comes() -> None:
    ends = set()
    for arrival in permutations([opened(), *paid_cycle(1, NOON)]):
        one = book().give(*arrival)
        row = one.subscription("c-1")
        assert (row.plan, row.status, row.expires_at) == ("pro-bulanan", "active", MONTH.after(NOON))
        assert one.tier("c-1") == "pro"
        assert balanced(one)
        ends.add(repr(one.end_state()))
    assert len(ends) == 1


def test_what_was_sold_stays_what_it_was_when_the_catalogue_changes() -> None:
    one = book().give(opened())
    dearer = one.catalog.model_copy(update={"products": ()})
    one.give(f.CatalogPublished(version="2", content=dearer.model_dump(mode="json")), *paid_cycle(1, NOON))
    assert (one.subscription("c-1").plan, one.tier("c-1")) == ("pro-bulanan", "pro")


def test_c104_a_word_to_end_now_ends_it_whatever_the_provider_says_and_in_any_order() -> None:
    when = NOON + 10 * DAY
    for arrival in permutations([opened(), *paid_cycle(1, NOON), cancel("now", when), stopped(when)]):
        one = book()
        one.now = when
        one.give(*arrival)
        row = one.subscription("c-1")
        assert (row.status, row.expires_at, row.access_until) == ("cancelled", when, when)
        assert row.cancel_at_period_end is False
        assert one.tier("c-1") == "gratis"


def test_c104_a_word_to_end_with_the_period_keeps_what_was_paid() -> None:
    one = book().give(opened(), *paid_cycle(1, NOON)).wait(days=10)
    one.give(cancel("period_end", one.now))
    row = one.subscription("c-1")
    assert (row.status, row.cancel_at_period_end, row.expires_at) == ("cancelled", True, MONTH.after(NOON))
    assert one.tier("c-1") == "pro"
    one.give(stopped(one.now)).wait(days=21)
    assert one.tier("c-1") == "gratis"


def test_a_charge_that_was_made_after_the_word_to_end_now_gives_what_it_paid_for() -> None:
    one = book().give(opened(), *paid_cycle(1, NOON)).wait(days=10)
    one.give(cancel("now", one.now)).wait(days=1)
    one.give(*paid_cycle(2, one.now))
    row = one.subscription("c-1")
    assert (row.status, row.cancel_at_period_end, row.expires_at) == ("cancelled", True, MONTH.after(NOON, 2))
    assert one.tier("c-1") == "pro"


def test_c105_an_upgrade_is_in_force_with_the_charge_at_its_price_and_a_downgrade_likewise() -> None:
    one = book().give(opened(), *paid_cycle(1, NOON)).wait(days=10)
    one.give(changed(MAX, one.now))
    assert one.tier("c-1") == "pro"
    one.give(*paid_cycle(2, one.now + timedelta(minutes=1), MAX))
    row = one.subscription("c-1")
    assert (row.plan, row.expires_at, one.tier("c-1")) == ("max-bulanan", MONTH.after(NOON, 2), "max")
    one.wait(days=20)
    one.give(changed(PRO, one.now))
    assert one.tier("c-1") == "max"
    one.wait(days=31)
    one.give(*paid_cycle(3, MONTH.after(NOON, 2)))
    assert (one.subscription("c-1").plan, one.tier("c-1")) == ("pro-bulanan", "pro")


@pytest.mark.parametrize("late", [False, True])
def test_c105_the_charge_may_be_told_before_the_change_it_pays_for(late: bool) -> None:
    """`late`: the provider's clock says that it was made before the change; its price tells."""
    when = NOON + 10 * DAY
    charged = when - timedelta(seconds=2) if late else when + timedelta(seconds=2)
    for arrival in permutations([changed(MAX, when), *paid_cycle(2, charged, MAX)]):
        one = book().give(opened(), *paid_cycle(1, NOON))
        one.now = when + DAY
        one.give(*arrival)
        assert (one.subscription("c-1").plan, one.tier("c-1")) == ("max-bulanan", "max")


def test_c102_giving_up_on_a_charge_does_not_cut_the_grace_short_and_is_no_cancellation() -> None:
    one = book().give(opened(), *paid_cycle(1, NOON))
    due = MONTH.after(NOON)
    one.now = due + timedelta(hours=1)
    one.give(cycle(2, due, "renewal_failed", final=False, **NAMELESS))
    assert (one.subscription("c-1").status, one.tier("c-1")) == ("past_due", "pro")
    one.wait(days=1)
    one.give(
        cycle(2, due, "renewal_failed", final=True, **NAMELESS), stopped(one.now, "RECURRING_CYCLE_FAILED")
    )
    row = one.subscription("c-1")
    assert (row.status, row.access_until, one.tier("c-1")) == ("past_due", due + 3 * DAY, "pro")
    one.wait(days=2)
    assert (one.subscription("c-1").status, one.tier("c-1")) == ("expired", "gratis")


def test_c105_what_follows_pro_is_bpp_for_whoever_topped_up_meanwhile() -> None:
    from tests.unit.processor.cases.facts import capture

    one = book().give(opened(), *paid_cycle(1, NOON), capture(customer_ref="c-1"))
    assert one.tier("c-1") == "pro"
    one.wait(days=40)
    assert one.tier("c-1") == "bpp"
