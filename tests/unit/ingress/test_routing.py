"""Which work queue a delivery goes to, while what is used of each provider's own changes."""

from __future__ import annotations

import pytest

from ingress.routing import Routing
from providers.registry import PROVIDERS
from schemas.topology import own_queues, work_queues
from tests.unit.processor.intake.envelopes import capture

BODIES = [capture(f"py-{number}") for number in range(64)]


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_providers_share_no_queue_and_each_has_as_many_as_there_are_partitions(partitions: int) -> None:
    routing, shared = Routing(partitions, own_queues(partitions)), Routing(partitions)
    used: set[int] = set()
    for name, provider in ((name, PROVIDERS[name]) for name in own_queues(partitions)):
        own = {routing.number(provider, body) for body in BODIES}
        first = own_queues(partitions)[name]
        assert own <= set(range(first, first + partitions))
        assert not own & used
        used |= own
        assert all(shared.number(provider, each) == routing.number(provider, each) - first for each in BODIES)
    assert used <= set(range(partitions, work_queues(partitions)))
    assert set(range(partitions, 2 * partitions)) <= used  # Xendit's, whose bodies these are


def test_what_is_used_changes_while_webhooks_come() -> None:
    offsets: dict[str, int] = {}
    routing, xendit, scalev = Routing(2, offsets), PROVIDERS["xendit"], PROVIDERS["scalev"]
    assert {routing.number(xendit, body) for body in BODIES} == {0, 1}
    offsets["xendit"] = 2
    assert {routing.number(xendit, body) for body in BODIES} == {2, 3}
    assert {routing.number(scalev, body) for body in BODIES} <= {0, 1}
    offsets.clear()
    assert {routing.number(xendit, body) for body in BODIES} == {0, 1}
