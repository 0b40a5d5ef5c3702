"""A case: what facts say of one payment, order or subscription, and what we said of it. Facts and record lie side by side; neither knows the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processor.cases.earlier import payment_case, subscription_case
from processor.cases.keys import suspense_id
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Change, PaymentRecord
from processor.cases.recording import apply
from processor.cases.state import State
from processor.cases.subscription import SubscriptionFacts
from processor.cases.subscription_record import SubscriptionRecord
from schemas.decision_model import Decision
from schemas.event_model import EventModel
from schemas.facts import SuspenseClaimWithdrawn, SuspenseWriteOffWithdrawn


class PaymentCase(State):
    """One payment or order."""

    facts: PaymentFacts
    record: PaymentRecord

    @classmethod
    def new(cls, key: str, provider: str, payment_key: str) -> PaymentCase:
        """Nothing is known yet."""
        return cls(PaymentFacts(key, provider, payment_key), PaymentRecord())

    @classmethod
    def _former(cls, document: Any) -> dict[str, Any] | None:
        if not isinstance(document, dict) or "facts" in document or "payment_key" not in document:
            return None
        return payment_case(document)

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
        words, taken = self._words_of(event)
        said = taken in words
        self.facts.observe(event, position)
        self.record.untold.append(position)
        if said and taken not in words:
            for key in self.record.settled:
                if suspense_id(self.key, key) == taken:
                    self.record.void[key] = position

    def _words_of(self, event: EventModel) -> tuple[Mapping[str, object], str | None]:
        """The words that an event takes one back of, and about which held money that is."""
        if isinstance(event, SuspenseClaimWithdrawn):
            return self.facts.claims, event.suspense_id
        if isinstance(event, SuspenseWriteOffWithdrawn):
            return self.facts.write_offs, event.suspense_id
        return {}, None

    def apply(self, decision: Decision) -> Change | None:
        """Take a decision in. Returns the part of the money that changed."""
        return apply(self.record, decision)

    def absorb(self, other: PaymentCase) -> None:
        """Another case is of the same payment."""
        self.facts.absorb(other.facts)
        self.record.absorb(other.key, other.record)


class SubscriptionCase(State):
    """One subscription, membership or licence."""

    facts: SubscriptionFacts
    record: SubscriptionRecord

    @classmethod
    def new(cls, key: str, provider: str, subscription_key: str) -> SubscriptionCase:
        """Nothing is known yet."""
        return cls(SubscriptionFacts(key, provider, subscription_key), SubscriptionRecord())

    @classmethod
    def _former(cls, document: Any) -> dict[str, Any] | None:
        if not isinstance(document, dict) or "facts" in document or "subscription_key" not in document:
            return None
        return subscription_case(document)

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
        """Take a fact in."""
        self.facts.observe(event, position)

    def apply(self, decision: Decision) -> None:
        """Take a decision in; it is about no part of the money."""
        self.record.apply(self.key, decision)


Case = PaymentCase | SubscriptionCase
