"""Attempts at a payment: what the provider said about each movement of money, merged so that arrival does not matter."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from processor.cases.state import State
from schemas.facts import (
    PaymentAuthorized,
    PaymentExpired,
    PaymentFact,
    PaymentFailed,
    PaymentPending,
    PaymentSettled,
)

RequestOnly = ""
"""Attempt id of facts that name only the request."""

Unpaid = Literal["pending", "authorized", "failed", "expired"]

_RANK: dict[type[PaymentFact], tuple[int, Unpaid]] = {
    PaymentPending: (0, "pending"),
    PaymentAuthorized: (1, "authorized"),
    PaymentFailed: (2, "failed"),
    PaymentExpired: (3, "expired"),
}


class Register(State):
    """The newest value by the provider's clock; equal times are settled by the value's text, never by arrival."""

    at: datetime
    value: Any

    def beats(self, other: Register | None) -> bool:
        if other is None:
            return True
        if self.at != other.at:
            return self.at > other.at
        return repr(self.value) > repr(other.value)


class Report(State):
    """An unsuccessful state of an attempt."""

    at: datetime
    rank: int
    status: Unpaid
    failure_code: str | None = None
    position: int = 0
    timed: bool = True


class Attempt(State):
    """One movement of money at the provider, or the request as a whole (`RequestOnly`)."""

    succeeded: bool = False
    settled: bool = False
    success_position: int | None = None
    timed: bool = True
    amount: Register | None = None
    paid_at: datetime | None = None
    last_success_at: datetime | None = None
    report: Report | None = None
    ended: Report | None = None
    unpaid_at: datetime | None = None
    token_only: bool = False
    confirmed: bool = False
    without_id: bool = False
    announced_at: datetime | None = None
    doubt: str | None = None
    dated: bool = False

    @property
    def untrusted_time(self) -> str | None:
        """Why no time of its success can be believed; None when there is one that can."""
        return None if self.dated else self.doubt

    @property
    def unproved(self) -> bool:
        """Only a static token vouches for this money."""
        return self.token_only and not self.confirmed


def succeed(attempt: Attempt, fact: PaymentFact, position: int) -> None:
    attempt.succeeded = True
    attempt.settled = attempt.settled or isinstance(fact, PaymentSettled)
    attempt.timed = attempt.timed and fact.timed
    if fact.untrusted_time is None:
        attempt.dated = True
    else:
        attempt.doubt = max(attempt.doubt or "", fact.untrusted_time)
    attempt.success_position = min(position, attempt.success_position or position)
    attempt.paid_at = earliest(attempt.paid_at, fact.paid_at or fact.occurred_at)
    attempt.last_success_at = latest(attempt.last_success_at, fact.occurred_at)
    if fact.amount is not None:
        amount = Register(at=fact.occurred_at, value=fact.amount)
        attempt.amount = amount if amount.beats(attempt.amount) else attempt.amount


def report(attempt: Attempt, fact: PaymentFact, position: int) -> None:
    rank, status = _RANK[type(fact)]
    new = Report(
        at=fact.occurred_at,
        rank=rank,
        status=status,
        failure_code=fact.failure_code,
        position=position,
        timed=fact.timed,
    )
    attempt.report = _last(attempt.report, new)
    if fact.announced:
        attempt.announced_at = earliest(attempt.announced_at, fact.occurred_at)
    if status in ("failed", "expired"):
        attempt.ended = _first(attempt.ended, new)
    if fact.provider_status == "unpaid" and fact.timed:
        attempt.unpaid_at = latest(attempt.unpaid_at, fact.occurred_at)


def _last(one: Report | None, two: Report) -> Report:
    return two if one is None or _weight(two) > _weight(one) else one


def _first(one: Report | None, two: Report) -> Report:
    return min(one or two, two, key=lambda report: (_weight(report), report.position))


def _weight(report: Report) -> tuple[datetime, int, str]:
    return (report.at, report.rank, report.failure_code or "")


def join(one: Attempt | None, two: Attempt) -> Attempt:
    if one is None:
        return two
    amount = two.amount if two.amount and two.amount.beats(one.amount) else one.amount
    positions = [p for p in (one.success_position, two.success_position) if p is not None]
    return Attempt(
        succeeded=one.succeeded or two.succeeded,
        settled=one.settled or two.settled,
        success_position=min(positions, default=None),
        timed=one.timed and two.timed,
        amount=amount,
        paid_at=earliest(one.paid_at, two.paid_at),
        last_success_at=latest(one.last_success_at, two.last_success_at),
        report=_last(one.report, two.report) if two.report else one.report,
        ended=_first(one.ended, two.ended) if two.ended else one.ended,
        unpaid_at=latest(one.unpaid_at, two.unpaid_at),
        token_only=one.token_only or two.token_only,
        confirmed=one.confirmed or two.confirmed,
        without_id=one.without_id or two.without_id,
        announced_at=earliest(one.announced_at, two.announced_at),
        doubt=max(filter(None, (one.doubt, two.doubt)), default=None),
        dated=one.dated or two.dated,
    )


def latest(one: datetime | None, two: datetime | None) -> datetime | None:
    if one is None or two is None:
        return one or two
    return max(one, two)


def earliest(one: datetime | None, two: datetime | None) -> datetime | None:
    if one is None or two is None:
        return one or two
    return min(one, two)
