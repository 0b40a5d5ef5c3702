"""What should be true of one case now: a frozen value, that says nothing of how it came to be so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from processor.cases.keys import WaitKey
from processor.cases.payment_record import Standing
from processor.cases.world import Owner
from schemas.decision_model import Given
from schemas.decisions import PaymentAssessed, SubscriptionDecision, SuspenseHeld

Alarm = tuple[str, str, str]
"""What an operator must see: what it is about, why, and the word by which it is remembered, so that they are told once."""


class Returned(NamedTuple):
    """Money of these attempts that went back, by refund."""

    attempts: tuple[str, ...]
    refunds: Mapping[str, int]


class PaymentOutcome(NamedTuple):
    """`parts`: what becomes of each part of the money. `given`: what customers' plans and subscriptions are to know of it. `views`: what readers
    are told. `alarms`: what an operator must see. `waits`: what would change it. `calls`: cases that are to look again,
    because this one was paid before them. `returned`: parts that bought nothing because
    their money all went back. `due_at`: when it is to be looked at again without any news. `fee`: what the provider keeps of it, in rupiah.
    """

    owner: Owner
    words: str
    parts: Mapping[str, Standing]
    given: Mapping[str, Given]
    views: tuple[PaymentAssessed, ...]
    alarms: tuple[Alarm, ...]
    waits: frozenset[WaitKey]
    calls: frozenset[str]
    returned: Mapping[str, Returned]
    due_at: datetime | None = None
    fee: int = 0


class SubscriptionOutcome(NamedTuple):
    """`view`: what readers are told, None when what they were told stays; `soon`: and that it will end soon. `held`: why it waits instead, where no
    money waits for it.
    """

    owner: Owner
    waits: frozenset[WaitKey]
    alarms: tuple[Alarm, ...] = ()
    view: SubscriptionDecision | None = None
    soon: bool = False
    held: SuspenseHeld | None = None
    due_at: datetime | None = None
