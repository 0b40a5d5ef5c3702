"""What our own checkout said: of a payment whose it is, what it is for, and how much was asked; of a subscription whose it is, what was sold when, and
when it is to end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import field
from msgspec.structs import asdict

from processor.cases.joining import Union, earliest
from processor.cases.reports import Cycle, Ending, PayerReports, reported
from processor.cases.state import State
from schemas.catalog import Product
from schemas.credit_terms import Credit
from schemas.decision_model import LatePayment, Overpaid, PartRefund
from schemas.facts import ProductHint, SubscriptionReported
from schemas.plan_facts import PlanCancelAsked, PlanChanged, PlanFact, PlanOpened
from schemas.request_facts import CheckoutRequested, RequestKind


class Sold(State, frozen=True):  # type: ignore[misc]
    """One line: the product on the terms of the day it was asked for."""

    product: str
    kind: str
    quantity: int
    price_idr: int
    chat_tokens: int | None = None
    tier: str | None = None
    period: str | None = None
    grace: str | None = None
    part_refund: PartRefund = "keep"
    late: LatePayment = "honour"
    overpaid: Overpaid = "keep"

    @property
    def amount(self) -> int:
        return self.quantity * self.price_idr

    def as_product(self) -> Product:
        """The same as a product of that day's catalogue."""
        said = asdict(self)
        del said["quantity"]
        return Product(id=said.pop("product"), **said)


class OwnRequest(State, frozen=True):  # type: ignore[misc]
    """A request of our checkout, as it was recorded before the provider was called."""

    reference: str
    kind: RequestKind
    customer_id: str
    amount: int
    at: datetime
    method: str | None = None
    channel: str | None = None
    expires_at: datetime | None = None
    items: tuple[Sold, ...] = ()
    tokens_per_idr: int | None = None

    @classmethod
    def of(cls, fact: CheckoutRequested) -> OwnRequest:
        items = tuple(Sold.like(item) for item in fact.items)
        return cls.like(fact, amount=fact.amount_idr, at=fact.occurred_at, items=items)

    @property
    def order(self) -> tuple[datetime, str]:
        """Of two the earlier counts: a case has one, unless ids were mixed up."""
        return self.at, self.reference

    @property
    def words(self) -> dict[str, Any]:
        """What it says of fields of the payment."""
        said = {
            "customer_ref": self.customer_id,
            "requested_amount": self.amount,
            "reference_id": self.reference,
        }
        return {**said, "payment_type": "credit_topup"} if self.kind == "topup" else said


class AskedRest(State):
    """What was asked for once more because less had come: `names` of the provider for it, and the movements of money that bore one of them."""

    at: datetime
    amount: int
    expires_at: datetime | None = None
    names: Union = field(default_factory=set)
    attempts: Union = field(default_factory=set)

    @classmethod
    def of(cls, fact: CheckoutRequested) -> AskedRest:
        return cls(fact.occurred_at, fact.amount_idr, fact.expires_at, {fact.reference})

    def open_at(self, at: datetime, tolerance: timedelta) -> bool:
        """Whether it was waited for then, give or take what two clocks may differ."""
        ended = self.expires_at is not None and at > self.expires_at + tolerance
        return at >= self.at - tolerance and not ended


def rate_of(request: OwnRequest | None, terms: Credit, paid_at: datetime | None) -> tuple[int, bool]:
    """Tokens for a rupiah of credit, and whether that was agreed when it was asked for: then it counts, whatever was granted before that was known."""
    if request is None or request.kind != "topup":
        return terms.rate_at(paid_at), False
    if request.tokens_per_idr is None:
        return terms.rate_at(request.at), False
    return request.tokens_per_idr, True


class SoldSince(State, frozen=True):  # type: ignore[misc]
    """A plan on the terms of a day, charged for from `at` (the provider's clock) on."""

    at: datetime
    sold: Sold


class OwnPlan(State):
    """`first`: what was asked for; `changes` what was changed to. `ended_at`: the customer's own word that it ends there and then."""

    customer_id: str | None = None
    first: Sold | None = None
    changes: list[SoldSince] = field(default_factory=list)
    ended_at: datetime | None = None

    def observe(self, fact: PlanFact) -> None:
        """Merge one fact; in any order, any number of times, the same."""
        if isinstance(fact, PlanOpened):
            self.customer_id, self.first = fact.customer_ref, Sold.like(fact.sold)
        elif isinstance(fact, PlanChanged):
            change = SoldSince(fact.changed_at, Sold.like(fact.sold))
            if change not in self.changes:
                self.changes = sorted([*self.changes, change], key=lambda one: (one.at, one.sold.product))
        elif isinstance(fact, PlanCancelAsked) and fact.at == "now":
            self.ended_at = earliest(self.ended_at, fact.occurred_at)

    def paid_for(self, cycles: Iterable[Cycle]) -> Sold | None:
        """What the newest of these charges was for; what was asked for while there is none."""
        newest = max(cycles, key=lambda cycle: (cycle.start, cycle.at), default=None)
        return self.first if newest is None else self._meant(newest)

    def _meant(self, cycle: Cycle) -> Sold | None:
        """A charge is for the plan at its price; at one price for the one that was changed to before it."""
        begun = [one for one in self.changes if one.at <= cycle.at]
        known = [*([self.first] if self.first else []), *(one.sold for one in begun)]
        priced = [one for one in known if cycle.amount in (None, one.amount)]
        later = [one.sold for one in self.changes if one not in begun and one.sold.amount == cycle.amount]
        found = priced or later[:1] or known
        return found[-1] if found else None


def as_reported(fact: PlanFact, position: int) -> PayerReports:
    """What the fact says in the words of a provider's reports."""
    if isinstance(fact, PlanOpened):
        hint = ProductHint(kind="catalog", value=fact.sold.product)
        told = SubscriptionReported(
            provider=fact.provider,
            subscription_key=fact.plan_key,
            report="created",
            customer_ref=fact.customer_ref,
            products=(hint,),
            occurred_at=fact.asked_at,
        )
        return reported(told, position)
    said = PayerReports(position, fact.occurred_at)
    if isinstance(fact, PlanCancelAsked):
        said.cancelled = [Ending(fact.occurred_at)]
    return said
