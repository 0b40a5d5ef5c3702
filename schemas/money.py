"""Exact rupiah. No float touches money: JSON numbers arrive as int or Decimal (`schemas.strict_json`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from schemas.errors import AmountError
from schemas.languages import Language

MAX_IDR = 10**15
"""Rupiah. More than a thousand times the largest payment any Indonesian channel takes; larger is a mistake."""

# At most two decimals: "50.000" is how an Indonesian writes fifty thousand, and a parser would read fifty.
_NUMERAL = re.compile(r"-?\d{1,18}(\.\d{1,2})?\Z", re.ASCII)


def parse_idr(value: object) -> int:
    """Whole rupiah from what a provider sent: `50000`, `50000.0`, `"50000"`, `"50000.00"`.

    Raises AmountError with reason amount_missing, amount_malformed, amount_fractional, amount_negative
    or amount_too_large. Zero is legal (a full coupon); callers that need money refuse it themselves.
    """
    if type(value) is int and 0 <= value <= MAX_IDR:  # as nearly always
        return value
    amount = _decimal(value)
    if amount != amount.to_integral_value():
        raise AmountError("amount_fractional", value)
    if amount < 0:
        raise AmountError("amount_negative", value)
    if amount > MAX_IDR:
        raise AmountError("amount_too_large", value)
    return int(amount)


def _decimal(value: object) -> Decimal:
    if value is None or value == "":
        raise AmountError("amount_missing", value)
    if isinstance(value, bool):
        raise AmountError("amount_malformed", value)
    if isinstance(value, int):
        if abs(value) > MAX_IDR:
            raise AmountError("amount_too_large" if value > 0 else "amount_negative", value)
        return Decimal(value)
    if isinstance(value, Decimal):
        return _bounded(value)
    if isinstance(value, str) and _NUMERAL.match(value.strip()):
        return Decimal(value.strip())
    raise AmountError("amount_malformed", value)


def _bounded(value: Decimal) -> Decimal:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise AmountError("amount_malformed", value)
    if len(digits) + exponent > 18:
        raise AmountError("amount_too_large" if not sign else "amount_negative", value)
    if exponent < -2 and value != value.to_integral_value():
        raise AmountError("amount_fractional", value)
    if exponent < -2:
        raise AmountError("amount_malformed", value)
    return value


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` rupiah in proportion to `weights`; the parts sum to `total` exactly.

    Largest remainder, ties to the earlier part. All-zero weights split evenly.
    """
    if not weights:
        return []
    if any(weight < 0 for weight in weights):
        raise AmountError("amount_negative", min(weights))
    scale = sum(weights)
    if scale == 0:
        weights, scale = [1] * len(weights), len(weights)
    parts = [total * weight // scale for weight in weights]
    remainders = [total * weight % scale for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def spelled(amount: int, language: Language) -> str:
    """`Rp 50,000` in English, `Rp 50.000` in Indonesian."""
    shown = f"Rp {amount:,}"
    return shown if language == "en" else shown.replace(",", ".")
