"""`lunas simulate`: what a provider would send, without any account."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from console.choices import Among
from console.demo.door import Application
from console.exits import FINE, PROBLEMS
from console.lazy import Command
from console.messages import text
from console.options import as_json, asynchronous
from console.output import number, print_data, print_json, talk
from console.player import play, shuffle
from console.progress import Bar
from console.simulation import Wish, check_event, day, refuse_production, wished
from console.target import load_target
from providers.simulated import Buyer, SimulatedWebhook
from providers.simulation import EVENTS
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.settings import Settings

DAY = "day"
SHARE = click.FloatRange(0, 0.9)


@click.command(cls=Command)
@click.argument("provider", type=Among([*EVENTS, DAY]), metavar="PROVIDER")
@click.argument("event", required=False, metavar="[EVENT]")
@click.option(
    "--count",
    type=click.IntRange(1, 1_000_000),
    default=1,
    show_default=True,
    help="How many webhooks; for a day about as many.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.01),
    help="Webhooks per second; as fast as they are answered without it.",
)
@click.option(
    "--duplicates",
    type=SHARE,
    default=0.0,
    show_default=True,
    help="Share that is sent again, 0.1 is every tenth.",
)
@click.option(
    "--disorder", type=SHARE, default=0.0, show_default=True, help="Share that is overtaken by others."
)
@click.option(
    "--late",
    type=SHARE,
    default=0.0,
    show_default=True,
    help="Share of payments that expired or failed before they were paid.",
)
@click.option(
    "--seed",
    type=int,
    help="The same number is the same order, event by event, with the same ids; a new one every time without it.",
)
@click.option("--customer", default="budi", show_default=True, help="Customer id that the payment carries.")
@click.option("--email", default="budi@example.com", show_default=True, help="E-mail of the payer.")
@click.option("--amount", type=click.IntRange(1), help="Rupiah; otherwise what is usual for the event.")
@click.option(
    "--customers",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="For a day: customers, registered first.",
)
@click.option("--url", help="Door for providers; otherwise that of the running instance.")
@as_json
@asynchronous
async def simulate(
    provider: str,
    event: str | None,
    count: int,
    rate: float | None,
    duplicates: float,
    disorder: float,
    late: float,
    seed: int | None,
    customer: str,
    email: str,
    amount: int | None,
    customers: int,
    url: str | None,
    as_json: bool,
) -> int:
    """Send correctly signed webhooks to the door for providers, as PROVIDER would: EVENT, or every kind in turn for `day`.

    Without EVENT, list what the provider can send. Refused in production, where invented money would become real balances.
    """
    if provider != DAY and event is None:
        _list_events(provider, as_json)
        return FINE
    if provider != DAY:
        check_event(provider, str(event))
    # A day registers its customers at the API first: one address is not enough.
    settings = load_target(named=url is None or provider == DAY)
    refuse_production(settings)
    chosen = random.SystemRandom().randrange(2**32) if seed is None else seed
    webhooks: Sequence[SimulatedWebhook]
    if provider == DAY:
        webhooks, buyers = day(
            settings, chosen, customers, max(count, customers), utc_now() - timedelta(days=1)
        )
        await _register(settings, buyers)
    else:
        buyer = Buyer(email, customer_id=customer)
        webhooks = wished(settings, Wish(provider, str(event), count, chosen, buyer, amount, late), utc_now())
    sent = shuffle(webhooks, duplicates=duplicates, disorder=disorder, seed=chosen)
    address = url or f"http://{settings.ingress_host}:{settings.ingress_port}"
    with Bar() as bar:
        answers = await play(
            address.rstrip("/"),
            sent,
            rate=rate,
            patience=settings.probe_timeout_seconds,
            progress=bar.show if len(sent) > 1 else _silent,
        )
    return _report(Counter(answer.status for answer in answers), chosen, as_json)


def _silent(_done: int, _of: int) -> None:
    """No progress for a single webhook."""


def _list_events(provider: str, as_json: bool) -> None:
    if as_json:
        print_json({"provider": provider, "events": list(EVENTS[provider])})
        return
    for name in EVENTS[provider]:
        print_data(name)
    talk(text("simulate.choose", provider=provider))


async def _register(settings: Settings, buyers: Sequence[Buyer]) -> None:
    async with Application(settings) as application:
        await application.register(buyers)
    talk(text("simulate.registered", count=number(len(buyers))))


def _report(statuses: Counter[int], seed: int, as_json: bool) -> int:
    accepted, total = statuses[200], statuses.total()
    if as_json:
        answered = {str(status): count for status, count in sorted(statuses.items())}
        print_json({"sent": total, "accepted": accepted, "answers": answered, "seed": seed})
    else:
        print_data(text("simulate.sent", count=number(total), accepted=number(accepted), seed=seed))
        for status, count in sorted(statuses.items()):
            if status != 200:
                print_data(f"  {count} × {text('simulate.unanswered') if status == 0 else status}")
        talk(text("simulate.look"))
    return FINE if accepted == total else PROBLEMS
