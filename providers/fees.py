"""What a provider keeps of a payment, read off its bodies: to the rupiah, or not at all. A fee that cannot be read keeps nobody's money."""

from __future__ import annotations

from collections.abc import Sequence

from providers.section import Section
from schemas.errors import AmountError


def fee_beside(
    received: int | None, data: Section, net: Sequence[str], fee: Sequence[str] = ()
) -> int | None:
    """What is between `received` and what is left of it, by the first name that is there, else the fee by its own name. None where neither is stated, it is
    no whole rupiah, or no part of the amount: then the provider's statement of settlement tells it.
    """
    if received is None:
        return None
    try:
        left, kept = data.amount_if_any(*net), data.amount_if_any(*fee)
    except AmountError:
        return None
    if left is not None:
        kept = received - left
    return kept if kept is not None and 0 <= kept <= received else None
