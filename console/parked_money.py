"""How much money a parked message speaks of, as far as its bytes can be read. For lists only: never for booking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.envelope import EnvelopeError, unpack
from schemas.errors import AmountError, UnparsableError
from schemas.money import parse_idr
from schemas.strict_json import loads

# Where the three providers put what was paid, most telling first; the same names as in their documentation.
_AMOUNT_KEYS = (
    "capture_amount",
    "captured_amount",
    "paid_amount",
    "gross_revenue",
    "amount",
    "request_amount",
)


def amount_in(message: bytes) -> int | None:
    """Rupiah in a packed envelope or None when nothing readable names any."""
    try:
        bodies = [envelope.body for envelope in unpack(message)]
    except EnvelopeError:
        return None
    known = [amount for body in bodies if (amount := amount_of_body(body)) is not None]
    return sum(known) if known else None


def amount_of_body(body: bytes) -> int | None:
    """Rupiah in one webhook body."""
    try:
        document = loads(body)
    except UnparsableError:
        return None
    places = list(_places(document))
    if any(str(place.get("currency") or "IDR").strip().upper() != "IDR" for place in places):
        # Another currency's number is not rupiah, and nothing here converts.
        return None
    for key in _AMOUNT_KEYS:
        for place in places:
            if key in place:
                try:
                    return parse_idr(place[key])
                except AmountError:
                    continue
    return None


def _places(document: Any) -> Iterator[dict[str, Any]]:
    """The inner `data` object first, where every provider's newer format has the payment, then the outermost one."""
    if not isinstance(document, dict):
        return
    data = document.get("data")
    if isinstance(data, dict):
        yield from _places(data)
    yield document
