"""Tolerant reading of one JSON object of a webhook.

Optional details of the wrong type read as absent, so that a provider's new field or changed type costs nothing. Identifiers, lists of
money and amounts are read strictly: a wrong type there raises, and the delivery is parked instead of guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, TypeGuard

from providers.moments import EARLIEST, parse_moment, stated_moment
from schemas.email_address import normalise_email
from schemas.errors import UntranslatableError
from schemas.money import parse_idr
from schemas.shape import shape, told
from schemas.strict_json import DAMAGE

MAX_TEXT = 255
"""Characters of an identifier or a short text; the longest any provider documents."""

_MAX_WHOLE = 2**31

CURRENCIES = frozenset(
    {
        "USD",
        "EUR",
        "GBP",
        "JPY",
        "CNY",
        "SGD",
        "MYR",
        "THB",
        "PHP",
        "VND",
        "AUD",
        "NZD",
        "HKD",
        "TWD",
        "KRW",
        "INR",
        "SAR",
        "AED",
        "CHF",
        "CAD",
    }
)
"""Of which an operator is told by name. Another word in that place could be anybody's name."""


class Section:
    """A JSON object with typed access. `zone`: of times without one, as its provider declares; `path` names it in errors."""

    __slots__ = ("path", "values", "zone")

    def __init__(self, values: Mapping[str, Any], zone: tzinfo, path: str = "") -> None:
        self.values = values
        self.zone = zone
        self.path = path

    @classmethod
    def of(cls, document: object, zone: tzinfo) -> Section:
        """The top of a document. Raises UntranslatableError when it is not an object."""
        if not isinstance(document, dict):
            raise UntranslatableError("not_an_object", type(document).__name__)
        return cls(document, zone)

    def has(self, key: str) -> bool:
        """True when the key is there and not null."""
        return self.values.get(key) is not None

    def required(self, key: str) -> Section:
        """The object under `key`. Raises UntranslatableError when it is not one."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise UntranslatableError(f"{key}_not_an_object", self._name(key))
        return Section(value, self.zone, self._name(key))

    def section(self, key: str) -> Section:
        """The object under `key`, or an empty one."""
        value = self.values.get(key)
        return Section(value if isinstance(value, dict) else {}, self.zone, self._name(key))

    def sections(self, key: str) -> list[Section]:
        """The objects of a list that money depends on. Raises UntranslatableError when it is anything else."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise UntranslatableError(f"{key}_malformed", self._name(key))
        path = self._name(key)
        return [Section(item, self.zone, f"{path}[{index}]") for index, item in enumerate(value)]

    def identifier(self, key: str) -> str | None:
        """An id as text (numbers occur), or None when absent. Raises UntranslatableError when it cannot be an id."""
        value = self.values.get(key)
        if value is None:
            return None
        if _is_plain(value):
            return value.strip() or None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and not value.strip():
            return None
        if not isinstance(value, str) or len(value) > MAX_TEXT or _is_damaged(value):
            raise UntranslatableError("id_malformed", self._name(key))
        return value.strip()

    def first_identifier(self, *keys: str) -> str | None:
        """The first id that is there among the keys. Raises UntranslatableError when that one cannot be an id."""
        for key in keys:
            found = self.identifier(key)
            if found is not None:
                return found
        return None

    def status(self, key: str) -> str | None:
        """A status as sent, or None when absent. Raises UntranslatableError when it is not text: money depends on it."""
        value = self.values.get(key)
        if value is None:
            return None
        if _is_plain(value):
            return value.strip() or None
        if not isinstance(value, str) or len(value) > MAX_TEXT or _is_damaged(value):
            raise UntranslatableError("status_malformed", self._name(key))
        return value.strip() or None

    def text(self, key: str) -> str | None:
        """A short optional text; a damaged one reads as absent."""
        value = self.values.get(key)
        if _is_plain(value):
            return value.strip() or None
        if not isinstance(value, str) or len(value) > MAX_TEXT or _is_damaged(value):
            return None
        return value.strip() or None

    def deciding(self, key: str) -> str | None:
        """A short optional text that decides about money. Raises UntranslatableError on a damaged one: without it another field would decide."""
        value = self.values.get(key)
        if isinstance(value, str) and _is_damaged(value):
            raise UntranslatableError("id_malformed", self._name(key))
        return self.text(key)

    def reference(self, key: str) -> str | None:
        """An optional id that we may have sent ourselves; a number counts as its digits. Raises UntranslatableError on a damaged one."""
        value = self.values.get(key)
        if isinstance(value, str) and _is_damaged(value):
            raise UntranslatableError("id_malformed", self._name(key))
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
            return str(value)
        return self.text(key)

    def flag(self, key: str) -> bool | None:
        """An optional boolean."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else None

    def whole(self, key: str) -> int | None:
        """An optional small number, also as digits."""
        value = self.values.get(key)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_WHOLE:
            return value
        return None

    def moment(self, *keys: str) -> datetime | None:
        """The first readable time among the keys at which something happened, of whatever year: intake holds it against the receipt."""
        for key in keys:
            moment = stated_moment(self.values.get(key), self.zone)
            if moment is not None:
                return moment
        return None

    def planned(self, key: str) -> datetime | None:
        """A time that is to come, or a plan's own; one that cannot be (`processor/intake/times.py`) reads as absent."""
        moment = parse_moment(self.values.get(key), self.zone)
        return moment if moment is not None and moment >= EARLIEST else None

    def moment_if_any(self, key: str) -> datetime | None:
        """A time that decides something, or None when absent. Raises UntranslatableError when it is there and unreadable."""
        moment = parse_moment(self.values.get(key), self.zone)
        if moment is None and self.values.get(key) not in (None, ""):
            raise UntranslatableError("time_malformed", self._name(key))
        return moment

    def email(self, key: str) -> str | None:
        """A normalised e-mail address; a damaged one is nobody's."""
        value = self.values.get(key)
        return None if isinstance(value, str) and _is_damaged(value) else normalise_email(value)

    def amount(self, key: str) -> int:
        """Whole rupiah. Raises AmountError, also when absent."""
        return parse_idr(self.values.get(key))

    def amount_if_any(self, *keys: str) -> int | None:
        """Whole rupiah under the first key that is there; None when none is. Raises AmountError on a wrong one."""
        for key in keys:
            if self.has(key):
                return self.amount(key)
        return None

    def quantity(self, key: str) -> int:
        """A number of things bought, 1 when absent. Raises UntranslatableError when it is not between 1 and 10,000."""
        if not self.has(key):
            return 1
        quantity = self.whole(key)
        if quantity is None or not 1 <= quantity <= 10_000:
            raise UntranslatableError("quantity_malformed", self._name(key))
        return quantity

    def require_rupiah(self, key: str = "currency") -> None:
        """Raises UntranslatableError when a currency is stated and it is not the rupiah; silence means rupiah."""
        value = self.values.get(key)
        if value is not None and (not isinstance(value, str) or value.strip().upper() != "IDR"):
            sent = value.strip() if isinstance(value, str) else None
            raise UntranslatableError("currency_unexpected", told(sent, CURRENCIES) or shape(value))

    def _name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _is_plain(value: object) -> TypeGuard[str]:
    """A text as nearly all are, of which nothing further has to be asked."""
    return type(value) is str and value.isascii() and value.isprintable() and len(value) <= MAX_TEXT


def _is_damaged(text: str) -> bool:
    """Characters are missing in it, or it has signs that no name of anything has."""
    return DAMAGE in text or (not text.isprintable() and _CONTROL.search(text.strip()) is not None)


_CONTROL = re.compile("[\0-\x1f]")
