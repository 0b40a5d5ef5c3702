"""HTML of the operator page. Every value is escaped; amounts and counts only, no personal data."""

from __future__ import annotations

from html import escape

from api.markup import prose
from console.causes import RootCause
from console.language import current
from console.messages import text
from console.operator_page.markup import Bad, Cell, table
from console.operator_page.style import ICON, STYLE
from console.output import decimal, number, rupiah
from console.overview import Overview, Trouble
from console.times import ago, moment

COMMANDS: tuple[tuple[str, str], ...] = (
    ("lunas status", "page.status"),
    ("lunas doctor", "page.doctor"),
    ("lunas find ID", "page.find"),
    ("lunas payments show PROVIDER ID", "page.payments"),
    ("lunas webhooks list --status parked", "page.webhooks"),
    ("lunas dlq groups", "page.dlq"),
    ("lunas suspense list", "page.suspense"),
    ("lunas quarantine list", "page.quarantine"),
    ("lunas projections verify", "page.projections"),
)


def render(seen: Overview) -> str:
    """The whole page, what needs a person first."""
    parts = [
        _head(seen),
        _problems(seen),
        _money(seen),
        _providers(seen),
        _processes(seen),
        _queues(seen),
        _readers(seen),
        table(
            text("page.commands"),
            _columns("command", "purpose"),
            [(f"`{command}`", text(key)) for command, key in COMMANDS],
        ),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _head(seen: Overview) -> str:
    other, name = ("en", "English") if current() == "id" else ("id", "Bahasa Indonesia")
    title, colour = (f"✗ {len(seen.causes)} · lunas", "a40e26") if seen.causes else ("✓ lunas", "116329")
    at = (
        text("status.heading", at=moment(seen.at), position=number(seen.position or 0))
        if seen.at is not None
        else ""
    )
    return (
        f'<!doctype html>\n<html lang="{current()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="icon" href="{ICON.format(colour=colour)}"><style>{STYLE}</style></head>'
        f'<body><header><h1>lunas</h1><a href="?lang={other}" hreflang="{other}" lang="{other}">{name}</a></header>'
        f'<main><p class="soft">{escape(at)}</p><p>{prose(text("page.read_only"))}</p>'
    )


def _problems(seen: Overview) -> str:
    if not seen.causes:
        return f'<p class="good">✓ {escape(text("status.fine"))}</p>'
    return f'<ul class="bad">{"".join(map(_cause, seen.causes))}</ul>'


def _cause(cause: RootCause[Trouble]) -> str:
    under = "".join(map(_cause, cause.consequences))
    return f"<li>{prose(cause.trouble.sentence)}{f'<ul>{under}</ul>' if under else ''}</li>"


def _money(seen: Overview) -> str:
    if seen.parked is None or seen.suspense is None or seen.quarantine is None:
        return ""
    parked, count = text("page.parked"), number(seen.parked["count"])
    if seen.parked["unknown"]:
        parked += text("status.parked_unknown", count=number(seen.parked["unknown"]))
    rows: list[tuple[Cell, ...]] = [
        (parked, Bad(count) if seen.parked["count"] else count, rupiah(seen.parked["amount"])),
        (text("page.held"), number(seen.suspense["count"]), rupiah(seen.suspense["amount"])),
        (text("page.quarantined"), number(seen.quarantine["count"]), ""),
    ]
    return table(text("page.money"), _columns("state", "count", "amount"), rows, numbers=(1, 2))


def _providers(seen: Overview) -> str:
    if seen.providers is None or seen.at is None:
        return ""
    if not seen.providers:
        return f"<h2>{escape(text('page.providers'))}</h2><p>{escape(text('status.no_deliveries'))}</p>"
    rows = [
        (
            row["provider"],
            text("page.ago", time=ago(row["last_event_at"], seen.at)),
            number(row["last_day"]),
            number(row["slow"]),
        )
        for row in seen.providers
    ]
    columns = _columns("provider", "last_event", "last_day", "slow")
    shown = table(text("page.providers"), columns, rows, numbers=(1, 2, 3))
    return f'{shown}<p class="soft">{prose(text("page.slow"))}</p>'


def _processes(seen: Overview) -> str:
    rows: list[tuple[Cell, ...]] = []
    for name, probed in seen.processes.items():
        words = text(f"state.{probed.state}")
        rows.append((name, words if probed.state == "ready" else Bad(words)))
    return table(text("page.processes"), _columns("process", "state"), rows) if rows else ""


def _queues(seen: Overview) -> str:
    rows: list[tuple[Cell, ...]] = [
        (queue.name, number(queue.ready) if queue.exists else Bad(text("queue.absent")), queue.consumers)
        for queue in seen.queues or ()
    ]
    columns = _columns("queue", "waiting", "consumers")
    return table(text("page.queues"), columns, rows, numbers=(1, 2)) if rows else ""


def _readers(seen: Overview) -> str:
    rows = [
        (
            row["name"].removeprefix("projection."),
            row["version"],
            number(row["position"]),
            number(row["behind"]),
            f"{decimal(row['lag_seconds'])} s",
        )
        for row in seen.readers or ()
    ]
    columns = _columns("reader", "version", "position", "behind", "lag")
    return table(text("page.readers"), columns, rows, numbers=(1, 2, 3, 4)) if rows else ""


def _columns(*names: str) -> list[str]:
    """Headings of a terminal, without its capitals: a screen reader may spell those out."""
    return [text(f"column.{name}").capitalize() for name in names]
