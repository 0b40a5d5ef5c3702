"""One look at everything as lines that fit a terminal: abnormal things by name, healthy ones in one line. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import click

from console.messages import text
from console.output import decimal, number, paint, rupiah
from console.overview import Overview, corrections_told, lines_told
from console.overview_tables import PACE, QUEUES, READERS_BEHIND, providers_of
from console.tables import row_lines
from console.times import ago, moment

_COLOURS = {"ready": "green", "not_ready": "yellow", "silent": "red", "away": "red", "other": "red"}
CAUSES_SHOWN = 8


class Rates(NamedTuple):
    """What went on between two looks, each a second; None when there was only one look."""

    events: float | None
    webhooks: dict[str, float]


def rates(before: Overview | None, now: Overview) -> Rates:
    """How fast the log and each provider's deliveries grow."""
    if before is None or before.at is None or now.at is None:
        return Rates(None, {})
    seconds = max((now.at - before.at).total_seconds(), 0.001)
    events = max(0, (now.position or 0) - (before.position or 0)) / seconds
    counted = {row["provider"]: row["last_day"] for row in before.providers or ()}
    grown = {
        row["provider"]: max(0, row["last_day"] - counted.get(row["provider"], 0)) / seconds
        for row in now.providers or ()
    }
    return Rates(events, grown)


def paced(providers: Sequence[dict[str, Any]], pace: Rates) -> list[dict[str, Any]]:
    """Each provider with how many deliveries a second came from it since the look before; None at the first look."""
    return [row | {"per_second": pace.webhooks.get(row["provider"])} for row in providers]


def lines(seen: Overview, pace: Rates, width: int | None, height: int | None = None) -> list[str]:
    """The screen. What does not fit is left out from the end, and the last line says so. Without a width nothing is cut."""
    whole = [line for each in _lines(seen, pace) for line in _fitted(each, width)]
    if height is None or len(whole) <= height:
        return whole
    hidden = len(whole) - height + 1
    return [*whole[: height - 1], *_fitted(paint(text("top.more", count=hidden), "bright_black"), width)[:1]]


def _lines(seen: Overview, pace: Rates) -> Iterator[str]:
    yield from _verdict(seen)
    if seen.at is not None:
        head = text("status.heading", at=moment(seen.at), position=number(seen.position or 0))
        yield head + (text("top.pace", pace=decimal(pace.events)) if pace.events is not None else "")
    yield text("status.processes") + "   ".join(
        f"{name} {paint(text(f'state.{probed.state}'), _COLOURS[probed.state])}"
        for name, probed in seen.processes.items()
    )
    if seen.fakes is not None:
        yield paint(text("status.fakes", address=seen.fakes), "yellow")
    yield ""
    yield from _providers(seen, pace)
    yield from _money(seen)
    yield from _queues(seen)
    yield from _readers(seen)


def _verdict(seen: Overview) -> Iterator[str]:
    if not seen.causes:
        yield paint("✓ ", "green") + text("status.fine")
    for cause in seen.causes[:CAUSES_SHOWN]:
        more = len(cause.consequences)
        yield paint("✗ ", "red") + cause.trouble.sentence + (text("top.follows", count=more) if more else "")
    if len(seen.causes) > CAUSES_SHOWN:
        yield text("top.causes", count=len(seen.causes) - CAUSES_SHOWN)


def _providers(seen: Overview, pace: Rates) -> Iterator[str]:
    if not seen.providers or seen.at is None:
        return
    yield from row_lines(paced(seen.providers, pace), [*providers_of(seen.at), PACE])
    yield ""


def _money(seen: Overview) -> Iterator[str]:
    if seen.parked is None or seen.suspense is None or seen.quarantine is None:
        return
    parked, held = seen.parked, seen.suspense
    line = text("status.parked_line", count=number(parked["count"]), amount=rupiah(parked["amount"]))
    yield paint(line, "red" if parked["count"] else None)
    line = text("status.suspense_line", count=number(held["count"]), amount=rupiah(held["amount"]))
    if held["oldest"] and seen.at:
        line += text("status.suspense_oldest", age=ago(held["oldest"], seen.at))
    yield paint(line, "yellow" if held["count"] else None)
    if seen.lines and seen.lines["streams"] and seen.at:
        yield paint(text("status.lines_line", **lines_told(seen.lines, seen.at)), "red")
    if seen.corrections and seen.corrections["count"] and seen.at:
        yield paint(text("status.corrections_line", **corrections_told(seen.corrections, seen.at)), "yellow")
    yield text("status.quarantine_line", count=number(seen.quarantine["count"]))
    yield ""


def _queues(seen: Overview) -> Iterator[str]:
    if seen.queues is None:
        return
    # The place of dead letters has no consumer, and needs none.
    told = [queue for queue in seen.queues if queue.ready or not queue.exists]
    empty = len(seen.queues) - len(told)
    yield text("top.queues_empty", count=empty) if empty else text("status.queues")
    if told:
        yield from row_lines([asdict(queue) for queue in told], QUEUES)


def _readers(seen: Overview) -> Iterator[str]:
    if not seen.readers:
        return
    told = [row for row in seen.readers if row["behind"]]
    current = len(seen.readers) - len(told)
    yield text("top.readers_current", count=current) if current else text("status.readers")
    if told:
        yield from row_lines(told, READERS_BEHIND)


def _fitted(line: str, width: int | None) -> list[str]:
    """A line that does not fit goes on in the next one, further in, without its colours: it holds what to do."""
    plain = click.unstyle(line)
    if width is None or len(plain) <= width:
        return [line]
    return textwrap.wrap(plain, width, subsequent_indent="    ", break_on_hyphens=False) or [""]
