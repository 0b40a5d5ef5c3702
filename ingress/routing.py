"""Which work queue a delivery goes to."""

from __future__ import annotations

from collections.abc import Mapping

from providers.provider import Provider

NONE: Mapping[str, int] = {}


class Routing:
    """By provider, where its own queues are used (`offsets`, which may change), and by what the delivery is about, where there are several partitions."""

    __slots__ = ("_offsets", "_partitions")

    def __init__(self, partitions: int, offsets: Mapping[str, int] = NONE) -> None:
        self._partitions = partitions
        self._offsets = offsets

    def number(self, provider: Provider, body: bytes) -> int:
        """Of the work queue."""
        return provider.partition(body, self._partitions) + self._offsets.get(provider.name, 0)
