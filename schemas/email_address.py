"""The one normal form of an e-mail address that customers are matched by.

Folded is only what mail systems fold, so that mailboxes that differ stay different: the case of ASCII letters, and a domain by IDNA 2008
(RFC 5891). Unicode's own folding and composing would join `ß` and `ss`, `ﬃ` and `ffi`, the Kelvin sign and `k`: different mailboxes.
"""

from __future__ import annotations

import re
import string
import unicodedata

import idna

LONGEST = 320  # characters: 64 before the @, 255 behind it
# One @; before it no sign that separates or quotes addresses in a mail header (RFC 5322, "specials"); behind it a host of labels that do
# not begin or end with a hyphen. Two dots in a row before the @ exist at some mail hosts, and stay allowed.
_ADDRESS = re.compile(r'[^ @()<>\[\],;:\\"]+@(?:[\w](?:[\w-]{0,61}[\w])?\.)*[\w](?:[\w-]{0,61}[\w])?')
_NAME = re.compile(r"(~[a-z2-7]{16})(\.[A-Za-z0-9_-]+)?$")
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def normalise_email(address: object) -> str | None:
    """Trimmed, ASCII letters in lower case, the domain as ASCII; None when it is no address at all: more than one @, blanks or invisible
    characters, no host, a host that IDNA refuses.

    Plus-aliases stay different addresses: folding them would hand one person's money to another at some mail hosts.
    """
    if not isinstance(address, str):
        return None
    mailbox, at, host = address.strip().translate(_ASCII_LOWER).rpartition("@")
    plain = f"{mailbox}{at}{_composed(host)}"
    if len(plain) > LONGEST or not plain.isprintable() or _ADDRESS.fullmatch(plain) is None:
        return None
    host = plain.rpartition("@")[2]
    domain = host if host.isascii() else _in_ascii(host)
    return None if domain is None else f"{mailbox}@{domain}"


def mailbox_of(said: str | None) -> str | None:
    """What a registered customer is matched by: the address in normal form, or its name where the log holds it sealed (docs/adr/0077)."""
    if said is not None and (name := _NAME.match(said)) is not None:
        return name[1]
    return normalise_email(said)


def _in_ascii(host: str) -> str | None:
    """The host's name as it is looked up; None when it cannot be one."""
    try:
        return idna.encode(_lower(host)).decode("ascii")
    except idna.IDNAError:
        return None


def _composed(host: str) -> str:
    """Letters and their marks as one sign, as IDNA wants them; never where that makes an ASCII letter of another sign."""
    if host.isascii():
        return host
    joins = any(not sign.isascii() and unicodedata.normalize("NFC", sign).isascii() for sign in host)
    return host if joins else unicodedata.normalize("NFC", host)


def _lower(host: str) -> str:
    """Letters beyond ASCII in lower case too, but none that would become an ASCII letter: the Kelvin sign is not a `k`."""
    return "".join(low if not (low := sign.lower()).isascii() else sign for sign in host)
