"""What reconciliation asks of a provider: its own lists, page by page, and single payments. Values only; each provider's `lists.py` speaks them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

import orjson
from pydantic import BaseModel, ConfigDict

from providers.section import MAX_TEXT
from schemas.errors import AmountError
from schemas.money import parse_idr

ListedStatus = Literal["paid", "open", "failed", "expired", "reversed", "refunded", "unknown"]
_EXACT = 2**53  # whole numbers below it are themselves as floats


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class ListedPayment(_Value):
    """One row of a provider's list. `names`: its ids there, best first. `refund`: money that went back, by the id of the refund.

    `webhook`: the very document that the provider sent or would have sent, where its list holds it, and `sent_at` when. A row without names
    is such a webhook about something else than a payment: `called` is what people know it by, `brings` are payments that it tells of as well.
    """

    names: tuple[str, ...] = ()
    status: ListedStatus
    amount: int | None = None
    at: datetime | None = None
    webhook: bytes | None = None
    sent_at: datetime | None = None
    called: str = ""
    brings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        if self.names or self.called:
            return self.names[0] if self.names else self.called
        return hashlib.sha256(self.webhook or b"").hexdigest()[:24]


class UnreadableRow(_Value):
    """A row that says nothing that can be used: `reason` is a stable code, `digest` knows it again. Nothing of its content."""

    reason: str
    digest: str


class ListPage(_Value):
    """Rows of one page, newest first, and the cursor of the next one; None: this was the last, or, when it is `cut_off`, there are more and nothing
    says where, or it was `refused`. `asked`: names under which its rows were asked for."""

    rows: tuple[ListedPayment | UnreadableRow, ...]
    following: str | None = None
    cut_off: bool = False
    refused: bool = False
    asked: tuple[str, ...] = ()


class Told(_Value):
    """What a provider says of one payment on being asked. `body`: what its webhook would say, to be taken in like one; None when it says nothing new.

    `went_back`: rupiah of it that went back in all, of a provider that tells no refunds of their own; None: some did, and it does not say how many.
    What went back was paid. `name`: of those it was asked by, the one that it knows the money by.
    """

    status: ListedStatus
    amount: int | None = None
    body: bytes | None = None
    sent_at: datetime | None = None
    went_back: int | None = 0
    name: str = ""


PLANS = "plans"
"""The list that is made of our own subscriptions: each one's plan is asked about."""


class ListClient(Protocol):
    """Calls to one provider; all only read, and raise `CallFailed` (providers/outgoing.py). Its lists are read one after the other."""

    @property
    def lists(self) -> Sequence[str]:
        """Names of its lists."""

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        """One page of a list, from the newest row back to `since`."""

    async def ask(self, row: ListedPayment) -> Told | None:
        """What became of one payment, by any of its names. None: the provider does not know it."""

    async def close(self) -> None:
        """End connections."""


@runtime_checkable
class PlanLists(Protocol):
    """A provider whose lists hold `PLANS` answers this too."""

    async def plan(self, plan_key: str, since: datetime) -> Sequence[ListedPayment | UnreadableRow]:
        """What a plan's own charges since then have to say (`paid`, `failed`, or `open` while another attempt is to come), each `called` by its
        id, and whether the plan is in use (`open`) or over (`expired`), `called` by its own."""


@runtime_checkable
class RefundlessLists(Protocol):
    """A provider whose lists tell no refund: money that went back shows when its payment is asked about, and there alone."""

    tells_no_refunds: Literal[True]


class AskedMembership(_Value):
    """A membership by its ids there: `members`, `licences` (their codes), and the `products` that it may be of. Those named first are likelier."""

    members: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


class ToldMembership(_Value):
    """What a provider says of one membership: whether it is `active`, its own word for that, and its end. `body`: what its webhook would say, to be
    taken in like one; None when there is nothing to take in."""

    active: bool
    status: str
    expires_at: datetime | None = None
    body: bytes | None = None


@runtime_checkable
class MembershipLists(Protocol):
    """A provider that announces memberships and can be asked about one answers this too."""

    async def membership(self, asked: AskedMembership) -> ToldMembership | None:
        """What became of one. None: the provider does not know it. Raises CallFailed."""


class RowUnreadable(ValueError):
    """A row cannot be used; its message is the stable code of why."""


def whole_rupiah(value: object) -> int:
    """Rupiah of a list, where a number may come as a float. Raises RowUnreadable."""
    if isinstance(value, float):
        value = int(value) if abs(value) < _EXACT and value == int(value) else str(value)
    try:
        return parse_idr(value)
    except AmountError as error:
        raise RowUnreadable(error.reason) from error


def cursor_in(value: object) -> str | None:
    """Where the next page begins; None when that is no such thing."""
    return value if isinstance(value, str) and value and value.isprintable() else None


def id_in(value: object) -> str | None:
    """An id of a list; None when it cannot be one, and could not be kept or asked for."""
    usable = isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()
    return str(value).strip() or None if usable else None


def unreadable(row: object, reason: str) -> UnreadableRow:
    return UnreadableRow(reason=reason, digest=hashlib.sha256(repr(row).encode()).hexdigest()[:24])


def as_webhook(document: dict[str, Any]) -> bytes:
    """The same document is the same bytes."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
