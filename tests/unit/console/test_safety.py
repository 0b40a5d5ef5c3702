"""Nothing is changed by accident."""

from __future__ import annotations

import io

import pytest

from console import safety
from console.exits import REFUSED, Refused


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_yes_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(Refused, match="--yes"):
        safety.confirm("Really?", yes=False)
    safety.confirm("Really?", yes=True)
    safety.confirm("Replay this one?", yes=False, harmless=True)
    assert Refused("x").code == REFUSED


@pytest.mark.parametrize(("answer", "agreed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_at_a_terminal_the_operator_is_asked_and_no_is_the_default(
    answer: str, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    if agreed:
        safety.confirm("Really?", yes=False)
    else:
        with pytest.raises(Refused):
            safety.confirm("Really?", yes=False, harmless=True)


def test_bulk_changes_need_a_filter_and_respect_the_cap() -> None:
    with pytest.raises(Refused):
        safety.check_bulk(1, 100, filtered=False)
    with pytest.raises(Refused, match="100"):
        safety.check_bulk(101, 100, filtered=True)
    safety.check_bulk(100, 100, filtered=True)
