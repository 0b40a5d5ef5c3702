"""The one normal form of an e-mail address that customers are matched by."""

from __future__ import annotations

import unicodedata


def normalise_email(address: object) -> str | None:
    """Trimmed, NFC, case-folded; None when it is no address at all.

    Plus-aliases stay different addresses: folding them would hand one person's money to another at some mail hosts.
    """
    if not isinstance(address, str):
        return None
    normal = unicodedata.normalize("NFC", address.strip()).casefold()
    name, at, host = normal.rpartition("@")
    if not (name and at and host) or any(character.isspace() for character in normal) or len(normal) > 320:
        return None
    return normal
