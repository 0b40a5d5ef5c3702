"""Personal data as a viewer sees it: enough to recognise what somebody reads out on the phone, too little to write to anybody.

Viewers' pages are rendered with a filter over every value, so that a new column cannot forget it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_MAIL = re.compile(r"([^\s<>()\[\]\"',;:@/=?&]+)@([^\s<>()\[\]\"',;:@/?&]+\.[^\s<>()\[\]\"',;:@/?&]+)")
_PHONE = re.compile(r"(?<![\w-])(\+?62|0)[ -]?(8\d[\d -]{5,12}\d)(?![\w-])")
_NAMES = ("name", "payer_name", "customer_name", "full_name", "address", "phone", "email", "payer_email")
SHOWN = 2


def masked(words: str) -> str:
    """E-mail addresses and Indonesian mobile numbers in it, with their middle taken out."""
    words = _MAIL.sub(lambda found: f"{_begin(found[1])}@{found[2]}", words)
    return _PHONE.sub(lambda found: f"{found[1]}8•••{re.sub('[^0-9]', '', found[2])[-3:]}", words)


def masked_name(name: str | None) -> str | None:
    """`S••• H•••` of Siti Harsono."""
    return name and " ".join(_begin(part, 1) for part in name.split())


def masked_document(document: Any) -> Any:
    """The same all through what was recorded; what is kept under a personal name is taken out whole."""
    if isinstance(document, Mapping):
        return {
            key: masked_name(each)
            if key in _NAMES and isinstance(each, str) and "@" not in each
            else masked_document(each)
            for key, each in document.items()
        }
    if isinstance(document, str):
        return masked(document)
    if isinstance(document, Sequence) and not isinstance(document, bytes | bytearray):
        return [masked_document(each) for each in document]
    return document


def _begin(word: str, shown: int = SHOWN) -> str:
    return f"{word[:shown]}•••"
