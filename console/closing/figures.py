"""What a day brought, folded from its events. Pure; days are those of Jakarta, amounts whole rupiah."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple

from console.times import WIB
from schemas.decisions import PaymentAssessed
from schemas.event_model import EventModel

RECEIVED = ("succeeded", "partially_refunded", "refunded")
"""Statuses of a payment whose money came."""

CloseDifference = Literal[
    "ledger", "unbalanced", "unexplained", "fees", "fee_claimed", "opening", "unbacked", "provider", "late", "changed"
]  # fmt: skip
_OF_PROVIDERS = ("clearing", "suspense", "forfeited", "refunds", "fees")
"""Kinds of accounts that are a provider's: `suspense:xendit`."""


class Named(NamedTuple):
    """One difference. `amount`: rupiah, as far as it has one; `detail`: names and numbers for whoever looks."""

    kind: CloseDifference
    provider: str
    amount: int
    detail: str


@dataclass(slots=True)
class ProviderDay:
    """`received`, `refunded`: as the provider's news say. `credited`, `sold`: what it became. `written_off`: held money that we kept; `lost`: what
    went back although it was spent. `held`: what waits when the day ends, and `held_change`: by how much that grew. `settled`: of what it owes, what
    the provider calls paid out. `clearing`: the ledger's account of the provider when the day ends. `fees`: what the provider keeps, as the
    ledger has it; None where nobody has told of any. `fees_told`: the same, as the news say; `fees_claimed`: by how much statements say more (or less) than
    the provider's own word, and `claims` of how many payments."""

    received: int = 0
    refunded: int = 0
    fees: int | None = None
    credited: int = 0
    sold: int = 0
    written_off: int = 0
    lost: int = 0
    held: int = 0
    held_change: int = 0
    settled: int = 0
    clearing_before: int = 0
    clearing: int = 0
    payments: int = 0
    fees_told: int = 0
    fees_claimed: int = 0
    claims: int = 0

    @property
    def expected_settlement(self) -> int:
        """What the provider owes for this day, less what it keeps as far as that is known."""
        return self.received - self.refunded - (self.fees or 0)

    @property
    def unexplained(self) -> int:
        """What came and did not go back is credited, sold, held or kept, less what was lost: to the rupiah, else this much is missing."""
        became = self.credited + self.sold + self.held_change + self.written_off - self.lost
        return self.received - self.refunded - became

    def document(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key not in _WITHIN} | {
            "expected_settlement": self.expected_settlement
        }


_WITHIN = ("fees_told", "fees_claimed", "claims")
"""What differences are made of, and no figure of its own."""


@dataclass(frozen=True, slots=True)
class DayPayment:
    """What one payment moved of a day's figures, in rupiah, and how it stood when the day ended. `new`: its money came on this day, so it is counted."""

    payment: PaymentAssessed
    received: int = 0
    refunded: int = 0
    new: bool = False

    def document(self) -> dict[str, Any]:
        one = self.payment
        said = {"provider": one.provider, "payment_id": one.payment_id, "status": one.status}
        moved = {"received": self.received, "refunded": self.refunded, "new": self.new}
        return said | moved | {"customer_id": one.customer_id, "held": one.held, "paid_at": one.paid_at}


