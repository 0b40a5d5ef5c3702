"""A publisher that tells its publishes: each message bears the context of its own span, in its headers (W3C)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from runtime.amqp.publisher import Message
from runtime.tracing import LINKS_MAX, Tracer
from schemas.envelope import CONTENT_TYPE, contexts_in
from schemas.trace_context import TRACEPARENT


class ConfirmingPublisher(Protocol):
    """What publishes with confirms, such as `Publisher`."""

    @property
    def is_ready(self) -> bool: ...

    async def wait_ready(self) -> None: ...

    async def publish(self, message: Message, *, deadline: float) -> None: ...


class TracedPublisher:
    """Takes the place of a publisher of envelopes. A span lasts from the publish to the broker's confirm.

    A message of several envelopes is told in the trace of the first one that is recorded, with links to the others.
    """

    def __init__(self, inner: ConfirmingPublisher, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    @property
    def is_ready(self) -> bool:
        return self._inner.is_ready

    async def wait_ready(self) -> None:
        await self._inner.wait_ready()

    async def publish(self, message: Message, *, deadline: float) -> None:
        """As `Publisher.publish`."""
        contexts = list(_contexts(message))
        if not contexts:
            await self._inner.publish(message, deadline=deadline)
            return
        destination = f"{message.exchange}:{message.routing_key}"
        span = self._tracer.begin(
            f"send {message.exchange}",
            "producer",
            parent=contexts[0],
            links=contexts[1:LINKS_MAX],
            attributes={
                "messaging.system": "rabbitmq",
                "messaging.operation.type": "send",
                "messaging.destination.name": destination,
            },
        )
        if span.context is not None:
            message = replace(message, headers={**message.headers, TRACEPARENT: span.context})
        error: str | None = "Cancelled"
        try:
            await self._inner.publish(message, deadline=deadline)
            error = None
        except Exception as failure:
            error = type(failure).__name__
            raise
        finally:
            span.end(error=error)


def _contexts(message: Message) -> Iterator[str]:
    return contexts_in(message.body) if message.content_type == CONTENT_TYPE else iter(())
