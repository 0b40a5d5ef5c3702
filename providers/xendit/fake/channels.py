"""What Xendit's channels allow, as its channel pages and limit tables say (rupiah; docs.xendit.co/docs: qris, ovo, gopay, …-virtual-account)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Kind = Literal["qr", "va", "push", "redirect"]


@dataclass(frozen=True, slots=True)
class XenditChannel:
    """One channel. `lifetime` is how long a request is open when nobody says otherwise, None for no end; `refunds`: full, partial or none."""

    code: str
    kind: Kind
    least: int
    most: int
    lifetime: timedelta | None
    takes_expires_at: bool
    refunds: Literal["no", "full", "partial"]
    refund_days: int = 0
    prefix: str = ""


STORABLE = ("push", "redirect")
"""Kinds whose instrument can be stored and charged again: wallets, not codes and account numbers."""


def _va(bank: str, least: int, most: int, prefix: str) -> XenditChannel:
    return XenditChannel(f"{bank}_VIRTUAL_ACCOUNT", "va", least, most, None, True, "no", prefix=prefix)


CHANNELS: dict[str, XenditChannel] = {
    channel.code: channel
    for channel in (
        XenditChannel("QRIS", "qr", 1, 10_000_000, timedelta(hours=48), False, "partial", 7),
        _va("BCA", 10_000, 50_000_000, "107660"),
        _va("BNI", 1, 50_000_000_000, "880810"),
        _va("BRI", 1, 50_000_000_000, "262159"),
        _va("MANDIRI", 1, 50_000_000_000, "886080"),
        XenditChannel("OVO", "push", 100, 20_000_000, timedelta(seconds=55), False, "full", 14),
        XenditChannel("GOPAY", "redirect", 1, 50_000_000, timedelta(minutes=30), False, "partial", 45),
    )
}
