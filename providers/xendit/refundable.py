"""What Xendit gives back by channel (docs.xendit.co: the pages of QRIS, OVO, GoPay and virtual accounts). Other channels: it is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from providers.refunding import Obstacle, RefundWish

_NEVER = frozenset({"va", "retail"})


class _Terms(NamedTuple):
    days: int
    parts: bool


_TERMS = {"QRIS": _Terms(7, True), "OVO": _Terms(14, False), "GOPAY": _Terms(45, True)}


def obstacle(wish: RefundWish) -> Obstacle | None:
    """Accounts and shops take money in and never give any back; wallets and QRIS do for some days."""
    channel = (wish.channel or "").upper().removeprefix("ID_")
    if wish.method in _NEVER:
        return "refund_channel"
    terms = _TERMS.get("QRIS" if wish.method == "qris" else channel)
    if terms is None:
        return None
    if not terms.parts and wish.amount_idr != wish.received_idr:
        return "refund_whole_only"
    if wish.paid_at is not None and wish.now > wish.paid_at + timedelta(days=terms.days):
        return "refund_too_late"
    return None
