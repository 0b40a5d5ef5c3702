"""Pages of changes: everybody is sent what lies behind their place, and those who are sent the same share its bytes."""

from __future__ import annotations

from api.changes.pages import RecentPages, written
from api.changes.relay import turns_of
from api.changes.source import RowChange


def change(position: int, customer: str | None = "budi", *, last: bool = True, key: str = "k") -> RowChange:
    return RowChange(position, "balance", key, customer, b'{"position":%d}' % position, last)


def pages(*read: tuple[int, list[RowChange]], most: int = 100) -> RecentPages:
    recent = RecentPages(most)
    recent.begin(0)
    for through, items in read:
        recent.add(through, items)
    return recent


def test_what_is_told_is_all_behind_a_place_in_order() -> None:
    first, second = [change(1), change(3, "wati")], [change(7), change(9, None)]
    recent = pages((5, first), (10, second))
    everything = [*first, *second]
    for place in range(11):
        behind = [one for one in everything if one.position > place]
        assert recent.told(place, None) == written(behind, None)
        assert recent.told(place, "budi") == written(behind, "budi")
    assert recent.told(0, "nobody") == b""


def test_listeners_at_one_place_share_the_bytes() -> None:
    recent = pages((5, [change(1), change(3, "wati")]), (10, [change(7)]))
    assert recent.told(5, None) is recent.told(5, None)
    assert recent.told(5, "budi") is recent.told(5, "budi")
    # Also those whose place is in front of what was nothing for anybody.
    recent.add(12, [])
    recent.add(20, [change(15)])
    assert recent.told(10, None) is recent.told(12, None)


def test_only_so_many_are_kept_and_the_start_tells_which() -> None:
    recent = pages((1, [change(1)]), (2, [change(2)]), (3, [change(3)]), most=2)
    assert (recent.start, recent.through) == (1, 3)
    assert recent.told(1, None) == written([change(2), change(3)], None)
    assert pages((9, [change(number) for number in range(1, 10)]), most=2).start == 0


def test_a_page_behind_a_place_is_there_or_not() -> None:
    recent = pages((5, [change(1)]), (10, [change(7)]))
    page = recent.page_behind(5)
    assert page is not None
    assert (page.after, page.through) == (5, 10)
    assert recent.page_behind(10) is None
    assert recent.page_behind(11) is None
    recent.begin(20)
    assert recent.page_behind(5) is None


def test_an_id_comes_with_the_last_change_of_a_position_only() -> None:
    told = written([change(4, last=False), change(4)], None)
    assert told.count(b"id: 4\n") == 1
    assert told.index(b"id: 4") > told.index(b"data:")


def test_turns_keep_everybodys_order_and_hold_nobody_twice() -> None:
    mixed = [
        change(1),
        change(1, None, key="a"),
        change(2, "wati"),
        change(3),
        change(4, None, key="a"),
        change(5),
    ]
    turns = turns_of(mixed)
    assert [[one.position for one in turn] for turn in turns] == [[1, 1, 2], [3, 4], [5]]
    assert all(len({one.owner for one in turn}) == len(turn) for turn in turns)
    assert turns_of([]) == []
