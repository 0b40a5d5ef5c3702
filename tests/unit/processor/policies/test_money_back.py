"""What goes back takes back what it bought: credit and tokens by shares, courses and plans when all of it went; reversals as the catalogue wants."""

from __future__ import annotations

from itertools import permutations

import pytest

from schemas import facts as f
from schemas.catalog import ProviderPolicy
from tests.unit.processor.cases.facts import at, capture, refund
from tests.unit.processor.policies.ledgerbook import Book, shipped_catalog
from tests.unit.processor.policies.test_orders import RATNA, order, paid


def book(reversals: str) -> Book:
    policy = ProviderPolicy(reversals=reversals)
    catalog = shipped_catalog().model_copy(update={"providers": {"scalev": policy, "xendit": policy}})
    return Book(catalog=catalog).customer(*RATNA)


@pytest.mark.parametrize(("reversals", "courses"), [("keep", {"kelas-python"}), ("clawback", set())])
def test_c74_a_reversal_does_what_the_catalogue_wants_in_every_order(
    reversals: str, courses: set[str]
) -> None:
    back = paid(f.PaymentPending, occurred_at=at(30))
    for arrival in permutations([order(), paid(), back]):
        done = book(reversals).give(*arrival)
        assert (done.courses("c-1"), done.payment().status) == (courses, "reversed")
        assert ("260504AAAAAA", "payment_reversed") in done.parked or reversals == "clawback"


def test_c74_what_was_taken_back_is_there_again_when_it_is_set_to_paid_again() -> None:
    facts = [order(), paid(), paid(f.PaymentPending, occurred_at=at(30)), paid(occurred_at=at(60))]
    for arrival in permutations(facts):
        done = book("clawback").give(*arrival)
        assert (done.courses("c-1"), done.payment().status) == ({"kelas-python"}, "succeeded")


@pytest.mark.parametrize(
    ("amounts", "tokens", "status"),
    [
        ((50_000,), 0, "refunded"),
        ((20_000,), 300_000, "partially_refunded"),
        ((20_000, 30_000), 0, "refunded"),
        ((1, 1, 1), 499_970, "partially_refunded"),
    ],
)
def test_c75_c76_credit_goes_back_by_the_share_of_each_refund(
    amounts: tuple[int, ...], tokens: int, status: str
) -> None:
    refunds = [refund(f"r-{number}", amount) for number, amount in enumerate(amounts)]
    for arrival in permutations([capture(), *refunds]):
        done = Book().customer("c-1", "ratna@contoh.id").give(*arrival)
        assert (done.record("c-1").credit_tokens, done.payment().status) == (tokens, status)
        # Told again under the same ids it counts once.
        done.give(*refunds)
        assert done.record("c-1").credit_tokens == tokens


def test_c77_more_than_was_paid_is_shown_to_a_person_and_takes_nothing() -> None:
    done = Book().customer("c-1", "ratna@contoh.id").give(capture(), refund("r-1", 50_001))
    assert done.record("c-1").credit_tokens == 500_000
    assert ("r-1", "refund_exceeds_payment") in done.parked
