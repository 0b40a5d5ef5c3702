"""The facts as a provider's policies in the catalogue read them: what disputes do to the money, and what a payment does that was set back by hand."""

from __future__ import annotations

from msgspec.structs import replace

from processor.cases.choice import brought
from processor.cases.disputes import as_disputed
from processor.cases.payment import PaymentFacts, Refund
from schemas.catalog import ProviderPolicy

REVERSAL = "reversal"
"""The id under which a payment that was set back takes everything back that no refund took."""


def as_read(facts: PaymentFacts, policy: ProviderPolicy) -> PaymentFacts:
    """The same object when the policies change nothing."""
    read = as_disputed(facts, policy.disputes)
    if policy.reversals == "keep" or not read.reversed():
        return read
    order = read.order_snapshot
    received = order.gross_amount if order else brought(read, read.successes)
    left = (received or 0) - sum(one.amount for one in read.refunds.values())
    if left <= 0:
        return read
    at = max(one.unpaid_at for one in read.attempts.values() if one.unpaid_at is not None)
    return replace(read, refunds={**read.refunds, REVERSAL: Refund(attempt_id=None, amount=left, at=at)})
