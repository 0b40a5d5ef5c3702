"""Disputes: what a catalogue may want done about them, in every order of arrival, and never twice with the refund of the same money."""

from __future__ import annotations

import itertools

import pytest

from schemas.catalog import Catalog, ProviderPolicy
from schemas.facts import DisputeLost, DisputeOpened, DisputeWon
from tests.unit.processor.cases.facts import at, capture, refund
from tests.unit.processor.policies.ledgerbook import Book, shipped_catalog

Kind = type[DisputeOpened] | type[DisputeLost] | type[DisputeWon]


def book(disputes: str) -> Book:
    policy = ProviderPolicy(disputes=disputes)
    catalog: Catalog = shipped_catalog().model_copy(update={"providers": {"xendit": policy}})
    return Book(catalog=catalog).customer("c-1", "ratna@contoh.id")


def dispute(kind: Kind, hours: int, amount: int | None = 50_000, dispute_id: str = "dp-1") -> object:
    return kind(
        provider="xendit",
        payment_key="py-1",
        attempt_id="py-1",
        dispute_id=dispute_id,
        aliases=("py-1",),
        amount=amount,
        occurred_at=at(hours * 60),
    )


@pytest.mark.parametrize(
    ("disputes", "opened", "won", "lost"),
    [("tell", 500_000, 500_000, 500_000), ("clawback", 500_000, 500_000, 0), ("freeze", 0, 500_000, 0)],
)
@pytest.mark.parametrize("amount", [50_000, None])
def test_c81_what_the_catalogue_wants_is_done(
    disputes: str, opened: int, won: int, lost: int, amount: int | None
) -> None:
    begun = dispute(DisputeOpened, 1, amount)
    assert book(disputes).give(capture(), begun).record("c-1").credit_tokens == opened
    for kind, tokens in ((DisputeWon, won), (DisputeLost, lost)):
        for facts in itertools.permutations((capture(), begun, dispute(kind, 2, amount))):
            done = book(disputes).give(*facts)
            assert done.record("c-1").credit_tokens == tokens
            assert ("dp-1 won" if kind is DisputeWon else "dp-1 lost", "payment_disputed") in done.parked


@pytest.mark.parametrize(
    ("kind", "contested"), [(None, 50_000), (DisputeWon, 0), (DisputeLost, 0)], ids=["open", "won", "lost"]
)
def test_what_is_frozen_is_said_apart_from_what_went_back(kind: Kind | None, contested: int) -> None:
    facts = [capture(), dispute(DisputeOpened, 1)] + ([dispute(kind, 2)] if kind else [])
    for arrival in itertools.permutations(facts):
        assert book("freeze").give(*arrival).payment().contested_amount == contested
    done = book("freeze").give(capture(), refund("r-1", 20_000), dispute(DisputeOpened, 1, None))
    assert (done.payment().refunded_amount, done.payment().contested_amount) == (50_000, 30_000)


@pytest.mark.parametrize("disputes", ["clawback", "freeze"])
@pytest.mark.parametrize("amount", [50_000, None])
def test_c81_a_lost_dispute_and_the_refund_of_the_same_money_take_it_back_once(
    disputes: str, amount: int | None
) -> None:
    facts = (
        capture(),
        dispute(DisputeOpened, 1, amount),
        dispute(DisputeLost, 2, amount),
        refund("r-1", 50_000),
    )
    for arrival in itertools.permutations(facts):
        done = book(disputes).give(*arrival)
        assert done.record("c-1").credit_tokens == 0
        assert done.payment().refunded_amount == 50_000
        assert "refund_exceeds_payment" not in [reason for _, reason in done.parked]


@pytest.mark.parametrize("disputes", ["clawback", "freeze"])
def test_a_dispute_takes_no_more_than_what_a_partial_refund_left(disputes: str) -> None:
    facts = (capture(), refund("r-1", 20_000), dispute(DisputeLost, 9))
    for arrival in itertools.permutations(facts):
        done = book(disputes).give(*arrival)
        assert done.record("c-1").credit_tokens == 0
        assert done.payment().refunded_amount == 50_000


def test_a_part_of_the_money_is_taken_in_part() -> None:
    done = book("clawback").give(capture(), dispute(DisputeLost, 2, 20_000))
    assert done.record("c-1").credit_tokens == 300_000
    assert done.payment().status == "partially_refunded"
    assert done.give(dispute(DisputeLost, 3, 10_000, "dp-2")).record("c-1").credit_tokens == 200_000


def test_a_frozen_payment_that_is_won_is_whole_again_and_can_be_frozen_anew() -> None:
    done = book("freeze").give(capture(), dispute(DisputeOpened, 1), dispute(DisputeWon, 2))
    assert (done.record("c-1").credit_tokens, done.payment().status) == (500_000, "succeeded")
    assert done.give(dispute(DisputeOpened, 3, dispute_id="dp-2")).record("c-1").credit_tokens == 0


def test_an_earlier_refund_that_happens_to_be_as_large_is_money_of_its_own() -> None:
    facts = (
        capture(),
        refund("r-1", 20_000, occurred_at=at(minutes=30)),
        dispute(DisputeOpened, 1, 20_000),
        dispute(DisputeLost, 2, 20_000),
    )
    for arrival in itertools.permutations(facts):
        done = book("clawback").give(*arrival)
        assert done.record("c-1").credit_tokens == 100_000
