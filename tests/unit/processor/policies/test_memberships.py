"""A plan that is paid for and announced as a membership (Mayar): one purchase, one period, one row, whichever comes first."""

from __future__ import annotations

from typing import Any

import pytest

from providers.registry import PROVIDERS
from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import Catalog, ScalevNames
from schemas.translation import TranslationContext
from tests.unit.processor.cases.facts import at, licence, order, package, paid, refund
from tests.unit.processor.policies.ledgerbook import Book, club, permutations, shipped_catalog
from tests.unit.processor.policies.test_licences import member, tier

RATNA = ("c-1", "ratna@contoh.id")
MONTH = {1: at(days=30), 2: at(days=61)}  # 20 November and one month, two months


def bought(sold: str = "klub-a", payment: str = "trx-1", **more: Any) -> f.PaymentSucceeded:
    """A payment for a plan of the club, in either of its names."""
    return package(sold, payment, 75_000, **{"paid_at": more.get("occurred_at", at()), **more})


def returned(payment: str = "trx-1", **more: Any) -> f.RefundSucceeded:
    return refund(f"rfd-{payment}", 75_000, payment, provider="mayar", group_id=None, **more)


def joined(**more: Any) -> f.SubscriptionReported:
    """Announced by name, with an end a little after the month that was paid for."""
    return licence("activated", at(days=30, minutes=600), **{"products": tier("klub-a"), **more})


def told(*facts: Any, catalog: Catalog | None = None) -> Book:
    return Book(catalog=catalog or club()).customer(*RATNA).give(*facts)


def renamed(**names: tuple[str, ...]) -> Catalog:
    """The club with other names for its first plan."""
    products = list(club().products)
    for number, product in enumerate(products):
        if product.id == "klub-a" and product.mayar:
            products[number] = product.model_copy(update={"mayar": product.mayar.model_copy(update=names)})
    return club().model_copy(update={"products": tuple(products)})


def every_order(*facts: Any) -> Book:
    """The same end state for every order, known to the customer first or last."""
    register = f.CustomerRegistered(customer_id="c-1", email="ratna@contoh.id")
    books = [Book(catalog=club()).give(*arrival) for arrival in permutations([register, *facts])]
    states = [book.end_state() for book in books]
    assert all(state == states[0] for state in states)
    return books[0]


def test_c41_c100_a_payment_and_its_membership_are_one_subscription() -> None:
    book = every_order(bought(), joined())
    row = book.subscription("c-1")
    assert (row.plan, row.tier, row.status, row.licence_code) == ("klub-a", "pro", "active", "LCN-1")
    assert (row.started_at, row.expires_at) == (at(), at(days=30, minutes=600))
    assert (book.tier("c-1"), book.balance("sales:klub-a")) == ("pro", 75_000)


def test_c41_both_names_of_both_events_are_still_one() -> None:
    again = bought().model_copy(update={"provider_status": "created"})
    assert len(every_order(bought(), again, joined(), licence("created", None)).subscriptions("c-1")) == 1


def test_the_plan_begins_at_the_earliest_time_its_payment_was_told_of() -> None:
    """Both names of one payment, a few minutes apart: the period does not depend on which came first."""
    book = every_order(bought(), bought(occurred_at=at(5)))
    assert book.subscription("c-1").started_at == at()
    every_order(bought(), bought(occurred_at=at(5)), joined())


def test_c100_a_payment_whose_activation_never_comes_gives_the_plan() -> None:
    book = told(bought())
    row = book.subscription("c-1")
    assert (row.plan, row.status, row.expires_at, book.tier("c-1")) == ("klub-a", "active", MONTH[1], "pro")


def test_c100_an_activation_whose_payment_never_comes_gives_the_plan() -> None:
    row = told(joined()).subscription("c-1")
    assert (row.plan, row.status, row.expires_at) == ("klub-a", "active", at(days=30, minutes=600))


def test_the_row_of_the_payment_is_taken_away_once_and_the_tier_never_flickers() -> None:
    book = told(bought(), joined(), joined(occurred_at=at(5)))
    (merged,) = book.of(d.SubscriptionMerged)
    assert (merged.subscription_id, merged.into) == ("plan:c-1:klub-a", "mayar:subscription:LCN-1")
    assert [change.tier for change in book.of(d.TierChanged)] == ["pro", "pro"]
    assert told(joined(), bought()).of(d.SubscriptionMerged) == []


