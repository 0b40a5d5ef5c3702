"""Ids of the fakes: repeatable when somebody asks for that, new at every start otherwise."""

from __future__ import annotations

from collections.abc import Callable

from providers.fakes.app import Wishes, seed_of
from runtime.settings import Settings


def test_a_seed_that_is_asked_for_is_taken_the_commands_before_the_settings(
    settings: Callable[..., Settings],
) -> None:
    assert seed_of(settings(fakes_seed=0), Wishes(("xendit",), 0)) == 0
    assert seed_of(settings(fakes_seed=5), Wishes(("xendit",), 0, seed=0)) == 0


def test_without_one_every_start_has_ids_of_its_own(settings: Callable[..., Settings]) -> None:
    seeds = {seed_of(settings(), Wishes(("xendit",), 0)) for _ in range(20)}
    assert len(seeds) > 10
