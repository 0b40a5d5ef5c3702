"""Ports for servers that a test starts itself: held against every other test, worker and supervisor until the test gives them back.

A port that the kernel picks for a socket which is closed again is in its range for outgoing connections: before the server listens
there, any connection of any process can have it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from deploy.local.services.ports import PortLeases, private_candidates

_starts = count()


class Ports:
    """Free ports, ours until `close`."""

    def __init__(self) -> None:
        self._leases = PortLeases()

    def pick(self, number: int) -> list[int]:
        """That many ports nobody listens on or has picked. Raises ServiceFailure when there are none."""
        start = Path(f"{os.getpid()}/{next(_starts)}")
        return [self._leases.pick(private_candidates(start)) for _ in range(number)]

    def close(self) -> None:
        self._leases.close()


@contextmanager
def held_ports(number: int) -> Iterator[list[int]]:
    """Ports for as long as the block runs."""
    ports = Ports()
    try:
        yield ports.pick(number)
    finally:
        ports.close()
