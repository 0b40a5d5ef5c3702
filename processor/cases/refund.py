"""One refund at its provider, as it was told."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from processor.cases.state import State


class Refund(State):
    """A refund at the provider, keyed by its id: as it was told first, by the provider's clock. `again`: when that was said last."""

    attempt_id: str | None
    amount: int
    at: datetime
    again: datetime | None = None

    def beside(self, known: Refund | None) -> Refund:
        """What two tellings of it say together; in any order, any number of times, the same."""
        one = known or self
        first = min(one, self, key=lambda told: (told.at, told.amount, told.attempt_id or ""))
        last = max(told.again or told.at for told in (one, self))
        return replace(first, again=last if last > first.at else None)
