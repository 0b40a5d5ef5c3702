"""Schedules in which something was once lost, played again: what found a fault keeps it from coming back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.world import World


@pytest.mark.parametrize(
    "seed", [911398617559]
)  # a look at a disk that was full emptied what had just been written
def test_a_schedule_that_lost_something_once_loses_nothing(seed: int, tmp_path: Path) -> None:
    assert World(seed, tmp_path / "world").run().broken == []
