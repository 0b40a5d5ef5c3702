"""A request's body as one of our models, or the problem that names what is wrong with it."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from schemas import strict_json
from schemas.errors import UnparsableError
from schemas.problem_reasons import Reason, reason_of
from schemas.problems import Problem

M = TypeVar("M", bound=BaseModel)


def parsed(raw: bytes, model: type[M]) -> M:
    """Raises Problem `invalid_body`."""
    try:
        document = strict_json.loads(raw)
    except UnparsableError as error:
        raise Problem("invalid_body", reason=Reason(error.reason)) from None
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Problem("invalid_body", reason=reason_of(dict(first))) from None
