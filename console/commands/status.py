"""`lunas status`: one screen; exit code 1 when something is wrong, for monitoring."""

from __future__ import annotations

import click

from console.causes import RootCause
from console.exits import FINE, PROBLEMS, CommandError
from console.lazy import Command
from console.messages import text
from console.options import as_json, asynchronous
from console.output import decimal, number, paint, print_data, print_json, print_table, rupiah
from console.overview import Overview, Trouble, look
from console.target import find_target, nobody_here
from console.times import ago, moment

_COLOURS = {"ready": "green", "not_ready": "yellow", "silent": "red", "away": "red", "other": "red"}


@click.command(cls=Command)
@as_json
@asynchronous
async def status(as_json: bool) -> int:
    """Health and money at risk on one screen.

    Exit code 1 when something is wrong: no instance, a process that does not answer, a queue without a consumer, parked
    messages, or a read model that stands still.
    """
    settings = find_target()
    if settings is None and not as_json:
        raise CommandError(nobody_here())
    seen = Overview(troubles=[Trouble(nobody_here())]) if settings is None else await look(settings)
    if as_json:
        print_json(seen.document())
    else:
        show(seen)
    return PROBLEMS if seen.troubles else FINE


def show(seen: Overview) -> None:
    """The screen."""
    if seen.at is not None:
        print_data(text("status.heading", at=moment(seen.at), position=number(seen.position or 0)))
        print_data()
    print_data(
        text("status.processes")
        + "   ".join(
            f"{name} {paint(text(f'state.{probed.state}'), _COLOURS[probed.state])}"
            for name, probed in seen.processes.items()
        )
    )
    if seen.fakes is not None:
        print_data(paint(text("status.fakes", address=seen.fakes), "yellow"))
    _show_providers(seen)
    _show_money(seen)
    for name, count in (seen.strangers or {}).items():
        print_data(paint(text("strangers.line", name=name, count=number(count)), "yellow"))
    _show_queues(seen)
    _show_readers(seen)
    print_data()
    for cause in seen.causes:
        _show_cause(cause, 0)
    if not seen.causes:
        print_data(paint("✓ ", "green") + text("status.fine"))


def _show_cause(cause: RootCause[Trouble], depth: int) -> None:
    """What is wrong; under it, further in, what is only wrong because of it."""
    mark = paint("✗ ", "red") if depth == 0 else "  " * depth + "└ "
    print_data(mark + cause.trouble.sentence)
    for consequence in cause.consequences:
        _show_cause(consequence, depth + 1)


def _show_providers(seen: Overview) -> None:
    if seen.providers is None or seen.at is None:
        return
    print_data()
    rows = [
        (row["provider"], ago(row["last_event_at"], seen.at), number(row["last_day"]), number(row["slow"]))
        for row in seen.providers
    ]
    if rows:
        headings = [text(f"column.{name}") for name in ("provider", "last_event", "last_day", "slow")]
        print_table(headings, rows, right=(1, 2, 3))
    else:
        print_data(text("status.no_deliveries"))


def _show_money(seen: Overview) -> None:
    if seen.parked is None or seen.suspense is None or seen.quarantine is None:
        return
    print_data()
    parked = text(
        "status.parked_line", count=number(seen.parked["count"]), amount=rupiah(seen.parked["amount"])
    )
    if seen.parked["unknown"]:
        parked += text("status.parked_unknown", count=number(seen.parked["unknown"]))
    print_data(paint(parked, "red" if seen.parked["count"] else None))
    held = {"count": number(seen.suspense["count"]), "amount": rupiah(seen.suspense["amount"])}
    line = text("status.suspense_line", **held)
    if seen.suspense["oldest"] and seen.at:
        line += text("status.suspense_oldest", age=ago(seen.suspense["oldest"], seen.at))
    print_data(line)
    if seen.unconfirmed:
        print_data(text("status.unconfirmed_line", count=number(seen.unconfirmed["count"])))
    print_data(text("status.quarantine_line", count=number(seen.quarantine["count"])))


def _show_queues(seen: Overview) -> None:
    if seen.queues is None:
        return
    print_data()
    headings = [text(f"column.{name}") for name in ("queue", "waiting", "consumers")]
    rows = [
        (queue.name, number(queue.ready) if queue.exists else text("queue.absent"), queue.consumers)
        for queue in seen.queues
    ]
    print_table(headings, rows, right=(1, 2))


def _show_readers(seen: Overview) -> None:
    if not seen.readers:
        return
    print_data()
    headings = [text(f"column.{name}") for name in ("reader", "version", "position", "behind", "lag")]
    rows = [
        (
            row["name"],
            row["version"],
            number(row["position"]),
            number(row["behind"]),
            f"{decimal(row['lag_seconds'])} s",
        )
        for row in seen.readers
    ]
    print_table(headings, rows, right=(1, 2, 3, 4))
