"""Token packages (Mayar): the catalogue says how many; what it does not know is held, never guessed."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import Catalog, MayarNames, ProviderPolicy
from tests.unit.processor.cases.facts import at, licence, package
from tests.unit.processor.policies.ledgerbook import Book, balanced, permutations, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")


def hint(kind: str, value: str, quantity: int = 1) -> f.ProductHint:
    return f.ProductHint.model_validate({"kind": kind, "value": value, "quantity": quantity})


def with_ids(**ids: str) -> Catalog:
    """The shipped catalogue with Mayar product ids, by product."""
    catalog = shipped_catalog()
    products = []
    for product in catalog.products:
        if product.id in ids:
            old = product.mayar or MayarNames()
            product = product.model_copy(
                update={"mayar": old.model_copy(update={"product_ids": (ids[product.id],)})}
            )
        products.append(product)
    return catalog.model_copy(update={"products": tuple(products)})


@pytest.mark.parametrize(("name", "tokens"), [("silver", 5), ("gold", 100), ("Member GOLD 2026", 100)])
def test_known_packages(name: str, tokens: int) -> None:
    book = Book().customer(*RATNA).give(package(name))
    assert book.chat("c-1") == tokens
    assert book.of(d.TokensGranted)[0].token_only is True


@pytest.mark.parametrize("name", ["platinum", "bronze", "sliver", ""])
def test_c93_an_unknown_package_is_held_not_taken_for_gold(name: str) -> None:
    book = Book().customer(*RATNA).give(package(name))
    assert book.chat("c-1") == 0
    assert (book.reasons(), book.held().amount) == (["unmapped_product"], 75_000)
    assert book.payment().status == "succeeded"


def test_what_matches_two_products_is_held() -> None:
    book = Book().customer(*RATNA).give(package("silver and gold"))
    assert book.reasons() == ["ambiguous_product"]


def test_m14_the_product_id_beats_the_tier_name_and_that_the_package() -> None:
    named = (hint("product", "p-gold"), hint("tier", "silver"), hint("package", "silver"))
    assert (
        Book(catalog=with_ids(gold="p-gold")).customer(*RATNA).give(package(products=named)).chat("c-1")
        == 100
    )
    unknown_id = (hint("product", "p-else"), hint("tier", "silver"), hint("package", "gold"))
    assert Book().customer(*RATNA).give(package(products=unknown_id)).chat("c-1") == 5
    only_package = (hint("product", "p-else"), hint("tier", "Umum"), hint("package", "gold"))
    assert Book().customer(*RATNA).give(package(products=only_package)).chat("c-1") == 100


def test_one_product_id_in_two_products_is_held() -> None:
    book = Book(catalog=with_ids(gold="p-1", silver="p-1")).customer(*RATNA)
    book.give(package(products=(hint("product", "p-1"),)))
    assert book.reasons() == ["ambiguous_product"]


def test_token_packages_are_multiplied_by_quantity() -> None:
    book = Book().customer(*RATNA).give(package(products=(hint("tier", "silver", 3),), amount=225_000))
    assert book.chat("c-1") == 15
    assert book.of(d.TokensGranted)[0].quantity == 3


def test_c41_both_names_of_a_payment_and_the_activation_grant_once() -> None:
    facts = [
        package("gold"),
        package("gold", occurred_at=at(0.1)),
        licence("activated", at(days=30), products=(hint("tier", "Gold"),)),
    ]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.chat("c-1") == 100
        assert len(book.of(d.TokensGranted)) == 1
        assert book.subscription("c-1").plan == "gold"


def test_m8_an_activation_alone_grants_no_tokens() -> None:
    book = Book().customer(*RATNA).give(licence("activated", at(days=30), products=(hint("tier", "Gold"),)))
    assert book.chat("c-1") == 0
    assert book.subscription("c-1").status == "active"


def test_c45_two_purchases_of_one_package_are_two() -> None:
    book = Book().customer(*RATNA).give(package("silver", "trx-1"), package("silver", "trx-2"))
    assert book.chat("c-1") == 10


def test_m9_amount_zero_with_a_coupon_is_a_success() -> None:
    book = Book().customer(*RATNA).give(package("gold", amount=0))
    assert book.chat("c-1") == 100
    assert (book.payment().amount, book.payment().status) == (0, "succeeded")
    assert book.balance("sales:gold") == 0


def test_m13_the_minimal_payload_is_granted_by_default() -> None:
    minimal = package("silver", "minimal-1", amount=None, without_id=True, attempt_id=None)
    book = Book().customer(*RATNA).give(minimal)
    assert book.chat("c-1") == 5
    event = book.of(d.TokensGranted)[0]
    assert (event.amount_idr, event.token_only) == (None, True)
    assert book.payment().amount is None
    assert balanced(book)


def test_m13_the_minimal_payload_is_held_when_the_catalogue_says_so() -> None:
    strict = shipped_catalog()
    policy = ProviderPolicy(payload_without_id="hold")
    strict = strict.model_copy(update={"providers": {**strict.providers, "mayar": policy}})
    minimal = package("silver", "minimal-1", amount=None, without_id=True, attempt_id=None)
    book = Book(catalog=strict).customer(*RATNA).give(minimal)
    assert (book.reasons(), book.chat("c-1")) == (["payload_without_id"], 0)
    assert book.claim("c-1").chat("c-1") == 5


def test_m13_the_minimal_payload_of_an_unknown_customer_is_held() -> None:
    minimal = package("silver", "minimal-1", amount=None, without_id=True, attempt_id=None)
    book = Book().give(minimal)
    assert (book.reasons(), book.held().amount) == (["customer_unknown"], None)
    assert book.customer(*RATNA).chat("c-1") == 5


@pytest.mark.parametrize(("amount", "granted"), [(500_000, True), (500_001, False)])
def test_token_only_money_is_granted_up_to_the_threshold(amount: int, granted: bool) -> None:
    book = Book().customer(*RATNA).give(package("gold", amount=amount))
    assert book.chat("c-1") == (100 if granted else 0)
    assert book.reasons() == ([] if granted else ["awaiting_confirmation"])
    assert book.payment().token_only is True


def test_the_threshold_is_the_providers_own() -> None:
    low = shipped_catalog()
    policy = ProviderPolicy(confirm_above_idr=74_999)
    low = low.model_copy(update={"providers": {**low.providers, "mayar": policy}})
    assert Book(catalog=low).customer(*RATNA).give(package("gold")).reasons() == ["awaiting_confirmation"]


def test_c05_a_confirmed_payment_is_granted_whatever_came_first() -> None:
    told = package("gold", amount=900_000)
    confirmed = package("gold", amount=900_000, token_only=False, occurred_at=at(1))
    for arrival in permutations([told, confirmed]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.chat("c-1"), book.reasons()) == (100, [])
        assert book.payment().token_only is False


def test_c05_an_operator_may_vouch_for_a_large_payment() -> None:
    book = Book().customer(*RATNA).give(package("gold", amount=900_000)).claim("c-1")
    assert book.chat("c-1") == 100
