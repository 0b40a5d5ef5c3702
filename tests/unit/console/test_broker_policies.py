"""Which policies of a broker can throw away webhooks that were accepted, by what they say of which queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from console.checks.finding import Finding
from console.checks.policies import policies_of
from console.language import speaking
from runtime.settings import load_settings
from schemas.topology import PARKED, QUARANTINE, queue_name, retry_name

LOSING: dict[str, tuple[str, dict[str, Any]]] = {
    "the oldest gives way": (queue_name(0), {"overflow": "drop-head"}),
    "of a short queue": (queue_name(0), {"max-length": 10, "overflow": "drop-head"}),
    "no overflow of quorum queues": (queue_name(0), {"overflow": "reject-publish-dlx"}),
    "a queue that nobody reads is deleted": (queue_name(0), {"expires": 60_000}),
    "and a tier": (retry_name(30), {"expires": 60_000}),
    "the parked have no dead letters": (PARKED, {"message-ttl": 60_000}),
    "nor a limit of looks": (PARKED, {"delivery-limit": 5}),
    "nor a length": (PARKED, {"max-length": 10}),
    "nor a size": (PARKED, {"max-length-bytes": 10, "message-ttl": 1}),
}
HARMLESS: dict[str, tuple[str, dict[str, Any]]] = {
    "a full one refuses": (queue_name(0), {"max-length": 10}),
    "and says so": (queue_name(0), {"max-length": 10, "overflow": "reject-publish"}),
    "what is late is parked": (queue_name(0), {"message-ttl": 60_000}),
    "what is sent round often is parked": (queue_name(0), {"delivery-limit": 1}),
    "nobody vouched for it": (QUARANTINE, {"expires": 60_000, "max-length": 1}),
}
WHOSE = pytest.mark.parametrize("whose", ["policy", "operator_policy"])


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with speaking("en"):
        yield


def _told(name: str, definition: Any, whose: str = "policy") -> list[Finding]:
    listed = {"name": name, whose: "theirs", "effective_policy_definition": definition}
    return list(policies_of(load_settings(), [listed]))


@pytest.mark.parametrize("case", LOSING)
@WHOSE
def test_a_policy_that_can_lose_accepted_webhooks_is_a_problem_whosever_it_is(case: str, whose: str) -> None:
    name, definition = LOSING[case]
    [told] = _told(name, definition, whose)
    assert told.state == "problem"
    assert "money" in told.detail
    assert f"theirs ({name}: " in told.detail
    assert all(f"{key} = {value}" in told.detail for key, value in definition.items())
    assert told.fix is not None
    assert "clear_operator_policy" in told.fix


@pytest.mark.parametrize("case", HARMLESS)
@WHOSE
def test_a_policy_that_loses_nothing_is_a_note(case: str, whose: str) -> None:
    [told] = _told(*HARMLESS[case], whose)
    assert told.state == "note"


@pytest.mark.parametrize("nothing", [[], {}, None, {"queue-leader-locator": "balanced"}])
def test_no_policy_and_one_of_other_things_are_not_told(nothing: Any) -> None:
    assert _told(queue_name(0), nothing) == []


def test_a_queue_that_the_broker_has_not_counted_yet_was_not_looked_at() -> None:
    [told] = policies_of(load_settings(), [{"name": queue_name(0)}])
    assert (told.state, queue_name(0) in told.detail) == ("not_looked_at", True)


def test_policies_of_other_queues_are_not_ours() -> None:
    assert _told("theirs", {"expires": 1}) == []


def test_one_that_loses_here_and_changes_there_is_both() -> None:
    listed = [
        {"name": name, "policy": "short", "effective_policy_definition": {"max-length": 10}}
        for name in (queue_name(0), PARKED)
    ]
    assert [told.state for told in policies_of(load_settings(), listed)] == ["problem", "note"]


def test_that_money_can_be_lost_is_said_in_indonesian_too() -> None:
    with speaking("id"):
        [told] = _told(PARKED, {"expires": 1})
    assert "uang ikut hilang" in told.detail
