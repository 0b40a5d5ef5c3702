"""A plan in the operator's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.messages import text, value
from console.output import number, rupiah
from console.times import short_moment


def kind_rows(kinds: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """What a plan consists of, as rows of a table."""
    return [
        (
            number(kind["count"]),
            # Of what no amount can be read it is not said that it is about none.
            rupiah(kind["amount"] if kind["unknown"] < kind["count"] else None),
            kind["provider"],
            kind["event_name"],
            kind["cause"],
        )
        for kind in kinds
    ]


def outcomes_line(progress: Sequence[Mapping[str, Any]]) -> str:
    """`processed: 38, parked: 2, waiting: 5`."""
    counts: dict[str, int] = {}
    for one in progress:
        name = one["outcome"] or one["state"]
        counts[name] = counts.get(name, 0) + one["count"]
    return ", ".join(f"{value(name)}: {number(count)}" for name, count in counts.items())


def change_lines(customer: Mapping[str, Any]) -> list[str]:
    """What one customer would notice."""
    lines = [customer["customer_id"] or text("replay.nobody")]
    for name, change in customer["changes"].items():
        kind, _, subject = name.partition(" ")
        what = f"{text(f'replay.field.{kind}')} {subject}".strip()
        lines.append(f"  {what}: {_said(change['before'])} → {_said(change['after'])}")
    if customer["notifications"]:
        kinds = ", ".join(f"{kind} × {number(count)}" for kind, count in customer["notifications"].items())
        lines.append("  " + text("replay.told", kinds=kinds))
    return lines


def _said(state: Any) -> str:
    if state is None:
        return "-"
    if isinstance(state, int):
        return number(state)
    if not isinstance(state, Mapping):
        return value(str(state))
    if "resolution" in state:
        return value(str(state["resolution"]))
    if "reason" in state:
        return f"{rupiah(state['amount'])} ({state['reason']})"
    until = state["until"]
    return f"{state['plan'] or '-'} {value(state['status'])}" + (
        f" → {short_moment(datetime.fromisoformat(until))}" if until else ""
    )
