"""The facts as they are read: without refunds that failed after all, and by a provider's policies in the catalogue: what disputes do to the
money, and what a payment does that was set back by hand."""

from __future__ import annotations

from msgspec.structs import replace

from processor.cases.choice import brought
from processor.cases.disputes import as_disputed
from processor.cases.payment import PaymentFacts
from processor.cases.refund import Refund
from schemas.catalog import ProviderPolicy

REVERSAL = "reversal"
"""The id under which a payment that was set back takes everything back that no refund took."""


def as_read(facts: PaymentFacts, policy: ProviderPolicy) -> PaymentFacts:
    """The same object when the policies change nothing."""
    read = as_disputed(_without_failed(facts), policy.disputes)
    if policy.reversals == "keep" or not read.reversed():
        return read
    order = read.order_snapshot
    received = order.gross_amount if order else brought(read, read.successes)
    left = (received or 0) - sum(one.amount for one in read.refunds.values())
    if left <= 0:
        return read
    at = max(one.unpaid_at for one in read.attempts.values() if one.unpaid_at is not None)
    return replace(read, refunds={**read.refunds, REVERSAL: Refund(attempt_id=None, amount=left, at=at)})


def _without_failed(facts: PaymentFacts) -> PaymentFacts:
    """A refund that failed later than it was called successful gave nothing back."""
    came_back = {
        refund_id
        for refund_id, failed_at in facts.failed_refunds.items()
        if (refund := facts.refunds.get(refund_id)) is not None and failed_at > (refund.again or refund.at)
    }
    if not came_back:
        return facts
    return replace(facts, refunds={key: one for key, one in facts.refunds.items() if key not in came_back})
