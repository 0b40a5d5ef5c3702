"""A changed catalogue releases what waited for it and touches nothing that was granted."""

from __future__ import annotations

from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import Catalog, Product, parse_catalog
from tests.unit.processor.cases.facts import at, capture, cycle, licence, order, package, paid, refund
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")


def with_products(*more: str) -> Catalog:
    """The shipped catalogue with products written as TOML."""
    extra = parse_catalog("\n".join(more)).products
    catalog = shipped_catalog()
    return Catalog.model_validate({**catalog.model_dump(), "products": [*catalog.products, *extra]})


PLATINUM = (
    '[[products]]\nid = "platinum"\nkind = "tokens"\nchat_tokens = 500\nmayar = { tier_names = ["platinum"] }'
)


def test_c93_an_unmapped_package_is_delivered_once_the_catalogue_knows_it() -> None:
    book = Book().customer(*RATNA).give(package("platinum"))
    assert book.reasons() == ["unmapped_product"]
    book.change_catalog(with_products(PLATINUM))
    assert (book.chat("c-1"), book.reasons()) == (500, [])


def test_payment_before_catalogue_entry_before_customer() -> None:
    book = Book().give(package("platinum")).change_catalog(with_products(PLATINUM)).customer(*RATNA)
    other = Book().customer(*RATNA).change_catalog(with_products(PLATINUM)).give(package("platinum"))
    assert book.end_state() == other.end_state()
    assert book.chat("c-1") == 500


def test_an_unmapped_variant_is_delivered_once_the_catalogue_knows_it() -> None:
    book = Book().customer(*RATNA).give(order([("variant_new", 1, 90_000)], 90_000), paid())
    added = (
        '[[products]]\nid = "kelas-sql"\nkind = "course"\nscalev = { variant_unique_ids = ["variant_new"] }'
    )
    assert book.change_catalog(with_products(added)).courses("c-1") == {"kelas-sql"}


def test_an_ambiguity_that_is_resolved_is_delivered() -> None:
    twice = with_products(PLATINUM, PLATINUM.replace('id = "platinum"', 'id = "platinum-2"'))
    book = Book(catalog=twice).customer(*RATNA).give(package("platinum"))
    assert book.reasons() == ["ambiguous_product"]
    assert book.change_catalog(with_products(PLATINUM)).chat("c-1") == 500


def test_a_change_touches_nothing_that_was_granted() -> None:
    book = Book().customer(*RATNA).give(package("gold"), order(), paid(), capture())
    before = book.end_state()
    told = len(book.decisions)
    products = tuple(
        p.model_copy(update={"chat_tokens": 1}) if isinstance(p, Product) and p.id == "gold" else p
        for p in book.catalog.products
        if VARIANT not in (p.scalev.variant_unique_ids if p.scalev else ())
    )
    book.change_catalog(book.catalog.model_copy(update={"products": products}))
    assert book.end_state() == before
    assert len(book.decisions) == told


def test_a_plan_unknown_at_first_is_understood_later() -> None:
    product = f.ProductHint(kind="plan_reference", value="maks-7")
    book = Book().customer(*RATNA).give(cycle(1, at(), "activated", products=(product,)))
    assert book.subscriptions("c-1") == {}
    added = (
        '[[products]]\nid = "maks"\nkind = "plan"\ntier = "pro"\nperiod = "1 month"\n'
        'xendit = { plan_references = ["maks-"] }'
    )
    # The tier named here is defined by the shipped catalogue.
    tiers = '[[tiers]]\nid = "pro"\n'
    extra = parse_catalog(tiers + added).products
    catalog = shipped_catalog()
    book.change_catalog(catalog.model_copy(update={"products": (*catalog.products, *extra)}))
    assert (book.subscription("c-1").plan, book.tier("c-1")) == ("maks", "pro")


def test_a_licence_of_an_unknown_tier_lives_without_a_plan() -> None:
    tier = f.ProductHint(kind="tier", value="platinum")
    book = Book().customer(*RATNA).give(licence("activated", at(days=30), products=(tier,)))
    row = book.subscription("c-1")
    assert (row.plan, row.tier, row.status, row.licence_code) == (None, None, "active", "LCN-1")
    book.change_catalog(with_products(PLATINUM))
    assert book.subscription("c-1").plan == "platinum"
    assert isinstance(book.of(d.SubscriptionDecision)[-1], d.SubscriptionTierChanged)


def without(product: str) -> Catalog:
    catalog = shipped_catalog()
    return catalog.model_copy(update={"products": tuple(p for p in catalog.products if p.id != product)})


def order_refund(amount: int) -> f.RefundSucceeded:
    return refund("rfd-1", amount, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)


def test_a_refund_after_the_product_left_the_catalogue_takes_back_no_more_than_itself() -> None:
    book = Book().customer(*RATNA).give(order(), paid()).change_catalog(without("kelas-python"))
    book.give(order_refund(50_000))
    assert (book.courses("c-1"), book.reasons()) == ({"kelas-python"}, [])
    assert book.balance("sales:kelas-python") == 100_000


def test_a_refund_after_the_variant_came_to_mean_another_course_moves_nobody_there() -> None:
    other = shipped_catalog().product("kelas-python")
    assert other is not None
    catalog = without("kelas-python")
    renamed = other.model_copy(update={"id": "kelas-python-2"})
    catalog = catalog.model_copy(update={"products": (*catalog.products, renamed)})
    book = Book().customer(*RATNA).give(order(), paid()).change_catalog(catalog).give(order_refund(50_000))
    assert book.courses("c-1") == {"kelas-python"}


def test_a_stricter_policy_holds_nothing_that_was_granted() -> None:
    strict = shipped_catalog()
    policies = {"xendit": strict.policy("xendit").model_copy(update={"confirm_above_idr": 1})}
    book = Book().customer(*RATNA).give(capture())
    book.change_catalog(strict.model_copy(update={"providers": {**strict.providers, **policies}}))
    book.give(refund("rfd-1", 10_000))
    assert (book.credit("c-1"), book.reasons()) == (400_000, [])


def test_news_that_would_have_held_the_money_counts_whatever_the_catalogue_says_by_now() -> None:
    book = Book().customer(*RATNA).give(order(), paid()).change_catalog(without("kelas-python"))
    book.give(f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5)))
    assert (book.courses("c-1"), book.reasons()) == (set(), ["paid_after_cancel"])


def test_a_stricter_policy_holds_nothing_that_was_granted_when_more_is_paid_either() -> None:
    strict = shipped_catalog()
    policies = {"xendit": strict.policy("xendit").model_copy(update={"confirm_above_idr": 1})}
    book = Book().customer(*RATNA).give(capture())
    book.change_catalog(strict.model_copy(update={"providers": {**strict.providers, **policies}}))
    book.give(capture("py-2", occurred_at=at(5)))
    assert (book.credit("c-1"), book.reasons()) == (500_000, ["duplicate_purchase"])
