"""Whether enough is known of money that it may be granted: by the limits that the catalogue sets for each level of attestation."""

from __future__ import annotations

from processor.cases.attempts import Attempt
from processor.cases.choice import amount_of
from processor.cases.keys import WaitKey, confirmation_key
from processor.cases.parts import Part
from processor.cases.payment import PaymentFacts
from schemas.attestation import RANK, Attestation
from schemas.catalog import ProviderPolicy

AWAITED = "awaiting_confirmation"
"""Why money is held of which too little is known."""


def known_enough(facts: PaymentFacts, part: Part, policy: ProviderPolicy) -> bool:
    """By the least that is known of any of its movements of money."""
    whole = _whole(facts, part)
    limits = [policy.may_grant(facts.attempts[attempt].attestation) for attempt in part.attempts]
    return all(limit is None or whole <= limit for limit in limits)


def _whole(facts: PaymentFacts, part: Part) -> int:
    """Rupiah that must be known to have come: those of the payment, however many things they buy. What nobody told the amount of counts as nothing."""
    order = facts.order_snapshot
    came = sum(amount_of(facts, attempt) or 0 for attempt in part.attempts)
    return max(part.amount or 0, came, order.gross_amount if order else 0)


def waits_of(reason: str | None, facts: PaymentFacts, part: Part) -> set[WaitKey]:
    """The provider's word, where it could say more than we know on being asked."""
    asked = reason == AWAITED and any(may_tell_more(facts.attempts[one]) for one in part.attempts)
    return {confirmation_key(facts.provider)} if asked else set()


def may_tell_more(attempt: Attempt) -> bool:
    """Whether less is known of this money than its provider could say on being asked."""
    return attempt.attestation is None or knows_less(attempt.attestation)


def knows_less(level: Attestation | None) -> bool:
    """Whether asking the provider would raise this level. Not where an earlier program kept none: that it has been asked is taken as given."""
    return level is not None and RANK[level] < RANK["api_confirmed"]
