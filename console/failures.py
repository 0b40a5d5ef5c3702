"""Errors in words: what went wrong and what to do, in one sentence, with the exit code that belongs to it."""

from __future__ import annotations

import errno
import os
import traceback

import asyncpg
from aiohttp import ClientError

from console.exits import PROBLEMS, WRONG_USE, CommandError
from console.messages import text
from console.output import talk
from runtime.amqp.look import BROKER_ERRORS
from schemas.errors import CatalogError, ConfigurationError, LunasError

_OF_THIS_MACHINE = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.ENOENT,
        errno.EMFILE,
        errno.ENFILE,
        errno.EIO,
    }
)
"""Errors of files and limits here; nobody elsewhere failed to answer."""

SCHEMA_MISSING = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedObjectError)


def report(error: BaseException) -> int:
    """Tells the operator on stderr and returns the exit code. With LUNAS_DEBUG set, the traceback comes first."""
    cause = innermost(error)
    if os.environ.get("LUNAS_DEBUG"):
        talk("".join(traceback.format_exception(cause)).rstrip())
    code, sentence = explain(cause)
    talk(text("error.prefix", sentence=sentence))
    return code


def innermost(error: BaseException) -> BaseException:
    """The first real error inside task groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def is_schema(error: BaseException) -> bool:
    """Whether the database answers and lacks what this version needs."""
    return isinstance(error.__cause__ or error, (*SCHEMA_MISSING, asyncpg.InvalidParameterValueError))


def is_no_text(error: BaseException) -> bool:
    """Whether somebody gave what no text here can hold: NUL, or bytes that are no UTF-8."""
    refused = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
    return isinstance(error, refused) or isinstance(error.__cause__, UnicodeEncodeError)


def explain(error: BaseException) -> tuple[int, str]:
    """Exit code and sentence of one error."""
    if isinstance(error, CommandError):
        return error.code, error.message
    if isinstance(error, ConfigurationError | CatalogError):
        return WRONG_USE, str(error)
    if isinstance(error, LunasError):
        return PROBLEMS, str(error)
    if is_no_text(error):
        return WRONG_USE, text("error.no_text")
    if isinstance(error, SCHEMA_MISSING):
        return PROBLEMS, text("error.schema_missing", detail=str(error))
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return PROBLEMS, text("error.privilege", detail=str(error))
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return PROBLEMS, text("error.database", detail=str(error))
    if isinstance(error, BROKER_ERRORS):
        return PROBLEMS, text("error.broker", detail=str(error) or type(error).__name__)
    if isinstance(error, OSError) and error.errno in _OF_THIS_MACHINE:
        return PROBLEMS, text("error.system", detail=str(error))
    if isinstance(error, ClientError | OSError | TimeoutError):
        return PROBLEMS, text("error.unreachable", detail=str(error) or type(error).__name__)
    return PROBLEMS, text("error.unexpected", kind=type(error).__name__, detail=str(error))
