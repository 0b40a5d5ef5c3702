"""Each bug of the museum has its one place in the code of today, and names tests that are there."""

from __future__ import annotations

import pytest

from tests.museum.__main__ import ROOT, Bug, bugs


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_a_bug_can_be_planted_and_its_tests_exist(bug: Bug) -> None:
    text = (ROOT / bug.file).read_text("utf-8")
    assert bug.planted(text) != text
    assert [tests for tests in bug.tests if not (ROOT / tests.partition("::")[0]).exists()] == []


def test_there_are_at_least_sixty_and_no_name_twice() -> None:
    names = [bug.name for bug in bugs()]
    assert len(names) == len(set(names)) >= 60
