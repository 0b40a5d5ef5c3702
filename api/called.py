"""Calls to providers as events on the timeline of what they were about: each try as it was made, and what is said again only once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from providers.call_record import CallMade
from providers.outgoing import CallFailed
from runtime.ids import utc_now
from schemas.request_facts import CallOutcome, ProviderCalled


@dataclass(frozen=True, slots=True)
class TurnAtProvider:
    """What became of one turn. `made`: the calls of it, each try by itself."""

    outcome: CallOutcome
    status: int | None
    code: str | None
    milliseconds: int
    made: tuple[CallMade, ...] = ()

    @classmethod
    def since(
        cls,
        began: float,
        made: Sequence[CallMade],
        outcome: CallOutcome = "answered",
        failed: CallFailed | None = None,
    ) -> TurnAtProvider:
        """`began`: by the monotonic clock."""
        milliseconds = round((time.monotonic() - began) * 1000)
        if failed is None:
            return cls(outcome, None, None, milliseconds, tuple(made))
        return cls(failed.outcome, failed.status, failed.said_code or failed.code, milliseconds, tuple(made))

    def told(
        self, request_id: str, provider: str, reference: str, operation: str = "open"
    ) -> Iterator[ProviderCalled]:
        """Each call as it was made; where none was, what became of the turn, as `operation`."""
        about = {"request_id": request_id, "provider": provider, "reference": reference}
        for one in self.made:
            call = {
                "occurred_at": one.began_at,
                "operation": one.operation,
                "outcome": one.outcome,
                "status": one.status,
                "code": one.code,
                "milliseconds": one.milliseconds,
            }
            yield ProviderCalled.model_validate(about | call)
        if not self.made:
            call = {
                "occurred_at": utc_now(),
                "operation": operation,
                "outcome": self.outcome,
                "status": self.status,
                "code": self.code,
                "milliseconds": self.milliseconds,
            }
            yield ProviderCalled.model_validate(about | call)
