"""Pages point to what exists: files, tests, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pages() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    yield from (ROOT / "docs").rglob("*.md")
    yield ROOT / "providers/README.md"


PAGES = sorted(pages())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_resolve(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if "://" in target or target.startswith(("#", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        found = page.parent / path
        assert found.exists(), target
        assert not anchor or anchor in _anchors(found), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_in_text_exist(page: Path) -> None:
    text = page.read_text()
    for path in re.findall(
        r"`((?:docs|deploy|tests|schemas|processor|providers|eventstore|projections|runtime|console)/[\w/.-]+\.\w+)`",
        text,
    ):
        assert "NNNN" in path or (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_path_of_somebodys_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(root|home|work|Users)/", page.read_text())


def test_every_adr_is_in_the_index_and_has_its_parts() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    for page in (ROOT / "docs/adr").glob("[0-9]*.md"):
        text = page.read_text()
        assert page.name in LINK.findall(index), page.name
        assert text.startswith(f"# {page.name[:4]}"), page.name
        assert re.search(r"^Status: ", text, re.MULTILINE), page.name


def test_every_runbook_is_in_the_index() -> None:
    index = LINK.findall((ROOT / "docs/runbooks/README.md").read_text())
    assert {page.name for page in (ROOT / "docs/runbooks").glob("*.md")} - {"README.md"} == set(index)


def test_every_threat_names_a_test_that_exists() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    existing = set(re.findall(r"def (test_\w+)\(", tests))
    rows = [
        line
        for line in (ROOT / "docs/threat-model.md").read_text().splitlines()
        if line.startswith("| ") and line.count("|") == 4
    ]
    threats = [row for row in rows if not row.startswith("| Threat ")]
    named = [re.findall(r"`(test_\w+)`", row.rsplit("|", 2)[1]) for row in threats]
    assert len(threats) > 30
    assert [row for row, tests in zip(threats, named, strict=True) if not tests] == []
    assert {test for tests in named for test in tests} - existing == set()


def test_what_was_tested_for_security_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    tested = text.split("## What was tested")[1].split("\n## ")[0]
    existing = set(
        re.findall(
            r"def (test_\w+)\(", "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
        )
    )
    named = set(re.findall(r"`(test_\w+)`", tested))
    assert len(named) > 5
    assert named - existing == set()
    for path in re.findall(r"`(tests/[\w/.]+)`", tested):
        assert (ROOT / path).exists(), path


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
