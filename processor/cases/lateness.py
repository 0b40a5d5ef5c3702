"""Money that came after its request, or this very attempt, had ended."""

from __future__ import annotations

from processor.cases.attempts import Attempt, Report, RequestOnly
from processor.cases.payment import PaymentFacts


def late(facts: PaymentFacts, attempts: tuple[str, ...]) -> bool:
    """Paid after the request or this very attempt had expired or failed: by the provider's clock, else by arrival.

    A request of ours ends when we said it would, whatever the provider still accepts.
    """
    if not attempts:
        return False
    if _after_our_end(facts, attempts):
        return True
    ends = [
        attempt.ended
        for key, attempt in facts.attempts.items()
        if attempt.ended and (key == RequestOnly or key in attempts)
    ]
    if not ends:
        return False
    paid = [facts.attempts[a] for a in attempts if facts.attempts[a].succeeded]
    return any(_after(attempt, end) for attempt in paid for end in ends)


def _after(attempt: Attempt, end: Report) -> bool:
    if attempt.timed and end.timed and attempt.paid_at is not None:
        return attempt.paid_at > end.at
    return (attempt.success_position or 0) > end.position


def _after_our_end(facts: PaymentFacts, attempts: tuple[str, ...]) -> bool:
    end = facts.request.expires_at if facts.request else None
    paid_at = facts.paid_at(attempts) if end else None
    return end is not None and paid_at is not None and paid_at > end
