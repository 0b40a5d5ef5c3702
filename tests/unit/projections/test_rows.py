from __future__ import annotations

from projections import rows
from projections.folds.backing import BACKING, BackingRow, BackingRows


def row(name: str, cleared: int) -> BackingRow:
    return BackingRow(name, "xendit", "{}", 1, 1, cleared, 0, 0, 7)


def test_a_row_that_a_batch_only_looked_at_is_not_written_again() -> None:
    """A case looks at its facts, whose rows nothing changes any more: each was a new version of it all the same."""
    state = BackingRows({one.name: one for one in (row("fact 1", 0), row("case a", 5), row("case b", 5))})
    loaded = rows.values_of(BACKING, state)
    state.backing["case a"].cleared = 6
    state.backing["case c"] = row("case c", 5)
    ((_, columns),) = rows.upserts(BACKING, 1, state, loaded)
    assert columns[0] == ("case a", "case c")


def test_a_batch_that_changed_nothing_writes_nothing() -> None:
    state = BackingRows({"fact 1": row("fact 1", 0)})
    assert rows.upserts(BACKING, 1, state, rows.values_of(BACKING, state)) == []
