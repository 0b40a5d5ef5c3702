"""What checkout asks of a provider of recurring plans, and what it is told: values only. Each provider's `plan_client.py` speaks them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from schemas.periods import JAKARTA

LAST_DAY = 28
"""The latest day of a month on which schedules of providers begin: every month has it."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PlanAsk(_Value):
    """A plan to be opened. `reference` is ours, unique, and repeated by the provider.

    `charged_at_once`: the first charge is made when an instrument is linked, and `next_charge` is when the second period begins; otherwise it
    is when the first one does.

    `instrument`: what the provider knows a stored wallet or card by; without one the payer links one on the provider's page. `retries`: how
    often a charge that failed is tried again, a day apart.
    """

    reference: str
    customer_id: str
    product: str
    description: str
    amount_idr: int
    interval: Literal["DAY", "WEEK", "MONTH", "YEAR"]
    interval_count: int
    next_charge: datetime
    charged_at_once: bool = True
    retries: int
    instrument: str | None = None
    payer_name: str | None = None
    payer_email: str | None = None
    payer_phone: str | None = None


def schedule_day(moment: datetime, *, later: bool = False) -> datetime:
    """The moment, or the nearest one before it (`later`: after it) on a day on which a schedule can begin. In UTC; days are those of Jakarta."""
    local = moment.astimezone(JAKARTA)
    while local.day > LAST_DAY:
        local += timedelta(days=1 if later else -1)
    return local.astimezone(UTC)


class PlanOpening(_Value):
    """A plan that the provider has. `action_url`: where its payer links an instrument. `linked`: that was done; None where it is not told."""

    plan_key: str
    status: str = ""
    linked: bool | None = None
    action_url: str | None = None


class Repriced(_Value):
    """Since when the plan has its new price, by the provider's clock, and the charge that comes next."""

    changed_at: datetime
    next_cycle: str | None = None


class PlanClient(Protocol):
    """Raises CallFailed."""

    async def open(self, ask: PlanAsk) -> PlanOpening:
        """A plan with our reference, or the one that was made with it before."""

    async def find(self, ask: PlanAsk) -> PlanOpening | None:
        """The plan with our reference, if the provider has one."""

    async def read(self, plan_key: str) -> PlanOpening:
        """The plan as it stands."""

    async def stop(self, plan_key: str) -> None:
        """Nothing is charged any more. Doing it twice is like doing it once."""

    async def reprice(self, plan_key: str, amount_idr: int, description: str) -> Repriced:
        """Another price from the next charge on. Doing it twice is like doing it once."""

    async def charge_now(self, plan_key: str, cycle: str) -> None:
        """Makes a charge that is due later. It is made once, however often this is called."""

    async def close(self) -> None:
        """End connections."""
