"""Tells attempts to notify somebody in the trace of the decision they tell of: put in the way where traces are on, and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from eventstore.read import traced_at
from notify.outcome import Outcome
from notify.webhooks import ToSend
from runtime.database import Connection
from runtime.tracing import Span, Tracer, inside

Attempt = Callable[[], Awaitable[Outcome]]


async def with_traces(connection: Connection, claimed: Sequence[ToSend]) -> list[ToSend]:
    """Each with the trace context of its event, where that has one."""
    contexts = await traced_at(connection, {one.position for one in claimed}) if claimed else {}
    return [one._replace(traceparent=contexts.get(one.position)) for one in claimed]


async def told(by: Tracer, delivery: ToSend, attempt: Attempt) -> Outcome:
    """What came of an attempt. Whatever it is to be told of was not recorded, neither is this."""
    if delivery.traceparent is None:
        return await attempt()
    span = by.begin(
        f"notify {delivery.kind}",
        "client",
        parent=delivery.traceparent,
        attributes={
            "lunas.kind": delivery.kind,
            "lunas.receiver": delivery.receiver,
            "lunas.attempt": delivery.attempts,
        },
    )
    with inside(span):
        try:
            outcome = await attempt()
        except BaseException as error:
            span.end(error=type(error).__name__)
            raise
    _end(span, outcome)
    return outcome


def _end(span: Span, outcome: Outcome) -> None:
    if outcome.answered is not None:
        span.tell({"http.response.status_code": outcome.answered})
    span.end(error=None if outcome.ok else outcome.trouble or "failed")
