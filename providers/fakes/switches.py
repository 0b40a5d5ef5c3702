"""Bad days on demand: what is to go wrong, at which calls and how often."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

BEFORE_AND_AFTER: Mapping[str, str] = {
    "latency": "waits `seconds` before it answers",
    "timeout": "does nothing and never answers; the connection ends after `seconds`",
    "timeout_after": "does the work, then never answers; the connection ends after `seconds`",
    "drop_after": "does the work, then closes the connection without an answer",
    "broken_after": "does the work, then answers with half of its JSON",
    "refuse": "answers with the provider's error `code` and `status`",
    "answer": "answers with `status` and the JSON `body`, without doing the work",
    "rate_limited": "answers as if the rate limit were used up",
    "no_rate_limits": "counts no calls",
    "no_webhooks": "webhooks of what follows are kept back until they are sent by hand",
    "double_webhooks": "webhooks of what follows are sent twice",
}
"""What every fake understands; each provider adds quirks of its own."""

ABOUT_WEBHOOKS = ("no_webhooks", "double_webhooks")
ACT = "ACT"
"""The method under which a switch is meant for what people do to a payment; its path is `/pay` and so on."""

HEADER = "x-fake"
MOST_TIMES = 1_000_000
MOST_SECONDS = 3600
SILENCE_SECONDS = 60.0
"""How long a call without an answer is kept open; longer than clients wait."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "do": (_is_text, "a text"),
    "provider": (_is_text, "a text"),
    "method": (lambda value: _is_text(value) and value == value.upper(), "a method in capitals, or ACT"),
    "path": (lambda value: _is_text(value) and value.startswith("/"), "the beginning of a path, from its /"),
    "times": (lambda value: _is_number(value, 1, MOST_TIMES) and isinstance(value, int), "a whole number from 1 on"),
    "seconds": (lambda value: _is_number(value, 0, MOST_SECONDS), f"a number from 0 to {MOST_SECONDS}"),
    "status": (lambda value: _is_number(value, 200, 599) and isinstance(value, int), "a status from 200 to 599"),
    "code": (_is_text, "a text"),
}  # fmt: skip
"""What each field has to be: one that is not would break every call that it is meant for, or none."""


@dataclass(slots=True)
class Switch:
    """One thing that goes wrong. Without provider, method and path it is meant for every call; `times` counts down, None is for ever."""

    number: int
    do: str
    provider: str | None = None
    method: str | None = None
    path: str | None = None
    times: int | None = None
    seconds: float | None = None
    status: int | None = None
    code: str | None = None
    body: Any = None

    def fits(self, provider: str, method: str, path: str) -> bool:
        return (
            self.provider in (None, provider)
            and self.method in (None, method)
            and (self.path is None or path.startswith(self.path))
        )


class Switches:
    """All switches that are on."""

    def __init__(self) -> None:
        self._on: list[Switch] = []
        self._number = 0

    def turn_on(self, wish: Mapping[str, Any], known: Mapping[str, str]) -> Switch:
        """Raises ValueError for a switch nobody knows, or a field no switch has."""
        fields = {name: value for name, value in wish.items() if value is not None}
        unknown = fields.keys() - (Switch.__dataclass_fields__.keys() - {"number"})
        if unknown:
            raise ValueError(f"a switch has no {', '.join(sorted(unknown))}")
        for name, (fits, kind) in _KINDS.items():
            if name in fields and not fits(fields[name]):
                raise ValueError(f"{name} of a switch is {kind}")
        if fields.get("do") not in known:
            raise ValueError(f"no switch is called {fields.get('do')}; there are {', '.join(sorted(known))}")
        self._number += 1
        switch = Switch(self._number, **fields)
        self._on.append(switch)
        return switch

    def turn_off(self, number: int | None = None) -> int:
        """One switch, or all; how many there were."""
        kept = [] if number is None else [switch for switch in self._on if switch.number != number]
        gone, self._on = len(self._on) - len(kept), kept
        return gone

    def all(self) -> list[Switch]:
        return list(self._on)

    def take(
        self, provider: str, method: str, path: str, *, only: Container[str] | None = None
    ) -> list[Switch]:
        """Those that are meant for this call (of these names only); each is used once."""
        fitting = [
            switch
            for switch in self._on
            if switch.fits(provider, method, path) and (only is None or switch.do in only)
        ]
        for switch in fitting:
            if switch.times is not None:
                switch.times -= 1
        self._on = [switch for switch in self._on if switch.times is None or switch.times > 0]
        return fitting


def from_header(text: str, known: Mapping[str, str]) -> list[Switch]:
    """`x-fake: latency seconds=2, timeout_after`: switches for this one request. Raises ValueError."""
    switches = Switches()
    for part in filter(None, map(str.strip, text.split(","))):
        name, *details = part.split()
        wish: dict[str, Any] = {"do": name}
        for detail in details:
            key, _, value = detail.partition("=")
            wish[key] = float(value) if key == "seconds" else int(value) if key == "status" else value
        switches.turn_on(wish, known)
    return switches.all()
