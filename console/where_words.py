"""What is wrong with a filter, in the operator's language, with the place pointed at."""

from __future__ import annotations

from console.exits import WrongUse
from console.messages import text
from providers.registry import PROVIDERS
from schemas.where import Where, WhereError, parse_where

_HINTS = {"field_unfit": "where.not_in", "field_needed": "where.such_as"}
"""What the words beside a mistake are, where they are not what could stand there."""


def read_where(given: str) -> Where:
    """Raises WrongUse with the line, a mark under the column, and what could stand there."""
    try:
        return parse_where(given, providers=tuple(PROVIDERS))
    except WhereError as error:
        raise WrongUse(where_problem(given, error)) from error


def where_problem(given: str, error: WhereError) -> str:
    """The mistake as a person reads it."""
    line = " ".join(given.splitlines())
    said = text(f"where.{error.problem}", found=error.found)
    hint = text("where.near", near=error.near) if error.near else ""
    known = (
        text(_HINTS.get(error.problem, "where.known"), known=", ".join(error.known)) if error.known else ""
    )
    sentence = " ".join(
        part for part in (text("where.column", column=error.column), said, hint, known) if part
    )
    return f"{sentence}\n  {line}\n  {' ' * (error.column - 1)}^"
