"""Pages of changes as listeners are sent them: written once, however many listen. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from operator import attrgetter

from api.changes.source import RowChange

_POSITION = attrgetter("position")


class ChangePage:
    """What was read at once: all changes behind `after` up to `through`, as bytes of server-sent events."""

    def __init__(self, after: int, through: int, items: Sequence[RowChange]) -> None:
        self.after, self.through, self.items = after, through, items
        self._everything: bytes | None = None
        self._by_customer: dict[str | None, bytes] | None = None

    def told(self, position: int, customer_id: str | None) -> bytes:
        """Of a customer, or with None of everybody, what lies behind a position."""
        if position > self.after:
            start = bisect_right(self.items, position, key=_POSITION)
            return written(self.items[start:], customer_id)
        if customer_id is not None:
            return self._of(customer_id)
        if self._everything is None:
            self._everything = written(self.items, None)
        return self._everything

    @property
    def customers(self) -> set[str]:
        """Whose changes these are."""
        return {item.customer_id for item in self.items if item.customer_id is not None}

    def _of(self, customer_id: str) -> bytes:
        if self._by_customer is None:
            owned: dict[str | None, list[RowChange]] = {}
            for item in self.items:
                owned.setdefault(item.customer_id, []).append(item)
            self._by_customer = {customer: written(items, None) for customer, items in owned.items()}
        return self._by_customer.get(customer_id, b"")


class RecentPages:
    """The newest pages, without a gap: everything behind `start` up to `through`. `most`: changes kept, but for the newest page."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pages: deque[ChangePage] = deque()
        self._kept = 0
        self.start = self.through = 0

    def begin(self, position: int) -> None:
        """Forget what was; what follows is behind this position."""
        self._pages.clear()
        self._kept = 0
        self.start = self.through = position

    def add(self, through: int, items: Sequence[RowChange]) -> ChangePage:
        """The next page. What is beyond the limit is forgotten, the oldest first."""
        page = ChangePage(self.through, through, items)
        self.through = through
        if not items and self._pages:
            # Nothing for anybody: no page is kept for it.
            self._pages[-1].through = through
            return page
        self._pages.append(page)
        self._kept += len(items)
        while self._kept > self._most and len(self._pages) > 1:
            gone = self._pages.popleft()
            self._kept -= len(gone.items)
            self.start = gone.through
        return page

    def told(self, position: int, customer_id: str | None) -> bytes:
        """What is behind a position, which must not lie before `start`. Who listens to everything shares the bytes with all others."""
        parts = [part for page in self._behind(position) if (part := page.told(position, customer_id))]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def page_behind(self, position: int) -> ChangePage | None:
        """The first page with something behind a position; None when it is not here."""
        return self._behind(position)[0] if self.start <= position < self.through else None

    def _behind(self, position: int) -> list[ChangePage]:
        """From the newest backwards, where nearly everybody is."""
        found: list[ChangePage] = []
        for page in reversed(self._pages):
            if page.through <= position:
                break
            found.append(page)
        return found[::-1]


def written(changes: Sequence[RowChange], customer_id: str | None) -> bytes:
    """As server-sent events; with a customer only those of it. The id comes with the last change of a position: whoever is cut off before gets
    all of that position again."""
    return b"".join(
        [
            b"event: %s\n%sdata: %s\n\n"
            % (change.kind.encode(), b"id: %d\n" % change.position if change.last else b"", change.document)
            for change in changes
            if customer_id is None or change.customer_id == customer_id
        ]
    )
