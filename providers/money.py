"""Does a body that no translator understands speak of money? Then it may not end as "no effect": somebody has to look.

One reader of amounts for everybody: translators name the fields of their provider, and lists of parked money read the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from functools import lru_cache

from providers.section import Section
from schemas.errors import AmountError, UntranslatableError
from schemas.money import parse_idr

MOVED = "money_unrecognised"
"""Why a body is parked that states an amount and that it was paid or went back, under a name that no translator knows."""

_STATUS_WORDS = frozenset(["status", "state"])
"""A field with one of these in its name says how it stands: `payment_status`, `transactionStatus`, `state`."""

_MOVED_FIELD = frozenset(
    ["paid", "success", "succeeded", "refunded", "settled", "captured", "voided", "reversed"]
)
"""With one of these in its name, and none of the next, a field that holds `true` says that it moved."""

_DENYING = frozenset(
    [
        "not",
        "un",
        "non",
        "never",
        "tidak",
        "belum",
        "gagal",
        "failed",
        "rejected",
        "declined",
        "denied",
        "waiting",
    ]
)
_MOMENT_WORDS = frozenset(["at", "time", "date", "on", "timestamp"])
"""Beside a word of the first, and with a time in it, it says the same: `paid_at`, `refundedAt`, `paid_time`."""

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
GONE_BACK = frozenset(
    [
        "refunded",
        "partially_refunded",
        "voided",
        "reversed",
        "charged_back",
        "chargeback",
        "chargedback",
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
        "paid",
        "nilai",
        "bayar",
        "tagihan",
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


def told_amount(document: Section, keys: Sequence[str]) -> int | None:
    """Rupiah that a parked body speaks of: as its translator reads it, else the one amount under any name of money.

    Of several that differ none is the one: a person reads the body.
    """
    known = stated_amount(document, keys)
    if known is not None or any(
        _is_scalar(place.values.get(key)) for place in _places(document) for key in keys
    ):
        return known
    places = list(_everything(document))
    named = [
        (place, key)
        for place in places
        for key, value in place.values.items()
        if _of_money(key) and _is_scalar(value)
    ]
    found = {stated_amount(place, [key]) for place, key in named if _is_some(place.values[key])}
    return found.pop() if len(found) == 1 else None


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
    places = list(_everything(document))
    if any(_states_an_amount(place, keys) for place in places) and _tells_that_it_moved(
        event_name or "", places
    ):
        raise UntranslatableError(MOVED)


def refuse_unrecognised_state(event_name: str, document: Section) -> None:
    """The same for a provider whose payment events state no amount: that money moved is enough."""
    places = list(_everything(document))
    of_a_payment = event_name.startswith("payment.") or any(place.has("payment_status") for place in places)
    if of_a_payment and _tells_that_it_moved(event_name, places):
        raise UntranslatableError(MOVED)


def _tells_that_it_moved(event_name: str, places: Sequence[Section]) -> bool:
    said = [
        word
        for place in places
        for key in place.values
        if _words(key) & _STATUS_WORDS and (word := place.text(key))
    ]
    if any(map(says_moved, said)) or any(
        _tells_of_it(key, value) for place in places for key, value in place.values.items()
    ):
        return True
    if any(map(_is_open, said)):
        return False
    if any(_is_its_time(key, value) for place in places for key, value in place.values.items()):
        return True
    return bool(_MOVED_IN_NAME.search(event_name)) and not _NOT_YET_IN_NAME.search(event_name)


def says_moved(said: str) -> bool:
    """A status as one word or several: `PAID`, `PAYMENT_SUCCESS`, `partially refunded`; what denies or is open outweighs it."""
    words = _words(said)
    moved = words | {said.lower()}
    return not moved.isdisjoint(_RECEIVED | GONE_BACK) and words.isdisjoint(_DENYING | _NOT_MOVED)


def _is_open(said: str) -> bool:
    return said.lower() in _NOT_MOVED or not _words(said).isdisjoint(_NOT_MOVED)


def _tells_of_it(key: str, value: object) -> bool:
    """`paid: true`, `isSuccess: true`, and the boolean status of older bodies."""
    words = _words(key)
    return value is True and not words.isdisjoint(_MOVED_FIELD | _STATUS_WORDS) and words.isdisjoint(_DENYING)


def _is_its_time(key: str, value: object) -> bool:
    words = _words(key)
    named = not words.isdisjoint(_MOVED_FIELD - {"success"}) and not words.isdisjoint(_MOMENT_WORDS)
    return named and ((isinstance(value, str) and bool(value.strip())) or _is_number(value))


def _states_an_amount(place: Section, keys: Sequence[str]) -> bool:
    """Any amount above zero, one that cannot be read exactly included: what is unclear is for a person too."""
    return any(_is_some(value) for key, value in place.values.items() if key in keys or _of_money(key))


def _is_some(value: object) -> bool:
    """An amount that may be one. What stands in objects and lists is looked at by itself, under whatever name, when the field is one of money."""
    if isinstance(value, Mapping):
        return any(_is_some(one) for one in value.values())
    if isinstance(value, list):
        return any(_is_some(one) for one in value)
    return _is_number(value) or (isinstance(value, str) and any(sign in "123456789" for sign in value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and value != 0


def _is_scalar(value: object) -> bool:
    return value is not None and not isinstance(value, Mapping | list)


@lru_cache(maxsize=4096)
def _words(name: str) -> frozenset[str]:
    """Those of `grossAmount` are `gross` and `amount`, those of `PAYMENT_SUCCESS` `payment` and `success`."""
    return frozenset(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()))


def _of_money(key: str) -> bool:
    """By the words of its name."""
    words = _words(key)
    return not words.isdisjoint(_ANY_AMOUNT) and words.isdisjoint(_NO_AMOUNT)


def _places(document: Section) -> Iterator[Section]:
    """The inner `data` object first, where every provider's newer format has the payment, then the outer one."""
    if isinstance(document.values.get("data"), dict):
        yield from _places(document.section("data"))
    yield document


def _everything(document: Section) -> Iterator[Section]:
    """Every object of a document: what nobody recognises may say it anywhere."""
    yield document
    for value in document.values.values():
        yield from _within(value, document.zone)


def _within(value: object, zone: tzinfo) -> Iterator[Section]:
    if isinstance(value, Mapping):
        yield from _everything(Section(value, zone))
    elif isinstance(value, list):
        for item in value:
            yield from _within(item, zone)
