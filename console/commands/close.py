"""`lunas close`: a day's books by provider, held against the ledger; sealed, it is kept as it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from console.choices import Among
from console.closing.figures import DayPayment, parse_day
from console.closing.pages import FIGURES, as_csv, as_page, with_total
from console.closing.reading import DailyClose, read_close
from console.closing.sealing import check_seal, seal_day
from console.closing.words import difference_words
from console.exits import FINE, PROBLEMS, WrongUse
from console.handed_out import hand_out
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous, said, yes
from console.output import paint, print_data, print_json, print_table, rupiah, talk
from console.safety import confirm
from console.sought_amount import as_day
from console.store import open_store
from console.tables import money, plain, print_rows, when, word
from console.target import load_target
from console.times import moment
from runtime.ids import utc_now

FIGURES_MODE = 0o644
"""Sums of a day, and nobody in them: for the bookkeeper's folder, where others read."""


def _day(_context: click.Context, _parameter: click.Parameter, value: str) -> date:
    try:
        named = as_day(value, utc_now())
        return parse_day(value if named is None else named.isoformat())
    except ValueError as error:
        raise click.BadParameter(text("close.no_date", given=value)) from error


@click.command(cls=Command)
@click.argument("day", metavar="DATE", callback=_day)
@click.option("--seal", is_flag=True, help="Keep the figures as they are now, for good.")
@click.option("--reason", callback=said, help="Why, in your own words; kept in the audit record.")
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows there."
)
@click.option(
    "--page",
    "page_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page to print there.",
)
@click.option(
    "--payments",
    type=Among(PROVIDERS),
    help="Tell one by one the payments that make this provider's figures.",
)
@yes
@as_json
@asynchronous
async def close(
    day: date,
    seal: bool,
    reason: str | None,
    csv_file: Path | None,
    page_file: Path | None,
    payments: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Show what a day (in Jakarta) brought at each provider: received, refunded, credited, sold, held, and what the provider owes.

    Every figure is held against the ledger, to the rupiah, and what differs is named. A sealed day is never changed: what is
    heard of it later is shown beside it. Exit code 1 when something differs, 3 when a day that is not over is to be sealed.

    DATE is 2026-11-29, 29/11, yesterday or kemarin.
    """
    if seal and reason is None:
        raise WrongUse(text("web.no_reason"))
    async with open_store(load_target()) as connection:
        seen = await read_close(connection, day, payments)
        if seal and reason is not None:
            await check_seal(connection, seen)
            confirm(text("close.question", day=day.isoformat()), yes=yes)
            await seal_day(connection, seen, reason)
            seen = await read_close(connection, day, payments)
    for file, content in ((csv_file, as_csv), (page_file, as_page)):
        if file is not None:
            hand_out(file, content(seen).encode(), mode=FIGURES_MODE)
            talk(text("close.written", file=file))
    if as_json:
        print_json(seen.document())
    else:
        _show(seen)
    return PROBLEMS if seen.differences else FINE


def _show(seen: DailyClose) -> None:
    print_data(paint(f"{text('close.title')} {seen.day.isoformat()}", "cyan"))
    if seen.sealed is None:
        print_data(text("close.open"))
    else:
        at: datetime = seen.sealed["at"]
        print_data(
            f"{text('close.sealed')} {seen.sealed['by']}, {moment(at)}. {text('act.recorded', act_id=seen.sealed['act_id'])}"
        )
    providers = with_total(seen)
    rows = [
        (
            text(f"close.{key}"),
            *("–" if figures[key] is None else rupiah(figures[key]) for figures in providers.values()),
        )
        for key in FIGURES
    ]
    if providers:
        print_table(
            ["", *(name or text("close.total") for name in providers)],
            rows,
            right=range(1, len(providers) + 1),
        )
    else:
        print_data(text("close.nothing"))
    if seen.payments is not None:
        _show_payments(seen.payments)
    for one in seen.differences:
        mark = paint("! ", "yellow")
        print_data(f"{mark}{difference_words(one)}")
    if not seen.differences:
        print_data(paint("✓ ", "green") + text("close.no_difference"))


PAYMENTS = (
    when("paid_at"), plain("payment_id"), word("status"), plain("customer_id"), money("received"), money("refunded")
)  # fmt: skip


def _show_payments(payments: Sequence[DayPayment]) -> None:
    if not payments:
        print_data(text("close.no_payments"))
        return
    print_rows([one.document() for one in payments], PAYMENTS)
