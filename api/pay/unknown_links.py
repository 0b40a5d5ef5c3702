"""How often one address may open links that nobody knows. Known links are never slowed: a customer may reload as they like."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class UnknownLinks:
    """Up to `limit` unknown links per `seconds` and address; at most `addresses` are remembered, the oldest is forgotten first."""

    def __init__(self, limit: int, seconds: float, addresses: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._seconds = seconds
        self._addresses = addresses
        self._clock = clock
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_seconds(self, address: str) -> int:
        """How long this address has to wait; 0 when it need not."""
        since, count = self._seen.get(address, (0.0, 0))
        left = since + self._seconds - self._clock()
        return max(1, round(left)) if count >= self._limit and left > 0 else 0

    def count(self, address: str) -> None:
        """One more unknown link from there."""
        now = self._clock()
        since, count = self._seen.pop(address, (now, 0))
        self._seen[address] = (now, 1) if now >= since + self._seconds else (since, count + 1)
        while len(self._seen) > self._addresses:
            self._seen.popitem(last=False)
