"""A broker that is away, or holds other queues than ours."""

from __future__ import annotations

import socket

from schemas.topology import DEAD, WEBHOOKS, queue_name, retry_name, work_queues
from tests.integration.doctor.conftest import World
from tests.integration.doctor.mistakes.table import (
    channel,
    mistake,
)

LEFT_OVER = queue_name(work_queues(1))


@mistake("broker", "RabbitMQ", "")
async def a_wrong_password_of_the_broker(world: World) -> None:
    world.set(
        LUNAS_BROKER_URL=world.broker_url.replace("//", "//nobody:wrong@", 1).replace("wrong@", "wrong@", 1)
    )


@mistake("broker", "RabbitMQ does not answer", "")
async def a_broker_that_is_away(world: World) -> None:
    world.set(LUNAS_BROKER_URL="amqp://u:p@127.0.0.1:1/")


@mistake("broker", "gives no answer", "")
async def a_broker_that_hangs(world: World) -> None:
    silent = world.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    world.set(
        LUNAS_BROKER_URL=f"amqp://u:p@127.0.0.1:{silent.getsockname()[1]}/", LUNAS_PROBE_TIMEOUT_SECONDS=1
    )


@mistake("queues", "lunas.retry.30s", "definitions")
async def a_deleted_queue(world: World) -> None:
    await (await channel(world)).queue_delete(retry_name(30))


@mistake("queues", "lunas.dead", "definitions")
async def a_deleted_exchange(world: World) -> None:
    await (await channel(world)).exchange_delete(DEAD)


@mistake("queues", "x-message-ttl", "rabbitmqctl delete_queue")
async def a_retry_queue_of_another_length(world: World) -> None:
    opened = await channel(world)
    name = retry_name(5)
    await opened.queue_delete(name)
    more = {
        "x-dead-letter-exchange": WEBHOOKS,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    limits = {"x-delivery-limit": 20, "x-max-length-bytes": 2 * 1024**3}
    await opened.declare_queue(
        name, durable=True, arguments={"x-queue-type": "quorum", "x-message-ttl": 1000, **more, **limits}
    )


@mistake("queues", "x-dead-letter-exchange", "rabbitmqctl delete_queue")
async def a_retry_queue_that_leads_elsewhere(world: World) -> None:
    opened = await channel(world)
    name = retry_name(300)
    await opened.queue_delete(name)
    more = {
        "x-dead-letter-exchange": "amq.fanout",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    limits = {"x-delivery-limit": 20, "x-max-length-bytes": 2 * 1024**3}
    await opened.declare_queue(
        name, durable=True, arguments={"x-queue-type": "quorum", "x-message-ttl": 300_000, **more, **limits}
    )


@mistake("partitions", LEFT_OVER, "docs/runbooks/change-partitions.md")
async def a_queue_that_is_left_over(world: World) -> None:
    await (await channel(world)).declare_queue(LEFT_OVER, durable=True, arguments={"x-queue-type": "quorum"})


@mistake("consumers", queue_name(0), "lunas run processor")
async def nobody_reads(world: World) -> None:
    await world.consumers.close()
