"""One JSON policy for everything that arrives from outside.

UTF-8 without BOM, no duplicate keys, no NaN or Infinity, bounded depth and digits, numbers exact (int or Decimal), no lone
surrogates, no NUL in text. Anything else is authentic but `UnparsableError`: it is stored as bytes and parked, never guessed at.
`mend` is for webhooks: damage inside a text (half an emoji, a cut character, NUL) becomes U+FFFD there, because most texts are read by
nobody; whoever reads a text that decides about money refuses that sign (`providers.section`).
A signer may mean the first of two equal keys where every common parser keeps the last; that is why a duplicate is an error.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from schemas.errors import UnparsableError

MAX_DEPTH = 64
"""Levels. Real webhooks nest five deep; Python's own parser recurses and would run out of stack near a thousand."""

MAX_DIGITS = 64
"""Characters of one number. Longer ones are an attack or a mistake."""

_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL and UTF-8 refuse inside a text, and JSON's escapes can still spell."""

MAX_EXPONENT = 308
"""Powers of ten; beyond it other parsers read infinity or zero, and two readers of one webhook must not disagree."""


DAMAGE = "\ufffd"
"""U+FFFD, the sign that stands for what cannot be a character."""


def loads(body: bytes, *, mend: bool = False) -> Any:
    """Parse a body from outside. Raises UnparsableError with a stable reason; never any other exception."""
    if not body.strip():
        raise UnparsableError("empty_body")
    text = _text(body, mend=mend)
    _check_depth(text)
    try:
        document = _parse(text, mend=mend)
    except UnparsableError:
        _text(body, mend=False)  # what is no UTF-8 and no JSON either is called the former
        raise
    if mend and ("\\u" in text or "\0" in text):
        return _mended(document)
    if "\\u" in text:
        _check_characters(document)
    return document


def _parse(text: str, *, mend: bool) -> Any:
    try:
        return (_MENDING if mend else _STRICT).decode(text)
    except json.JSONDecodeError as error:
        raise UnparsableError("not_json", f"at character {error.pos}") from None
    except RecursionError:
        raise UnparsableError("too_deep") from None


def _text(body: bytes, *, mend: bool) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        raise UnparsableError("byte_order_mark")
    try:
        return body.decode("utf-8", "replace" if mend else "strict")
    except UnicodeDecodeError as error:
        raise UnparsableError("not_utf8", f"at byte {error.start}") from None


def _mended(document: Any) -> Any:
    """The same document with every impossible character of a text replaced."""
    if isinstance(document, str):
        return _IMPOSSIBLE.sub(DAMAGE, document)
    if isinstance(document, dict):
        mended = {_IMPOSSIBLE.sub(DAMAGE, key): _mended(value) for key, value in document.items()}
        if len(mended) != len(document):
            raise UnparsableError("duplicate_key")
        return mended
    if isinstance(document, list):
        return [_mended(value) for value in document]
    return document


def _check_characters(document: Any) -> None:
    """Escapes can smuggle in what UTF-8 and PostgreSQL refuse; look only when the text has any."""
    if isinstance(document, str):
        if "\0" in document:
            raise UnparsableError("nul_character")
        if any("\ud800" <= character <= "\udfff" for character in document):
            raise UnparsableError("lone_surrogate")
    elif isinstance(document, dict):
        for key, value in document.items():
            _check_characters(key)
            _check_characters(value)
    elif isinstance(document, list):
        for value in document:
            _check_characters(value)


def _check_depth(text: str) -> None:
    depth = 0
    in_string = False
    escaped = False
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise UnparsableError("too_deep", f"more than {MAX_DEPTH} levels")
        elif character in "}]":
            depth -= 1


def _integer(literal: str) -> int:
    if len(literal) > MAX_DIGITS:
        raise UnparsableError("number_too_long", f"{len(literal)} characters")
    return int(literal)


def _decimal(literal: str) -> Decimal:
    if len(literal) > MAX_DIGITS:
        raise UnparsableError("number_too_long", f"{len(literal)} characters")
    try:
        number = Decimal(literal)
    except InvalidOperation:
        raise UnparsableError("number_out_of_range", f"{len(literal)} characters") from None
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise UnparsableError("number_out_of_range", f"{len(literal)} characters")
    return number


def _constant(literal: str) -> NoReturn:
    raise UnparsableError("not_a_number", literal)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise UnparsableError("duplicate_key", f"a name of {len(key)} characters")
            seen.add(key)
    return document


def _decoder(*, strict: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        strict=strict,
        parse_float=_decimal,
        parse_int=_integer,
        parse_constant=_constant,
        object_pairs_hook=_unique,
    )


_STRICT, _MENDING = _decoder(strict=True), _decoder(strict=False)
