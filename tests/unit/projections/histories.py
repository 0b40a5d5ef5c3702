"""Random histories of decisions, as fulfilment could have appended them, and what must come out of them by simple counting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from hypothesis import strategies as st

from eventstore.append import NewEvent
from schemas.corrections import CourseDated, CourseWithdrawn, CreditDated, CreditWithdrawn, TokensWithdrawn
from schemas.decision_model import Posting, ValueMoved
from schemas.decisions import (
    CourseEnrolled,
    CourseRevoked,
    CreditClawedBack,
    CreditGranted,
    PaymentAssessed,
    SubscriptionActivated,
    SubscriptionCancelled,
    SubscriptionRenewed,
    SuspenseHeld,
    SuspenseReleased,
    TierChanged,
    TokensGranted,
)
from schemas.event_model import EventModel
from schemas.facts import CustomerRegistered

START = datetime(2026, 1, 31, 17, 0, tzinfo=UTC)
CUSTOMERS = ("ani", "budi", "citra")
COURSES = ("kelas-python", "kelas-sql")

Step = tuple[int, int, int, int]
"""What happens, to whom, how much, when: four small numbers, so that a failing history shrinks well."""

steps = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 2), st.integers(1, 500_000), st.integers(0, 10_000)),
    max_size=40,
)


@dataclass
class History:
    """Turns steps into events that make sense together. `prefix` keeps the ids of two histories in one log apart."""

    prefix: str
    events: list[NewEvent] = field(default_factory=list)
    _cases: int = 0
    _enrolled: set[tuple[str, str]] = field(default_factory=set)
    _orders: dict[tuple[str, str], str] = field(default_factory=dict)
    _held: list[tuple[str, str, int]] = field(default_factory=list)
    _credit: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def play(self, given: Iterable[Step]) -> list[NewEvent]:
        acts = (
            self._register, self._top_up, self._claw_back, self._tokens, self._enrol, self._revoke,
            self._subscribe, self._tier, self._hold, self._release, self._pending,
            self._withdraw, self._date, self._withdraw_tokens, self._withdraw_course,
        )  # fmt: skip
        for act, who, amount, seconds in given:
            acts[act](f"{self.prefix}{CUSTOMERS[who]}", amount, START + timedelta(seconds=seconds))
        return self.events

    def _case(self) -> str:
        self._cases += 1
        return f"payment:xendit:{self.prefix}{self._cases}"

    def _add(self, stream: str, event: EventModel) -> None:
        self.events.append(NewEvent(stream, event, {"correlation_id": "test"}))

    def _assess(self, case: str, customer: str | None, amount: int, at: datetime, status: str) -> None:
        paid = status == "succeeded"
        self._add(
            f"case-{case}",
            PaymentAssessed(
                case=case, record=case, provider="xendit", payment_id=f"py-{case}", aliases=(f"pr-{case}", "shared"),
                status=status, amount=amount if paid else None, requested_amount=amount, customer_id=customer,
                paid_at=at if paid else None, facts=(len(self.events) + 1,), method="QR_CODE",
            ),
        )  # fmt: skip

    def _register(self, customer: str, amount: int, at: datetime) -> None:
        self._add(
            f"customer-{customer}",
            CustomerRegistered(
                customer_id=customer, email=f" {customer}{amount % 3}@Contoh.ID", name='Ünïcode \\ " ☂'
            ),
        )

    def _top_up(self, customer: str, amount: int, at: datetime) -> None:
        case = self._case()
        self._assess(case, customer, amount, at, "succeeded")
        self._credit[customer] += amount * 10
        self._add(
            f"customer-{customer}",
            CreditGranted(
                case=case, customer_id=customer, provider="xendit", payment_id=f"py-{case}", amount_idr=amount,
                tokens=amount * 10, at=at, late=amount % 2 == 0, postings=_credit(customer, amount, amount * 10),
            ),
        )  # fmt: skip

    def _claw_back(self, customer: str, amount: int, at: datetime) -> None:
        tokens = min(self._credit[customer], amount * 10) // 10 * 10
        self._credit[customer] -= tokens
        case = self._case()
        self._add(
            f"customer-{customer}",
            CreditClawedBack(
                case=case, customer_id=customer, provider="xendit", payment_id=f"py-{case}", refund_id="rfd-1",
                amount_idr=tokens // 10, tokens=tokens, at=at, postings=_credit(customer, -tokens // 10, -tokens),
            ),
        )  # fmt: skip

    def _withdraw(self, customer: str, amount: int, at: datetime) -> None:
        case, last = self._case(), amount % 3
        self._add(
            f"customer-{customer}",
            CreditWithdrawn(
                case=case, customer_id=customer, provider="xendit", payment_id=f"py-{case}", amount_idr=amount,
                tokens=amount * 10, reason="corrected", at=at, last_top_up_at=at if last else None,
                last_top_up_idr=last or None, postings=_credit(customer, -amount, -amount * 10),
            ),
        )  # fmt: skip

    def _date(self, customer: str, amount: int, at: datetime) -> None:
        case = self._case()
        self._add(
            f"customer-{customer}",
            CreditDated(
                case=case, customer_id=customer, provider="xendit", payment_id=f"py-{case}", at=at,
                last_top_up_at=at, last_top_up_idr=amount,
            ),
        )  # fmt: skip

    def _withdraw_tokens(self, customer: str, amount: int, at: datetime) -> None:
        case = self._case()
        self._add(
            f"customer-{customer}",
            TokensWithdrawn(
                case=case, customer_id=customer, provider="mayar", payment_id=case, product="silver",
                chat_tokens=amount, amount_idr=None, reason="corrected", at=at,
                postings=_pair("issued:chat_tokens", f"chat:{customer}", "CHAT", -amount),
            ),
        )  # fmt: skip

    def _withdraw_course(self, customer: str, amount: int, at: datetime) -> None:
        course, case = COURSES[amount % 2], self._case()
        order = self._orders.get((customer, course), case) if amount % 3 else case
        told = {
            "case": case,
            "customer_id": customer,
            "provider": "scalev",
            "payment_id": case,
            "course": course,
        }
        if amount % 5 == 0:
            dated = CourseDated(**told, order_id=f"{order}'", former_order_id=order, at=at)
            self._add(f"customer-{customer}", dated)
        else:
            withdrawn = CourseWithdrawn(**told, order_id=order, amount_idr=None, reason="corrected", at=at)
            self._add(f"customer-{customer}", withdrawn)

    def _tokens(self, customer: str, amount: int, at: datetime) -> None:
        case = self._case()
        self._add(
            f"customer-{customer}",
            TokensGranted(
                case=case, customer_id=customer, provider="mayar", payment_id=case, product="silver", quantity=1,
                chat_tokens=amount, amount_idr=None, at=at,
                postings=_pair("issued:chat_tokens", f"chat:{customer}", "CHAT", amount),
            ),
        )  # fmt: skip

    def _enrol(self, customer: str, amount: int, at: datetime) -> None:
        course, case = COURSES[amount % 2], self._case()
        self._enrolled.add((customer, course))
        self._orders[customer, course] = case
        self._add(
            f"customer-{customer}",
            CourseEnrolled(
                case=case, customer_id=customer, provider="scalev", payment_id=case, course=course, order_id=case,
                amount_idr=amount, at=at, postings=_pair("clearing:scalev", f"sales:{course}", "IDR", amount),
            ),
        )  # fmt: skip

    def _revoke(self, customer: str, amount: int, at: datetime) -> None:
        course, case = COURSES[amount % 2], self._case()
        if (customer, course) in self._enrolled:
            self._add(
                f"customer-{customer}",
                CourseRevoked(
                    case=case, customer_id=customer, provider="scalev", payment_id=case, course=course, order_id=case,
                    reason="refund", at=at,
                ),
            )  # fmt: skip

    def _subscribe(self, customer: str, amount: int, at: datetime) -> None:
        model = (SubscriptionActivated, SubscriptionRenewed, SubscriptionCancelled)[amount % 3]
        self._add(
            f"customer-{customer}",
            model(
                case=f"subscription:mayar:{customer}", subscription_id=f"mayar:{customer}", customer_id=customer,
                provider="mayar", plan="pro-bulanan" if amount % 2 else None, tier="pro",
                status="cancelled" if model is SubscriptionCancelled else "active", licence_code="LIC",
                started_at=at, expires_at=at + timedelta(days=30), access_until=at + timedelta(days=33),
                cancel_at_period_end=amount % 2 == 0,
            ),
        )  # fmt: skip

    def _tier(self, customer: str, amount: int, at: datetime) -> None:
        until = at + timedelta(days=amount % 60) if amount % 2 else None
        self._add(
            f"customer-{customer}",
            TierChanged(
                case=f"tier:{customer}",
                customer_id=customer,
                tier="pro",
                until=until,
                fallback_tier="bpp",
                reason="plan",
            ),
        )

    def _hold(self, customer: str, amount: int, at: datetime) -> None:
        case = self._case()
        self._assess(case, None, amount, at, "succeeded")
        self._held.append((f"s-{case}", case, amount))
        self._add(
            f"case-{case}",
            SuspenseHeld(
                case=case, suspense_id=f"s-{case}", provider="xendit", payment_id=f"py-{case}", reason="unknown_customer",
                amount=amount, payer_email=f"{customer}@contoh.id", since=at,
                postings=_pair("clearing:xendit", "suspense:xendit", "IDR", amount),
            ),
        )  # fmt: skip

    def _release(self, customer: str, amount: int, at: datetime) -> None:
        if self._held:
            suspense_id, case, held = self._held.pop(amount % len(self._held))
            self._add(
                f"case-{case}",
                SuspenseReleased(
                    case=case, suspense_id=suspense_id, provider="xendit", payment_id=f"py-{case}", resolution="written_off",
                    actor="operator", at=at, postings=_pair("suspense:xendit", "forfeited:xendit", "IDR", held),
                ),
            )  # fmt: skip

    def _pending(self, customer: str, amount: int, at: datetime) -> None:
        self._assess(self._case(), customer, amount, at, "expired" if amount % 2 else "pending")


def _pair(debit: str, credit: str, unit: Literal["IDR", "TOKEN"], amount: int) -> tuple[Posting, ...]:
    return (Posting(debit, unit, amount), Posting(credit, unit, -amount))


def _credit(customer: str, amount: int, tokens: int) -> tuple[Posting, ...]:
    return (
        *_pair("clearing:xendit", f"credit:{customer}", "IDR", amount),
        *_pair("issued:credit_tokens", f"tokens:{customer}", "TOKEN", tokens),
    )


@dataclass
class Counted:
    """What must come out, counted in the plainest way."""

    credit: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    chat: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    topped_up: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    accounts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def count(self, events: Iterable[NewEvent]) -> Counted:
        for new in events:
            event = new.event
            if isinstance(event, CreditGranted):
                self.credit[event.customer_id] += event.tokens
                self.topped_up[event.customer_id] += event.amount_idr
            if isinstance(event, CreditClawedBack | CreditWithdrawn):
                self.credit[event.customer_id] -= event.tokens
            if isinstance(event, CreditWithdrawn):
                self.topped_up[event.customer_id] -= event.amount_idr
            if isinstance(event, TokensWithdrawn):
                self.chat[event.customer_id] -= event.chat_tokens
            if isinstance(event, TokensGranted):
                self.chat[event.customer_id] += event.chat_tokens
            if isinstance(event, ValueMoved):
                for posting in event.postings:
                    self.accounts[posting.account, posting.unit] += posting.amount
        return self
