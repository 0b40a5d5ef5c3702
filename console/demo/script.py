"""What is played: a simulated day, customers of whom some register late, and requests nobody should believe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from console.times import WIB
from providers.simulated import SimulatedWebhook
from providers.simulation import EVENTS, Day, simulate_day
from providers.xendit.signature import HEADER as XENDIT_HEADER

if TYPE_CHECKING:
    from runtime.settings import Settings

FORGED_EVERY = 12
"""One forged request after this many genuine ones."""

LATE_CUSTOMERS = 2
"""Customers our applications register only after their money has come; it waits in suspense until then."""


@dataclass(frozen=True, slots=True)
class Script:
    """`genuine` in order of delivery, duplicates included; `forged` carry no valid credential."""

    day: Day
    genuine: tuple[SimulatedWebhook, ...]
    forged: tuple[SimulatedWebhook, ...]

    @property
    def performance(self) -> list[SimulatedWebhook]:
        """Everything in the order it is sent: forged ones in between."""
        mixed = list(self.genuine)
        for number, webhook in enumerate(self.forged):
            mixed.insert(min(len(mixed), (number + 1) * (FORGED_EVERY + 1)), webhook)
        return mixed

    @property
    def early(self) -> list[str]:
        """Customers registered before the day begins."""
        return [str(buyer.customer_id) for buyer in self.day.customers[:-LATE_CUSTOMERS]]


def write_script(settings: Settings, seed: int, customers: int, count: int, now: datetime) -> Script:
    """The same arguments and day give the same script. The simulated day is yesterday, in WIB."""
    yesterday = datetime.combine(now.astimezone(WIB).date() - timedelta(days=1), time(), WIB)
    secrets = {name: settings.webhook_secrets(name)[0].get_secret_value() for name in EVENTS}
    day = simulate_day(seed, customers, count, yesterday, secrets=secrets)
    return Script(day, day.webhooks, forge(day.webhooks))


def forge(webhooks: tuple[SimulatedWebhook, ...]) -> tuple[SimulatedWebhook, ...]:
    """Copies of genuine requests in three ways wrong: no credential, a wrong one, or a signed body that was changed."""
    forged = []
    for number, webhook in enumerate(webhooks[FORGED_EVERY::FORGED_EVERY]):
        plain = {"content-type": "application/json"}
        if webhook.provider == "scalev":
            forged.append(replace(webhook, body=webhook.body.replace(b"150000", b"150001") + b" "))
        elif number % 2:
            forged.append(replace(webhook, headers=plain))
        else:
            forged.append(replace(webhook, headers=plain | {XENDIT_HEADER: "guessed-token"}))
    return tuple(forged)
