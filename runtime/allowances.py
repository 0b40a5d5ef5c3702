"""How often each of many may do something: so many at once, then one in a while.

One number is kept of each: when nothing it did will be on it any more. Each act moves that by its share (the generic cell rate algorithm).
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

IPV6_SITE = 64
"""Bits of an IPv6 address that name a site; the rest is its owner's to choose."""


class Allowances:
    """Each may do `most` at once and then one every `each` seconds. Of `remembered` of them something is kept: the newest."""

    def __init__(
        self, most: int, each: float, remembered: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._each, self._remembered, self._clock = most, each, remembered, clock
        self._clear_at: OrderedDict[str, float] = OrderedDict()

    def waits(self, who: str) -> float:
        """Seconds until `who` may do it again; 0 for now."""
        wait = self._clear_at.get(who, 0.0) - self._clock() - (self._most - 1) * self._each
        return wait if wait > 1e-9 else 0.0  # sums of shares are not exact

    def count(self, who: str) -> None:
        """It was done once more."""
        now = self._clock()
        remember(self._clear_at, who, max(self._clear_at.get(who, now), now) + self._each, self._remembered)


def remember(kept: OrderedDict[str, T], who: str, value: T, most: int) -> None:
    """The newest `most`: nobody who comes under ever new names fills the memory."""
    kept[who] = value
    kept.move_to_end(who)
    while len(kept) > most:
        kept.popitem(last=False)


def site_of(remote: str | None) -> str:
    """Whom an address stands for: itself, or the site that an IPv6 address is of; nothing for what is no address."""
    try:
        address = ipaddress.ip_address((remote or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, IPV6_SITE), strict=False))
        return str(address.ipv4_mapped)
    return str(address)
