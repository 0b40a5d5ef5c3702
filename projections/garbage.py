"""Python's cycle collector while folding. Events and rows form no cycles, but the collector walks through all of them again and
again as they are made: that takes as long as the folding itself (measured with tests/benchmarks/log_to_balances.py).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (
    500_000,
    10,
    10,
)  # objects made before a young collection; a batch of 2,000 events makes about 60,000


@contextmanager
def collected_rarely() -> Iterator[None]:
    """The collector still runs, but seldom. Nests."""
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
