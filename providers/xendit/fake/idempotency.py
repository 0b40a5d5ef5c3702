"""`idempotency-key`, where Xendit documents it: the same key and body give the same answer, the same key with another body is refused."""

from __future__ import annotations

from collections.abc import Callable

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply

HEADER = "idempotency-key"


class IdempotencyKeys:
    """Answers by key. What was refused may be tried again under its key."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[bytes, FakeReply]] = {}

    def once(self, call: FakeCall, work: Callable[[FakeCall], FakeReply]) -> FakeReply:
        key = call.headers.get(HEADER)
        if key is None:
            return work(call)
        if key in self._answers:
            body, reply = self._answers[key]
            if body != call.body:
                raise ApiRefusal(409, "IDEMPOTENCY_ERROR", "this idempotency key was used with another body")
            return reply
        reply = work(call)
        self._answers[key] = (call.body, reply)
        return reply
