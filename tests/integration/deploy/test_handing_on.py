"""A private broker whose hands-on supervisor has given up: every queue that hands on what expires would end for good, and does not."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import aio_pika
import pytest
from aiormq.exceptions import AMQPError

from deploy.local.services.private import private_services
from deploy.local.services.service import Service
from tests.integration.deploy.conftest import HANDING_ON

pytestmark = [pytest.mark.timeout(1200), pytest.mark.heavy]

PATIENCE_SECONDS = 600.0
TRY_SECONDS = 30.0  # then it is asked on a new connection
# Its workers end one upon the other, until it has given up; then the queue, which is to lead again.
GIVE_UP = (
    "End = fun Inner() -> case whereis(rabbit_fifo_dlx_sup) of undefined -> gone; Living ->"
    " catch [exit(Worker, kill) || {_, Worker, _, _} <- supervisor:which_children(Living)], Inner() end end, End(),"
    " [exit(whereis(Name), kill) || Queue <- rabbit_amqqueue:list(), {Name, _} <- [amqqueue:get_pid(Queue)], whereis(Name) =/= undefined]."
)


def test_queues_that_hand_on_serve_again_after_their_supervisor_gave_up(home: Path) -> None:
    """As a full disk leaves a broker: it runs, has no alarm, and no queue of ours takes anything."""
    reports: list[str] = []
    services = private_services(
        home, database_url="postgresql://nobody@127.0.0.1/none", report=reports.append
    )
    with services:
        (broker,) = services.services
        assert asyncio.run(_takes(broker.url, "before"))
        asyncio.run(_until_watched(broker))
        subprocess.run([*broker.control, "eval", GIVE_UP], check=True, capture_output=True, timeout=300)
        assert asyncio.run(_takes(broker.url, "behind"))
        assert broker.doubtful == []
    assert reports == []


async def _until_watched(broker: Service) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not all(order.taken for order in broker.start_orders):
            broker.tend()
            await asyncio.sleep(0.1)


async def _takes(url: str, body: str) -> bool:
    """Whether it confirms a message and gives it out, sooner or later."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                async with await aio_pika.connect(url) as connection:
                    return await _taken(connection, body.encode())
            except (TimeoutError, AMQPError, OSError):
                await asyncio.sleep(0.5)


async def _taken(connection: aio_pika.abc.AbstractConnection, body: bytes) -> bool:
    async with asyncio.timeout(TRY_SECONDS):
        channel = await connection.channel()
        queue = await channel.declare_queue("handed.on", durable=True, arguments=HANDING_ON)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key="handed.on")
        while (await queue.get(no_ack=True)).body != body:
            pass
        return True
