"""`lunas status`: one screen; exit code 1 when something is wrong, for monitoring."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.causes import RootCause
from console.exits import FINE, PROBLEMS, CommandError
from console.lazy import Command
from console.messages import text
from console.options import as_json, asynchronous
from console.output import number, paint, print_data, print_json, rupiah
from console.overview import Overview, Trouble, corrections_told, lines_told, look
from console.overview_tables import QUEUES, READERS, providers_of
from console.tables import print_rows
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
    if seen.providers:
        print_rows(seen.providers, providers_of(seen.at))
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
    if seen.lines and seen.lines["streams"] and seen.at:
        print_data(paint(text("status.lines_line", **lines_told(seen.lines, seen.at)), "red"))
    held = {"count": number(seen.suspense["count"]), "amount": rupiah(seen.suspense["amount"])}
    line = text("status.suspense_line", **held)
    if seen.suspense["oldest"] and seen.at:
        line += text("status.suspense_oldest", age=ago(seen.suspense["oldest"], seen.at))
    print_data(line)
    if seen.unconfirmed:
        print_data(text("status.unconfirmed_line", count=number(seen.unconfirmed["count"])))
    if seen.corrections and seen.corrections["count"] and seen.at:
        told = corrections_told(seen.corrections, seen.at)
        print_data(paint(text("status.corrections_line", **told), "yellow"))
    print_data(text("status.quarantine_line", count=number(seen.quarantine["count"])))


def _show_queues(seen: Overview) -> None:
    if seen.queues is None:
        return
    print_data()
    print_data(text("status.queues"))
    print_rows([asdict(queue) for queue in seen.queues], QUEUES)


def _show_readers(seen: Overview) -> None:
    if not seen.readers:
        return
    print_data()
    print_data(text("status.readers"))
    print_rows(seen.readers, READERS)
