"""What we import from others is declared in pyproject.toml: what another library happens to bring may be gone with its next version."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = PROJECT["tool"]["importlinter"]["root_packages"]

DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "phonenumbers": "phonenumberslite",
    "dotenv": "python-dotenv",
    "xendit": "xendit-python",
    "argon2": "argon2-cffi",
    "opentelemetry": "opentelemetry-sdk",
}
PARTS = {"pydantic_core": "pydantic", "psycopg": "eventsourcing"}
"""Pinned by, and of one make with, what is declared."""


def imported(room: Path) -> Iterator[str]:
    for path in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def declared(*requirements: list[str]) -> set[str]:
    names = (re.match(r"[A-Za-z0-9_.-]+", one) for each in requirements for one in each)
    return {name[0].lower().replace("_", "-") for name in names if name}


def undeclared(rooms: list[str], known: set[str]) -> set[str]:
    others = (
        {name for room in rooms for name in imported(ROOT / room)}
        - sys.stdlib_module_names
        - {*ROOMS, "tests"}
    )
    return {
        name
        for name in others
        if DISTRIBUTIONS.get(name, PARTS.get(name, name)).lower().replace("_", "-") not in known
    }


def test_what_the_program_imports_is_declared() -> None:
    assert undeclared(ROOMS, declared(PROJECT["project"]["dependencies"])) == set()


def test_what_the_tests_import_is_declared() -> None:
    groups = PROJECT["dependency-groups"]
    known = declared(PROJECT["project"]["dependencies"], groups["dev"], groups["bench"])
    assert undeclared(["tests"], known) == set()
