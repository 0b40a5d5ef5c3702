"""In which order files of tests have their turn."""

from __future__ import annotations

from tests.turns import MIXED_SHARE, TESTS, WAITING, turns_of

WAITS = [TESTS / folder / f"test_{number}.py" for folder in WAITING for number in range(5)]
COMPUTES = [TESTS / "unit" / f"test_{number}.py" for number in range(40)]


def test_the_folders_that_wait_are_there() -> None:
    assert [folder for folder in WAITING if not (TESTS / folder).is_dir()] == []


def test_what_waits_is_spread_over_the_run_longest_first_and_the_end_is_left_to_what_computes() -> None:
    turns = turns_of([*COMPUTES, *reversed(WAITS)])
    assert set(turns) == {*COMPUTES, *WAITS}
    order = sorted(turns, key=turns.__getitem__)
    assert {path.parent.name for path in order[: len(order) // 4]} >= {"system", "unit"}
    folders = [path.parent.relative_to(TESTS).as_posix() for path in order if path in WAITS]
    assert folders == [folder for folder in WAITING for _ in range(5)]
    assert all(turns[path] < MIXED_SHARE for path in WAITS)
    assert set(order[-len(order) // 12 :]) <= set(COMPUTES)


def test_any_choice_of_files_has_an_order() -> None:
    assert turns_of([]) == {}
    assert list(turns_of(WAITS[:1])) == WAITS[:1]
    assert list(turns_of(COMPUTES[:2])) == COMPUTES[:2]
