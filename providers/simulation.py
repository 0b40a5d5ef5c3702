"""A day of webhooks of all three providers, with duplicates and disorder, and what must come of it.

    day = simulate_day(seed=7, customers=20, count=300, start=yesterday)
    for webhook in day.webhooks: send(webhook.path, webhook.body, webhook.headers)
    assert balance(customer) == day.expected.customers[customer].credit_tokens

The same arguments always give the same day. The expectation holds for every order and number of deliveries, once the customers of
`day.customers` are registered (before, during or after) and the catalogue is the shipped one with `course_variant` as the course's variant.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from providers.mayar.simulator import EVENTS as MAYAR_EVENTS
from providers.mayar.simulator import MayarSimulator
from providers.scalev.simulator import EVENTS as SCALEV_EVENTS
from providers.scalev.simulator import VARIANT, ScalevSimulator
from providers.simulated import Buyer, SimulatedWebhook, new_code, new_uuid
from providers.simulated_cast import Cast, invented_buyers
from providers.simulated_outcome import ExpectedOutcome
from providers.simulated_stories import STORIES
from providers.xendit.simulator import EVENTS as XENDIT_EVENTS
from providers.xendit.simulator import XenditSimulator

EVENTS: dict[str, tuple[str, ...]] = {
    "xendit": XENDIT_EVENTS,
    "mayar": MAYAR_EVENTS,
    "scalev": SCALEV_EVENTS,
}
"""Every event name that `simulate_event` can make, by provider."""

DEVELOPMENT_SECRETS: dict[str, str] = {name: f"dev-{name}-secret" for name in EVENTS}


@dataclass(frozen=True, slots=True)
class Day:
    """`webhooks` in order of delivery; `stories` counts what was told, by name."""

    webhooks: tuple[SimulatedWebhook, ...]
    customers: tuple[Buyer, ...]
    expected: ExpectedOutcome
    stories: Counter[str]


def simulate_day(
    seed: int,
    customers: int,
    count: int,
    start: datetime,
    *,
    secrets: Mapping[str, str] = DEVELOPMENT_SECRETS,
    duplicates: float = 0.15,
    disorder: float = 0.25,
    course_variant: str = VARIANT,
) -> Day:
    """About `count` deliveries over the 24 hours from `start` (timezone-aware), a share `duplicates` of them sent again.

    A share `disorder` arrives up to three hours late, so that later ones overtake it. Every story is told once before chance decides.
    """
    rng = Random(seed)  # noqa: S311 - a repeatable day, no secret
    cast = Cast(rng, secrets, invented_buyers(customers, rng), course_variant)
    told: Counter[str] = Counter()
    delivered: list[SimulatedWebhook] = []
    once = [story for story, _ in STORIES]
    while once or len(delivered) < count:
        story = once.pop() if once else rng.choices(*zip(*STORIES, strict=True))[0]
        told[story.__name__] += 1
        at = start + timedelta(seconds=rng.uniform(3600, 23 * 3600))
        for webhook in story(cast, at.replace(microsecond=0)):
            delivered += _deliveries(webhook, cast, duplicates, disorder)
    delivered.sort(key=lambda webhook: webhook.at)
    return Day(tuple(delivered), cast.buyers, cast.outcome, told)


def simulate_event(
    provider: str,
    event: str,
    at: datetime,
    rng: Random,
    *,
    secret: str,
    buyer: Buyer | None = None,
    amount: int | None = None,
    variant: str = VARIANT,
) -> SimulatedWebhook:
    """One webhook of any documented event. Raises ValueError for a provider or event that does not exist.

    The generator decides what it is about: equal generators give events of one order, payment, plan or member, whatever their times.
    What names the delivery itself comes from that and the event, so that two events of one order are two, and the same one is the same.
    """
    subject = f"{rng.getrandbits(128):032x}"
    about, delivery = _dice(subject), _dice(subject, event)
    if provider == "xendit":
        return _xendit_event(XenditSimulator(secret, about), event, at, delivery, buyer, amount)
    if provider == "mayar":
        return _mayar_event(MayarSimulator(secret, about), event, at, buyer, amount)
    if provider == "scalev":
        return _scalev_event(
            ScalevSimulator(secret, about),
            ScalevSimulator(secret, delivery),
            variant,
            event,
            at,
            buyer,
            amount,
        )
    raise ValueError(f"there is no simulator for {provider}")


def _undated(reference: str, rng: Random) -> str:
    """The reference without the day in it, which is another one for the next event of the same order after midnight."""
    return f"{reference.partition('-')[0]}-{new_code(rng, 12)}"


def _dice(*seed: str) -> Random:
    return Random(":".join(seed))  # noqa: S311 - repeatable, no secret


def _xendit_event(
    simulator: XenditSimulator,
    event: str,
    at: datetime,
    delivery: Random,
    buyer: Buyer | None,
    amount: int | None,
) -> SimulatedWebhook:
    if buyer is None:
        buyer = Buyer("ratna.wulandari@contoh.id", customer_id="pelanggan-1")
    if event.startswith("recurring."):
        plan = simulator.plan(amount=amount or 200_000, buyer=buyer, at=at)
        # The attempt that succeeds is not the one that failed before it.
        paid = f"py-{new_uuid(delivery)}" if event == "recurring.cycle.succeeded" else None
        return simulator.event(event, at, plan=plan, payment_id=paid)
    payment = simulator.payment(amount=amount or 50_000, buyer=buyer, at=at)
    payment = replace(payment, reference_id=_undated(payment.reference_id, _dice(payment.request_id)))
    return simulator.event(event, at, payment=payment, buyer=buyer)


def _mayar_event(
    simulator: MayarSimulator, event: str, at: datetime, buyer: Buyer | None, amount: int | None
) -> SimulatedWebhook:
    if buyer is None:
        buyer = Buyer("ratna.wulandari@contoh.id")
    if not event.startswith(("membership.", "subscription.")):
        return simulator.event(event, at, buyer=buyer, amount=amount)
    ends = at.replace(year=at.year + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return simulator.event(event, at, member=simulator.member(buyer=buyer, expires=ends, tier="Silver"))


def _scalev_event(
    orders: ScalevSimulator,
    deliveries: ScalevSimulator,
    variant: str,
    event: str,
    at: datetime,
    buyer: Buyer | None,
    amount: int | None,
) -> SimulatedWebhook:
    buyer = buyer or Buyer("ratna.wulandari@contoh.id")
    order = orders.order(buyer=buyer, at=at, price=150_000 if amount is None else amount, variant=variant)
    number = new_code(_dice(order.record_id), 12, string.digits + string.ascii_uppercase)
    return deliveries.event(event, at, order=replace(order, order_id=number))


def _deliveries(
    webhook: SimulatedWebhook, cast: Cast, duplicates: float, disorder: float
) -> list[SimulatedWebhook]:
    """The webhook, late perhaps, and again perhaps."""
    late = cast.rng.expovariate(1 / 1200) if cast.rng.random() < disorder else 0.0
    arrived = webhook.at + timedelta(seconds=min(late, 3 * 3600))
    deliveries = [replace(webhook, at=arrived)]
    while cast.rng.random() < duplicates:
        again = webhook.at + timedelta(seconds=cast.rng.uniform(0, 2700))
        copy = (
            cast.xendit.again(webhook, again) if webhook.provider == "xendit" else replace(webhook, at=again)
        )
        deliveries.append(copy)
    return deliveries
