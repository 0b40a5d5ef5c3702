"""What a dispute does to the money, where the catalogue says more than to tell of it: it counts like a refund.

`clawback`: once it is lost. `freeze`: from its opening on, until it is won. A refund of the same amount that the provider tells besides is the
same money: it goes back once.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from processor.cases.choice import brought
from processor.cases.payment import Dispute, PaymentFacts
from processor.cases.refund import Refund

Policy = Literal["tell", "freeze", "clawback"]

_PREFIX = "dispute:"
_COUNTS: dict[Policy, tuple[str, ...]] = {"tell": (), "clawback": ("lost",), "freeze": ("opened", "lost")}


def as_disputed(facts: PaymentFacts, policy: Policy) -> PaymentFacts:
    """The facts as this policy reads them; the same object when it changes nothing."""
    if not facts.disputes:
        return facts
    taken = {
        dispute_id: dispute
        for dispute_id, dispute in sorted(facts.disputes.items())
        if dispute.status in _COUNTS[policy]
    }
    received = brought(facts, facts.successes) if taken and facts.paid else None
    if received is None:
        return facts
    refunds = dict(facts.refunds)
    for dispute_id, dispute in taken.items():
        same = _same_money(refunds, dispute)
        if same is not None:
            del refunds[same]
        rest = received - sum(refund.amount for refund in refunds.values())
        amount = rest if dispute.amount is None else min(dispute.amount, rest)
        if amount > 0:
            attempt = dispute.attempt_id if dispute.attempt_id in facts.attempts else None
            refunds[refund_of(dispute_id)] = Refund(attempt_id=attempt, amount=amount, at=dispute.at)
    return replace(facts, refunds=refunds)


def refund_of(dispute_id: str) -> str:
    """The id under which a dispute takes money back."""
    return f"{_PREFIX}{dispute_id}"


def _same_money(refunds: dict[str, Refund], dispute: Dispute) -> str | None:
    """The refund that the provider told because of the dispute, if it did."""
    since = dispute.since or dispute.at
    return next(
        (
            refund_id
            for refund_id, refund in sorted(refunds.items())
            if not refund_id.startswith(_PREFIX) and refund.amount == dispute.amount and refund.at >= since
        ),
        None,
    )
