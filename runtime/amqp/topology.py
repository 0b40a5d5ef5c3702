"""Declares the topology and says what differs when the broker holds something else. Never deletes anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed
from aiormq.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelAccessRefused, ChannelClosed

from runtime.logs import get_logger
from schemas.errors import ConfigurationError
from schemas.topology import Binding, Exchange, Queue, Topology

log = get_logger(__name__)

Step = Callable[[AbstractChannel], Awaitable[object]]


class TopologyMismatch(ConfigurationError):
    """The broker holds other exchanges or queues than ours. `problems` names each one."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            "The broker's queues are not what this version needs: "
            + "; ".join(problems)
            + ". Where processes may not create queues, import definitions for this LUNAS_BROKER_PARTITIONS to add what is missing"
            " (docs/runbooks/change-partitions.md). Drain and delete what differs (rabbitmqctl delete_queue NAME), or use another"
            " vhost in LUNAS_BROKER_URL; nothing was changed."
        )
        self.problems = problems


async def declare(connection: AbstractConnection, topology: Topology) -> None:
    """Creates what is missing and checks what is there, argument by argument. Raises TopologyMismatch.

    A user without the right to configure only checks that everything exists.
    """
    problems: list[str] = []
    channel = await connection.channel(publisher_confirms=False)
    for exists, creates in _steps(topology):
        problem, channel = await _try(connection, channel, creates, exists)
        if problem is not None:
            problems.append(problem)
    await channel.close()
    if problems:
        raise TopologyMismatch(problems)


async def _try(
    connection: AbstractConnection, channel: AbstractChannel, step: Step, otherwise: Step | None
) -> tuple[str | None, AbstractChannel]:
    try:
        await step(channel)
    except (ChannelPreconditionFailed, ChannelNotFoundEntity) as error:
        return _plain(error), await connection.channel(publisher_confirms=False)
    except ChannelAccessRefused:
        fresh = await connection.channel(publisher_confirms=False)
        return (None, fresh) if otherwise is None else await _try(connection, fresh, otherwise, None)
    return None, channel


def _steps(topology: Topology) -> list[tuple[Step | None, Step]]:
    return [
        *((_exchange(item, passive=True), _exchange(item, passive=False)) for item in topology.exchanges),
        *((_queue(item, passive=True), _queue(item, passive=False)) for item in topology.queues),
        *((None, _binding(item)) for item in topology.bindings),
    ]


def _exchange(exchange: Exchange, *, passive: bool) -> Step:
    return lambda channel: channel.exchange_declare(
        exchange.name, exchange_type=exchange.kind, durable=True, passive=passive
    )


def _queue(queue: Queue, *, passive: bool) -> Step:
    return lambda channel: channel.queue_declare(
        queue.name, durable=True, passive=passive, arguments=dict(queue.arguments)
    )


def _binding(binding: Binding) -> Step:
    return lambda channel: channel.queue_bind(
        binding.queue, binding.exchange, routing_key=binding.routing_key
    )


def _plain(error: ChannelClosed) -> str:
    """`PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received ..` as a clause."""
    text = str(error.args[0] if error.args else error)
    return text.split(" - ", 1)[-1].strip("'\"")
