"""Facts of refunds that we ask providers for: recorded before anybody is called, so that no two of them can exceed their payment.

What a provider says of a refund, ours or one made at its dashboard, are the `refund.succeeded` and `refund.failed` of `schemas.facts`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

from schemas.event_model import EventModel

TAKEN_BACK = "taken_back"
"""Failure code of a refund by hand that never was: a person recorded it by mistake, and took that back."""

_OWN = re.compile(r"rfn_[0-9a-f]{32}")


def is_own_refund(reference: str | None) -> bool:
    """References of refunds that we asked for: each names one."""
    return reference is not None and _OWN.fullmatch(reference) is not None


class OwnRefundFact(EventModel):
    """`refund_id` is our own name for the refund, which the provider is told and repeats; `payment_key` a name of the payment at the provider."""

    refund_id: str
    provider: str
    payment_key: str
    occurred_at: datetime


class RefundRequested(OwnRefundFact):
    """So much of a payment is to go back: nothing else can have it from now on. `by`: who wants it, the API or an operator."""

    TYPE: ClassVar[str] = "refund.requested"

    amount_idr: int
    reason: str
    by: str = "api"


class RefundAccepted(OwnRefundFact):
    """The provider took it on, under a name of its own; the money is on its way or has gone."""

    TYPE: ClassVar[str] = "refund.accepted"

    provider_refund_id: str


class RefundRefused(OwnRefundFact):
    """Nothing goes back: the provider would not, or never answered. `code` is ours and stable."""

    TYPE: ClassVar[str] = "refund.refused"

    code: str


OWN_REFUND_FACTS: tuple[type[OwnRefundFact], ...] = (RefundRequested, RefundAccepted, RefundRefused)
