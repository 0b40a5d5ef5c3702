"""SQL files with named statements."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eventstore.append import _SQL as APPEND
from eventstore.queries import load, parse

TEXT = """
-- one: The first.
SELECT 1; -- a note
-- not a heading
-- two: The second.
SELECT 2
FROM x;
"""


def test_a_statement_runs_from_its_heading_to_the_next() -> None:
    assert parse(TEXT) == {"one": "SELECT 1; -- a note\n-- not a heading", "two": "SELECT 2\nFROM x"}


@pytest.mark.parametrize("text", ["SELECT 1", "-- one: A.\nSELECT 1;\n-- one: B.\nSELECT 2;"])
def test_no_name_or_the_same_name_twice_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"heading|twice"):
        parse(text)


def test_a_file_is_read_once() -> None:
    assert load("append.sql") is APPEND


@pytest.mark.parametrize("package", ["eventstore", "processor", "projections", "api", "notify", "console"])
def test_every_statement_in_our_files_is_used(package: str) -> None:
    root = Path(__file__).parents[3] / package
    files = sorted((root / "sql").glob("*.sql"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    assert files
    assert code
    for file in files:
        unused = [name for name in load(file.name, package) if f'"{name}"' not in code]
        assert unused == [], file.name


def test_every_statement_that_is_asked_for_is_in_its_file() -> None:
    root = Path(__file__).parents[3]
    asked: list[tuple[str, str, str]] = []
    for room in ("eventstore", "processor", "projections", "api", "notify", "console"):
        for path in (root / room).rglob("*.py"):
            code = path.read_text(encoding="utf-8")
            asked += re.findall(r'load\(\s*"(\w+\.sql)",\s*"(\w+)"\s*\)\["(\w+)"\]', code)
            for name, file, package in re.findall(
                r'^(_?SQL) = load\("(\w+\.sql)", "(\w+)"\)', code, re.MULTILINE
            ):
                asked += [(file, package, one) for one in re.findall(rf'\b{name}\["(\w+)"\]', code)]
    assert len(asked) > 100
    assert [one for one in asked if one[2] not in load(one[0], one[1])] == []
