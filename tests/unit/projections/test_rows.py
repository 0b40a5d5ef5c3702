from __future__ import annotations

from projections import rows
from projections.folds.backing import BACKING, BackingRow, BackingRows
from projections.statements import table_sql


def row(name: str, cleared: int) -> BackingRow:
    return BackingRow(name, "xendit", "{}", 1, 1, cleared, 0, 0, 7)


def test_a_row_that_a_batch_only_looked_at_is_not_written_again() -> None:
    """A case looks at its facts, whose rows nothing changes any more: each was a new version of it all the same."""
    state = BackingRows({one.name: one for one in (row("fact 1", 0), row("case a", 5), row("case b", 5))})
    loaded = rows.values_of(BACKING, state)
    state.backing["case a"].cleared = 6
    ((_, columns),) = rows.upserts(BACKING, 1, state, loaded)
    assert columns[0] == ("case a",)


def test_rows_that_were_looked_for_and_not_found_are_added_and_the_others_replaced() -> None:
    state = BackingRows({"case a": row("case a", 5)})
    loaded = rows.values_of(BACKING, state)
    state.backing |= {"case a": row("case a", 6), "case b": row("case b", 5)}
    sql = table_sql("backing", 1)
    assert [(text, columns[0]) for text, columns in rows.upserts(BACKING, 1, state, loaded)] == [
        (sql["add"], ("case b",)),
        (sql["upsert"], ("case a",)),
    ]


def test_where_nothing_was_looked_for_every_row_may_be_there_already() -> None:
    state = BackingRows({"case a": row("case a", 5)})
    ((text, _),) = rows.upserts(BACKING, 1, state)
    assert text == table_sql("backing", 1)["upsert"]


def test_a_batch_that_changed_nothing_writes_nothing() -> None:
    state = BackingRows({"fact 1": row("fact 1", 0)})
    assert rows.upserts(BACKING, 1, state, rows.values_of(BACKING, state)) == []
