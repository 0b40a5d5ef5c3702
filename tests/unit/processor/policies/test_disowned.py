"""A payment that its provider, on being asked, does not stand by: told, or frozen until it does, in every order of arrival."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from processor.cases.case import PaymentCase
from processor.reconciliation.comparing import contest_of
from schemas.catalog import Catalog, ProviderPolicy
from schemas.facts import CONTESTED, DisputeFact, DisputeOpened, DisputeWon
from tests.unit.processor.cases.facts import at, capture, refund
from tests.unit.processor.policies.ledgerbook import Book, shipped_catalog


def book(disowned: str, **more: Any) -> Book:
    policy = ProviderPolicy(disowned=disowned, **more)
    catalog: Catalog = shipped_catalog().model_copy(update={"providers": {"xendit": policy}})
    return Book(catalog=catalog).customer("c-1", "ratna@contoh.id")


def word(kind: type[DisputeFact], number: int, hours: int, by: str = "api_confirmed") -> DisputeFact:
    return kind(
        provider="xendit", payment_key="py-1", dispute_id=f"{CONTESTED}{number}", aliases=("py-1",), provider_status="unknown",
        occurred_at=at(hours * 60), attestation=by,
    )  # fmt: skip


def only(done: Book) -> PaymentCase:
    [case] = done.payment_cases.values()
    return case


GONE, BACK, GONE_AGAIN = word(DisputeOpened, 1, 1), word(DisputeWon, 1, 2), word(DisputeOpened, 2, 3)


@pytest.mark.parametrize(("disowned", "gone"), [("tell", 500_000), ("freeze", 0)])
def test_c131_its_value_is_frozen_where_the_catalogue_wants_that_until_the_provider_stands_by_it(
    disowned: str, gone: int
) -> None:
    for facts, tokens in (((GONE,), gone), ((GONE, BACK), 500_000), ((GONE, BACK, GONE_AGAIN), gone)):
        for arrival in itertools.permutations((capture(), *facts)):
            done = book(disowned).give(*arrival)
            assert done.record("c-1").credit_tokens == tokens
            assert (
                "reconciled-1 opened" if len(facts) == 1 else "reconciled-1 won",
                "payment_disputed",
            ) in done.parked


@pytest.mark.parametrize("disputes", ["freeze", "clawback"])
def test_c131_what_the_payers_bank_may_do_is_another_policy(disputes: str) -> None:
    assert book("tell", disputes=disputes).give(capture(), GONE).record("c-1").credit_tokens == 500_000


@pytest.mark.parametrize("by", ["token_only", "signed"])
def test_who_knows_a_token_neither_freezes_a_payment_nor_frees_one(by: str) -> None:
    forged_end, forged = word(DisputeWon, 1, 5, by), word(DisputeOpened, 1, 5, by)
    for arrival in itertools.permutations((capture(), GONE, forged_end)):
        assert book("freeze").give(*arrival).record("c-1").credit_tokens == 0
    for arrival in itertools.permutations((capture(), forged)):
        done = book("freeze").give(*arrival)
        assert (done.record("c-1").credit_tokens, done.parked) == (500_000, [])


def test_what_went_back_already_is_not_taken_twice() -> None:
    for arrival in itertools.permutations((capture(), refund("r-1", 20_000), GONE)):
        done = book("freeze").give(*arrival)
        assert done.record("c-1").credit_tokens == 0
        assert done.payment().refunded_amount == 50_000


def test_it_is_said_once_and_anew_when_it_is_so_anew() -> None:
    done = book("tell").give(capture())
    said = [contest_of(only(done), theirs) for theirs in ("paid", "failed", None, "open", "unknown")]
    assert [one and (one.event, one.dispute_id, one.theirs) for one in said] == [
        None,
        ("lunas.payment_contested", "reconciled-1", "failed"),
        ("lunas.payment_contested", "reconciled-1", "unknown"),
        ("lunas.payment_contested", "reconciled-1", "open"),
        None,
    ]
    done = done.give(GONE)
    again = [contest_of(only(done), theirs) for theirs in ("failed", "paid")]
    assert [one and (one.event, one.dispute_id) for one in again] == [
        None,
        ("lunas.payment_found_again", "reconciled-1"),
    ]
    done = done.give(BACK)
    third = contest_of(only(done), None)
    assert third is not None
    assert third.dispute_id == "reconciled-2"


def test_what_waits_for_the_providers_word_is_not_contested() -> None:
    assert contest_of(only(book("freeze").give(capture(amount=900_000))), None) is None
