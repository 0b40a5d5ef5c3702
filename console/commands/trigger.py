"""`lunas trigger`: one documented event of a provider, with your own values in it."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from console.choices import Among
from console.exits import FINE, PROBLEMS, WrongUse
from console.lazy import Command
from console.messages import text
from console.options import Moment, as_json, asynchronous
from console.output import paint, print_data, print_json, talk
from console.player import Answered, play
from console.progress import Bar
from console.simulation import Wish, check_event, refuse_production, secret_of, wished
from console.tables import count, plain, print_rows, told
from console.target import load_target
from console.triggering import Setting, nearest, parsed, paths, set_in, with_amount
from providers.registry import PROVIDERS
from providers.simulated import Buyer, SimulatedWebhook, to_bytes
from providers.simulated_signing import tampered, with_body
from providers.simulation import EVENTS
from runtime.ids import utc_now
from runtime.settings import load_settings

if TYPE_CHECKING:
    from runtime.settings import Settings

ACCEPTED, REFUSED = 200, 401
MOST_REPEATED = 1000


def _event_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    names = EVENTS.get(str(ctx.params.get("provider")), ())
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command(cls=Command)
@click.argument("provider", type=Among(EVENTS), metavar="PROVIDER")
@click.argument("event", required=False, metavar="[EVENT]", shell_complete=_event_names)
@click.option(
    "--set",
    "settings_of_body",
    multiple=True,
    metavar="PATH=VALUE",
    help="Put VALUE into the body at PATH, as data.amount=75000; again for more. Signed after that.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1, MOST_REPEATED),
    default=1,
    show_default=True,
    help="Send the same bytes so many times, as a provider that heard no answer.",
)
@click.option("--late", is_flag=True, help="The payment expired or failed before: that is sent first.")
@click.option("--tamper", is_flag=True, help="Change it after it was signed: the door must answer 401.")
@click.option(
    "--at", type=Moment(), help="When it happened: 2h, 3d ago, or an ISO 8601 time (WIB); now without it."
)
@click.option("--seed", type=int, help="The same number gives the same ids.")
@click.option(
    "--amount",
    type=click.IntRange(min=1),
    help="What is paid, in whole rupiah, wherever the body says so.",
)
@click.option("--customer", default="budi", show_default=True, help="Customer id that the payment carries.")
@click.option("--email", default="budi@example.com", show_default=True, help="E-mail of the payer.")
@click.option("--show", "only_show", is_flag=True, help="Show the body and send nothing.")
@click.option("--url", help="Door for providers; otherwise that of the running instance.")
@as_json
@asynchronous
async def trigger(
    provider: str,
    event: str | None,
    settings_of_body: tuple[str, ...],
    repeat: int,
    late: bool,
    tamper: bool,
    at: datetime | None,
    seed: int | None,
    amount: int | None,
    customer: str,
    email: str,
    only_show: bool,
    url: str | None,
    as_json: bool,
) -> int:
    """Send one documented event of PROVIDER, correctly signed, with your own values in it.

    Without EVENT, list what the provider can send. `--show` prints the body, whose paths `--set` takes. Exit code 1 when the door does not
    answer as it should: 200, or 401 for what was tampered with. Refused in production, where invented money would become real balances.
    """
    if event is None:
        return _list(provider, as_json)
    check_event(provider, event)
    wishes = [parsed(one) for one in settings_of_body]
    settings = _settings_to_show() if only_show else load_target(named=url is None)
    refuse_production(settings)
    chosen = random.SystemRandom().randrange(2**32) if seed is None else seed
    buyer = Buyer(email, customer_id=customer)
    wish = Wish(provider, event, 1, chosen, buyer, late=1.0 if late else 0.0)
    made = wished(settings, wish, at or utc_now())
    webhooks = _changed(made, wishes, amount, secret_of(settings, provider))
    if only_show:
        print_json(json.loads(webhooks[-1].body))
        return FINE
    sent = [*webhooks[:-1], *[tampered(webhooks[-1]) if tamper else webhooks[-1]] * repeat]
    answers = await _send(settings, url, sent)
    return _report(webhooks[-1], answers, tamper, chosen, as_json)


def _settings_to_show() -> Settings:
    """What is only shown goes nowhere: it needs no instance, no secret and no leave."""
    return load_settings({**os.environ, "LUNAS_ENV": "development"})


def _list(provider: str, as_json: bool) -> int:
    if as_json:
        print_json({"provider": provider, "events": list(EVENTS[provider])})
        return FINE
    for name in EVENTS[provider]:
        print_data(name)
    talk(text("trigger.choose", provider=provider))
    return FINE


def _changed(
    webhooks: Sequence[SimulatedWebhook], wishes: Sequence[Setting], amount: int | None, secret: str
) -> list[SimulatedWebhook]:
    """The last one has to have every path; what is sent before it gets what fits it, so that it stays of one payment."""
    if not wishes and amount is None:
        return list(webhooks)
    changed = []
    for webhook in webhooks:
        document: Any = json.loads(webhook.body)
        if amount is not None:
            _pay(document, webhook, amount, last=webhook is webhooks[-1])
        for wish in wishes:
            known = wish.path in paths(document)
            if webhook is webhooks[-1] and not known:
                _tell_new(document, wish, webhook.event)
            if known or webhook is webhooks[-1]:
                set_in(document, wish)
        changed.append(with_body(webhook, to_bytes(document), secret))
    return changed


def _pay(document: Any, webhook: SimulatedWebhook, amount: int, *, last: bool) -> None:
    """Raises WrongUse for an event that states no amount."""
    was = PROVIDERS[webhook.provider].stated_amount(webhook.body)
    places = 0 if was is None else with_amount(document, was, amount)
    if last and not places:
        raise WrongUse(text("trigger.no_amount", event=webhook.event))


def _tell_new(document: Any, wish: Setting, event: str) -> None:
    """A field that the provider does not send: perhaps meant so, perhaps mistyped. Raises WrongUse where there is no place for it."""
    near = nearest(document, wish)
    values = {"path": wish.path, "event": event, "near": near}
    if not set_in(copy.deepcopy(document), wish):
        raise WrongUse(text("trigger.no_path_near" if near else "trigger.no_path", **values))
    talk(text("trigger.new_near" if near else "trigger.new", **values))


async def _send(settings: Settings, url: str | None, sent: Sequence[SimulatedWebhook]) -> list[Answered]:
    address = url or f"http://{settings.ingress_host}:{settings.ingress_port}"
    with Bar() as bar:
        return await play(
            address.rstrip("/"),
            sent,
            concurrency=1,
            patience=settings.probe_timeout_seconds,
            progress=bar.show if len(sent) > 1 else lambda _done, _of: None,
        )


def _report(
    webhook: SimulatedWebhook, answers: Sequence[Answered], tamper: bool, seed: int, as_json: bool
) -> int:
    rows = []
    for answer in answers:
        delivery = answer.delivery
        assert isinstance(delivery, SimulatedWebhook)
        forged = tamper and delivery.event == webhook.event
        expected = REFUSED if forged else ACCEPTED
        row = {
            "event": delivery.event,
            "answered": answer.status,
            "expected": expected,
            "bytes": len(delivery.body),
            "sha256": sha256(delivery.body).hexdigest(),
        }
        rows.append(row)
    if as_json:
        print_json(
            {"provider": webhook.provider, "seed": seed, "items": rows, "body": json.loads(webhook.body)}
        )
    else:
        print_rows(rows, ANSWERS)
        talk(text("trigger.look", seed=seed))
    return FINE if all(row["answered"] == row["expected"] for row in rows) else PROBLEMS


def _answered(row: Mapping[str, Any]) -> str:
    return paint(str(row["answered"] or "–"), "green" if row["answered"] == row["expected"] else "red")


ANSWERS = (
    plain("event"),
    told("answered", _answered, right=True),
    plain("expected", right=True),
    count("bytes"),
    told("sha256", lambda row: row["sha256"][:16]),
)
