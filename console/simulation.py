"""Webhooks for `lunas simulate`: one event many times, with late payments, or a whole day of stories."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from console.exits import Refused, WrongUse
from console.messages import text
from providers.known_secrets import KnownSecrets
from providers.mayar.simulator import MayarSimulator
from providers.scalev.simulator import VARIANT
from providers.simulated import Buyer, SimulatedWebhook
from providers.simulation import EVENTS, simulate_day, simulate_event
from providers.xendit.simulator import XenditSimulator
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.settings import Settings

LATE_BY = timedelta(minutes=20)
"""How long before its payment a late one expired."""

LATE_EVENTS = {
    "xendit": ("payment.capture", "payment.succeeded", "payment_request.succeeded"),
    "mayar": ("payment.received", "payment.success"),
}
"""Events that may come after an expiry or failure of the same payment."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for. `amount` in rupiah, None for the usual one; `late` is a share of payments."""

    provider: str
    event: str
    count: int
    seed: int
    buyer: Buyer
    amount: int | None = None
    late: float = 0.0


def refuse_production(settings: Settings) -> None:
    """Raises Refused: invented payments, signed with real secrets, would become real balances. Nobody said what it is: the same."""
    if settings.env == "production":
        said = "env" in settings.model_fields_set
        raise Refused(text("simulate.production" if said else "simulate.perhaps_production"))


def secret_of(settings: Settings, provider: str) -> str:
    """The first secret that is accepted now. Raises WrongUse when there is none."""
    secrets = KnownSecrets.of(settings, provider).at(utc_now())
    if not secrets:
        raise WrongUse(text("simulate.no_secret", variable=f"{provider.upper()}_WEBHOOK_SECRET"))
    return secrets[0]


def check_event(provider: str, event: str) -> None:
    """Raises WrongUse, naming what there is, for an event the provider does not send."""
    if event not in EVENTS[provider]:
        near = get_close_matches(event, EVENTS[provider], n=1, cutoff=0.5)
        key = "simulate.unknown_event_near" if near else "simulate.unknown_event"
        known = ", ".join(EVENTS[provider])
        raise WrongUse(text(key, provider=provider, event=event, near=" ".join(near), known=known))


def wished(settings: Settings, wish: Wish, now: datetime) -> list[SimulatedWebhook]:
    """`count` webhooks, a second apart, the last one now; late ones bring the expiry before them."""
    dice = random.Random(wish.seed)  # noqa: S311 - a simulation must be repeatable, not unpredictable
    secret = secret_of(settings, wish.provider)
    made: list[SimulatedWebhook] = []
    for number in range(wish.count):
        at = now - timedelta(seconds=wish.count - 1 - number)
        if wish.late and dice.random() < wish.late:
            made += _late(wish, at, dice, secret)
        else:
            made.append(
                simulate_event(
                    wish.provider,
                    wish.event,
                    at,
                    dice,
                    secret=secret,
                    buyer=wish.buyer,
                    amount=wish.amount,
                    variant=settings.scalev_variant_unique_id or VARIANT,
                )
            )
    return made


def day(
    settings: Settings, seed: int, customers: int, count: int, start: datetime
) -> tuple[Sequence[SimulatedWebhook], Sequence[Buyer]]:
    """A whole day of all providers, and the customers who must be registered for it to make sense."""
    secrets = {provider: secret_of(settings, provider) for provider in EVENTS}
    variant = settings.scalev_variant_unique_id or VARIANT
    told = simulate_day(seed, customers, count, start, secrets=secrets, course_variant=variant)
    return told.webhooks, told.customers


def _late(wish: Wish, at: datetime, dice: random.Random, secret: str) -> list[SimulatedWebhook]:
    if wish.event not in LATE_EVENTS.get(wish.provider, ()):
        known = "; ".join(f"{provider}: {', '.join(events)}" for provider, events in LATE_EVENTS.items())
        raise WrongUse(text("simulate.never_late", event=wish.event, known=known))
    if wish.provider == "xendit":
        xendit = XenditSimulator(secret, dice)
        payment = xendit.payment(amount=wish.amount or 50_000, buyer=wish.buyer, at=at)
        expired = xendit.event("payment_request.expiry", at - LATE_BY, payment=payment)
        return [expired, xendit.event(wish.event, at, payment=payment)]
    mayar = MayarSimulator(secret, dice)
    sale = mayar.sale(buyer=wish.buyer, at=at, amount=wish.amount or 75_000)
    return [mayar.event("payment.failed", at - LATE_BY, sale=sale), mayar.event(wish.event, at, sale=sale)]
