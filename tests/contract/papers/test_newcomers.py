"""What somebody meets who knows nothing of lunas: a wrong word is told with the right one, and the first answers look as the page says."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from console.exits import WrongUse
from console.simulation import EVENTS, check_event
from schemas.api import Balance
from tests.contract.papers.test_pages import MAKEFILE, README, ROOT

GOALS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)


def _make(goal: str) -> subprocess.CompletedProcess[str]:
    # As at a terminal: these tests may be run by a make themselves, which tells its own to speak of folders.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", goal], cwd=ROOT, env=own, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("goal", GOALS)
def test_a_mistyped_goal_of_make_is_told_with_the_near_one(goal: str) -> None:
    mistyped = goal[:1] + goal[2] + goal[1] + goal[3:]  # two letters changed places
    asked = _make(mistyped)
    assert asked.returncode == 2
    assert asked.stderr.startswith(f"There is no make {mistyped}. Did you mean make {goal}?")


def test_a_goal_that_is_like_none_is_told_where_they_are_listed() -> None:
    asked = _make("zzzzzzz")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr.startswith("There is no make zzzzzzz. make help lists what there is.")


@pytest.mark.parametrize("provider", EVENTS)
def test_a_mistyped_event_of_a_simulation_is_told_with_the_near_one(provider: str) -> None:
    for event in EVENTS[provider]:
        with pytest.raises(WrongUse, match=re.escape(f"Did you mean {event}?")):
            check_event(provider, event + "x")
    with pytest.raises(WrongUse, match="it sends"):
        check_event(provider, "0123456789")


def test_the_first_balance_on_the_page_has_the_fields_of_an_answer() -> None:
    (shown,) = re.findall(r"```json\n\s*(\{\"customer_id\":\"budi\".*?)\n\s*```", README, re.DOTALL)
    answer = json.loads(shown)
    Balance.model_validate(answer)
    assert list(answer) == [*BALANCE_IN_ORDER, "position", "lag_seconds"]


BALANCE_IN_ORDER = [
    name for name in Balance.model_fields if name not in ("position", "lag_seconds")
]  # as the API writes them


def test_the_page_says_what_lunas_is_before_it_is_typed_alone() -> None:
    told = README.index(". .venv/bin/activate")
    bare = re.search(r"^ *lunas |`lunas [a-z]", README, re.MULTILINE)
    assert bare is not None
    assert told < bare.start()
