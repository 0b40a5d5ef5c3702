"""What is settled, in whatever order it was: always as a set of numbers would have it."""

from __future__ import annotations

import random

import pytest

from ingress.journal import progress as progress_module
from ingress.journal.progress import Progress

RECORDS = 60


@pytest.mark.parametrize("kept", [0, 3, progress_module.CLOSED_MAX])
def test_progress_is_what_a_set_of_numbers_says(monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr(progress_module, "CLOSED_MAX", kept)
    for seed in range(300):
        dice = random.Random(seed)
        start = dice.randrange(5)
        progress, settled = Progress(start), set(range(start + 1))
        for _ in range(dice.randrange(1, 100)):
            first = dice.randrange(RECORDS)
            if dice.random() < 0.8:
                progress.settle(first)
                settled.add(first)
            else:
                last = first + dice.randrange(-2, 9)
                progress.settle_all(first, last)
                settled |= set(range(first, last + 1))
            through = next(number for number in range(RECORDS + 10) if number + 1 not in settled)
            assert progress.through == through
            assert progress.last() == max(settled)
            assert progress.ahead == sum(1 for number in settled if number > through)
            assert [number for number in range(RECORDS + 20) if progress.is_settled(number)] == sorted(
                settled
            )


def test_millions_behind_a_gap_cost_a_byte_each_and_are_closed_at_once() -> None:
    progress = Progress(0)
    progress.settle_all(2, 2_000_000)
    assert (progress.through, progress.ahead, progress.last()) == (0, 1_999_999, 2_000_000)
    progress.settle(1)
    assert (progress.through, progress.ahead) == (2_000_000, 0)
