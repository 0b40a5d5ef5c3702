"""What the provider said about each movement of money: attempts at a payment, refunds and disputes. All merge so that arrival does not matter."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from msgspec import field
from msgspec.structs import replace

from processor.cases.joining import Always, Earliest, Ever, Latest, each, earliest, latest, put
from processor.cases.state import State
from schemas import facts as f
from schemas.attestation import Attestation, strongest
from schemas.settlement_facts import SettlementStated

RequestOnly = ""
"""Attempt id of facts that name only the request."""

Unpaid = Literal["pending", "authorized", "failed", "expired"]

_RANK: dict[type[f.PaymentFact], tuple[int, Unpaid]] = {
    f.PaymentPending: (0, "pending"),
    f.PaymentAuthorized: (1, "authorized"),
    f.PaymentFailed: (2, "failed"),
    f.PaymentExpired: (3, "expired"),
}


class Register(State):
    """The newest value by the provider's clock; equal times are settled by the value's text, never by arrival.

    `vouched`: said on our own asking by a provider whose webhooks sign nothing. It outweighs whatever a token alone says, however new: whoever
    has seen the token writes any time.
    """

    at: datetime
    value: Any
    vouched: bool = False

    def newer(self, other: Register) -> Register:
        if self.vouched != other.vouched:
            return self if self.vouched else other
        if self.at != other.at:
            return self if self.at > other.at else other
        return self if repr(self.value) > repr(other.value) else other


def surest(one: Attestation | None, two: Attestation | None) -> Attestation | None:
    return strongest((one, two))


Surest = Annotated[Attestation | None, surest]


def newest(one: Register | None, two: Register | None) -> Register | None:
    return one.newer(two) if one and two else one or two


class Report(State):
    """An unsuccessful state of an attempt."""

    at: datetime
    rank: int
    status: Unpaid
    failure_code: str | None = None
    position: int = 0
    timed: bool = True


def _weight(report: Report) -> tuple[datetime, int, str]:
    return (report.at, report.rank, report.failure_code or "")


_last = partial(latest, key=_weight)
_first = partial(earliest, key=lambda report: (_weight(report), report.position))


class Attempt(State):
    """One movement of money at the provider, or the request as a whole (`RequestOnly`).

    `said`: the newest amount of each level of attestation that stated one; `bare`: the highest level that said it came, and not how much.
    `token_only` and `confirmed` are what earlier programs kept of that. `fee`: what the provider's own word says that it keeps of the amount;
    `stated_fee`: what its statement of settlement says.
    """

    succeeded: Ever = False
    settled: Ever = False
    success_position: Annotated[int | None, earliest] = None
    timed: Always = True
    amount: Annotated[Register | None, newest] = None
    paid_at: Earliest = None
    last_success_at: Latest = None
    report: Annotated[Report | None, _last] = None
    ended: Annotated[Report | None, _first] = None
    unpaid_at: Latest = None
    token_only: Ever = False
    confirmed: Ever = False
    without_id: Ever = False
    announced_at: Earliest = None
    doubt: Annotated[str | None, latest] = None
    dated: Ever = False
    said: Annotated[dict[Attestation, Register], each(Register.newer)] = field(default_factory=dict)
    bare: Surest = None
    fee: Annotated[Register | None, newest] = None
    stated_fee: Annotated[Register | None, newest] = None

    @property
    def worth(self) -> Register | None:
        """The amount that counts: the newest of those that more than a token vouches for; a token's word only where there is no other."""
        if len(self.said) == 1:  # as nearly always
            return self.amount if "token_only" in self.said else next(iter(self.said.values()))
        vouched = [told for level, told in self.said.items() if level != "token_only"]
        return max(vouched, key=lambda told: (told.at, repr(told.value))) if vouched else self.amount

    @property
    def attestation(self) -> Attestation | None:
        """How much we know of this money: the most that is known by whoever states the amount that counts. None: none came, or an earlier program did not keep it."""
        if not self.succeeded:
            return None
        worth = self.worth
        if worth is None:
            known = self.bare
        elif len(self.said) == 1:  # as nearly always
            [(level, told)] = self.said.items()
            known = level if told.value == worth.value else None
        else:
            known = strongest(level for level, told in self.said.items() if told.value == worth.value)
        return "token_only" if known is None and self.token_only and not self.confirmed else known

    @property
    def contradicted(self) -> int | None:
        """What a token alone said that it is, in rupiah, where more than a token says otherwise."""
        claimed, worth = self.said.get("token_only"), self.worth
        return claimed.value if claimed and worth and claimed.value != worth.value else None

    @property
    def untrusted_time(self) -> str | None:
        """Why no time of its success can be believed; None when there is one that can."""
        return None if self.dated else self.doubt

    def succeeded_after(self, end: Report) -> bool:
        if self.timed and end.timed and self.paid_at is not None:
            return self.succeeded and self.paid_at > end.at
        return self.succeeded and (self.success_position or 0) > end.position

    @property
    def unproved(self) -> bool:
        """Only a static token vouches for this money."""
        level = self.attestation
        return level == "token_only" if level else self.token_only and not self.confirmed


