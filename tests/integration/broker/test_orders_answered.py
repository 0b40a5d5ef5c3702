"""rabbitmqctl ends with 0 for an answer that says an error: an order of ours must not count as taken then."""

from __future__ import annotations

import pytest

from deploy.local.services.orders import Order
from deploy.local.services.rabbitmq import SYNC
from tests.services import BrokerServer

REFUSED = SYNC.replace("dets:sync(Table)", "{error, enospc}")
ANSWER_SECONDS = 240.0


@pytest.mark.parametrize(("expression", "taken"), [(SYNC, True), (REFUSED, False)])
def test_tables_that_could_not_be_written_are_ordered_again(
    rabbitmq: BrokerServer, expression: str, taken: bool
) -> None:
    if not rabbitmq.rabbitmqctl:
        pytest.fail("this test needs the broker's control program: LUNAS_TEST_RABBITMQCTL")
    told: list[str] = []
    command = [*rabbitmq.rabbitmqctl, "eval", expression]
    order = Order("RabbitMQ", command, report=told.append, answer_seconds=ANSWER_SECONDS)
    order.give()
    while not order.taken and not told:
        order.wait(0.1)
    order.cancel()
    assert order.taken == taken, told
    assert taken or "badmatch" in told[0]
