"""Pictures where people would rather look than read: SVG in the page, without a script, as sharp on paper, in the colours of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from markupsafe import Markup

from console.output import number
from console.times import WIB

WIDTH = 150
"""Of one state with the arrow behind it."""
_BAD = ("failed", "expired", "reversed", "cancelled")


@dataclass(frozen=True, slots=True)
class PathStep:
    """A state of the path. `name` is the word of the language."""

    status: str
    name: str
    at: datetime
    late: bool = False


def path_picture(path: Sequence[PathStep], label: str) -> Markup:
    """The states that a payment was in, in order, each with its time."""
    if not path:
        return Markup("")
    wide = WIDTH * len(path)
    parts = []
    for index, step in enumerate(path):
        left = index * WIDTH
        colour = "bad" if step.status in _BAD else "accent"
        last = " last" if index == len(path) - 1 else ""
        at = f"{step.at.astimezone(WIB):%m-%d %H:%M:%S}"
        parts.append(
            f'<g class="{colour}{last}"><rect x="{left + 1}" y="6" width="{WIDTH - 30}" height="34" rx="10"/>'
            f'<text x="{left + (WIDTH - 28) // 2}" y="28" text-anchor="middle">{escape(step.name)}</text></g>'
            f'<text class="when" x="{left + (WIDTH - 28) // 2}" y="58" text-anchor="middle">{at}</text>'
        )
        if index < len(path) - 1:
            right = left + WIDTH - 26
            parts.append(f'<path class="arrow" d="M{right} 23h18m-6 -5l6 5l-6 5"/>')
    return Markup(  # noqa: S704 - put together here, every word escaped
        f'<svg class="path" viewBox="0 0 {wide} 64" width="{wide}" height="64" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


@dataclass(frozen=True, slots=True)
class RunBar:
    """One bar, at a moment."""

    value: int
    at: datetime
    bad: bool = False


BAR_WIDTH, BARS_HEIGHT = 12, 72


def bars_picture(bars: Sequence[RunBar], label: str) -> Markup:
    """Numbers over time, the oldest on the left. A zero is a line, so that a run that found nothing is not a run that did not happen."""
    if not bars:
        return Markup("")
    most = max(1, *(bar.value for bar in bars))
    wide = BAR_WIDTH * len(bars)
    parts = [f'<path class="grid" d="M0 {BARS_HEIGHT}H{wide}"/>']
    for index, bar in enumerate(bars):
        high = max(2, round(bar.value / most * (BARS_HEIGHT - 6)))
        kind = "bar-bad" if bar.bad or bar.value else "bar-ok"
        title = f"{bar.at.astimezone(WIB):%Y-%m-%d %H:%M}: {bar.value}"
        parts.append(
            f'<rect class="{kind}" x="{index * BAR_WIDTH + 1}" y="{BARS_HEIGHT - high}" width="{BAR_WIDTH - 3}" height="{high}">'
            f"<title>{title}</title></rect>"
        )
    return Markup(  # noqa: S704 - put together here, every word escaped
        f'<svg viewBox="0 0 {wide} {BARS_HEIGHT + 2}" width="{wide}" height="{BARS_HEIGHT + 2}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


MINUTES, FLOW_WIDTH, FLOW_HEIGHT = 60, 720, 120


def flow_picture(counts: Mapping[int, int], label: str, now: str) -> Markup:
    """How many came in each minute of the last hour; `counts` by minutes ago. What flows is an area, a gap in it is silence."""
    most = max(1, *counts.values()) if counts else 1
    points = [
        (
            round((MINUTES - 1 - ago) / (MINUTES - 1) * FLOW_WIDTH),
            round((1 - counts.get(ago, 0) / most) * (FLOW_HEIGHT - 40)) + 16,
        )
        for ago in range(MINUTES - 1, -1, -1)
    ]
    base = FLOW_HEIGHT - 24
    line = "L".join(f"{x} {y}" for x, y in points)
    return Markup(  # noqa: S704 - put together here, every word escaped
        f'<svg viewBox="0 0 {FLOW_WIDTH} {FLOW_HEIGHT}" width="{FLOW_WIDTH}" height="{FLOW_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<path class="area" d="M0 {base}L{line}L{FLOW_WIDTH} {base}Z"/><path class="grid" d="M0 {base}H{FLOW_WIDTH}"/>'
        f'<path class="curve" d="M{line}"/><text class="when" x="2" y="12">{most}</text>'
        f'<text class="when" x="2" y="{FLOW_HEIGHT - 6}">−60 min</text>'
        f'<text class="when" x="{FLOW_WIDTH - 2}" y="{FLOW_HEIGHT - 6}" text-anchor="end">{escape(now)}</text></svg>'
    )


CURVE_WIDTH, CURVE_HEIGHT = 720, 150


def curve_picture(points: Sequence[tuple[datetime, int]], label: str) -> Markup:
    """A number over time in steps, in the order of time: it stays what it was until it moves."""
    if len(points) < 2:
        return Markup("")
    ordered = list(points)
    first, last = ordered[0][0], ordered[-1][0]
    span = max((last - first).total_seconds(), 1.0)
    low, high = min(0, *(value for _, value in ordered)), max(1, *(value for _, value in ordered))

    def x(at: datetime) -> int:
        return round((at - first).total_seconds() / span * (CURVE_WIDTH - 10)) + 4

    def y(value: int) -> int:
        return round((high - value) / (high - low) * (CURVE_HEIGHT - 30)) + 8

    marks = "".join(
        f'<text class="when" x="{CURVE_WIDTH}" y="{y(value) + (12 if y(value) < CURVE_HEIGHT // 2 else -5)}" text-anchor="end">{number(value)}</text>'
        for value in dict.fromkeys((max(value for _, value in ordered), ordered[-1][1]))
    )
    path = f"M{x(first)} {y(0)}V{y(ordered[0][1])}" + "".join(
        f"H{x(at)}V{y(value)}" for at, value in ordered[1:]
    )
    ends = "".join(
        f'<text class="when" x="{place}" y="{CURVE_HEIGHT - 4}" text-anchor="{anchor}">{at.astimezone(WIB):%Y-%m-%d}</text>'
        for place, anchor, at in ((4, "start", first), (CURVE_WIDTH - 4, "end", last))
    )
    return Markup(  # noqa: S704 - put together here, every word escaped
        f'<svg viewBox="0 0 {CURVE_WIDTH} {CURVE_HEIGHT}" width="{CURVE_WIDTH}" height="{CURVE_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<path class="grid" d="M0 {y(0)}H{CURVE_WIDTH}"/><path class="curve" d="{path}"/>{marks}{ends}</svg>'
    )
