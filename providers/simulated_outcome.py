"""What a simulated day must end in, added up story by story from the rules alone; nothing here uses the code it is compared with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

TOKENS_PER_IDR = 10


@dataclass(slots=True)
class ExpectedCustomer:
    """What one customer must have after everything was applied once. Rupiah and tokens are whole numbers."""

    paid_idr: int = 0
    refunded_idr: int = 0
    credit_tokens: int = 0
    chat_tokens: int = 0
    courses: set[str] = field(default_factory=set)
    plans: set[str] = field(default_factory=set)
    licences: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ExpectedOutcome:
    """The end state of a day. `suspense` is rupiah by reason; `parked` counts distinct webhooks nobody can read; repetitions of
    them, of `tests` and of `unknown` events are not counted."""

    customers: dict[str, ExpectedCustomer] = field(default_factory=dict)
    suspense: Counter[str] = field(default_factory=Counter)
    parked: int = 0
    tests: int = 0
    unknown: int = 0

    @property
    def suspense_total(self) -> int:
        return self.suspense.total()

    @property
    def received_idr(self) -> int:
        """All money the providers reported as received, whoever it belongs to, refunds not subtracted."""
        return sum(customer.paid_idr for customer in self.customers.values()) + self.suspense_total

    def of(self, customer_id: str | None) -> ExpectedCustomer:
        return self.customers.setdefault(str(customer_id), ExpectedCustomer())

    def topped_up(self, customer_id: str | None, amount: int) -> None:
        customer = self.of(customer_id)
        customer.paid_idr += amount
        customer.credit_tokens += amount * TOKENS_PER_IDR

    def refunded(self, customer_id: str | None, amount: int) -> None:
        """Of a top-up that nobody spent from."""
        customer = self.of(customer_id)
        customer.refunded_idr += amount
        customer.credit_tokens -= amount * TOKENS_PER_IDR
