"""A payment as its payer sees it, whatever provider asks for it: what the pages show and what the control interface lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

InstrumentKind = Literal["qr", "va", "code", "link", "push"]

ACTS = (
    "pay",
    "settle",
    "fail",
    "expire",
    "cancel",
    "delete",
    "refund",
    "dispute",
    "win_dispute",
    "lose_dispute",
    "reverse",
    "renew",
    "unsubscribe",
    "lapse",
    "change_tier",
    "link",
    "break_charges",
    "mend_charges",
)
"""What can be done to a payment; each provider knows some of them."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a payer needs: the text of a QR code, an account number, a link, or a phone that rings."""

    kind: InstrumentKind
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """Money that moved: paid, refunded, disputed."""

    at: datetime
    what: str
    amount: int
    key: str


@dataclass(frozen=True, slots=True)
class FakeBill:
    """One payment asked for. `acts`: what can be done to it now; `back`: where its payer came from."""

    provider: str
    key: str
    reference: str
    title: str
    amount: int | None
    status: str
    created: datetime
    expires: datetime | None
    instruments: tuple[Instrument, ...] = ()
    money: tuple[MoneyLine, ...] = ()
    acts: tuple[str, ...] = ()
    back: str | None = None
    payer: str = ""
    names: tuple[str, ...] = field(default=(), repr=False)

    @property
    def paid(self) -> int:
        return sum(line.amount for line in self.money if line.what == "paid")
