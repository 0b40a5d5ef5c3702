"""Query parameters: strict, so that a typing mistake is an answer and not silence."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from datetime import datetime

import orjson
from aiohttp import web

from schemas.api import CUSTOMER_ID_PATTERN
from schemas.problem_reasons import Reason
from schemas.problems import Problem
from schemas.shape import name_told

MAX_POSITION = 2**63 - 1
SEGMENT_MAX = 512
"""Characters of an id in a path; the providers' are below a hundred."""
CUSTOMER_ID_MAX = 128
_CUSTOMER_ID = re.compile(CUSTOMER_ID_PATTERN)
CURSOR_MAX = 1024
"""Characters of a cursor: a time and an id of ours, with room."""
CURSOR_PATTERN = "^[A-Za-z0-9_-]*$"
_CURSOR = re.compile(CURSOR_PATTERN.strip("^$"))
EARLIEST_YEAR, LATEST_YEAR = 2, 9998  # a day to spare for any zone's distance from UTC


def only(request: web.Request, allowed: Collection[str]) -> None:
    """Raises Problem for a parameter the call does not know, or one given twice."""
    for name in request.query:
        if name not in allowed:
            raise Problem("invalid_parameter", parameter=name_told(name), reason=Reason("unknown_parameter"))
        if len(request.query.getall(name)) > 1:
            raise Problem("invalid_parameter", parameter=name, reason=Reason("given_twice"))


def is_anothers(request: web.Request, customer_id: str | None) -> bool:
    """Whether the caller says whose it is, and it is not. Raises Problem for what is no customer's id."""
    said = request.query.get("customer_id")
    if said is not None and not (len(said) <= CUSTOMER_ID_MAX and _CUSTOMER_ID.fullmatch(said)):
        raise Problem("invalid_parameter", parameter="customer_id", reason=Reason("malformed"))
    return said is not None and said != customer_id


def integer(request: web.Request, name: str, low: int, high: int) -> int | None:
    """A whole number from `low` to `high`; None when absent."""
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or not low <= int(text) <= high:
        expected = Reason("whole_number", {"low": low, "high": high})
        raise Problem("invalid_parameter", parameter=name, reason=expected)
    return int(text)


def encode_cursor(*values: object) -> str:
    """Where a page ended, as one opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def position_cursor(request: web.Request) -> int | None:
    """A cursor over log positions; None for the first page."""
    match _cursor(request):
        case None:
            return None
        case [int(position)] if 0 <= position <= MAX_POSITION:
            return position
    raise _bad_cursor()


def time_cursor(request: web.Request) -> tuple[datetime | None, str]:
    """A cursor over a time and an id; (None, "") for the first page."""
    match _cursor(request):
        case None:
            return None, ""
        case [str(at), str(key)] if "\x00" not in key:
            try:
                moment = datetime.fromisoformat(at)
            except ValueError:
                raise _bad_cursor() from None
            # A time that is not of the calendar any more in UTC cannot be asked for, and none of ours is near its edges.
            if moment.tzinfo is not None and EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
                return moment, key
    raise _bad_cursor()


def _cursor(request: web.Request) -> object:
    text = request.query.get("cursor")
    if text is None:
        return None
    if not 0 < len(text) <= CURSOR_MAX or _CURSOR.fullmatch(text) is None:
        raise _bad_cursor()
    try:
        return (
            orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)) or []
        )
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None


def _bad_cursor() -> Problem:
    return Problem("invalid_parameter", parameter="cursor", reason=Reason("cursor"))
