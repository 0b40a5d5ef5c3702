"""Facts of our own checkout about subscriptions: what an application wanted, and what the provider of the plan answered.

Recorded before the provider is called, as requests for payment are. The plan's own life (charges, failures, its end) is told by the provider:
`subscription.reported`. What follows from both is decided elsewhere: `subscription.activated`, `subscription.cancelled` and so on.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Literal

from schemas.event_model import EventModel
from schemas.request_facts import CallOutcome, RequestedItem

CancelAt = Literal["now", "period_end"]
CancelWhy = Literal["asked", "never_linked"]
ChangeFrom = Literal["now", "period_end"]
_OWN = re.compile(r"sub_[0-9a-f]{32}")


def is_own_subscription(name: str) -> bool:
    """Ids that `POST /v1/subscriptions` gives."""
    return _OWN.fullmatch(name) is not None


class PlanRequestFact(EventModel):
    """`request_id` is ours and never used again; `reference` what the provider is told and repeats; `plan_key` the provider's own id."""

    request_id: str
    provider: str
    reference: str
    occurred_at: datetime


class PlanRequested(PlanRequestFact):
    """We are about to ask the provider for a recurring plan. `sold`: the plan on the terms of that day."""

    TYPE: ClassVar[str] = "plan.requested"

    customer_id: str
    sold: RequestedItem


class PlanRefused(PlanRequestFact):
    """There will be no plan for this request. `code` is ours and stable."""

    TYPE: ClassVar[str] = "plan.refused"

    code: str


class PlanCalled(PlanRequestFact):
    """We called the provider about it. `unknown`: it was sent and nobody knows what became of it."""

    TYPE: ClassVar[str] = "plan.called"

    operation: Literal["open", "stop", "change", "read"]
    outcome: CallOutcome
    status: int | None = None
    code: str | None = None
    milliseconds: int = 0


class PlanChangeAsked(PlanRequestFact):
    """An application wants another plan from `since` on: with a charge made now, or with the next one that is due."""

    TYPE: ClassVar[str] = "plan.change_asked"

    plan_key: str
    sold: RequestedItem
    since: ChangeFrom


class PlanActRefused(PlanRequestFact):
    """The provider would not change or stop the plan. `code` is ours and stable."""

    TYPE: ClassVar[str] = "plan.act_refused"

    plan_key: str
    act: Literal["stop", "change"]
    code: str


class PlanStopped(PlanRequestFact):
    """The provider has answered that it charges nothing more."""

    TYPE: ClassVar[str] = "plan.stopped"

    plan_key: str


class PlanFact(PlanRequestFact):
    """What decides about the subscription beside the provider's own reports."""

    plan_key: str


class PlanOpened(PlanFact):
    """The provider has the plan: whose it is and what was sold, on the terms of the day it was asked for."""

    TYPE: ClassVar[str] = "plan.opened"

    customer_ref: str
    sold: RequestedItem
    asked_at: datetime
    status: str = ""


class PlanCancelAsked(PlanFact):
    """It is to end: now, or when what is paid for is over. Access follows our word; the provider is told to stop charging.

    `why`: an application wants it, or else nobody linked anything to it in time.
    """

    TYPE: ClassVar[str] = "plan.cancel_asked"

    at: CancelAt
    why: CancelWhy = "asked"


class PlanChanged(PlanFact):
    """The provider charges for another plan from `changed_at` (its clock) on. What a charge pays for is the plan at its price."""

    TYPE: ClassVar[str] = "plan.changed"

    sold: RequestedItem
    since: ChangeFrom
    changed_at: datetime


PLAN_FACTS: tuple[type[PlanFact], ...] = (PlanOpened, PlanCancelAsked, PlanChanged)
"""What fulfilment decides on."""

PLAN_REQUEST_FACTS: tuple[type[PlanRequestFact], ...] = (
    PlanRequested,
    PlanRefused,
    PlanCalled,
    PlanChangeAsked,
    PlanActRefused,
    PlanStopped,
)
"""What only tells the story of a request."""