@dataclass(slots=True)
class DayFigures:
    """Folded in the order of the log: `said` of events of the day, `later` of those after it. `listing`: of this provider the payments are kept too."""

    day: date
    listing: str | None = None
    providers: dict[str, ProviderDay] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    """Of each account in rupiah."""
    units: dict[str, int] = field(default_factory=dict)
    late: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By provider: how many payments of this day were heard of after it, and their rupiah."""
    _records: dict[str, PaymentAssessed | None] = field(default_factory=dict)
    _listed: dict[str, DayPayment] = field(default_factory=dict)

    def payments(self) -> list[DayPayment]:
        """Those that moved a rupiah of the figures, in the order in which they were first heard of."""
        return [one for one in self._listed.values() if one.received or one.refunded]

    def provider(self, name: str) -> ProviderDay:
        return self.providers.setdefault(name, ProviderDay())

    def said(self, event: EventModel, before: Iterable[PaymentAssessed]) -> None:
        """One event of the day; `before`: what was said of the same payment, or of those that turned out to be it, before this day."""
        if isinstance(event, PaymentAssessed):
            self._assessed(event, before)
        for posting in getattr(event, "postings", ()):
            self.units[posting.unit] = self.units.get(posting.unit, 0) + posting.amount
            if posting.unit == "IDR":
                self.moved[posting.account] = self.moved.get(posting.account, 0) + posting.amount
                self._posted(getattr(event, "provider", ""), posting.account, posting.amount)

    def later(self, event: EventModel, before: Iterable[PaymentAssessed]) -> None:
        """One event behind the day."""
        if not isinstance(event, PaymentAssessed) or event.paid_at is None:
            return
        if event.paid_at.astimezone(WIB).date() != self.day:
            return
        earlier = {one.record: one for one in before}
        names = (event.record, *event.merged)
        known = [self._records.pop(name, earlier.get(name)) for name in names]
        came = money_of(event)[0] - sum(money_of(one)[0] for one in known)
        self._records[event.record] = event
        if came:
            count, amount = self.late.get(event.provider, (0, 0))
            self.late[event.provider] = count + 1, amount + came

    def _assessed(self, event: PaymentAssessed, before: Iterable[PaymentAssessed]) -> None:
        earlier = {one.record: one for one in before}
        day = self.provider(event.provider)
        received, refunded = money_of(event)
        first = True
        for name in (event.record, *event.merged):
            known = self._records.pop(name, earlier.get(name))
            if known is not None:
                first = first and money_of(known)[0] == 0
                received -= money_of(known)[0]
                refunded -= money_of(known)[1]
                day.settled -= settled_of(known)
                day.fees_told -= known.fee_amount or 0
                _claim(day, known, -1)
        self._records[event.record] = event
        day.received += received
        day.refunded += refunded
        day.settled += settled_of(event)
        day.fees_told += event.fee_amount or 0
        _claim(day, event, 1)
        counted = first and received > 0
        day.payments += counted
        if event.provider == self.listing:
            self._list(DayPayment(event, received, refunded, counted))

    def _list(self, moved: DayPayment) -> None:
        """What turned out to be one payment is one line."""
        names = (moved.payment.record, *moved.payment.merged)
        before = [one for name in names if (one := self._listed.pop(name, None)) is not None]
        self._listed[names[0]] = DayPayment(
            moved.payment,
            moved.received + sum(one.received for one in before),
            moved.refunded + sum(one.refunded for one in before),
            moved.new or any(one.new for one in before),
        )

    def _posted(self, provider: str, account: str, amount: int) -> None:
        kind, _, name = account.partition(":")
        if kind in _OF_PROVIDERS:
            day = self.provider(name)
            if kind == "suspense":
                day.held_change -= amount
            elif kind == "forfeited":
                day.written_off -= amount
            elif kind == "refunds":
                day.lost += amount
            elif kind == "fees":
                day.fees = (day.fees or 0) + amount
        elif kind == "credit" and provider:
            self.provider(provider).credited -= amount
        elif kind == "sales" and provider:
            self.provider(provider).sold -= amount

    def closed(self, balances: Mapping[str, int]) -> None:
        """`balances`: of the providers' accounts in the ledger when the day ended."""
        names = {
            name for account in balances for kind, _, name in [account.partition(":")] if kind == "clearing"
        }
        for name in names:
            clearing, held = balances.get(f"clearing:{name}", 0), -balances.get(f"suspense:{name}", 0)
            if not (clearing or held) and name not in self.providers:
                continue
            day = self.provider(name)
            day.clearing, day.held = clearing, held
            day.clearing_before = clearing - self.moved.get(f"clearing:{name}", 0)

    def differences(self) -> list[Named]:
        """Of the news and the ledger."""
        found = [Named("unbalanced", "", amount, unit) for unit, amount in self.units.items() if amount]
        for name, day in sorted(self.providers.items()):
            kept = day.fees or 0
            off = self.moved.get(f"clearing:{name}", 0) + kept - (day.received - day.refunded)
            if off:
                found.append(Named("ledger", name, off, f"clearing:{name}"))
            if day.unexplained != -off:
                found.append(Named("unexplained", name, day.unexplained + off, ""))
            if kept != day.fees_told:
                found.append(Named("fees", name, kept - day.fees_told, f"fees:{name}"))
            if day.claims > 0:
                found.append(Named("fee_claimed", name, day.fees_claimed, str(day.claims)))
        found += [
            Named("late", name, amount, str(count)) for name, (count, amount) in sorted(self.late.items())
        ]
        return found


def money_of(payment: PaymentAssessed | None) -> tuple[int, int]:
    """What came of it and what went back, so far."""
    if payment is None or payment.status not in RECEIVED:
        return 0, 0
    return payment.amount or 0, payment.refunded_amount


def _claim(day: ProviderDay, payment: PaymentAssessed, sign: int) -> None:
    if payment.fee_claimed is not None:
        day.claims += sign
        day.fees_claimed += sign * ((payment.fee_amount or 0) - payment.fee_claimed)


def settled_of(payment: PaymentAssessed) -> int:
    """Of what the provider owes of it, what it calls paid out: its fee never arrives."""
    return money_of(payment)[0] - (payment.fee_amount or 0) if payment.settled else 0


def span_of(day: date) -> tuple[datetime, datetime]:
    """From midnight to midnight in Jakarta. Of a day that `parse_day` takes."""
    begin = datetime.combine(day, time(), WIB)
    return begin, begin + timedelta(days=1)


def parse_day(given: str) -> date:
    """`2026-01-31`, of an age in which there were computers, with a day before and one after it. Raises ValueError."""
    day = date.fromisoformat(given.strip())
    if not _FIRST <= day <= _LAST:
        raise ValueError(f"no day of ours: {day}")
    return day


def total_of(days: Iterable[ProviderDay]) -> dict[str, Any]:
    """What all providers come to; what nobody tells of one is told of none."""
    documents = [day.document() for day in days]
    return {
        key: None if any(one[key] is None for one in documents) else sum(one[key] for one in documents)
        for key in ProviderDay().document()
    }


def against(sealed: Mapping[str, Any], now: Mapping[str, ProviderDay]) -> list[Named]:
    """What a day that was sealed says otherwise today."""
    found = []
    for name in sorted({*sealed, *now}):
        then, today = sealed.get(name, {}), now.get(name, ProviderDay()).document()
        found += [
            Named("changed", name, (today[key] or 0) - (then.get(key) or 0), key)
            for key in COMPARED
            if (key in then or not then) and (today[key] or 0) != (then.get(key) or 0)
        ]
    return found


COMPARED: Sequence[str] = (
    "received",
    "refunded",
    "fees",
    "credited",
    "sold",
    "written_off",
    "lost",
    "held",
    "settled",
    "clearing",
)
"""A day that was sealed by an earlier program says nothing of what that did not know."""
_FIRST, _LAST = date(1970, 1, 2), date.max - timedelta(days=2)
