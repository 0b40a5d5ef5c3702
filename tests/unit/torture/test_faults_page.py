"""docs/faults.md names tests, kinds of faults and steps that are there, and leaves out no kind of the torture."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from tests.crashpoints.listeners import telling_steps
from tests.crashpoints.office import orders
from tests.crashpoints.purchases import purchase_steps
from tests.crashpoints.rounds import steps
from tests.torture.kinds import kinds

ROOT = Path(__file__).parents[3]
NAMED = re.findall(r"`([^`]+)`", (ROOT / "docs" / "faults.md").read_text("utf-8"))


def _beginning(word: str) -> set[str]:
    return {name.removeprefix(word).strip() for name in NAMED if name.startswith(word) and name != word}


def test_every_test_that_is_named_is_one() -> None:
    there = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    named = {name for name in NAMED if re.fullmatch(r"test_\w+", name)}
    assert named
    assert named - there == set()


def test_every_kind_of_the_torture_is_named_and_no_other() -> None:
    assert _beginning("torture:") == {kind.name for kind in kinds() if kind.fault}


def test_every_step_that_is_named_is_died_at() -> None:
    nobody: Any = None
    died_at = {step.point for step in [*steps(), *telling_steps(), *purchase_steps(nobody), *orders()]}
    assert _beginning("died at:") - died_at == set()
