"""`idempotency-key`, where Xendit documents it: the same key and body give the same answer, the same key with another body is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply
from providers.xendit.fake.ledger import XenditLedger
from providers.xendit.fake.state import KeptAnswer

HEADER = "idempotency-key"


class IdempotencyKeys:
    """Answers by key, within one kind of call; kept with the account. What was refused may be tried again under its key."""

    def __init__(self, ledger: XenditLedger, kind: str) -> None:
        self._ledger, self._kind = ledger, kind

    def once(self, call: FakeCall, work: Callable[[FakeCall], FakeReply]) -> FakeReply:
        key = call.headers.get(HEADER)
        if key is None:
            return work(call)
        answers, digest = self._ledger.state.answers, hashlib.sha256(call.body).hexdigest()
        kept = answers.get(f"{self._kind} {key}")
        if kept is not None:
            if kept.digest != digest:
                raise ApiRefusal(409, "IDEMPOTENCY_ERROR", "this idempotency key was used with another body")
            return FakeReply(kept.status, kept.document)
        reply = work(call)
        answers[f"{self._kind} {key}"] = KeptAnswer(digest, reply.status, reply.document)
        return reply
