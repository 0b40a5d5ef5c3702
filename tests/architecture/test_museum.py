"""Each bug of the museum has its one place in the code of today, and names tests that are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.museum.__main__ import ROOT, Bug, bugs, chosen_bugs, red_without, suite_run
from tests.museum.record import PAGE, Seen, page_of, recorded
from tests.torture.controls import controls


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_a_bug_can_be_planted_and_its_tests_exist(bug: Bug) -> None:
    text = (ROOT / bug.file).read_text("utf-8")
    assert bug.planted(text) != text
    assert [tests for tests in bug.tests if not (ROOT / tests.partition("::")[0]).exists()] == []


def test_negative_controls_can_be_planted_too() -> None:
    planted = [control.bug for control in controls() if control.bug is not None]
    assert planted
    for bug in planted:
        text = (ROOT / bug.file).read_text("utf-8")
        assert bug.planted(text) != text


def test_a_seed_deals_the_same_bugs_in_the_same_order() -> None:
    assert chosen_bugs([], 7) == chosen_bugs([], 7) != chosen_bugs([], 8)
    assert sorted(bug.name for bug in chosen_bugs([], 7)) == sorted(bug.name for bug in bugs())


def test_there_are_at_least_sixty_and_no_name_twice() -> None:
    names = [bug.name for bug in bugs()]
    assert len(names) == len(set(names)) >= 60


def test_the_page_says_of_every_bug_which_test_saw_it_or_that_none_did_yet() -> None:
    page, reasons = PAGE.read_text("utf-8"), {bug.name: bug.why for bug in bugs()}
    seen = recorded(page)
    assert page_of(reasons, seen) == page
    for name, one in seen.items():
        assert f"def {one.test}(" in (ROOT / one.file).read_text("utf-8"), name


def test_a_bug_that_was_not_caught_is_named_on_the_page() -> None:
    seen = {"one": Seen.of("tests/unit/test_x.py::TestY::test_z[a|b]", 1.25)}
    page = page_of({"one": "is wrong", "two": "is worse"}, seen)
    assert recorded(page) == {"one": Seen("tests/unit/test_x.py", "test_z", 1.2)}
    assert "1 of 2 were caught" in page
    assert page.endswith("## Not seen to be caught\n\n- `two`: is worse\n")


def test_a_test_that_is_red_without_any_bug_catches_none(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n\n@pytest.mark.parametrize('n', ['a b', 'c'])\ndef test_red(n):\n    assert n != 'a b'\n\n\ndef test_green():\n    pass\n"
    )
    caught_by = ["test_it.py::test_red[a b]", "test_it.py::test_green"]
    assert red_without(tmp_path, os.environ, caught_by) == ["test_it.py::test_red"]
    assert red_without(tmp_path, os.environ, ["test_it.py::test_green"]) == []
    assert red_without(tmp_path, os.environ, ["test_it.py::test_gone"]) == ["test_it.py::test_gone"]


def test_the_suite_runs_without_pytests_cache_as_it_does_in_copies() -> None:
    done = suite_run(ROOT, os.environ, "--collect-only", "tests/architecture/test_turns.py")
    assert done.returncode == 0, done.stdout
