"""`lunas demo`: what `make demo` runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from console.demo.asking import ask_and_be_paid
from console.demo.door import Application
from console.demo.invariants import DETAILS_SHOWN, judge
from console.demo.outcome import read_outcome
from console.demo.performance import perform, settled
from console.demo.script import LATE_CUSTOMERS, Script, write_script
from console.demo.spending import use_what_was_bought
from console.demo.stage import on_private_instance
from console.demo.story import tell
from console.exits import FINE, PROBLEMS
from console.lazy import Command
from console.messages import text
from console.output import decimal, number, paint, print_data, talk
from console.store import open_store
from runtime.database import open_pool
from runtime.ids import utc_now
from runtime.logs import configure_command_logging

if TYPE_CHECKING:
    from runtime.settings import Settings


@click.command(cls=Command)
@click.option(
    "--seed",
    type=int,
    default=7,
    show_default=True,
    help="Another number, another day; the same number, the same day.",
)
@click.option(
    "--customers",
    type=click.IntRange(3, 500),
    default=8,
    show_default=True,
    help="How many customers take part.",
)
@click.option("--webhooks", "count", type=click.IntRange(1, 50_000), default=250, show_default=True,
              help="How many deliveries the day has, about.")  # fmt: skip
def demo(seed: int, customers: int, count: int) -> int:
    """Play a day of signed webhooks of three providers, with duplicates and disorder, through a real private instance.

    Shows per customer what they paid, what they have and why; what waits and what was turned away; then checks that not
    a rupiah is missing. Everything it starts is stopped again. Exit code 1 when something is not as it must be.
    """
    configure_command_logging()
    code = on_private_instance(lambda settings: _told(settings, seed, customers, count))
    if code == FINE:
        talk(text("demo.next"))
    return code


async def _told(settings: Settings, seed: int, customers: int, count: int) -> int:
    script = write_script(settings, seed, customers, count, utc_now())
    _announce(script)
    async with (
        Application(settings) as application,
        open_store(settings, role=None) as connection,
        open_pool(settings, "demo", max_size=1) as pool,
    ):
        await application.register(script.day.customers[:-LATE_CUSTOMERS])
        performance = await perform(settings, script)
        started = time.monotonic()
        await application.register(script.day.customers[-LATE_CUSTOMERS:])
        position = await settled(connection, performance)
        talk(text("demo.visible", seconds=decimal(time.monotonic() - started), position=number(position)))
        outcome = await read_outcome(connection, application, script, position)
        tell(script, outcome)
        asked = await ask_and_be_paid(connection, application, settings, outcome)
        used = await use_what_was_bought(connection, application, outcome)
        print_data()
        print_data(paint(text("demo.checks"), "cyan"))
        broken = 0
        async for verdict in judge(pool, script, performance, outcome, [asked, used]):
            mark = paint("✓", "green") if verdict.holds else paint("✗", "red")
            print_data(f"  {mark} {verdict.sentence}")
            for detail in verdict.contradictions[:DETAILS_SHOWN]:
                print_data(f"      {detail}")
            broken += not verdict.holds
    print_data()
    print_data(text("demo.broken", count=broken) if broken else text("demo.fine"))
    return PROBLEMS if broken else FINE


def _announce(script: Script) -> None:
    genuine = script.genuine
    repeated = len(genuine) - len({webhook.body for webhook in genuine})
    talk(
        text(
            "demo.playing",
            count=number(len(genuine)),
            repeated=number(repeated),
            forged=number(len(script.forged)),
            customers=number(len(script.day.customers)),
            late=LATE_CUSTOMERS,
        )
    )
