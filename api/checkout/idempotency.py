"""`Idempotency-Key`: a write that is repeated answers what it answered the first time, and does nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from eventstore.append import follow
from eventstore.queries import load
from runtime.database import Connection
from schemas.problem_reasons import Reason
from schemas.problems import Problem

KEEP = timedelta(days=7)  # longer than any caller retries
EXPIRE_MAX = 20  # rows per write
KEY_MAX = 255  # characters
KEY_PATTERN = "^[ -~]*$"  # printable ASCII

_SQL = load("idempotency.sql", "api")


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """Status and body of an answer."""

    status: int
    document: dict[str, Any]


def checked_key(text: str | None) -> str | None:
    """The header's value. Raises Problem for one that is empty, too long or not printable."""
    if text is None:
        return None
    if not text or len(text) > KEY_MAX or not (text.isascii() and text.isprintable()):
        reason = Reason("printable_ascii", {"high": KEY_MAX})
        raise Problem("invalid_parameter", parameter="Idempotency-Key", reason=reason)
    return text


def digest(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(
        b"\n".join((method.encode(), path.encode("utf-8", "surrogateescape"), body))
    ).digest()


async def earlier(connection: Connection, key: str | None, request: bytes) -> FirstAnswer | None:
    """The answer of the first request with this key; later requests with it wait for the caller's transaction.

    Raises Problem `idempotency_key_reused` when the key belongs to another request.
    """
    if key is None:
        return None
    await connection.execute(_SQL["lock"], key)
    row = await connection.fetchrow(_SQL["find"], key)
    if row is None:
        return None
    if row["request_sha256"] != request:
        raise Problem("idempotency_key_reused")
    await follow(connection)
    return FirstAnswer(row["status"], orjson.loads(row["answer"]))


async def keep(connection: Connection, key: str | None, request: bytes, answer: FirstAnswer) -> None:
    """Remembers an answer, in the transaction that did the work."""
    if key is None:
        return
    await connection.execute(
        _SQL["keep"], key, request, answer.status, orjson.dumps(answer.document).decode()
    )
    await connection.execute(_SQL["expire"], KEEP, EXPIRE_MAX)


async def replace(connection: Connection, key: str | None, answer: FirstAnswer) -> None:
    """Another answer for a key whose first request came to nothing."""
    if key is not None:
        await connection.execute(_SQL["replace"], key, orjson.dumps(answer.document).decode())
