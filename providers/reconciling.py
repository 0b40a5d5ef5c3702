"""What reconciliation asks of a provider: its own lists, page by page, and single payments. Values only; each provider's `lists.py` speaks them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import orjson
from pydantic import BaseModel, ConfigDict

from schemas.errors import AmountError
from schemas.money import parse_idr

ListedStatus = Literal["paid", "open", "failed", "expired", "reversed", "refunded", "unknown"]
_EXACT = 2**53  # whole numbers below it are themselves as floats


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class ListedPayment(_Value):
    """One row of a provider's list. `names`: its ids there, best first. `refund`: money that went back, by the id of the refund.

    `webhook`: the very document that the provider sent or would have sent, where its list holds it, and `sent_at` when. A row without names
    is such a webhook about something else than a payment.
    """

    names: tuple[str, ...] = ()
    status: ListedStatus
    amount: int | None = None
    at: datetime | None = None
    webhook: bytes | None = None
    sent_at: datetime | None = None

    @property
    def name(self) -> str:
        return self.names[0] if self.names else hashlib.sha256(self.webhook or b"").hexdigest()[:24]


class UnreadableRow(_Value):
    """A row that says nothing that can be used: `reason` is a stable code, `digest` knows it again. Nothing of its content."""

    reason: str
    digest: str


class ListPage(_Value):
    """Rows of one page, newest first, and the cursor of the next one; None: this was the last."""

    rows: tuple[ListedPayment | UnreadableRow, ...]
    following: str | None = None


class Told(_Value):
    """What a provider says of one payment on being asked. `body`: what its webhook would say, to be taken in like one; None when it says nothing new."""

    status: ListedStatus
    amount: int | None = None
    body: bytes | None = None
    sent_at: datetime | None = None


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


def unreadable(row: object, reason: str) -> UnreadableRow:
    return UnreadableRow(reason=reason, digest=hashlib.sha256(repr(row).encode()).hexdigest()[:24])


def as_webhook(document: dict[str, Any]) -> bytes:
    """The same document is the same bytes."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