def test_a_membership_without_dates_ends_with_what_was_paid_for() -> None:
    book = every_order(bought(), member("activated", products=tier("klub-a"), occurred_at=at(1)))
    assert (book.subscription("c-1").expires_at, book.subscription("c-1").member_id) == (MONTH[1], "ABCD1234")
    book.wait(days=33)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("expired", "gratis")


def test_a_membership_that_names_nothing_is_of_the_plan_that_was_paid_for() -> None:
    book = every_order(bought(), licence("activated", at(days=30, minutes=600), occurred_at=at(3)))
    row = book.subscription("c-1")
    assert (row.plan, row.tier, row.licence_code, book.tier("c-1")) == ("klub-a", "pro", "LCN-1", "pro")


def test_a_membership_that_names_nothing_is_not_guessed_at_between_two_plans() -> None:
    book = every_order(bought(), bought("klub-b", "trx-2"), licence("activated", at(days=30)))
    assert sorted(str(row.plan) for row in book.subscriptions("c-1").values()) == ["None", "klub-a", "klub-b"]
    assert book.tier("c-1") == "pro"


def test_a_membership_of_an_unknown_tier_takes_no_payment_of_another_plan() -> None:
    book = every_order(bought(), licence("activated", at(days=30), products=tier("klub-c")))
    assert {row.plan for row in book.subscriptions("c-1").values()} == {"klub-a", None}
    assert book.tier("c-1") == "pro"


def test_a_renewal_that_is_only_paid_for_adds_one_period() -> None:
    book = every_order(bought(), joined(), bought(payment="trx-2", occurred_at=at(days=28)))
    assert book.subscription("c-1").expires_at == MONTH[2]


def test_a_renewal_that_is_paid_for_and_announced_adds_one_period() -> None:
    renewed = licence("renewed", at(days=60), products=tier("klub-a"), occurred_at=at(days=28))
    book = every_order(bought(), joined(), bought(payment="trx-2", occurred_at=at(days=28)), renewed)
    assert book.subscription("c-1").expires_at == MONTH[2]


def test_a_month_that_the_provider_counts_longer_is_not_shortened_by_the_catalogue_s_period() -> None:
    book = every_order(bought(), licence("activated", at(days=32), products=tier("klub-a")))
    assert book.subscription("c-1").expires_at == at(days=32)


def test_a_full_refund_ends_the_membership_it_bought() -> None:
    book = every_order(bought(), joined(), returned())
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("cancelled", "gratis")
    assert book.subscription("c-1").access_until == book.now


def test_a_partial_refund_leaves_the_membership() -> None:
    book = every_order(bought(), joined(), returned().model_copy(update={"amount": 10_000}))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("active", "pro")


def test_a_refund_of_one_of_two_payments_leaves_the_other_s_period() -> None:
    twice = [bought(), joined(), bought(payment="trx-2", occurred_at=at(days=28))]
    kept = every_order(*twice, returned("trx-2", occurred_at=at(days=29)))
    assert (kept.subscription("c-1").status, kept.subscription("c-1").expires_at) == ("active", MONTH[1])


@pytest.mark.parametrize(
    "back",
    [
        bought(payment="trx-2", occurred_at=at(days=2)),
        licence("renewed", at(days=60), products=tier("klub-a"), occurred_at=at(days=2)),
    ],
)
def test_a_payment_or_renewal_after_the_refund_brings_the_membership_back(back: Any) -> None:
    book = told(bought(), joined()).wait(days=3)
    book.give(returned(occurred_at=at(days=1)), back)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("active", "pro")


def test_an_activation_that_comes_after_the_refund_brings_nothing_back() -> None:
    book = told(bought()).wait(days=3)
    book.give(returned(occurred_at=at(days=1)), joined(occurred_at=at(days=2)))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("cancelled", "gratis")


def test_after_the_refund_of_an_upgrade_the_first_plan_is_left() -> None:
    upgrade = [
        bought("klub-b"),
        licence("activated", at(days=30), products=tier("klub-b")),
        licence("tier_changed", at(days=30), products=tier("klub-a"), occurred_at=at(5)),
        bought("klub-a", "trx-2", occurred_at=at(5)),
    ]
    higher = every_order(*upgrade)
    assert (higher.subscription("c-1").plan, higher.tier("c-1")) == ("klub-a", "pro")
    lower = told(*upgrade, returned("trx-2", occurred_at=at(10)))
    assert (lower.subscription("c-1").plan, lower.tier("c-1")) == ("klub-b", "bpp")


