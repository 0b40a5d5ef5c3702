"""Declares the topology and says what differs when the broker holds something else. Never deletes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelClosed, ChannelNotFoundEntity, ChannelPreconditionFailed
from aiormq.exceptions import ChannelAccessRefused

from runtime.amqp.consumer import open_channel
from runtime.amqp.link import Unusable, is_connection_loss
from runtime.logs import get_logger
from schemas.errors import ConfigurationError
from schemas.topology import Binding, Exchange, Queue, Topology

log = get_logger(__name__)

Doing = Callable[[AbstractChannel], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class DeclaredStep:
    """One thing that is created, or, by whoever may not create, looked for."""

    creates: Doing
    exists: Doing | None = None
    needed: bool = True


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
    # Twice: somebody may delete a queue between its declaration and its binding, and what is really wrong is so the second time too.
    problems = await _problems(connection, topology) and await _problems(connection, topology)
    if problems:
        raise TopologyMismatch(problems)


async def _problems(connection: AbstractConnection, topology: Topology) -> list[str]:
    problems: list[str] = []
    channel = await open_channel(connection)
    for step in _steps(topology):
        problem, channel = await _try(connection, channel, step.creates, step)
        if problem is not None:
            problems.append(problem)
    await channel.close()
    return problems


async def _try(
    connection: AbstractConnection, channel: AbstractChannel, doing: Doing, step: DeclaredStep
) -> tuple[str | None, AbstractChannel]:
    try:
        await doing(channel)
    except (ChannelPreconditionFailed, ChannelNotFoundEntity) as error:
        missing = doing is step.exists and isinstance(error, ChannelNotFoundEntity)
        problem = None if missing and not step.needed else _plain(error)
        return problem, await open_channel(connection)
    except ChannelAccessRefused:
        fresh = await open_channel(connection)
        if step.exists is None or doing is step.exists:
            return None, fresh
        return await _try(connection, fresh, step.exists, step)
    return None, channel


def _steps(topology: Topology) -> list[DeclaredStep]:
    return [
        *(
            DeclaredStep(_exchange(item, passive=False), _exchange(item, passive=True))
            for item in topology.exchanges
        ),
        *(
            DeclaredStep(_queue(item, passive=False), _queue(item, passive=True), needed=item.needed)
            for item in topology.queues
        ),
        *(DeclaredStep(_binding(item)) for item in topology.bindings),
    ]


def _exchange(exchange: Exchange, *, passive: bool) -> Doing:
    return lambda channel: channel.declare_exchange(
        exchange.name, exchange.kind, durable=True, passive=passive
    )


def _queue(queue: Queue, *, passive: bool) -> Doing:
    return lambda channel: channel.declare_queue(
        queue.name, durable=True, passive=passive, arguments=dict(queue.arguments)
    )


def _binding(binding: Binding) -> Doing:
    async def bind(channel: AbstractChannel) -> None:
        queue = await channel.get_queue(binding.queue, ensure=False)
        await queue.bind(binding.exchange, binding.routing_key)

    return bind


def _plain(error: ChannelClosed) -> str:
    """`PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received ..` as a clause."""
    text = str(error.args[0] if error.args else error)
    return text.split(" - ", 1)[-1].strip("'\"")


class Declared:
    """The topology as the first thing on every new connection.

    At the start other queues than ours are an error that no reconnect cures. Later somebody has deleted or changed one under a running
    process: that is told, and tried again until the broker holds what we need; meanwhile the connection counts as away.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._held = False
        self._told: list[str] = []

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        try:
            await declare(connection, self._topology)
        except TopologyMismatch as error:
            if not self._held:
                raise
            if self._told != error.problems:
                self._told = error.problems
                log.error(
                    "queues are missing or changed",
                    action="broker.topology",
                    problems="; ".join(error.problems),
                )
            raise Unusable("queues are missing or changed") from error
        self._held, self._told = True, []
        # The link watches the channel it gets; this one only keeps the contract.
        return await open_channel(connection)

    def detach(self) -> None:
        """Nothing to forget."""


class DeclaredAside:
    """A topology that must never hold anything up: what goes wrong with it is told, and the connection is used all the same."""

    def __init__(self, topology: Topology, seconds: float) -> None:
        self._topology = topology
        self._seconds = seconds
        self._told = False

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        try:
            async with asyncio.timeout(self._seconds):
                await declare(connection, self._topology)
            self._told = False
        except BaseException as error:
            if not isinstance(error, TopologyMismatch | TimeoutError) and not is_connection_loss(error):
                raise
            if not self._told:
                self._told = True
                problem = (
                    "; ".join(error.problems) if isinstance(error, TopologyMismatch) else type(error).__name__
                )
                log.warning(
                    "the quarantine's queue is not as it should be", action="broker.aside", problem=problem
                )
        return await open_channel(connection)

    def detach(self) -> None:
        """Nothing to forget."""
