"""Log lines for a person at a terminal: when, which process, what happened, and what belongs to it."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta, timezone
from typing import Any

WIB = timezone(timedelta(hours=7), "WIB")
PROCESS_WIDTH = 11  # of the longest name, projections
_COLOURS = {"warning": "33", "error": "31", "critical": "31"}
_UNTOLD = frozenset({"action", "level", "process", "timestamp", "event", "exception"})
"""Told otherwise, or for programs alone: `action` is what a collector searches by."""


class PersonRenderer:
    """Renders an entry as `09:40:12 ingress      broker connected  link=publish`, in WIB, trouble in colour where that shows."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def __call__(self, _logger: object, _method: str, entry: MutableMapping[str, Any]) -> str:
        level = str(entry.get("level", "info"))
        head = f"{_clock(entry)} {entry.get('process', ''):<{PROCESS_WIDTH}} "
        trouble = "" if level in ("debug", "info") else f"{level}: "
        said = self._paint(f"{trouble}{entry.get('event', '')}", _COLOURS.get(level))
        more = " ".join(f"{key}={_short(value)}" for key, value in entry.items() if key not in _UNTOLD)
        line = self._paint(head, "90") + said + (self._paint(f"  {more}", "90") if more else "")
        return f"{line}\n{entry['exception']}" if entry.get("exception") else line

    def _paint(self, words: str, colour: str | None) -> str:
        return f"\x1b[{colour}m{words}\x1b[0m" if self._colours and colour else words


def _clock(entry: Mapping[str, Any]) -> str:
    told = entry.get("timestamp")
    return f"{datetime.fromisoformat(str(told)).astimezone(WIB):%H:%M:%S}" if told else "        "


def _short(value: object) -> str:
    words = ":".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return repr(words) if " " in words or not words.isprintable() else words
