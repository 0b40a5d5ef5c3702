"""What an attempt came to, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

GONE = 410

Status = Literal["waiting", "delivered", "failed", "skipped"]


class Outcome(NamedTuple):
    """`trouble`: why it failed, a stable code; `final`: no further attempt can do better; `told` of a receiver's fault, not of ours."""

    ok: bool
    answered: int | None = None
    trouble: str | None = None
    retry_after: float | None = None
    final: bool = False


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


def of_status(status: int, retry_after: str | None) -> Outcome:
    """What an HTTP answer means: only 2xx is taken for a delivery, whatever else is said."""
    if 200 <= status < 300:
        return Outcome(True, status)
    trouble = "redirects" if 300 <= status < 400 else "gone" if status == GONE else "refused"
    return Outcome(False, status, trouble, _seconds(retry_after))


def _seconds(retry_after: str | None) -> float | None:
    """Of a `Retry-After` in seconds; a date is rare, and the schedule is good enough for it."""
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
