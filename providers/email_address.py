"""The payer's e-mail address in the one form that customers are matched by."""

from __future__ import annotations

import unicodedata

MAX_LENGTH = 320
"""Characters; 64 before the at sign, 255 after it (RFC 5321)."""


def normalize_email(value: object) -> str | None:
    """Trimmed, NFC, case-folded; None when the value cannot be an address. No dots or tags are removed: those are different people."""
    if not isinstance(value, str):
        return None
    address = unicodedata.normalize("NFC", value.strip()).casefold()
    name, at, domain = address.rpartition("@")
    if not at or not name or not domain or len(address) > MAX_LENGTH:
        return None
    if any(character.isspace() for character in address):
        return None
    return address
