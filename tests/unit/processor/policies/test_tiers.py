"""Tiers: the best plan in force, else what topping up brought, else the first one. Time alone may change them."""

from __future__ import annotations

from schemas import decisions as d
from schemas.catalog import Catalog, Product, ScalevNames
from schemas.periods import Period
from tests.unit.processor.cases.facts import at, capture, charge, cycle, order, paid, refund
from tests.unit.processor.policies.ledgerbook import NOON, Book, permutations, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")
MONTH = Period.parse("1 month")


def sold_plan() -> Catalog:
    """The shipped catalogue whose plan is also sold in the store."""
    catalog = shipped_catalog()
    products = tuple(
        p.model_copy(update={"scalev": ScalevNames(variant_unique_ids=("variant_pro",))})
        if isinstance(p, Product) and p.id == "pro-bulanan"
        else p
        for p in catalog.products
    )
    return catalog.model_copy(update={"products": products})


def test_c105_gratis_bpp_pro_and_back_by_the_clock() -> None:
    book = Book().customer(*RATNA)
    assert book.tier("c-1") == "gratis"
    assert book.give(capture()).tier("c-1") == "bpp"
    assert book.give(charge(1, NOON), cycle(1, NOON, "activated")).tier("c-1") == "pro"
    assert book.of(d.TierChanged)[-1].fallback_tier == "bpp"
    assert book.wait(days=34).tier("c-1") == "bpp"
    assert [e.tier for e in book.of(d.TierChanged)] == ["bpp", "pro", "bpp"]


def test_c105_the_first_topup_during_a_plan_changes_what_follows_it() -> None:
    facts = [capture(), cycle(1, NOON, "activated")]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        change = book.of(d.TierChanged)[-1]
        assert (change.tier, change.fallback_tier) == ("pro", "bpp")


def test_tiers_are_told_only_when_they_change() -> None:
    book = Book().customer(*RATNA)
    for number in range(1, 5):
        book.give(capture(f"py-{number}", f"pr-{number}"))
    assert len(book.of(d.TierChanged)) == 1


def test_two_plans_the_better_and_longer_one_counts() -> None:
    facts = [
        cycle(1, NOON, "activated", plan="repl-1"),
        cycle(2, NOON, "activated", plan="repl-2"),
        cycle(3, at(days=30), plan="repl-2"),
    ]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        change = book.of(d.TierChanged)[-1]
        assert (change.tier, change.until) == ("pro", MONTH.after(NOON, 2) + (at(days=3) - at()))


def test_a_plan_bought_as_an_order_lifts_the_tier_for_its_periods() -> None:
    book = Book(catalog=sold_plan()).customer(*RATNA)
    book.give(order([("variant_pro", 2, 400_000)], 400_000), paid())
    row = book.subscription("c-1")
    assert (row.plan, row.status, row.expires_at) == ("pro-bulanan", "active", MONTH.after(at(), 2))
    assert book.tier("c-1") == "pro"
    assert book.balance("sales:pro-bulanan") == 400_000


def test_c101_a_plan_bought_again_follows_on() -> None:
    bought = [order([("variant_pro", 1, 200_000)], 200_000, key=key) for key in ("A", "B")]
    facts = [*bought, paid(key="A"), paid(key="B", occurred_at=at(60))]
    for arrival in permutations(facts):
        book = Book(catalog=sold_plan()).customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.started_at, row.expires_at) == (at(), MONTH.after(at(), 2))


def test_c75_a_refunded_plan_ends() -> None:
    book = (
        Book(catalog=sold_plan()).customer(*RATNA).give(order([("variant_pro", 1, 200_000)], 200_000), paid())
    )
    sent_back = refund("r-1", 200_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    book.give(sent_back)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("cancelled", "gratis")


def test_a_plan_bought_long_ago_lifts_nothing() -> None:
    book = Book(catalog=sold_plan()).give(
        order([("variant_pro", 1, 200_000)], 200_000, as_of=at(days=-61)), paid(occurred_at=at(days=-60))
    )
    book.customer(*RATNA)
    assert book.tier("c-1") == "gratis"
