"""Which case is held by which test: writes docs/correctness.md from tests/correctness.toml and the names of the tests.

`python -m tests.correctness` writes the page, `--check` says whether it is what would be written.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "correctness.md"
LIST = ROOT / "tests" / "correctness.toml"
NUMBER = re.compile(r"(?<=_)c(\d{2,3})(?=_)")

HEAD = """# Correctness: what must happen, and which test holds it

Written by `python -m tests.correctness`; `make check` compares it. A test carries the numbers of the cases that it holds in its name, so
`pytest -k _c46_` runs those of a case. A case is in "Missing" below when no test holds the whole of it.
"""


@dataclass(frozen=True)
class Case:
    """One rule, the files that make it, and what of it nothing holds yet."""

    number: str
    rule: str
    code: tuple[str, ...]
    missing: str | None


def sections() -> list[tuple[str, list[Case]]]:
    """The cases of the list under their headings. Raises KeyError when a missing one is no case."""
    document = tomllib.loads(LIST.read_text("utf-8"))
    missing = dict(document["missing"])
    found = [
        (
            section["name"],
            [
                Case(number, rule, tuple(code), missing.pop(number, None))
                for number, (rule, *code) in section["cases"].items()
            ],
        )
        for section in document["sections"]
    ]
    if missing:
        raise KeyError(f"missing names no case: {', '.join(missing)}")
    return found


@cache
def held_by() -> Mapping[str, list[tuple[str, str]]]:
    """By case: file and name of each test that carries its number."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _tests(path):
            for digits in NUMBER.findall(name):
                found[f"C{digits}"].append((path.relative_to(ROOT).as_posix(), name))
    return found


def _tests(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def page() -> str:
    """The whole page."""
    held = held_by()
    parts = [HEAD]
    for name, cases in sections():
        parts += [f"## {name}\n", "| Case | Rule | Held by | Made in |", "|---|---|---|---|"]
        parts += [_row(case, held[case.number]) for case in cases]
        parts.append("")
    parts += ["## Missing\n"]
    parts += [
        f"- {case.number}: {case.missing}"
        for _name, cases in sections()
        for case in cases
        if case.missing is not None
    ] or ["Nothing."]
    return "\n".join(parts) + "\n"


def _row(case: Case, tests: list[tuple[str, str]]) -> str:
    names = "<br>".join(f"[{name.removeprefix('test_')}](../{file})" for file, name in tests)
    code = "<br>".join(f"[{file}](../{file})" for file in case.code)
    return f"| {case.number} | {case.rule} | {names} | {code} |"


def main(words: list[str]) -> int:
    """Writes or compares; the exit code."""
    if "--check" not in words:
        PAGE.write_text(page(), "utf-8")
        return 0
    if PAGE.read_text("utf-8") == page():
        return 0
    print(
        "docs/correctness.md is not what the tests say: write it anew by `python -m tests.correctness`.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
