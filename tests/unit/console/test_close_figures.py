"""A day's figures: what came is credited, sold, held or kept, less what was lost; else the rest is named."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from console.closing.figures import DayFigures, Named, ProviderDay, against, parse_day, total_of
from processor.grants import postings
from schemas.decisions import PaymentAssessed

DAY = date(2026, 3, 5)


def day_of(*moved: Any, received: int = 0, refunded: int = 0) -> DayFigures:
    told = DayFigures(DAY)
    for each in moved:
        told.said(SimpleNamespace(postings=each, provider="xendit"), ())  # type: ignore[arg-type]
    told.provider("xendit").received, told.provider("xendit").refunded = received, refunded
    return told


def test_every_rupiah_of_a_day_is_accounted_for() -> None:
    told = day_of(
        postings.held("xendit", 60_000),
        postings.written_off("xendit", 10_000),
        postings.credited("xendit", "c1", 50_000, 500_000),
        postings.sold("xendit", "kelas-python", 150_000),
        postings.credit_taken_back("xendit", "c1", 50_000, 20_000, 200_000),
        received=260_000,
        refunded=50_000,
    )
    day = told.provider("xendit")
    assert (day.credited, day.sold, day.held_change, day.written_off, day.lost) == (
        30_000,
        150_000,
        50_000,
        10_000,
        30_000,
    )
    assert day.unexplained == 0
    assert told.differences() == []


def test_what_went_to_an_account_that_the_close_does_not_know_is_named() -> None:
    odd = postings._pair("clearing:xendit", "elsewhere:xendit", 7_000)
    assert Named("unexplained", "xendit", 7_000, "") in day_of(odd, received=7_000).differences()


def test_all_providers_together_and_what_nobody_tells_of_one() -> None:
    total = total_of([ProviderDay(received=5, held=1), ProviderDay(received=7, refunded=2)])
    assert (total["received"], total["refunded"], total["held"], total["fees"]) == (12, 2, 1, None)
    assert total["expected_settlement"] == 10


def test_what_is_paid_out_is_without_what_the_provider_keeps() -> None:
    """As what it owes is: a day that was paid out whole has nothing left."""
    told = DayFigures(DAY)
    paid = PaymentAssessed(
        case="k",
        record="r",
        provider="xendit",
        payment_id="py-1",
        status="succeeded",
        amount=60_000,
        fee_amount=1_500,
    )
    told.said(paid, ())
    told.said(paid.amended(settled=True, fee_amount=2_000), ())
    told.said(SimpleNamespace(postings=postings.fee("xendit", 2_000), provider="xendit"), ())  # type: ignore[arg-type]
    day = told.provider("xendit")
    assert (day.received, day.fees, day.settled) == (60_000, 2_000, 58_000)
    assert day.settled == day.expected_settlement


def test_a_seal_of_an_earlier_program_says_nothing_of_what_that_did_not_know() -> None:
    sealed = {
        "xendit": {
            "received": 5,
            "refunded": 0,
            "credited": 5,
            "sold": 0,
            "held": 0,
            "settled": 0,
            "clearing": 5,
        }
    }
    assert against(sealed, {"xendit": ProviderDay(received=5, credited=5, clearing=5, written_off=3)}) == []
    assert against(sealed, {"xendit": ProviderDay(received=6, credited=5, clearing=5)}) == [
        Named("changed", "xendit", 1, "received")
    ]


@pytest.mark.parametrize("given", ["0001-01-01", "9999-12-31", "1969-12-31", "2026-02-30", "today"])
def test_a_day_without_a_day_before_and_after_it_is_none(given: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_day(given)