def test_a_cancelled_membership_runs_to_the_end_that_was_paid_for() -> None:
    left = member("cancelled", occurred_at=at(10))
    for facts in ([bought(), left], [bought(), member("activated", products=tier("klub-a")), left]):
        row = every_order(*facts).subscription("c-1")
        assert (row.status, row.plan, row.access_until) == ("cancelled", "klub-a", MONTH[1])


def test_a_payment_after_the_cancellation_lifts_it() -> None:
    left = licence("cancelled", at(days=30, minutes=600), products=tier("klub-a"), occurred_at=at(10))
    book = every_order(bought(), joined(), left, bought(payment="trx-2", occurred_at=at(days=28)))
    assert (book.subscription("c-1").status, book.subscription("c-1").expires_at) == ("active", MONTH[2])


def test_a_cancellation_that_names_an_earlier_end_than_was_paid_for_still_counts() -> None:
    left = licence("cancelled", at(days=29), products=tier("klub-a"), occurred_at=at(10))
    book = every_order(bought(), licence("activated", at(days=29), products=tier("klub-a")), left)
    row = book.subscription("c-1")
    assert (row.status, row.access_until) == ("cancelled", MONTH[1])


def test_a_later_membership_takes_the_later_payment_only() -> None:
    """Although it is announced only after the payment."""
    first = licence("activated", at(days=30), "LCN-1", products=tier("klub-a"))
    told_at = {"occurred_at": at(10, days=200)}
    second = licence("activated", at(days=230), "LCN-2", products=tier("klub-a"), **told_at)
    book = every_order(bought(), first, second, bought(payment="trx-2", occurred_at=at(days=200)))
    ends = {row.licence_code: row.expires_at for row in book.subscriptions("c-1").values()}
    assert ends == {"LCN-1": MONTH[1], "LCN-2": at(days=230)}


def test_a_membership_long_after_takes_no_old_purchase() -> None:
    late = licence("activated", at(days=230), products=tier("klub-a"), occurred_at=at(days=200))
    book = every_order(bought(), late)
    assert len(book.subscriptions("c-1")) == 2


def test_the_same_plan_bought_elsewhere_is_a_purchase_of_its_own() -> None:
    shop = club()
    both = tuple(
        p.model_copy(update={"scalev": ScalevNames(variant_unique_ids=("variant_klub",))})
        if p.id == "klub-a"
        else p
        for p in shop.products
    )
    catalog = shop.model_copy(update={"products": both})
    elsewhere = [order([("variant_klub", 1, 75_000)], 75_000), paid()]
    book = told(*elsewhere, bought(occurred_at=at(days=10)), joined(occurred_at=at(days=10)), catalog=catalog)
    ends = {row.provider: row.expires_at for row in book.subscriptions("c-1").values()}
    assert ends == {"scalev": MONTH[2], "mayar": at(days=40)}


def test_a_catalogue_that_learns_the_name_later_makes_one_of_two() -> None:
    book = told(bought(), licence("activated", at(days=30), products=tier("klub-x")))
    assert len(book.subscriptions("c-1")) == 2
    book.change_catalog(renamed(tier_names=("klub-a", "klub-x")))
    assert book.subscription("c-1").plan == "klub-a"


def test_a_plan_that_left_the_catalogue_keeps_what_was_paid_for() -> None:
    book = told(bought(), joined()).change_catalog(shipped_catalog()).give(joined(occurred_at=at(9)))
    assert (book.subscription("c-1").plan, book.subscription("c-1").tier, book.tier("c-1")) == (
        "klub-a",
        "pro",
        "pro",
    )


def test_a_membership_that_names_nothing_is_not_of_a_plan_bought_long_after() -> None:
    book = every_order(licence("activated", at(days=90)), bought(occurred_at=at(days=20)))
    assert {row.plan for row in book.subscriptions("c-1").values()} == {"klub-a", None}


def test_a_membership_that_names_nothing_is_of_the_plan_that_no_other_one_stands_for() -> None:
    nameless = licence("activated", at(days=60), "LCN-2")
    for more, plan in (([], None), ([bought("klub-b", "trx-2")], "klub-b")):
        book = every_order(bought(), joined(), nameless, *more)
        rows = [(row.licence_code, row.plan) for row in book.subscriptions("c-1").values()]
        assert sorted(rows) == [("LCN-1", "klub-a"), ("LCN-2", plan)]


