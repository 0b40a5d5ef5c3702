"""How alike two e-mail addresses are, and which other spellings of one to look for. A hint for a person: matching itself never guesses."""

from __future__ import annotations

import string
from typing import NamedTuple

FARTHEST = 2  # slips of the hand in one address; more, and another person's is as near
SHORTEST_MAILBOX = 5  # characters; shorter ones are at every host
_SIGNS = string.ascii_lowercase + string.digits + ".-_"
_HOSTS = (
    "gmail.com",
    "yahoo.com",
    "yahoo.co.id",
    "ymail.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "live.com",
)
"""Where most people of Indonesia have theirs; a payer who types one for another is common."""
_DOTLESS = frozenset({"gmail.com", "googlemail.com"})
"""Hosts where dots before the @ mean nothing."""


class Likeness(NamedTuple):
    """`reason` of `schemas.candidate_reasons`; `signs`: characters that differ."""

    reason: str
    signs: int = 0


def likeness(paid: str, known: str) -> Likeness | None:
    """Of two normalised addresses; None when they are not alike."""
    if paid == known:
        return Likeness("email")
    if _plain(paid) == _plain(known):
        return Likeness("email_alias")
    if abs(len(paid) - len(known)) <= FARTHEST and (signs := distance(paid, known)) <= FARTHEST:
        return Likeness("email_near", signs)
    mailbox, host = known.split("@", 1)
    if len(mailbox) >= SHORTEST_MAILBOX and paid.startswith(f"{mailbox}@") and not paid.endswith(f"@{host}"):
        return Likeness("email_mailbox")
    return None


def spellings(email: str) -> list[str]:
    """Addresses that one slip of the hand makes of it, the mailbox at other hosts, and the one without its alias: all are looked up by index."""
    found = {email, _plain(email), *(f"{email.partition('@')[0]}@{host}" for host in _HOSTS)}
    for place in range(len(email)):
        head, tail = email[:place], email[place:]
        found.add(head + tail[1:])
        found.update(head + sign + tail for sign in _SIGNS)
        found.update(head + sign + tail[1:] for sign in _SIGNS)
        if len(tail) > 1:
            found.add(head + tail[1] + tail[0] + tail[2:])
    return sorted(found)


def distance(one: str, other: str) -> int:
    """Characters to put in, leave out, replace or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _plain(email: str) -> str:
    """Without an alias, and without dots where they mean nothing."""
    mailbox, _, host = email.partition("@")
    mailbox = mailbox.partition("+")[0]
    return f"{mailbox.replace('.', '') if host in _DOTLESS else mailbox}@{host}"