def succeed(attempt: Attempt, fact: f.PaymentFact, position: int, level: Attestation) -> None:
    """`level`: how much is known of the fact."""
    attempt.succeeded = True
    attempt.confirmed = attempt.confirmed or level != "token_only"
    attempt.settled = attempt.settled or isinstance(fact, f.PaymentSettled)
    attempt.timed = attempt.timed and fact.timed
    attempt.doubt = latest(attempt.doubt, fact.untrusted_time)
    attempt.dated = attempt.dated or fact.untrusted_time is None
    attempt.success_position = earliest(attempt.success_position, position)
    attempt.paid_at = earliest(attempt.paid_at, fact.paid_at or fact.occurred_at)
    attempt.last_success_at = latest(attempt.last_success_at, fact.occurred_at)
    if fact.fee_amount is not None:
        attempt.fee = newest(attempt.fee, Register(fact.occurred_at, fact.fee_amount))
    if fact.amount is not None:
        amount = Register(fact.occurred_at, fact.amount)
        attempt.amount = newest(attempt.amount, amount)
        put(attempt.said, level, amount, Register.newer)
    else:
        attempt.bare = surest(attempt.bare, level)


def settle(attempt: Attempt, fact: SettlementStated) -> None:
    """A statement of settlement names it: paid out, and less what is kept of it."""
    attempt.settled = True
    if fact.fee_amount is not None:
        attempt.stated_fee = newest(attempt.stated_fee, Register(fact.at, fact.fee_amount))


def report(attempt: Attempt, fact: f.PaymentFact, position: int) -> None:
    rank, status = _RANK[type(fact)]
    new = Report(fact.occurred_at, rank, status, fact.failure_code, position, fact.timed)
    attempt.report = _last(attempt.report, new)
    if fact.announced:
        attempt.announced_at = earliest(attempt.announced_at, fact.occurred_at)
    if status in ("failed", "expired"):
        attempt.ended = _first(attempt.ended, new)
    if fact.provider_status == "unpaid" and fact.timed:
        attempt.unpaid_at = latest(attempt.unpaid_at, fact.occurred_at)


class Refund(State):
    """A refund at the provider, keyed by its id: as it was told first, by the provider's clock. `again`: when that was said last."""

    attempt_id: str | None
    amount: int
    at: datetime
    again: datetime | None = None

    def joined(self, other: Refund) -> Refund:
        """What two tellings of it say together; in any order, any number of times, the same."""
        first = min(self, other, key=lambda told: (told.at, told.amount, told.attempt_id or ""))
        last = max(told.again or told.at for told in (self, other))
        return replace(first, again=last if last > first.at else None)


class Dispute(State):
    """A payer's bank asking for the money, keyed by its id: the newest word on it. `since`: the time of the first."""

    at: datetime
    status: Literal["opened", "won", "lost"]
    amount: int | None = None
    attempt_id: str | None = None
    since: datetime | None = None

    def joined(self, other: Dispute) -> Dispute:
        """An end outweighs what is under way; of two words of one kind the newer counts."""
        newest = other if other._weight > self._weight else self
        return replace(newest, since=min(word.since or word.at for word in (self, other)))

    @property
    def _weight(self) -> tuple[bool, datetime, str, int]:
        return (self.status != "opened", self.at, self.status, self.amount or 0)
