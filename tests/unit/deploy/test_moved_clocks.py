"""The clocks of `make test-anyday`: when they begin, who gets which tests, and how services come by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.services.children import CLOCK_VARIABLES, minimal_environment
from tests.anyday.__main__ import QUICK, SENSITIVE, deal, files, in_turn
from tests.anyday.clocks import CLOCKS, environment
from tests.anyday.library import HOOKS, without_hooks

ANY_MOMENTS = [
    datetime(2026, 11, 29, 12, tzinfo=UTC) + timedelta(days=days, hours=days % 24)
    for days in range(0, 800, 41)
]


@pytest.mark.parametrize("now", ANY_MOMENTS)
def test_every_clock_begins_after_now_where_its_name_says(now: datetime) -> None:
    moments = {clock.name: clock.begins(now) for clock in CLOCKS}
    assert all(moment > now for moment in moments.values())
    assert moments["tomorrow"] - now == timedelta(days=1)
    assert moments["in-40-days"] - now == timedelta(days=40)
    for name in ("new-years-eve", "new-years-eve-in-jakarta"):
        assert f"{moments[name]:%m-%d %H:%M:%S}" == "12-31 23:59:30"
    assert f"{moments['leap-day']:%m-%d}" == "02-29"
    assert f"{moments['last-of-january']:%m-%d}" == "01-31"


def test_the_clocks_are_those_of_three_zones() -> None:
    assert {clock.zone for clock in CLOCKS} == {"UTC", "Asia/Jakarta", "America/New_York"}
    eves = {clock.begins(ANY_MOMENTS[0]).astimezone(UTC) for clock in CLOCKS if "eve" in clock.name}
    assert len(eves) == 2


def test_every_file_is_dealt_once_and_meets_every_clock_in_turn() -> None:
    paths = files(SENSITIVE)
    assert len(paths) > 100
    met: dict[str, set[int]] = {path: set() for path in paths}
    for first in range(len(CLOCKS)):
        hands = deal(paths, len(CLOCKS), first)
        assert sorted(path for hand in hands for path in hand) == paths
        assert all(hands)
        for clock, hand in enumerate(hands):
            for path in hand:
                met[path].add(clock)
    assert all(clocks == set(range(len(CLOCKS))) for clocks in met.values())


def test_what_needs_no_service_goes_first_and_every_other_file_is_first_once() -> None:
    paths = files(SENSITIVE)
    slow = [path for path in paths if not path.startswith(QUICK)]
    firsts = set()
    for number in range(len(slow)):
        order = in_turn(paths, number)
        assert sorted(order) == paths
        firsts.add(order[len(paths) - len(slow)])
        assert all(path.startswith(QUICK) for path in order[: len(paths) - len(slow)])
    assert firsts == set(slow)


def test_services_get_the_clock_of_who_starts_them_and_nothing_of_it_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved = environment(CLOCKS[0], ANY_MOMENTS[0], Path("/library.so"))
    for name in CLOCK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert not minimal_environment().keys() & {*CLOCK_VARIABLES}
    for name, value in moved.items():
        monkeypatch.setenv(name, value)
    assert minimal_environment().items() >= moved.items()


def test_hooks_on_waiting_are_taken_out_of_a_copy_of_the_library(tmp_path: Path) -> None:
    library, copy = tmp_path / "library", tmp_path / "copy"
    library.write_bytes(b"\0".join([b"ELF", *HOOKS, b"clock_gettime", b"text", *HOOKS, b""]))
    without_hooks(library, copy)
    names = copy.read_bytes().split(b"\0")
    assert not {*HOOKS} & {*names[: len(HOOKS) + 2]}
    assert b"clock_gettime" in names
    assert len(copy.read_bytes()) == len(library.read_bytes())
    library.write_bytes(b"\0clock_gettime\0")
    with pytest.raises(ValueError, match="clock_nanosleep"):
        without_hooks(library, copy)
