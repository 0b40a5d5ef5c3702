"""What a failed write means: whose fault it is decides whether we wait, try again, or look for the one bad delivery. Pure."""

from __future__ import annotations

from enum import StrEnum

import asyncpg

from runtime.database import OUTAGE_ERRORS
from schemas.errors import Permanent, Transient


class Failure(StrEnum):
    """Kinds of failed writes."""

    OUTAGE = "outage"  # the database is away, full or read-only: keep everything and wait
    BUSY = "busy"  # it works, but not for us right now: deadlock, lock or statement timeout
    DATA = "data"  # something in the batch can never be stored
    BUG = "bug"  # ours; nobody may carry on as if it had worked


_BUSY = (
    Transient,
    TimeoutError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
# Values that asyncpg cannot encode are ValueErrors and interface errors, which else mean a lost connection: so data comes first.
_DATA = (
    Permanent,
    ValueError,
    OverflowError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)


def classify(error: BaseException) -> Failure:
    """The kind of failure behind an error raised while a batch was written."""
    if isinstance(error, _BUSY):
        return Failure.BUSY
    if isinstance(error, _DATA):
        return Failure.DATA
    if isinstance(error, OUTAGE_ERRORS):
        return Failure.OUTAGE
    return Failure.BUG


def describe(error: BaseException) -> str:
    """Type, SQLSTATE and the rule that was broken; the message of a database error quotes values and is left out."""
    said = (getattr(error, name, None) for name in ("sqlstate", "constraint_name"))
    return " ".join([type(error).__name__, *(str(one) for one in said if one)])
