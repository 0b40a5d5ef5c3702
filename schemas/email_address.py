"""The one normal form of an e-mail address that customers are matched by."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 320  # characters: 64 before the @, 255 behind it
# One @; before it no sign that separates or quotes addresses in a mail header (RFC 5322, "specials"); behind it a host of labels that do
# not begin or end with a hyphen. Two dots in a row before the @ exist at some mail hosts, and stay allowed.
_ADDRESS = re.compile(r'[^ @()<>\[\],;:\\"]+@(?:[\w](?:[\w-]{0,61}[\w])?\.)*[\w](?:[\w-]{0,61}[\w])?')


def normalise_email(address: object) -> str | None:
    """Trimmed, NFC, case-folded; None when it is no address at all: more than one @, blanks or invisible characters, no host.

    Plus-aliases stay different addresses: folding them would hand one person's money to another at some mail hosts.
    """
    if not isinstance(address, str):
        return None
    normal = unicodedata.normalize("NFC", address.strip()).casefold()
    if len(normal) > LONGEST or not normal.isprintable() or _ADDRESS.fullmatch(normal) is None:
        return None
    return normal
