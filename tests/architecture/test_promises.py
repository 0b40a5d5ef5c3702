"""Promises that must have a test by name. A missing name here is a promise nobody checks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

SENTENCES = (
    "reader_never_passes_an_event_that_commits_later",
    "append_of_a_duplicate_batch_writes_nothing_and_returns_nothing_new",
    "batch_with_one_poison_message_stores_the_others",
    "crash_after_commit_before_ack_is_harmless",
    "two_projection_workers_never_double_count",
    "rebuilt_projection_equals_live_projection",
    "switching_versions_never_shows_an_older_position",
    "update_delete_truncate_are_refused",
    "every_golden_event_loads_to_the_newest_model",
    "unroutable_publish_is_an_error",
    "publish_deadline_holds_while_the_broker_is_down",
    "publish_deadline_holds_while_the_broker_is_blocked",
    "parked_message_survives_fifty_looks",
    "sigterm_loses_nothing",
)


@pytest.fixture(scope="module")
def names() -> set[str]:
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
    return found


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_sentence_is_a_test(sentence: str, names: set[str]) -> None:
    assert [name for name in names if sentence in name]


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    for path in TESTS.rglob("*.py"):
        if path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            assert "mark.skip" not in text, path
            assert "mark.xfail" not in text, path
            assert "pytest.skip(" not in text, path
