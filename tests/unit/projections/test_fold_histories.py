from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from projections.decoding import LogRow, decode
from projections.fold import fold_all, fold_each
from projections.registry import PROJECTIONS
from schemas.events import encode
from tests.unit.projections.histories import History, Step, steps


def stored_history(given: list[Step] | None = None) -> list[LogRow]:
    """A history as it is stored; a fixed one that has everything in it when none is given."""
    played = History("h").play(given or [(n % 11, n % 3, n * 7, n * 3600) for n in range(80)])
    return [LogRow(n, one.event.TYPE, 1, one.stream, encode(one.event)) for n, one in enumerate(played, 1)]


@given(steps, st.integers(0, 80))
def test_parking_one_stream_changes_nothing_for_the_others(given: list[Step], which: int) -> None:
    history = stored_history(given)
    if not history:
        return
    broken = history[which % len(history)]
    for projection in PROJECTIONS:
        batch = [row for row in history if row.type in projection.types]
        spoilt = [row._replace(data="{}") if row.position == broken.position else row for row in batch]
        state, expected = projection.new_state(), projection.new_state()
        parked = fold_each(projection, state, spoilt, set())
        if any(row.position == broken.position for row in parked):
            assert {row.stream for row in parked} == {broken.stream}
        lost = {row.position for row in parked}
        fold_all(projection, expected, [decode(row) for row in spoilt if row.position not in lost])
        assert state == expected
