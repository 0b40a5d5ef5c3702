"""Does a body that no translator understands speak of money? Then it may not end as "no effect": somebody has to look.

One reader of amounts for everybody: translators name the fields of their provider, and lists of parked money read the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from providers.section import Section
from schemas.errors import AmountError, UntranslatableError
from schemas.money import parse_idr

MOVED = "money_unrecognised"
"""Why a body is parked that states an amount and that it was paid or went back, under a name that no translator knows."""

_STATUS_KEYS = ("status", "payment_status", "transactionStatus", "transaction_status", "state", "void_status")
_FLAGS = ("paid", "is_paid", "isPaid", "success", "refunded", "settled")
_MOMENTS = (
    "paid_at",
    "paid_time",
    "paidAt",
    "refunded_at",
    "refundedAt",
    "settled_at",
    "settledAt",
    "captured_at",
    "capturedAt",
)
"""A time at which it moved says that it did."""
_RECEIVED = frozenset(
    [
        "succeeded",
        "success",
        "successful",
        "success_completed",
        "completed",
        "complete",
        "captured",
        "paid",
        "settled",
        "settling",
        "settlement",
        "received",
        "done",
        "finished",
        "fulfilled",
        "approved",
        "cleared",
        "credited",
        "confirmed",
        "lunas",
        "dibayar",
        "berhasil",
        "sukses",
        "selesai",
    ]
)
_GONE_BACK = frozenset(
    [
        "refunded",
        "partially_refunded",
        "voided",
        "reversed",
        "charged_back",
        "chargeback",
        "returned",
        "dikembalikan",
    ]
)
_NOT_MOVED = frozenset(
    [
        "failed",
        "pending",
        "expired",
        "cancelled",
        "canceled",
        "created",
        "unpaid",
        "inactive",
        "requires_action",
        "scheduled",
    ]
)
_MOVED_IN_NAME = re.compile(
    r"(paid|success|succeeded|successful|completed|captured?|settled|received|renewed|refund(ed|s)?|void(ed)?|revers(al|ed)|chargeback)",
    re.IGNORECASE,
)
_NOT_YET_IN_NAME = re.compile(r"fail|expir|pending|cancel|creat|reject|request", re.IGNORECASE)
_ANY_AMOUNT = frozenset(
    [
        "amount",
        "nominal",
        "revenue",
        "total",
        "price",
        "value",
        "sum",
        "gross",
        "nett",
        "jumlah",
        "harga",
        "rupiah",
        "idr",
    ]
)
_NO_AMOUNT = frozenset(
    [
        "quantity",
        "qty",
        "count",
        "items",
        "pages",
        "rows",
        "weight",
        "id",
        "code",
        "currency",
        "name",
        "type",
        "at",
        "time",
        "date",
    ]
)
"""Words of a field's name: with one of the first and none of the second, a number in it is money."""


def stated_amount(document: Section, keys: Sequence[str]) -> int | None:
    """Rupiah under the most telling of `keys`, innermost object first; None without any, in another currency, or unreadable."""
    places = list(_places(document))
    if any(str(place.values.get("currency") or "IDR").strip().upper() != "IDR" for place in places):
        return None  # another currency's number is not rupiah, and nothing here converts
    for key in keys:
        for place in places:
            if place.has(key):
                try:
                    return parse_idr(place.values[key])
                except AmountError:
                    continue
    return None


def refuse_unrecognised_money(event_name: str | None, document: Section, keys: Sequence[str]) -> None:
    """Raises UntranslatableError (`money_unrecognised`) when a body that would have no effect states an amount and that it moved."""
    places = list(_everything(document.values))
    if any(_states_an_amount(place, keys) for place in places) and _says_it_moved(event_name or "", places):
        raise UntranslatableError(MOVED)


def refuse_unrecognised_state(event_name: str, document: Section) -> None:
    """The same for a provider whose payment events state no amount: that money moved is enough."""
    places = list(_everything(document.values))
    of_a_payment = event_name.startswith("payment.") or any(place.has("payment_status") for place in places)
    if of_a_payment and _says_it_moved(event_name, places):
        raise UntranslatableError(MOVED)


def _says_it_moved(event_name: str, places: Sequence[Section]) -> bool:
    said = {word.lower() for place in places for key in _STATUS_KEYS if (word := place.text(key))}
    if said & (_RECEIVED | _GONE_BACK) or any(place.flag(key) for place in places for key in _FLAGS):
        return True
    if said & _NOT_MOVED:
        return False
    if any(place.text(key) for place in places for key in _MOMENTS):
        return True
    return bool(_MOVED_IN_NAME.search(event_name)) and not _NOT_YET_IN_NAME.search(event_name)


def _states_an_amount(place: Section, keys: Sequence[str]) -> bool:
    """Any amount above zero, one that cannot be read exactly included: what is unclear is for a person too."""
    named = [key for key in place.values if key in keys or _of_money(key)]
    return any(place.values[key] not in (None, "", 0, "0", "0.00", False) for key in named)


def _of_money(key: str) -> bool:
    """By the words of its name: those of `grossAmount` are `gross` and `amount`."""
    words = set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower().split("_"))
    return not words.isdisjoint(_ANY_AMOUNT) and words.isdisjoint(_NO_AMOUNT)


def _places(document: Section) -> Iterator[Section]:
    """The inner `data` object first, where every provider's newer format has the payment, then the outer one."""
    if isinstance(document.values.get("data"), dict):
        yield from _places(document.section("data"))
    yield document


def _everything(value: object) -> Iterator[Section]:
    """Every object of a document: what nobody recognises may say it anywhere."""
    if isinstance(value, Mapping):
        yield Section(value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _everything(item)
