"""A broker that forgets what it confirmed last, as one does that dies of a full disk: all of it is there again, and no person did anything."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path

import aio_pika
import aiohttp

from schemas.topology import own_queues, queue_name
from tests.integration.broker.conftest import admin
from tests.integration.broker.proxy import proxied
from tests.integration.ingress.conftest import Outbox, Start
from tests.integration.ingress.requests import XENDIT
from tests.integration.ingress.test_drain import ingress_process
from tests.integration.ingress.test_journal import body, numbers, send
from tests.waiting import until

__all__ = ["admin"]  # a fixture of the broker's room

Http = aiohttp.ClientSession
Channel = aio_pika.abc.AbstractChannel
WORK_QUEUE = queue_name(own_queues(1)["xendit"])
WEBHOOKS = 40
REACH = 5.0


class Accepted:
    """What was answered 200, and when."""

    def __init__(self) -> None:
        self.at: dict[int, float] = {}

    def add(self, number: int) -> None:
        self.at[number] = time.monotonic()

    def last(self, seconds: float) -> set[int]:
        """Within so long before the last of them: on a machine that stood still these are not all."""
        end = max(self.at.values())
        return {number for number, at in self.at.items() if at > end - seconds}


async def held(admin: Channel) -> int:
    """Messages of the work queue."""
    queue = await admin.declare_queue(WORK_QUEUE, passive=True)
    return int(queue.declaration_result.message_count or 0)


async def forget(admin: Channel) -> None:
    """What the work queue holds."""
    queue = await admin.get_queue(WORK_QUEUE)
    await queue.purge()


async def everything(outbox: Outbox, wanted: set[int]) -> set[int]:
    found: set[int] = set()
    async with asyncio.timeout(120):
        while not wanted <= found:
            found |= set(numbers(await outbox.envelopes(1)))
    return found


async def test_what_a_broker_forgot_of_its_last_seconds_is_sent_again_without_a_person(
    start: Start, http: Http, outbox: Outbox, admin: Channel, broker_url: str
) -> None:
    async with proxied(broker_url) as (proxy, url), start(broker_url=url) as ingress:
        accepted = Accepted()
        for number in range(WEBHOOKS):
            # 200 is said when the broker has confirmed it as well: the deadline is a minute.
            assert await send(http, ingress, body(number)) == 200
            accepted.add(number)
        proxy.freeze()
        await forget(admin)
        assert await held(admin) == 0
        proxy.cut()
        proxy.thaw()
        assert accepted.last(REACH) <= await everything(outbox, accepted.last(REACH))


async def test_a_door_that_is_killed_together_with_such_a_broker_sends_it_again_too(
    start: Start, http: Http, outbox: Outbox, admin: Channel, broker_url: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    accepted = Accepted()
    async with ingress_process(broker_url, home=str(home), ingress_publish_deadline_seconds=60.0) as (
        process,
        port,
    ):
        address = f"http://127.0.0.1:{port}/webhooks/xendit"
        for number in range(WEBHOOKS):
            async with http.post(address, data=body(number), headers=XENDIT) as response:
                assert response.status == 200
            accepted.add(number)
        relayed = home / "journal" / "0" / "relayed.json"
        # It is remembered that the broker has all of it.
        await until(lambda: relayed.exists() and json.loads(relayed.read_text())["record"] == WEBHOOKS)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await forget(admin)
        async with start(home=home):
            assert accepted.last(REACH) <= await everything(outbox, accepted.last(REACH))


async def test_a_door_that_ends_in_order_beside_a_broker_that_is_well_sends_nothing_again(
    start: Start, http: Http, outbox: Outbox, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    async with start(home=home) as ingress:
        assert await send(http, ingress, body(1)) == 200
    remembered = json.loads((home / "journal" / "0" / "relayed.json").read_text())
    assert remembered == {"record": 1, "sure": 1}
    assert numbers(await outbox.envelopes(1)) == [1]
