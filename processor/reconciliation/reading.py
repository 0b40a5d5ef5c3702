"""How far one list of a provider was read, when the rest of it is left, and which of its rows are worth a look. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from providers.reconciling import ListedPayment, ListPage

REPEATS_MAX = 10
"""Pages in a row on which nothing is new: the list goes round in circles, or moves faster than it is read."""


OUTDONE = ("open", "failed", "expired")
"""What a list says of a payment that another row of it, of the same name, says more of."""


@dataclass(slots=True)
class ListReading:
    """`pages` so far, and how many of them in a row brought nothing new. `anew`: it was begun again, and so many `known` rows may come again."""

    pages: int = 0
    repeats: int = 0
    anew: bool = False
    known: int = 0

    def has_read(self, rows: int, fresh: int) -> None:
        """A page with so many rows, of which so many were new."""
        if fresh or not rows:
            self.repeats = 0
        elif self.known > 0:
            self.known -= rows
        else:
            self.repeats += 1

    def wrong(self, page: ListPage, cursor: str | None, most: int) -> str | None:
        """Why the rest behind this page is not read, as a stable code, if it is not. `cursor`: of this page; `most`: pages of one list."""
        if page.refused:
            return "list_refused"
        if page.cut_off or (page.following is not None and page.following == cursor):
            return "list_cut_off"
        if page.following is None:
            return None
        return "list_without_end" if self.pages >= most or self.repeats >= REPEATS_MAX else None


def marks_wanted(rows: Sequence[ListedPayment], seen: Collection[str]) -> list[str]:
    """Of which marks it has to be known too whether they were kept, for `worth_a_look`: of rows with money whose name was seen before, which is rare."""
    again = [row for row in rows if row.status not in OUTDONE and row.name in seen]
    return [mark for row in again for mark in (_unpaid(row), _paid_after(row))]


def worth_a_look(
    rows: Sequence[ListedPayment], seen: Collection[str]
) -> tuple[list[ListedPayment], list[str]]:
    """Each payment once, and what is to be kept as seen beside their names.

    Lists repeat what moves down while they are read, and a history holds every attempt to send; the newest comes first. But a try that came to nothing
    says nothing of the money that another one brought, on the same page or on a later one.
    """
    kept: dict[str, ListedPayment] = {}
    for row in rows:
        known, more = kept.get(row.name), row.status not in OUTDONE
        outdoes = more and _unpaid(row) in seen and _paid_after(row) not in seen
        if (row.name not in seen or outdoes) and (known is None or (known.status in OUTDONE and more)):
            kept[row.name] = row
    marks = [_unpaid(row) for row in kept.values() if row.status in OUTDONE]
    return list(kept.values()), marks + [_paid_after(row) for row in kept.values() if row.name in seen]


def _unpaid(row: ListedPayment) -> str:
    """This was seen without money."""
    return f"unpaid {row.name}"


def _paid_after(row: ListedPayment) -> str:
    """And then, once, with it."""
    return f"paid {row.name}"
