"""What we said about one payment: a fold of our own decisions. Nothing else writes it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Literal

from msgspec import field
from msgspec.structs import replace

from processor.cases.joining import put
from processor.cases.keys import MAIN, foreign_key
from processor.cases.state import State
from schemas.decision_model import Given, LatePayment, Lessened, Overpaid, PartRefund, PlanTerms

_LONG_AGO = datetime.fromtimestamp(0, UTC)
Kind = Literal["credit", "tokens", "course", "sale", "plan"]


class Granted(State, frozen=True, tag_field="is", tag="granted"):  # type: ignore[misc]
    """What money bought. `refunds` took it back, by id. `what`: how the facts named it then, which keeps it the terms of that day."""

    kind: Kind
    customer_id: str | None
    amount: int | None
    product: str
    attempts: tuple[str, ...] = ()
    quantity: int = 1
    tokens: int = 0
    at: datetime | None = None
    order_id: str = ""
    what: str = ""
    terms: PlanTerms | None = None
    refunds: dict[str, int] = field(default_factory=dict)
    part_refund: PartRefund = "keep"
    late: LatePayment = "honour"
    overpaid: Overpaid = "keep"

    @property
    def rupiah(self) -> int:
        return self.amount or 0

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())

    @property
    def undated(self) -> Granted:
        """The same, whenever it was paid and whatever of it went back."""
        return replace(self, at=None, order_id="", refunds={})

    def opens(self, customer_id: str | None, course: str) -> bool:
        return (self.kind, self.product, self.customer_id) == ("course", course, customer_id)

    @property
    def gone(self) -> bool:
        """All of its money went back."""
        return bool(self.refunds) and self.refunded == self.amount

    @property
    def over(self) -> bool:
        """What it bought has ended because its money went back, all of it or as much as the terms of the day say."""
        return self.gone or (self.part_refund == "end" and bool(self.refunds))

    @property
    def shortened(self) -> Lessened | None:
        """By what its time is shorter, on the terms of the day."""
        if self.part_refund != "shorten" or self.over or not self.refunds:
            return None
        return Lessened(self.refunded, self.rupiah)

    @property
    def clawed(self) -> int:
        """Tokens that its refunds should have taken: what was spent of them is forgiven."""
        return self.tokens * self.refunded // (self.amount or 1)

    @property
    def left(self) -> int:
        """Rupiah of it that did not go back to the payer."""
        return max(self.rupiah - self.refunded, 0)


class Held(State, frozen=True, tag_field="is", tag="held"):  # type: ignore[misc]
    """Money in suspense. `amount` is what is left of it after `refunded` went back."""

    suspense_id: str
    reason: str
    amount: int | None
    payment_id: str
    since: datetime
    payer_email: str | None = None
    customer_id: str | None = None
    product: str | None = None
    refunded: int = 0


class Closed(State, frozen=True, tag_field="is", tag="closed"):  # type: ignore[misc]
    """Money that an operator wrote off. `amount` was kept, the rest had gone back before."""

    attempts: tuple[str, ...] = ()
    amount: int | None = None
    refunds: dict[str, int] = field(default_factory=dict)


Standing = Granted | Held | Closed
Change = tuple[str, Standing | None, Standing | None]
"""A part, what it was, and what it is."""


class Owned(State, frozen=True):  # type: ignore[misc]
    """A pin: whose it was when it was granted. `words`: by which words of the facts; `email`: found by this address."""

    customer_id: str | None
    words: str
    email: str | None = None


class PaymentRecord(State):
    """`told`: what operators were shown; `apart`: cases of the same money that a person had a hand in; `given`: by customer. `void`: what
    rests on a claim or a write-off that was taken back, with the place of that word in the log: it is no pin. `fee`: what is booked as the provider's.
    """

    parts: dict[str, Standing] = field(default_factory=dict)
    owned: Owned | None = None
    told: set[str] = field(default_factory=set)
    apart: set[str] = field(default_factory=set)
    assessed: dict[str, str] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    given: dict[str, Given] = field(default_factory=dict)
    untold: list[int] = field(default_factory=list)
    void: dict[str, int] = field(default_factory=dict)
    fee: int = 0

    @property
    def granted(self) -> dict[str, Granted]:
        return {key: part for key, part in self.parts.items() if isinstance(part, Granted)}

    @property
    def settled(self) -> dict[str, Granted | Closed]:
        """Parts that something came of."""
        return {key: part for key, part in self.parts.items() if not isinstance(part, Held)}

    @property
    def pins(self) -> PaymentRecord:
        """The record as a decision may ask it: what is void counts as held, as it was before it was claimed."""
        if not self.void:
            return self
        parts = {
            key: _unsaid(part) if key in self.void and not isinstance(part, Held) else part
            for key, part in self.parts.items()
        }
        claimed = MAIN in self.void and not isinstance(self.parts.get(MAIN), Closed)
        return replace(self, parts=parts, owned=None if claimed else self.owned)

    def absorb(self, key: str, other: PaymentRecord) -> None:
        """The record of a case (`key`) that turned out to be this one. What it held and granted is foreign here, and goes."""
        for part, standing in other.parts.items():
            name = part if " " in part else foreign_key(key, part)
            self.parts[name] = standing
        self.told |= other.told
        self.merged |= other.merged | set(other.assessed)
        for customer, given in other.given.items():
            put(self.given, customer, given, _together)
        self.untold = sorted({*self.untold, *other.untold})
        self.fee += other.fee


def _together(one: Given, two: Given) -> Given:
    return Given(*(getattr(one, each.name) | getattr(two, each.name) for each in fields(Given)))


def _unsaid(part: Granted | Closed) -> Held:
    since = part.at if isinstance(part, Granted) else None
    return Held("", "", part.amount, part.attempts[0] if part.attempts else "", since or _LONG_AGO)
