"""HTML of the operator page. Every value is escaped; amounts and counts only, no personal data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from console.language import current
from console.messages import text
from console.output import number, rupiah
from console.overview import Overview
from console.times import ago, moment

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #d8dee4}code{background:#f2f4f6;padding:.1rem .3rem}
.bad{color:#a40e26}.good{color:#116329}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td,th{border-color:#30363d}code{background:#161b22}
.bad{color:#ff7b72}.good{color:#7ee787}}
"""

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
    """The whole page."""
    parts = [
        "<!doctype html>",
        f'<html lang="{current()}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>lunas</title><style>{STYLE}</style><h1>lunas</h1>",
        f"<p>{escape(text('page.read_only'))}</p>",
        f"<p>{escape(text('status.heading', at=moment(seen.at), position=number(seen.position or 0)))}</p>",
        _problems(seen),
        _processes(seen),
        _providers(seen),
        _money(seen),
        _queues(seen),
        _readers(seen),
        _commands(),
    ]
    return "\n".join(part for part in parts if part)


def _problems(seen: Overview) -> str:
    if not seen.problems:
        return f'<p class="good">{escape(text("status.fine"))}</p>'
    items = "".join(f"<li>{escape(problem)}</li>" for problem in seen.problems)
    return f'<ul class="bad">{items}</ul>'


def _processes(seen: Overview) -> str:
    rows = ((name, text(f"state.{state}")) for name, state in seen.processes.items())
    return _table(text("page.processes"), (), rows)


def _providers(seen: Overview) -> str:
    if not seen.providers or seen.at is None:
        return ""
    rows = [
        (row["provider"], ago(row["last_event_at"], seen.at), number(row["last_day"]), number(row["slow"]))
        for row in seen.providers
    ]
    headings = [text(f"column.{name}") for name in ("provider", "last_event", "last_day", "slow")]
    return _table(text("page.providers"), headings, rows)


def _money(seen: Overview) -> str:
    if seen.parked is None or seen.suspense is None or seen.quarantine is None:
        return ""
    rows = [
        (text("page.parked"), number(seen.parked["count"]), rupiah(seen.parked["amount"])),
        (text("page.held"), number(seen.suspense["count"]), rupiah(seen.suspense["amount"])),
        (text("page.quarantined"), number(seen.quarantine["count"]), ""),
    ]
    return _table(text("page.money"), (), rows)


def _queues(seen: Overview) -> str:
    rows = [(queue.name, number(queue.ready), queue.consumers) for queue in seen.queues or ()]
    headings = [text(f"column.{name}") for name in ("queue", "waiting", "consumers")]
    return _table(text("page.queues"), headings, rows) if rows else ""


def _readers(seen: Overview) -> str:
    rows = [
        (row["name"], row["version"], number(row["position"]), number(row["behind"]))
        for row in seen.readers or ()
    ]
    headings = [text(f"column.{name}") for name in ("reader", "version", "position", "behind")]
    return _table(text("page.readers"), headings, rows) if rows else ""


def _commands() -> str:
    rows = "".join(
        f"<tr><td><code>{escape(command)}</code></td><td>{escape(text(key))}</td></tr>"
        for command, key in COMMANDS
    )
    return f"<h2>{escape(text('page.commands'))}</h2><table>{rows}</table>"


def _table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<h2>{escape(title)}</h2><table>{f'<tr>{head}</tr>' if head else ''}{body}</table>"
