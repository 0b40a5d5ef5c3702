"""What fuzzers begin with, and what they once found, breaks nothing; and a few changes of each at random do not either."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.__main__ import CORPUS, changed, corpus
from tests.fuzz.targets import TARGETS

ENTRIES = [(name, path) for name in TARGETS for path in corpus(name)]


@pytest.mark.parametrize(("name", "path"), ENTRIES, ids=lambda one: one if isinstance(one, str) else one.name)
def test_an_entry_of_the_corpus_breaks_nothing(name: str, path: Path) -> None:
    TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", ["verify", "parse", "translate"])
def test_changed_entries_break_nothing(name: str) -> None:
    chance, known = random.Random(11), [path.read_bytes() for path in corpus(name)]
    for _ in range(400):
        TARGETS[name](changed(chance.choice(known), chance))


def test_every_target_has_a_small_corpus_and_there_is_no_other() -> None:
    assert {path.name for path in CORPUS.iterdir()} == TARGETS.keys()
    assert all(5 <= len(corpus(name)) <= 40 for name in TARGETS)
    assert sum(path.stat().st_size for _, path in ENTRIES) < 100_000
