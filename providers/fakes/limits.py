"""Rate limits as providers keep them: so many calls in a window that begins with the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many calls of one kind are allowed in how long."""

    kind: str
    calls: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Usage:
    """Where one caller stands after this call."""

    allowed: bool
    limit: int
    remaining: int
    seconds_to_reset: int


class CallCounter:
    """Counts calls of everybody, by kind."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[datetime, int]] = {}

    def count(self, caller: str, allowance: Allowance, now: datetime) -> Usage:
        key = (caller, allowance.kind)
        began, calls = self._windows.get(key, (now, 0))
        if now >= began + allowance.window:
            began, calls = now, 0
        calls += 1
        self._windows[key] = (began, calls)
        left = int((began + allowance.window - now).total_seconds()) + 1
        return Usage(calls <= allowance.calls, allowance.calls, max(0, allowance.calls - calls), left)
