"""One-off payments of Xendit for a subscription: the reference names the plan, or else its price does; otherwise the money waits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import facts as f
from schemas.catalog import Catalog, Product, XenditNames
from tests.unit.processor.cases.facts import at, capture, charge, cycle, package, refund
from tests.unit.processor.policies.ledgerbook import Book, club, permutations, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")
TYPES = pytest.mark.parametrize("kind", ["subscription_initial", "subscription_renewal"])


def plan(name: str, price: int | None, *references: str) -> Product:
    xendit = XenditNames(plan_references=references)
    return Product(id=name, kind="plan", tier="pro", period="1 month", price_idr=price, xendit=xendit)


def shop(*plans: Product) -> Catalog:
    shipped = shipped_catalog()
    others = tuple(product for product in shipped.products if product.kind != "plan")
    return shipped.model_copy(update={"products": (*others, *plans)})


PLANS = shop(
    plan("basic", 90_000, "basic-"), plan("large", 210_000, "large-"), plan("huge", 210_000, "huge-")
)


def once(kind: str = "subscription_initial", payment: str = "py-1", **more: Any) -> f.PaymentSucceeded:
    return capture(payment, f"pr-{payment}", **{"amount": 90_000, "payment_type": kind, **more})


def told(*facts: Any, catalog: Catalog = PLANS) -> Book:
    return Book(catalog=catalog).customer(*RATNA).give(*facts)


@TYPES
@pytest.mark.parametrize(
    ("reference", "amount", "bought"),
    [("basic-77", 90_000, "basic"), ("huge-77", 210_000, "huge"), ("large-1", 5_000, "large"), ("inv-9", 90_000, "basic"), (None, 90_000, "basic")],
)  # fmt: skip
def test_it_buys_the_plan_of_its_reference_or_else_of_its_price(
    kind: str, reference: str | None, amount: int, bought: str
) -> None:
    book = told(once(kind, amount=amount, reference_id=reference))
    row = book.subscription("c-1")
    assert (row.plan, row.status, row.expires_at) == (bought, "active", at(days=30))
    assert (book.tier("c-1"), book.balance(f"sales:{bought}"), book.reasons()) == ("pro", amount, [])


@TYPES
@pytest.mark.parametrize(
    ("reference", "amount", "reason"),
    [(None, 210_000, "ambiguous_product"), ("inv-1", 91_000, "unmapped_product"), ("inv-1", None, "unmapped_product")],
)  # fmt: skip
def test_what_no_reference_and_no_price_settles_is_held(
    kind: str, reference: str | None, amount: int | None, reason: str
) -> None:
    book = told(once(kind, amount=amount, requested_amount=None, reference_id=reference))
    assert (book.reasons(), book.subscriptions("c-1"), book.tier("c-1")) == ([reason], {}, "gratis")


def test_a_price_of_another_provider_s_plan_is_no_name() -> None:
    elsewhere = plan("club", 90_000).model_copy(update={"xendit": None})
    assert told(once(), catalog=shop(elsewhere)).reasons() == ["unmapped_product"]


def test_held_money_buys_its_plan_when_the_catalogue_learns_the_reference() -> None:
    book = told(once(amount=70_000, reference_id="tiny-1")).change_catalog(shop(plan("tiny", None, "tiny-")))
    assert (book.subscription("c-1").plan, book.reasons()) == ("tiny", [])


def test_a_plan_keeps_the_terms_it_was_sold_on() -> None:
    book = told(once()).change_catalog(shop(plan("other", 90_000))).look_again()
    assert book.subscription("c-1").plan == "basic"


def test_periods_of_one_off_payments_append_in_every_order() -> None:
    facts = [once(), once("subscription_renewal", "py-2", occurred_at=at(days=10))]
    for arrival in permutations(facts):
        assert told(*arrival).subscription("c-1").expires_at == at(days=61)


def test_a_refund_takes_the_period() -> None:
    facts = [once(), refund("rfd-1", 90_000, "py-1", group_id="pr-py-1")]
    for arrival in permutations(facts):
        assert told(*arrival).tier("c-1") == "gratis"


def test_a_charge_that_its_plan_announces_too_stays_one_payment() -> None:
    """Its capture may come first, with the type and without the plan."""
    money = charge(1, at(), payment_key="py-cycle-1")
    alone = capture(
        "py-cycle-1", None, 200_000, payment_type="subscription_renewal", occurred_at=money.occurred_at
    )
    facts = [money, alone, cycle(1, at())]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.subscription_id, row.expires_at) == ("xendit:subscription:repl-1", at(days=30))
        assert (len(book.payments()), book.balance("clearing:xendit")) == (1, -200_000)


def test_a_plan_ends_with_its_money_also_where_an_earlier_program_left_its_terms_with_its_customer_alone() -> (
    None
):
    hint = f.ProductHint(kind="tier", value="klub-a", quantity=3)
    nobodys = package("klub-a", payer_email="nobody@contoh.id", products=(hint,))
    book = Book(catalog=club()).give(nobodys).customer("c-2").claim("c-2")
    ((key, case),) = book.payment_cases.items()
    record = json.loads(case.record.to_json())
    for name in ("terms", "quantity"):
        del record["parts"]["main"][name]
    book.tables.change_case(key, record=record)
    back = refund("rfd-1", 75_000, "trx-1", provider="mayar", group_id=None, occurred_at=at(-1))
    ((bought,),) = (one.values() for one in book.give(back).record("c-2").purchases.values())
    assert (bought.terms.period, bought.quantity, bought.refunded_at) == ("1 month", 3, at(-1))
    assert (book.subscription("c-2").status, book.tier("c-2")) == ("cancelled", "gratis")
