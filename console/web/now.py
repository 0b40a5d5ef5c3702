"""Now: what is wrong, since when, how much money is in it; and then, in one line, what is well. Kept up to date by server-sent events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from markupsafe import Markup

from console.causes import RootCause
from console.language import speaking
from console.messages import text
from console.output import number, rupiah
from console.overview import Overview, Trouble
from console.times import ago
from console.web.gatekeeper import language_of
from console.web.pictures import MINUTES, flow_picture
from console.web.rendering import HEADERS, rendered
from console.web.visit import Answer, Screen, Visit, Way, shown

STANDS_STILL = frozenset({"database", "schema", "broker", "processes", "queues", "consumers", "readers"})
"""What is in trouble there stops money from being seen; other troubles are for a person to look at."""
RETRY_MS = 5000


@dataclass(frozen=True, slots=True)
class Tile:
    """A big figure that leads to its list. `state`: bad, warn or nothing."""

    name: str
    figure: str
    note: str
    place: str
    state: str = ""


async def show(visit: Visit) -> Answer:
    seen = await visit.lookout.now()
    return Screen("now.html", headline(seen), "lunas status", {"live": True, **parts(seen)})


async def live(visit: Visit) -> Answer:
    """`now`: the part of the page that changes, whenever it has changed."""
    if visit.lookout.watching >= visit.settings.console_listeners_max:
        return web.Response(status=503, headers={"Retry-After": "30"})
    kinds = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=HEADERS | kinds)
    await response.prepare(visit.request)
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    told = ""
    # The generator runs in this task, which speaks the language of the page.
    with speaking(language_of(visit.request)):
        async for seen in visit.lookout.each():
            part = rendered("now_part.html", parts(seen), visit.signed)
            if part == told:
                await response.write(b": as it was\n\n")
                continue
            told = part
            lines = "".join(f"data: {line}\n" for line in part.splitlines())
            await response.write(f"event: now\n{lines}\n".encode())
    return response


def parts(seen: Overview) -> Mapping[str, Any]:
    """What the templates show of a look."""
    return {
        "seen": seen,
        "state": state_of(seen),
        "headline": headline(seen),
        "tiles": list(tiles(seen)),
        "fine": list(fine(seen)),
        "odd": [(name, probed) for name, probed in seen.processes.items() if probed.state != "ready"],
        "queues": [
            queue for queue in seen.queues or () if not queue.exists or queue.ready or queue.left_over
        ],
        "behind": [row for row in seen.readers or () if row["live"] and row["lag_seconds"] > 1],
        "readers": seen.readers or (),
        "flow": _flow(seen),
    }


def _flow(seen: Overview) -> Markup:
    """The last hour; nothing when nothing came, which the providers' rows say."""
    counts: Counter[int] = Counter()
    for row in seen.flow or ():
        counts[min(row["minute"], MINUTES - 1)] += row["count"]
    if not counts:
        return Markup("")
    label = text("web.flow_label", count=number(counts.total()))
    return flow_picture(counts, label, text("web.way.now"))


def state_of(seen: Overview) -> str:
    """`bad` when something stands still, `warn` when a person should look, nothing when all is well."""
    if not seen.causes:
        return ""
    return "bad" if any(_stands_still(cause) for cause in seen.causes) else "warn"


def headline(seen: Overview) -> str:
    """The first sentence of the page, and its title."""
    causes = seen.causes
    if not causes:
        return text("web.now.fine")
    key = "web.now.stands_still" if state_of(seen) == "bad" else "web.now.to_look_at"
    return text(key, count=number(len(causes)))


def tiles(seen: Overview) -> Iterator[Tile]:
    """Money first. A part that could not be looked at has no tile; the verdict says why."""
    if seen.suspense is not None:
        count, oldest = seen.suspense["count"], seen.suspense["oldest"]
        age = text("web.oldest", age=ago(oldest, seen.at)) if oldest and seen.at else ""
        state = "warn" if count else ""
        note = _joined(text("web.payments", count=number(count)), age)
        yield Tile(text("web.tile.held"), rupiah(seen.suspense["amount"]), note, "/suspense", state)
    if seen.parked is not None:
        count, unknown = seen.parked["count"], seen.parked["unknown"]
        hidden = text("web.unreadable", count=number(unknown)) if unknown else ""
        note = _joined(text("web.messages", count=number(count)), hidden)
        state = "bad" if count else ""
        yield Tile(text("web.tile.parked"), rupiah(seen.parked["amount"]), note, "/problems", state)
    if seen.lines and seen.lines["streams"]:
        count, oldest = seen.lines["streams"], seen.lines["oldest"]
        age = text("web.oldest", age=ago(oldest, seen.at)) if oldest and seen.at else ""
        note = _joined(text("web.streams_count", count=number(count)), age)
        yield Tile(text("web.tile.lines"), rupiah(seen.lines["amount"]), note, "/streams", "bad")
    if seen.unconfirmed and seen.unconfirmed["count"]:
        count, oldest = seen.unconfirmed["count"], seen.unconfirmed["oldest"]
        age = text("web.oldest", age=ago(oldest, seen.at)) if oldest and seen.at else ""
        place = "/letters?cause=payment_unconfirmed"
        yield Tile(text("web.tile.unconfirmed"), number(count), age, place, "warn")
    if seen.corrections and seen.corrections["count"]:
        count, oldest = seen.corrections["count"], seen.corrections["oldest"]
        age = text("web.oldest", age=ago(oldest, seen.at)) if oldest and seen.at else ""
        note = _joined(text("web.payments", count=number(count)), age)
        place = "/corrections?status=proposed"
        yield Tile(text("web.tile.corrections"), rupiah(seen.corrections["amount"]), note, place, "warn")
    if seen.drift:
        amount = sum(row["amount_idr"] for row in seen.drift)
        count = sum(row["findings"] for row in seen.drift)
        note = text("web.differences", count=number(count))
        yield Tile(text("web.tile.drift"), rupiah(amount), note, "/reconcile", "warn")
    if seen.providers is not None:
        count = sum(row["last_day"] for row in seen.providers)
        slow = sum(row["slow"] for row in seen.providers)
        note = text("web.slow", count=number(slow)) if slow else text("web.none_slow")
        yield Tile(text("web.tile.received"), number(count), note, "/deliveries?since=1d")
    if seen.quarantine is not None:
        newest = seen.quarantine["newest"]
        age = (
            text("web.newest", age=ago(newest, seen.at))
            if newest and seen.at
            else text("web.nothing_refused")
        )
        yield Tile(text("web.tile.refused"), number(seen.quarantine["count"]), age, "/quarantine")


def fine(seen: Overview) -> Iterator[str]:
    """Names of what is well, for one line."""
    yield from (name for name, probed in seen.processes.items() if probed.state == "ready")
    if seen.position is not None:
        yield "PostgreSQL"
    if seen.queues is not None:
        yield "RabbitMQ"


def _stands_still(cause: RootCause[Trouble]) -> bool:
    subject = cause.trouble.subject
    return subject is not None and (
        subject.name in STANDS_STILL or subject.kind in ("silent", "away", "not_ready", "other")
    )


def _joined(*words: str) -> str:
    return " · ".join(word for word in words if word)


WAYS: tuple[Way, ...] = (shown("/", show), shown("/now", live))
