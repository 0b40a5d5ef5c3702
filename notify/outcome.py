"""What an attempt came to, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

GONE = 410
ASK_FOR_QUIET = (429, 503)
"""Answers that speak of their receiver and not of one message (RFC 6585, 4; RFC 9110, 15.6.4)."""

Status = Literal["waiting", "delivered", "failed", "skipped"]


class Outcome(NamedTuple):
    """`trouble`: why it failed, a stable code; `final`: no further attempt can do better; `told` of a receiver's fault, not of ours."""

    ok: bool
    answered: int | None = None
    trouble: str | None = None
    retry_after: float | None = None
    final: bool = False

    @property
    def quiet(self) -> float:
        """For how many seconds from now its receiver asks to be sent nothing at all; 0 when it does not."""
        return max(self.retry_after or 0.0, 0.0) if self.answered in ASK_FOR_QUIET else 0.0


class Next(NamedTuple):
    """`due`: seconds from now."""

    status: Status
    due: float = 0.0


def next_of(outcome: Outcome, attempts: int, schedule: Sequence[float], retry_after_max: float) -> Next:
    """After attempt number `attempts`, counted from 1. `schedule`: the pauses before each further one."""
    if outcome.ok:
        return Next("delivered")
    if outcome.final:
        return Next("skipped")
    if attempts > len(schedule):
        return Next("failed")
    asked = min(outcome.retry_after or 0.0, retry_after_max)
    return Next("waiting", max(schedule[attempts - 1], asked))


def of_status(status: int, retry_after: str | None, now: datetime) -> Outcome:
    """What an HTTP answer means: only 2xx is taken for a delivery, whatever else is said."""
    if 200 <= status < 300:
        return Outcome(True, status)
    trouble = "redirects" if 300 <= status < 400 else "gone" if status == GONE else "refused"
    return Outcome(False, status, trouble, _seconds(retry_after, now))


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """Of a `Retry-After` in either form (RFC 9110, 10.2.3): seconds, or a date by the receiver's clock. What is neither says nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else None
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # OverflowError: a zone of so many digits that no integer of the machine holds it.
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
