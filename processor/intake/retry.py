"""Sending a single delivery on a detour: through a retry tier, or to the parking lot.

Always a new publish with a confirm, then the acknowledgement of the old message: a crash in between makes a duplicate, never a gap.
The only module that knows how a delay is made. Our own attempt header counts; brokers from 4.0 on ignore `x-death` of republished
messages (https://www.rabbitmq.com/docs/dlx), so none of the old headers are carried over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from processor.intake.interpreter import ERROR_LIMIT, ERRORS_MAX, WhyParked
from runtime.amqp.consumer import Incoming
from runtime.amqp.publisher import Message
from runtime.faults import fault_point
from schemas.envelope import (
    ATTEMPT_HEADER,
    CONTENT_TYPE,
    PARTITION_HEADER,
    SUSPECT_HEADER,
    Envelope,
    pack,
)
from schemas.errors import Transient
from schemas.topology import DEAD, WEBHOOKS, retry_name, routing_key, staying, work_number
from schemas.trace_context import TRACEPARENT

STAGE_HEADER = "lunas-stage"
REASON_HEADER = "lunas-reason"
DETAIL_HEADER = "lunas-detail"
ERRORS_HEADER = "lunas-errors"
"""A JSON list: what each trip through the tiers was for, oldest first."""
KEPT = (ATTEMPT_HEADER, PARTITION_HEADER, ERRORS_HEADER, TRACEPARENT)


class Publishing(Protocol):
    """A publisher with confirms, such as `runtime.amqp.broker.Publisher`."""

    async def publish(self, message: Message, *, deadline: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Detours:
    """Retry tiers and parking lot of one partition. `deadline`: seconds for a confirm; `attempts`: trips before parking."""

    publisher: Publishing
    partition: int
    delays: Sequence[float]
    attempts: int
    deadline: float

    async def later(
        self, envelope: Envelope, attempt: int, reason: str, errors: Sequence[str] = ()
    ) -> float | None:
        """Send it through the tier of this attempt (from 0); the delay in seconds, or None when it went to the parking lot instead.

        `errors`: why it was sent through the tiers before.

        Raises NotConfirmed or Unroutable; the message that brought it is then still ours.
        """
        if attempt >= min(self.attempts, len(self.delays)):
            why = WhyParked("append", "retries_exhausted", reason, attempt, tuple(errors))
            fault_point("intake.before_dead")
            await self.park(pack([envelope]), why)
            fault_point("intake.after_dead")
            return None
        delay = self.delays[attempt]
        told = [*errors, reason[:ERROR_LIMIT]][-ERRORS_MAX:]
        headers: dict[str, str | int | bool] = {
            ATTEMPT_HEADER: attempt + 1,
            PARTITION_HEADER: self.partition,
            ERRORS_HEADER: _written(told),
        }
        return await self._through(delay, routing_key(self.partition), pack([envelope]), headers)

    async def alone(self, envelope: Envelope) -> None:
        """Send a delivery through the same queue again in a message of its own. Raises NotConfirmed or Unroutable.

        By way of the shortest tier: in production no user of ours but ingress and the operator may write to the webhooks themselves.
        """
        headers = {PARTITION_HEADER: self.partition}
        await self._through(0, routing_key(self.partition), pack([envelope]), headers)

    async def back(self, message: Incoming, partitions: int) -> None:
        """Send what the broker took out of a work queue through it once more, to be worked on with care. Raises NotConfirmed or Unroutable.

        A queue that is left over from more partitions gets nothing new: it may be deleted before the tier lets go.
        """
        number = staying(work_number(message.routing_key) or 0, partitions)
        headers: dict[str, str | int | bool] = {
            name: value
            for name, value in message.headers.items()
            if name in KEPT and isinstance(value, str | int)
        }
        await self._through(0, routing_key(number), message.body, headers | {SUSPECT_HEADER: True})

    async def park(self, body: bytes, why: WhyParked) -> None:
        """Send it to the parking lot with its reason. Raises NotConfirmed or Unroutable."""
        headers: dict[str, str | int | bool] = {
            ATTEMPT_HEADER: why.attempts,
            PARTITION_HEADER: self.partition,
            STAGE_HEADER: why.stage,
            REASON_HEADER: why.reason,
            DETAIL_HEADER: why.detail,
        }
        if why.errors:
            headers[ERRORS_HEADER] = _written(why.errors)
        await self._publish(DEAD, routing_key(self.partition), body, headers)

    async def _through(
        self, delay: float, key: str, body: bytes, headers: Mapping[str, str | int | bool]
    ) -> float | None:
        """Through the tier of this delay, or the next longer one where that does not take it: one queue of the broker that is dead must hold up nobody.

        The delay it goes by; None where there are no tiers, and it went straight back.
        """
        tiers = sorted(tier for tier in self.delays if tier >= delay)[:2]
        for number, tier in enumerate(tiers, 1):
            try:
                await self._publish(retry_name(tier), key, body, headers)
            except Transient:
                if number == len(tiers):
                    raise
            else:
                return tier
        await self._publish(WEBHOOKS, key, body, headers)
        return None

    async def _publish(
        self, exchange: str, key: str, body: bytes, headers: Mapping[str, str | int | bool]
    ) -> None:
        message = Message(exchange, key, body, CONTENT_TYPE, headers)
        await self.publisher.publish(message, deadline=self.deadline)


def attempt_of(headers: Mapping[str, object]) -> int:
    """Trips through the retry tiers so far."""
    attempt = headers.get(ATTEMPT_HEADER, 0)
    return attempt if isinstance(attempt, int) and attempt > 0 else 0


def errors_of(headers: Mapping[str, object]) -> tuple[str, ...]:
    """Why it was sent through the retry tiers, oldest first; nothing where the header is not ours."""
    written = headers.get(ERRORS_HEADER)
    try:
        told = orjson.loads(written) if isinstance(written, str) else []
    except orjson.JSONDecodeError:
        return ()
    if not isinstance(told, list):
        return ()
    return tuple(each[:ERROR_LIMIT] for each in told[-ERRORS_MAX:] if isinstance(each, str))


def _written(errors: Sequence[str]) -> str:
    return orjson.dumps(list(errors)).decode()


def is_undecided(message: Incoming) -> bool:
    """Whether the broker took it out of a work queue because it was delivered so often: that alone says nothing about the message, which may only have
    waited in the hands of workers that died of others."""
    headers = message.headers
    return (
        STAGE_HEADER not in headers
        and _taken_out_for(headers) == "delivery_limit"
        and work_number(message.routing_key) is not None
    )


def _taken_out_for(headers: Mapping[str, object]) -> object:
    """Why the broker moved it for the last time: it may have come through retry tiers before. Only newer brokers say so in a header of its own."""
    deaths = headers.get("x-death")
    newest = deaths[0] if isinstance(deaths, list) and deaths else None
    told = newest.get("reason") if isinstance(newest, Mapping) else headers.get("x-first-death-reason")
    return headers.get("x-last-death-reason", told)


def why_parked(headers: Mapping[str, object]) -> WhyParked:
    """Stage and reason of a message in the parking lot: ours, or the broker's when it was its safety net."""
    stage, reason, detail = (headers.get(name) for name in (STAGE_HEADER, REASON_HEADER, DETAIL_HEADER))
    if isinstance(stage, str) and isinstance(reason, str):
        said = detail if isinstance(detail, str) else ""
        return WhyParked(stage, reason, said, attempt_of(headers), errors_of(headers))
    broker = headers.get("x-first-death-reason")
    queue = headers.get("x-first-death-queue")
    return WhyParked(
        "broker",
        broker if isinstance(broker, str) else "dead_lettered",
        f"taken out of {queue} by the broker" if isinstance(queue, str) else "",
        attempt_of(headers),
        errors_of(headers),
    )
