"""A case: what facts say of one payment or order, and what we said of it."""

from __future__ import annotations

from typing import Any

from processor.cases.earlier import payment_case
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import PaymentRecord
from processor.cases.state import State
from schemas.event_model import EventModel


class PaymentCase(State):
    """Facts and record lie side by side; neither knows the other."""

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
        """Take a fact in; the next assessment names it."""
        self.facts.observe(event, position)
        self.record.untold.append(position)

    def absorb(self, other: PaymentCase) -> None:
        """Another case is of the same payment."""
        self.facts.absorb(other.facts)
        self.record.absorb(other.key, other.record)
