"""A case: what facts say of one payment, order or subscription, and what we said of it. Facts and record lie side by side; neither knows the other."""

from __future__ import annotations

from collections.abc import Iterable

from processor.cases.joining import joined
from processor.cases.keys import suspense_id
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Change, PaymentRecord
from processor.cases.recording import apply
from processor.cases.state import State
from processor.cases.subscription import SubscriptionFacts
from processor.cases.subscription_record import SubscriptionRecord
from schemas.decision_model import Decision
from schemas.decisions import SubscriptionDecision
from schemas.event_model import EventModel
from schemas.facts import SuspenseClaimWithdrawn
from schemas.payment_words import PaymentWord


class PaymentCase(State):
    """One payment or order."""

    facts: PaymentFacts
    record: PaymentRecord

    @classmethod
    def new(cls, key: str, provider: str, payment_key: str) -> PaymentCase:
        """Nothing is known yet."""
        return cls(PaymentFacts(key, provider, payment_key), PaymentRecord())

    @property
    def key(self) -> str:
        return self.facts.key

    @property
    def provider(self) -> str:
        return self.facts.provider

    @property
    def owner(self) -> str | None:
        return self.record.owned.customer_id if self.record.owned else None

    def observe(self, event: EventModel, position: int) -> None:
        """Take a fact in; the next assessment names it. What rested on a word that is taken back pins nothing until then."""
        taken = self.facts.observe(event, position)
        self.record.untold.append(position)
        void: Iterable[str] = ()
        if isinstance(event, PaymentWord):
            # Whatever was settled rested on what is read in another way now.
            void = self.record.settled
        elif taken is not None:
            void = [key for key in self.record.settled if suspense_id(self.key, key) == taken]
        self.record.void |= dict.fromkeys(void, position)

    def apply(self, decision: Decision) -> Change | None:
        """Take a decision in. Returns the part of the money that changed."""
        return apply(self.record, decision)

    def absorb(self, other: PaymentCase) -> None:
        """Another case is of the same payment."""
        self.facts = joined(self.facts, other.facts)
        self.record.absorb(other.key, other.record)


class SubscriptionCase(State):
    """One subscription, membership or licence."""

    facts: SubscriptionFacts
    record: SubscriptionRecord

    @classmethod
    def new(cls, key: str, provider: str, subscription_key: str) -> SubscriptionCase:
        """Nothing is known yet."""
        return cls(SubscriptionFacts(key, provider, subscription_key), SubscriptionRecord())

    @property
    def key(self) -> str:
        return self.facts.key

    @property
    def provider(self) -> str:
        return self.facts.provider

    @property
    def owner(self) -> str | None:
        return self.record.owner

    def observe(self, event: EventModel, position: int) -> None:
        """Take a fact in. What rested on a claim that is taken back pins nothing."""
        claim = self.facts.claim
        self.facts.observe(event, position)
        if isinstance(event, SuspenseClaimWithdrawn) and claim is not None:
            self.record.called.discard(claim.product or "")
            self.record.void |= self._rests_on_nothing()

    def apply(self, decision: Decision) -> None:
        """Take a decision in; it is about no part of the money."""
        claim, had = self.facts.claim, self.record.pinned
        self.record.apply(self.key, decision)
        if (
            had is not None
            or not isinstance(decision, SubscriptionDecision)
            or decision.subscription_id != self.key
        ):
            return
        if decision.claimed is not None:
            # Claims may have come, or been taken back, between what it was decided on and where it stands in the log.
            self.record.by_claim = decision.claimed
            self.record.void = self._rests_on_nothing()
        elif claim is not None and claim.customer_id == self.record.owner:
            # Earlier programs did not say.
            self.record.by_claim = claim.position

    def _rests_on_nothing(self) -> bool:
        """Whether a claim made it its owner's, and that claim was taken back."""
        standing = {
            one.position for one in (self.facts.claim, *self.facts.spoken.values()) if one is not None
        }
        return bool(self.record.by_claim) and self.record.by_claim not in standing


Case = PaymentCase | SubscriptionCase
