"""Channels of Xendit that checkout offers, with their limits in rupiah (docs.xendit.co: the pages of each channel)."""

from __future__ import annotations

from typing import NamedTuple

PROVIDER = "xendit"


class PayableChannel(NamedTuple):
    """`expiry`: key of the catalogue's `topup_expiry`."""

    code: str
    method: str
    least: int
    most: int
    expiry: str


PAYABLE: dict[str, PayableChannel] = {
    channel.code: channel
    for channel in (
        PayableChannel("QRIS", "qris", 1, 10_000_000, "qris"),
        PayableChannel("BCA_VIRTUAL_ACCOUNT", "va", 10_000, 50_000_000, "va"),
        PayableChannel("BNI_VIRTUAL_ACCOUNT", "va", 1, 50_000_000_000, "va"),
        PayableChannel("BRI_VIRTUAL_ACCOUNT", "va", 1, 50_000_000_000, "va"),
        PayableChannel("MANDIRI_VIRTUAL_ACCOUNT", "va", 1, 50_000_000_000, "va"),
        PayableChannel("OVO", "ewallet", 100, 20_000_000, "ovo"),
        PayableChannel("GOPAY", "ewallet", 1, 50_000_000, "gopay"),
    )
}
