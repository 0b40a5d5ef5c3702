"""Rupiah amounts are exact or refused; nothing passes through a float (cases C65, C66)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import AmountError
from schemas.money import MAX_IDR, allocate, parse_idr, spelled

rupiah = st.integers(min_value=0, max_value=MAX_IDR)


@given(rupiah)
def test_c65_every_spelling_of_whole_rupiah_reads_the_same(amount: int) -> None:
    spellings = [amount, str(amount), f"{amount}.0", f"{amount}.00", f" {amount} ", Decimal(amount)]
    assert {parse_idr(spelling) for spelling in spellings} == {amount}
    assert parse_idr(Decimal(f"{amount}.00")) == amount


@given(st.decimals(min_value=-(10**20), max_value=10**20, allow_nan=False, allow_infinity=False))
def test_c65_a_decimal_is_exact_or_refused(value: Decimal) -> None:
    try:
        amount = parse_idr(value)
    except AmountError as refusal:
        valid = value == value.to_integral_value() and 0 <= value <= MAX_IDR
        # Whole amounts are refused only for a spelling with superfluous decimals.
        exponent = value.as_tuple().exponent
        assert not valid or (isinstance(exponent, int) and exponent < -2), refusal.reason  # noqa: PT017
    else:
        assert Decimal(amount) == value


@given(st.text(max_size=30))
def test_c65_text_is_exact_or_refused(text: str) -> None:
    try:
        amount = parse_idr(text)
    except AmountError:
        return
    assert Decimal(text.strip()) == amount
    assert text.strip().isascii()


@given(st.floats())
def test_c65_a_float_is_never_read(value: float) -> None:
    with pytest.raises(AmountError):
        parse_idr(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "amount_missing"),
        ("", "amount_missing"),
        (True, "amount_malformed"),
        (False, "amount_malformed"),
        ([], "amount_malformed"),
        ({}, "amount_malformed"),
        ("  ", "amount_malformed"),
        ("50.000", "amount_malformed"),
        ("50,000", "amount_malformed"),
        ("1e3", "amount_malformed"),
        ("+5", "amount_malformed"),
        ("٥٠", "amount_malformed"),
        ("0x10", "amount_malformed"),
        ("1_000", "amount_malformed"),
        ("NaN", "amount_malformed"),
        ("Infinity", "amount_malformed"),
        (Decimal("NaN"), "amount_malformed"),
        (Decimal("Infinity"), "amount_malformed"),
        ("50000.5", "amount_fractional"),
        (Decimal("0.01"), "amount_fractional"),
        (Decimal("0.001"), "amount_fractional"),
        (-1, "amount_negative"),
        ("-1", "amount_negative"),
        (Decimal("-1E+30"), "amount_negative"),
        (MAX_IDR + 1, "amount_too_large"),
        (10**30, "amount_too_large"),
        (Decimal("1E+999999"), "amount_too_large"),
        (Decimal("50000.000"), "amount_malformed"),
        (Decimal("50000.0000"), "amount_malformed"),
        (Decimal("123456789012345678.5"), "amount_fractional"),
        (Decimal("1234567890123456789.5"), "amount_too_large"),
    ],
)
def test_c65_every_refusal_has_its_name(value: object, reason: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_idr(value)
    assert caught.value.reason == reason


def test_c66_one_rupiah_and_the_largest_amount_are_read() -> None:
    assert [parse_idr(value) for value in (0, 1, "1.00", 2**49 + 1, MAX_IDR)] == [0, 1, 1, 2**49 + 1, MAX_IDR]
    for whole in (1, 2**49 + 1, 2**49 + 3, MAX_IDR - 1, MAX_IDR):
        # What is no plain whole number goes another way.
        assert [parse_idr(value) for value in (str(whole), f"{whole}.00", Decimal(whole))] == [whole] * 3
    assert parse_idr(str(MAX_IDR)) == parse_idr(f"{MAX_IDR}.00") == MAX_IDR


def test_a_large_whole_number_keeps_every_digit() -> None:
    assert parse_idr("900719925474099") == 900719925474099


@given(rupiah, st.lists(st.integers(0, 10**12), min_size=1, max_size=20))
def test_parts_sum_to_the_total_and_stay_within_one_of_their_share(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    scale = sum(weights)
    if scale:
        shares = [Decimal(total) * weight / scale for weight in weights]
        assert all(abs(part - share) < 1 for part, share in zip(parts, shares, strict=True))
    else:
        assert max(parts) - min(parts) <= 1


def test_an_allocation_over_nothing_is_nothing_and_a_negative_weight_is_refused() -> None:
    assert allocate(5, []) == []
    with pytest.raises(AmountError):
        allocate(5, [1, -1])


def test_the_largest_amount_is_a_thousand_million_million() -> None:
    assert MAX_IDR == 1_000_000_000_000_000


def test_what_is_left_over_goes_to_the_largest_remainders_the_earlier_ones_first() -> None:
    assert allocate(10, [3, 3, 1]) == [4, 4, 2]
    assert allocate(11, [3, 3, 1]) == [5, 5, 1]
    assert allocate(5, [0, 0, 0]) == [2, 2, 1]


def test_rupiah_are_written_as_each_language_writes_them() -> None:
    assert [spelled(1_250_000, language) for language in ("en", "id")] == ["Rp 1,250,000", "Rp 1.250.000"]