def test_a_membership_that_names_nothing_is_of_the_plan_bought_from_its_own_provider() -> None:
    elsewhere = bought("klub-b", "py-9").model_copy(update={"provider": "xendit"})
    for more, plan in (([], None), ([bought()], "klub-a")):
        book = every_order(elsewhere, licence("activated", at(days=30)), *more)
        rows = [(row.provider, row.plan) for row in book.subscriptions("c-1").values()]
        assert sorted(rows) == [("mayar", plan), ("xendit", "klub-b")]


def test_a_membership_that_a_person_named_is_of_the_plan_they_named() -> None:
    nameless = licence("activated", at(days=30), payer_email=None)
    book = told(bought(), bought("klub-b", "trx-2"), nameless).claim("c-1", product="klub-a")
    rows = [(row.plan, row.licence_code) for row in book.subscriptions("c-1").values()]
    assert sorted(rows) == [("klub-a", "LCN-1"), ("klub-b", None)]


def test_a_plan_refunded_by_a_clock_ahead_of_ours_ends_now() -> None:
    book = told(bought(), returned(occurred_at=at(days=1)))
    assert (book.subscription("c-1").status, book.subscription("c-1").access_until) == ("cancelled", book.now)


def test_two_customers_with_one_plan_share_nothing() -> None:
    book = told().customer("c-2", "budi@contoh.id")
    book.give(bought(), joined(payer_email="budi@contoh.id"))
    assert (book.subscription("c-1").licence_code, book.subscription("c-2").licence_code) == (None, "LCN-1")
    book.give(returned())
    assert (book.tier("c-1"), book.tier("c-2")) == ("gratis", "pro")


def test_a_product_that_is_no_plan_is_shown_as_its_licence_alone() -> None:
    book = told(package("silver"), licence("activated", at(days=30), products=tier("silver")))
    assert (book.chat("c-1"), book.subscription("c-1").plan) == (5, "silver")


SENT = {
    "payment.success": {
        "id": "trx-9",
        "status": "SUCCESS",
        "amount": 75_000,
        "membershipTierName": "Klub-A Bulanan",
    },
    "payment.received": {
        "id": "trx-9",
        "transactionStatus": "paid",
        "amount": 75_000,
        "productId": "prod-klub",
    },
    "subscription.activated": {"licenseCode": "LCN-9", "expiredAt": "2026-12-21T16:59:59Z"},
    "membership.newMemberRegistered": {
        "memberId": "K7PQ2MXD",
        "status": "ACTIVE",
        "membershipTierName": "KLUB-A",
    },
}


@pytest.mark.parametrize("payment", ["payment.success", "payment.received"])
@pytest.mark.parametrize("announcement", ["subscription.activated", "membership.newMemberRegistered"])
@pytest.mark.parametrize("payment_first", [True, False])
def test_c100_webhooks_as_they_are_sent_are_one_subscription(
    payment: str, announcement: str, payment_first: bool
) -> None:
    names = [payment, announcement] if payment_first else [announcement, payment]
    book = told(catalog=renamed(product_ids=("prod-klub",)))
    for name in names:
        body = {"event": name, "data": {**SENT[name], "customerEmail": "Ratna@Contoh.id"}}
        found = PROVIDERS["mayar"].translate(body, TranslationContext(received_at=at()))
        book.give(*(fact.event for fact in found.facts))
    row = book.subscription("c-1")
    assert (row.plan, row.tier, row.status, book.tier("c-1")) == ("klub-a", "pro", "active", "pro")
    assert row.licence_code or row.member_id


def test_periods_of_a_membership_that_was_called_by_two_plans_run_beside_each_other() -> None:
    """Another plan is another price: what was paid for the one does not wait for the announced end of the other."""
    changed = licence(
        "tier_changed", at(days=30, minutes=600), products=tier("klub-b"), occurred_at=at(days=1)
    )
    alone = every_order(joined(), bought(occurred_at=at(days=3))).subscription("c-1")
    beside = every_order(joined(), changed, bought(occurred_at=at(days=3))).subscription("c-1")
    alike = every_order(joined(), changed, bought(), bought("klub-b", "trx-2")).subscription("c-1")
    assert alone.expires_at > at(days=60)
    assert (alike.plan, alike.expires_at) == ("klub-b", at(days=30, minutes=600))
    assert beside.expires_at == at(days=33)
