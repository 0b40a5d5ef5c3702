"""When what queues held that were made anew is sent again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deploy.local.services.children import Child
from deploy.local.services.orders import Order
from deploy.local.services.resending import PAUSE_SECONDS, Resending
from deploy.local.services.service import AFTER_FULL, LOOKS_SECONDS, Service
from deploy.local.services.users import ServiceUser


@dataclass
class OneShot(Child):
    """A child that ends with a code when told."""

    starts: int = 0
    code: int | None = None
    now: float = 0.0
    said: list[str] = field(default_factory=list)

    def alive(self) -> bool:
        return self.starts > 0 and self.code is None

    def start(self) -> None:
        self.starts += 1
        self.code = None

    def end(self, code: int) -> None:
        self.code = code
        self.process = cast(Any, SimpleNamespace(returncode=code))


def stage() -> tuple[Service, OneShot, Resending]:
    child = OneShot("republish", ["true"], {}, ServiceUser(None, 0, 0), Path("/"), None)
    broker = Service("RabbitMQ", "amqp://", [], lambda: True, 1.0, 1.0)
    return broker, child, Resending([broker], child, child.said.append, clock=lambda: child.now)


def test_nothing_is_sent_while_every_queue_serves() -> None:
    _, child, resending = stage()
    resending.tend()
    assert child.starts == 0


def test_it_is_sent_once_for_all_queues_that_were_made_anew_and_told() -> None:
    broker, child, resending = stage()
    broker.doubtful += ["lunas.webhooks.p0", "lunas.rejected"]
    for _ in range(5):
        resending.tend()
    assert child.starts == 1
    child.end(0)
    for _ in range(5):
        resending.tend()
    assert (child.starts, len(child.said)) == (1, 1)


def test_what_did_not_end_well_is_tried_again_after_a_pause_until_it_does() -> None:
    broker, child, resending = stage()
    broker.doubtful.append("lunas.webhooks.p0")
    resending.tend()
    for tries in range(2, 5):
        child.end(1)
        resending.tend()
        assert child.starts == tries - 1
        child.now += PAUSE_SECONDS
        resending.tend()
        assert child.starts == tries
    assert child.said == []


def test_a_queue_that_is_made_anew_while_it_is_sent_has_it_sent_once_more() -> None:
    broker, child, resending = stage()
    broker.doubtful.append("lunas.webhooks.p0")
    resending.tend()
    broker.doubtful.append("lunas.webhooks.p1")
    resending.tend()
    assert child.starts == 1
    child.end(0)
    resending.tend()
    assert child.starts == 2


@pytest.mark.parametrize("forgets", [True, False])
def test_a_disk_that_was_full_is_a_reason_once_there_is_room_where_a_journal_has_everything_too(
    forgets: bool,
) -> None:
    broker, _, _ = stage()
    broker.forgets_when_full = forgets
    full = iter([False, True, True, False, False])
    broker.full = lambda: next(full)
    seen = []
    for _ in range(5):
        broker.tend()
        seen.append(list(broker.doubtful))
    assert seen == [[], [], [], *([[AFTER_FULL]] * 2 if forgets else [[], []])]


def test_a_broker_that_has_room_again_gets_its_orders_again_as_soon_as_it_is_ready() -> None:
    broker, child, _ = stage()
    child.start()
    order = Order("RabbitMQ", ["true"])
    broker.children, broker.start_orders = [child], [order]
    moments = [(True, False), (True, True), (False, False), (True, False), (True, False)]
    given: list[int] = []
    for number, (ready, full) in enumerate(moments):
        broker.ready, broker.full = lambda ready=ready: ready, lambda full=full: full  # type: ignore[misc]
        order.give = lambda number=number: given.append(number)  # type: ignore[method-assign, misc]
        broker.tend()
    assert given == [0, 3]


def test_a_broker_whose_disk_was_full_is_looked_at_again_for_a_while() -> None:
    """What it could not write shows when it wants to read it: an expired message of a tier was read minutes later."""
    broker, child, _ = stage()
    child.start()
    order = Order("RabbitMQ", ["true"])
    broker.children, broker.start_orders = [child], [order]
    broker.ready = lambda: True
    given = list[float]()
    for now in range(0, 2 * int(LOOKS_SECONDS[-1]), 5):
        broker.clock, broker.full = lambda now=now: float(now), lambda now=now: now == 0  # type: ignore[misc]
        order.give = lambda now=now: given.append(now)  # type: ignore[method-assign, misc]
        broker.tend()
        broker.tend()
    first = 5
    assert given == [0, first, *(first + seconds for seconds in LOOKS_SECONDS)]


def test_a_look_waits_until_the_one_before_has_ended() -> None:
    broker, child, _ = stage()
    child.start()
    order = Order("RabbitMQ", ["true"])
    broker.children, broker.start_orders = [child], [order]
    broker.ready = lambda: True
    full, given = iter([True, *[False] * 9]), list[str]()
    broker.clock, broker.full = lambda: 0.0, lambda: next(full)
    order.give = lambda: given.append("again")  # type: ignore[method-assign]
    broker.tend()
    broker.tend()
    order.look = lambda: False  # type: ignore[method-assign]
    broker.clock, order.taken = lambda: LOOKS_SECONDS[0], False
    broker.tend()
    assert given == ["again"] * 2
    order.taken = True
    broker.tend()
    assert given == ["again"] * 3
