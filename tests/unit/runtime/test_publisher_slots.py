"""What a queue that never answers may take of a publisher: slots of its own, and none of the others'. The broker is a few lines."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from runtime.amqp.broker import Broker
from runtime.amqp.publisher import (
    LEAST_OF_ONE,
    OUTSTANDING,
    Message,
    Publisher,
    share_of,
)
from schemas.errors import NotConfirmed
from schemas.topology import WEBHOOKS, Topology, changes, quarantine, topology
from tests.waiting import turns, until

LONG = 3600.0


class Deaf:
    """Connection, channel and exchange in one: confirms at once, but for routing keys that are `silent`."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.answers = asyncio.Event()
        self.fed: Counter[str] = Counter()
        self.channels = 0
        self.close_callbacks: set[Callable[[object, None], Awaitable[None]]] = set()

    def channel(self, **_: object) -> Deaf:
        self.channels += 1
        return self

    async def initialize(self) -> None: ...

    async def get_exchange(self, name: str, *, ensure: bool) -> Deaf:
        return self

    async def publish(self, message: object, routing_key: str, *, mandatory: bool) -> None:
        self.fed[routing_key] += 1
        if routing_key in self.silent:
            await self.answers.wait()


async def attached(queues: int, *used: str) -> tuple[Publisher, Deaf]:
    """With channels for routing keys that were `used`."""
    publisher, deaf = Publisher(queues=queues), Deaf()
    connection: Any = deaf
    await publisher.attach(connection)
    for key in used:
        await publisher.publish(Message(WEBHOOKS, key, b""), deadline=LONG)
    return publisher, deaf


async def given_up(publisher: Publisher, key: str) -> None:
    with pytest.raises(NotConfirmed):
        await publisher.publish(Message(WEBHOOKS, key, b""), deadline=0.001)


async def test_a_queue_that_never_answers_takes_no_slot_of_the_others() -> None:
    publisher, deaf = await attached(4, "a", "b")
    deaf.silent = {"a", "b"}
    deaf.fed.clear()
    for key in ("a", "b"):
        for _ in range(2 * OUTSTANDING):
            await given_up(publisher, key)
    # As much as is its own is with the broker, and the rest never was: it is not fed for ever.
    assert deaf.fed == {"a": share_of(4), "b": share_of(4)}
    for _ in range(2 * OUTSTANDING):
        await publisher.publish(Message(WEBHOOKS, "c", b""), deadline=LONG)
    # Another exchange leads to another queue: each has a channel.
    await publisher.publish(Message("elsewhere", "c", b""), deadline=LONG)
    assert deaf.channels == 4


async def test_a_queue_that_answers_at_last_has_its_slots_again() -> None:
    publisher, deaf = await attached(4, "a")
    deaf.silent = {"a"}
    deaf.fed.clear()
    for _ in range(share_of(4) + 1):
        await given_up(publisher, "a")
    assert publisher.stalled_seconds() > 0
    deaf.answers.set()
    await until(lambda: publisher.stalled_seconds() == 0)
    await asyncio.gather(
        *(publisher.publish(Message(WEBHOOKS, "a", b""), deadline=LONG) for _ in range(3 * share_of(4)))
    )
    assert deaf.fed["a"] == 4 * share_of(4)


async def test_a_lost_channel_gives_all_of_them_back() -> None:
    publisher, deaf = await attached(4, "a")
    deaf.silent = {"a"}
    deaf.fed.clear()
    for _ in range(share_of(4)):
        await given_up(publisher, "a")
    publisher.detach()
    other = Deaf()
    connection: Any = other
    await publisher.attach(connection)
    for _ in range(2 * share_of(4)):
        await publisher.publish(Message(WEBHOOKS, "a", b""), deadline=LONG)


def test_the_shares_of_all_queues_are_together_what_a_frozen_broker_is_fed() -> None:
    assert share_of(1) == OUTSTANDING
    assert [share_of(queues) for queues in (2, 3, 4)] == [32, 21, 16]
    assert share_of(5) == share_of(100) == LEAST_OF_ONE
    assert all(
        share_of(queues) * queues <= OUTSTANDING for queues in range(1, OUTSTANDING // LEAST_OF_ONE + 1)
    )


async def test_a_channel_that_ends_by_itself_is_told_while_its_connection_lives() -> None:
    told: list[str] = []
    publisher, deaf = Publisher(queues=2, lost=lambda: told.append("lost")), Deaf()
    connection: Any = deaf
    await publisher.attach(connection)
    for key in ("a", "b"):
        await publisher.publish(Message(WEBHOOKS, key, b""), deadline=LONG)
    # The first one is the link's, which watches it itself.
    [closed] = deaf.close_callbacks
    await closed(deaf, None)
    assert told == ["lost"]
    publisher.detach()
    await closed(deaf, None)
    assert told == ["lost"]


class Mute(Deaf):
    """Opens no channel but the first before it `answers`."""

    async def initialize(self) -> None:
        if self.channels > 1:
            await self.answers.wait()


async def test_a_channel_that_does_not_open_holds_up_its_own_queue_and_opens_once_for_all_who_wait() -> None:
    publisher, mute = Publisher(queues=2), Mute()
    connection: Any = mute
    await publisher.attach(connection)
    await publisher.publish(Message(WEBHOOKS, "a", b""), deadline=LONG)
    await given_up(publisher, "b")
    await publisher.publish(Message(WEBHOOKS, "a", b""), deadline=LONG)
    assert publisher.stalled_seconds() > 0
    waiting = [
        asyncio.create_task(publisher.publish(Message(WEBHOOKS, "b", b""), deadline=LONG)) for _ in range(3)
    ]
    await turns()
    mute.answers.set()
    await asyncio.gather(*waiting)
    assert (mute.channels, mute.fed["b"], publisher.stalled_seconds()) == (2, 3, 0)


async def test_a_connection_that_ends_while_a_channel_opens_costs_a_try() -> None:
    publisher, mute = Publisher(queues=2), Mute()
    connection: Any = mute
    await publisher.attach(connection)
    await publisher.publish(Message(WEBHOOKS, "a", b""), deadline=LONG)
    waiting = asyncio.create_task(publisher.publish(Message(WEBHOOKS, "b", b""), deadline=LONG))
    await turns()
    publisher.detach()
    await turns()
    other: Any = Deaf()
    await publisher.attach(other)
    await waiting
    assert (mute.fed["b"], other.fed["b"]) == (0, 1)


async def test_a_process_shares_among_the_queues_of_its_topology() -> None:
    plain = Broker("amqp://nowhere", name="test")
    ours = Broker("amqp://nowhere", name="test", topology=topology(2, (5.0,)))
    assert (plain.publisher.share, ours.publisher.share) == (OUTSTANDING, LEAST_OF_ONE)


@pytest.mark.parametrize("ours", [topology(1), quarantine(), changes()], ids=["work", "quarantine", "changes"])
async def test_every_topology_of_ours_can_be_published_to(ours: Topology) -> None:
    """That of the changes has an exchange alone: its queues are bound by those who listen."""
    assert LEAST_OF_ONE <= Broker("amqp://nowhere", name="test", topology=ours).publisher.share <= OUTSTANDING
