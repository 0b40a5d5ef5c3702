"""Every case of the list of correctness has a test or says what is missing, and no test carries the number of a case that is none."""

from __future__ import annotations

import pytest

from tests.correctness import PAGE, ROOT, Case, held_by, page, sections

CASES = [case for _name, cases in sections() for case in cases]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_a_case_has_a_test_or_says_what_is_missing(case: Case) -> None:
    assert held_by().get(case.number) or case.missing


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_the_files_that_make_a_rule_are_there_unless_it_is_missing(case: Case) -> None:
    assert case.code or case.missing
    assert [file for file in case.code if not (ROOT / file).is_file()] == []


def test_a_number_in_a_name_is_a_case() -> None:
    assert set(held_by()) - {case.number for case in CASES} == set()


def test_no_case_is_listed_twice() -> None:
    numbers = [case.number for case in CASES]
    assert len(numbers) == len(set(numbers))


def test_the_page_is_what_the_tests_say() -> None:
    assert PAGE.read_text("utf-8") == page()
