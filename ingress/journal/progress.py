"""Up to which record the broker has everything."""

from __future__ import annotations


class Progress:
    """Records are settled in any order; `through` is the last one before the first gap."""

    def __init__(self, through: int) -> None:
        self.through = through
        self._ahead: set[int] = set()

    def settle(self, number: int) -> None:
        """The broker has this record."""
        if number == self.through + 1 and not self._ahead:
            self.through = number  # in order, as nearly always
        elif number > self.through:
            self._ahead.add(number)
            self._close_gap()

    def settle_through(self, number: int) -> None:
        """Everything up to this record; of what cannot be read nothing can be sent."""
        if number > self.through:
            self.through = number
            self._ahead = {ahead for ahead in self._ahead if ahead > number}
            self._close_gap()

    def _close_gap(self) -> None:
        while self.through + 1 in self._ahead:
            self.through += 1
            self._ahead.remove(self.through)

    def is_settled(self, number: int) -> bool:
        return number <= self.through or number in self._ahead
