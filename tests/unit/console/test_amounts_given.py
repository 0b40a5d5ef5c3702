"""Amounts as operators write them into the console: whole rupiah, and never a hundred times of it."""

from __future__ import annotations

import pytest

from console.exits import WrongUse
from console.web.payment import amount_of


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        (None, None),
        ("50000", 50_000),
        ("50.000", 50_000),
        ("50,000", 50_000),
        ("Rp 50.000", 50_000),
        ("Rp50000", 50_000),
        ("rp 1.250.000", 1_250_000),
        (" 75000 ", 75_000),
    ],
)
def test_whole_rupiah_are_read_in_either_language(given: str | None, amount: int | None) -> None:
    assert amount_of(given) == amount


@pytest.mark.parametrize(
    "given",
    ["50.000,00", "50,000.00", "50000.5", "50000,-", "5.00", "1.23.456", "1.000,000", "0", "-5", "Rp", "", "x", "٥٠٠", "9" * 17, "9" * 4000],
)  # fmt: skip
def test_sen_and_whatever_is_no_amount_are_refused(given: str) -> None:
    """`50.000,00` was five million, and went back where so much was held."""
    with pytest.raises(WrongUse):
        amount_of(given)
