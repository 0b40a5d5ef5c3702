"""The AMQP topology as data: exchanges, queues with their arguments, bindings, and which partition a key belongs to.

`runtime.amqp.broker` declares it once and checks it at start. Works alike on RabbitMQ 3.10 and 4.x. Nothing here does I/O.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

Argument = str | int | bool

WEBHOOKS = "lunas.webhooks"
DEAD = "lunas.dead"
PARKED = "lunas.parked"
QUARANTINE = "lunas.rejected"
QUARANTINE_KEY = "rejected"
CHANGES = "lunas.changes"
# Until 0.1 the quarantine was a classic queue on one node; what is still in it is brought away (docs/runbooks/move-the-quarantine.md).
OLD_QUARANTINE = "lunas.quarantine"

# Providers with work queues of their own, so that what waits of one keeps no other waiting (ADR 0088): those that we ship and that call us. A name's place
# is part of its queues' numbers: new ones come at the end. Who is not named shares the first queues, with what is sent through again.
APART = ("xendit", "scalev", "mayar")

# seconds; a short blip, a failover, a deploy, an outage, a long outage. After the last one a message is parked.
RETRY_DELAYS: tuple[float, ...] = (5, 30, 300, 1800, 7200)

# 3.10 drops a message at its first redelivery when the limit is -1 or 0; so it is always set, and never to those.
WORK_DELIVERY_LIMIT = 20
# A person may look at a parked message as often as they like.
PARKED_DELIVERY_LIMIT = 1_000_000
# A day of 380,000 deliveries of 1.5 KB is 0.6 GB; above this the publisher is refused and ingress answers 503.
WORK_MAX_BYTES = 2 * 1024**3
# Rejected requests may be up to 1 MiB each and come from anybody: whichever bound is reached first, the oldest gives way.
QUARANTINE_MAX_LENGTH = 10_000
QUARANTINE_MAX_BYTES = 64 * 1024**2
QUARANTINE_TTL_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Queue:
    """`needed`: nothing works without it. The others are used where they are."""

    name: str
    arguments: Mapping[str, Argument]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Binding:
    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Topology:
    """What the broker must hold. Everything is durable, nothing is exclusive or deleted automatically."""

    exchanges: Sequence[Exchange] = field(repr=False)
    queues: Sequence[Queue] = field(repr=False)
    bindings: Sequence[Binding] = field(repr=False)

    def routes(self, exchange: str, key: str) -> bool:
        """Whether a message published so has a queue here."""
        return any(
            binding.exchange == exchange and binding.routing_key in (key, "") for binding in self.bindings
        )


def topology(partitions: int = 1, retry_delays: Sequence[float] = RETRY_DELAYS) -> Topology:
    """What webhooks need, for a number of partitions. Raises ValueError on impossible numbers."""
    if partitions < 1:
        raise ValueError("there is at least one partition")
    if any(delay <= 0 for delay in retry_delays):
        raise ValueError("a retry delay is a positive number of seconds")
    tiers = [retry_name(delay) for delay in retry_delays]
    numbers = range(work_queues(partitions))
    return Topology(
        exchanges=(
            Exchange(WEBHOOKS, "direct"),
            *(Exchange(name, "fanout") for name in tiers),
            Exchange(DEAD, "fanout"),
        ),
        queues=(
            *(Queue(queue_name(number), _work_arguments(), needed=number < partitions) for number in numbers),
            *(Queue(retry_name(delay), _tier_arguments(delay)) for delay in retry_delays),
            Queue(PARKED, _frozen({"x-queue-type": "quorum", "x-delivery-limit": PARKED_DELIVERY_LIMIT})),
        ),
        bindings=(
            *(Binding(WEBHOOKS, queue_name(number), routing_key(number)) for number in numbers),
            *(Binding(name, name, "") for name in tiers),
            Binding(DEAD, PARKED, ""),
        ),
    )


def quarantine() -> Topology:
    """What rejected requests need; apart, because nothing about it may hold up a webhook."""
    return Topology(
        exchanges=(Exchange(QUARANTINE, "direct"),),
        queues=(Queue(QUARANTINE, _quarantine_arguments()),),
        bindings=(Binding(QUARANTINE, QUARANTINE, QUARANTINE_KEY),),
    )


def changes() -> Topology:
    """Where changes of read models are told; who wants to hear of them brings a queue and binds it (docs/changes.md)."""
    return Topology(exchanges=(Exchange(CHANGES, "topic"),), queues=(), bindings=())


def queue_name(number: int) -> str:
    return f"{WEBHOOKS}.p{number}"


def routing_key(number: int) -> str:
    return f"webhooks.p{number}"


def work_queues(partitions: int) -> int:
    """How many work queues so many partitions have: the shared ones come first, then those of each provider of APART."""
    return partitions * (1 + len(APART))


def own_queues(partitions: int) -> dict[str, int]:
    """By provider of APART: how far the numbers of its own queues are from those of the shared ones."""
    return {provider: place * partitions for place, provider in enumerate(APART, 1)}


def staying(number: int, partitions: int) -> int:
    """The work queue where what came by this one goes again: a queue that is left over from more partitions gets nothing new."""
    return number if number < work_queues(partitions) else number % partitions


def work_number(key: str) -> int | None:
    """The number of the work queue that a routing key is of."""
    before = routing_key(0)[:-1]
    number = key.removeprefix(before)
    return int(number) if key.startswith(before) and number.isdecimal() else None


def retry_name(delay: float) -> str:
    """Name of a tier's exchange and of its queue, e.g. `lunas.retry.30s`."""
    return f"lunas.retry.{delay:g}s"


def partition_of(key: str | bytes, partitions: int) -> int:
    """Partition of a stream key: stable across processes, machines and restarts (unlike `hash`)."""
    if partitions == 1:
        return 0
    data = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
    return zlib.crc32(data) % partitions


def _frozen(arguments: dict[str, Argument]) -> Mapping[str, Argument]:
    return MappingProxyType(arguments)


def _work_arguments() -> Mapping[str, Argument]:
    return _frozen(
        {
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-delivery-limit": WORK_DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-max-length-bytes": WORK_MAX_BYTES,
        }
    )


def _tier_arguments(delay: float) -> Mapping[str, Argument]:
    # No dead-letter routing key: the message keeps its own, so one tier serves every partition.
    return _frozen(
        {
            "x-queue-type": "quorum",
            "x-message-ttl": int(delay * 1000),
            "x-delivery-limit": WORK_DELIVERY_LIMIT,
            "x-dead-letter-exchange": WEBHOOKS,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-max-length-bytes": WORK_MAX_BYTES,
        }
    )


def _quarantine_arguments() -> Mapping[str, Argument]:
    # Requests nobody vouched for: bounded, the oldest gives way, and never a reason to refuse a real webhook.
    return _frozen(
        {
            "x-queue-type": "quorum",
            "x-delivery-limit": WORK_DELIVERY_LIMIT,
            "x-max-length": QUARANTINE_MAX_LENGTH,
            "x-max-length-bytes": QUARANTINE_MAX_BYTES,
            "x-message-ttl": QUARANTINE_TTL_MS,
            "x-overflow": "drop-head",
        }
    )
