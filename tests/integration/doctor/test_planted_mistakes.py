"""`lunas doctor` finds every mistake that was planted, names it, and says the next step, in both languages."""

from __future__ import annotations

import pytest

from console import exits
from tests.integration.doctor.conftest import Examined, World
from tests.integration.doctor.mistakes import MISTAKES, Mistake

pytestmark = pytest.mark.heavy

KNOWN_NOTES = {"roles", "confirming.xendit", "confirming.mayar", "archiving"}
"""Of this healthy machine: the tests' login is a superuser, which production is told about; it has no key to ask a provider with; and its server,
which lives for a minute, archives nothing."""


def of(check: str, seen: Examined) -> list[dict[str, str]]:
    return [each for each in seen.checks if each["check"] == check and each["state"] in ("problem", "note")]


def test_forty_mistakes_and_more_are_planted() -> None:
    assert len(MISTAKES) >= 40


async def test_a_healthy_machine_has_no_problem(healthy: World) -> None:
    seen = await healthy.doctor()
    assert seen.states("problem") == []
    # A server in a container, which is not ours, may have been made without checksums.
    notes = {check["check"] for check in seen.checks if check["state"] == "note"} - {"data_checksums"}
    assert notes == KNOWN_NOTES
    assert {check["check"] for check in seen.checks if check["state"] == "not_looked_at"} == {"bindings"}
    assert seen.code == exits.FINE


@pytest.mark.parametrize("planted", MISTAKES.values(), ids=MISTAKES.keys())
async def test_doctor_names_the_mistake_and_the_next_step(healthy: World, planted: Mistake) -> None:
    await planted.plant(healthy)
    english, indonesian = await healthy.doctor(), await healthy.doctor(lang="id")
    told = [each for each in of(planted.check, english) if planted.said in each["detail"] + each["fix"]]
    assert told, f"{planted.check} is not among {english.states('problem') + english.states('note')}"
    assert all(each["detail"] and each["fix"] for each in told)
    assert any(planted.step in each["fix"] for each in told), told
    assert all(each["fix"] for each in of(planted.check, indonesian))
    assert len(of(planted.check, indonesian)) == len(of(planted.check, english))
