"""How to speak of what others sent without repeating it: errors, dead letters and logs hold no personal data.

A name can stand where a currency belongs, and a card number where an amount does. So a value is told only when it is one of the words we
know, or a number too short to be a card, a telephone or an identity card; of everything else it is told what it is like.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal

_AMOUNT = re.compile(r"[-+]?[0-9]{1,9}([.,][0-9]{1,3}){0,3}")
_MOST_DIGITS = 9
"""Digits of a number that is told. Telephone numbers have ten and more, cards and identity cards thirteen and more."""

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z_]{0,39}(-[A-Za-z]+)*")


def shape(value: object) -> str:
    """What a value is like: `text of 12 characters`, `number of 16 digits`, `list`."""
    match value:
        case None:
            return ""
        case bool():
            return "a boolean"
        case int() | float() | Decimal():
            return f"number of {sum(character.isdigit() for character in str(value))} digits"
        case str():
            return f"text of {len(value)} characters"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
    return "something else"


def told(word: str | None, known: Collection[str]) -> str:
    """The word when it is one of `known`, in whatever case; else its shape."""
    if word is not None and (word in known or word.upper() in known or word.lower() in known):
        return word
    return shape(word)


def amount_told(value: object) -> str:
    """A wrong amount as sent when it is short and made of what numbers are made of; else its shape."""
    text = str(value)
    if isinstance(value, int | float | Decimal | str) and not isinstance(value, bool):
        digits = sum(character.isdigit() for character in text)
        if digits <= _MOST_DIGITS and _AMOUNT.fullmatch(text):
            return text
    return shape(value)


def name_told(name: str) -> str:
    """The name of a field or parameter that a caller made up, when it looks like one."""
    return name if _IDENTIFIER.fullmatch(name) else "…"
