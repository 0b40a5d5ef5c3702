"""The facts as a provider's policies in the catalogue read them: what disputes do to the money, and what a payment does that was set back by hand."""

from __future__ import annotations

from msgspec.structs import replace

from processor.cases.choice import amount_of
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
    received = _received(read)
    left = None if received is None else received - sum(one.amount for one in read.refunds.values())
    at = max(one.unpaid_at for one in read.attempts.values() if one.unpaid_at is not None)
    if not left or left < 0:
        return read
    return replace(read, refunds={**read.refunds, REVERSAL: Refund(attempt_id=None, amount=left, at=at)})


def _received(facts: PaymentFacts) -> int | None:
    """What the order came to, or what its payments told."""
    order = facts.order_snapshot
    if order is not None:
        return order.gross_amount
    known = [amount_of(facts, attempt) for attempt in facts.successes]
    return None if None in known else sum(amount for amount in known if amount is not None)
