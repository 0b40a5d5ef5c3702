"""How values of the catalogue are written: durations, moments, rupiah, counts, names."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.periods import JAKARTA, Period


def _duration(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('write a duration as text, for example "3 days"')  # noqa: TRY004 - pydantic reports ValueError
    Period.parse(value)
    return value


def _span(value: object) -> str:
    text = _duration(value)
    if Period.parse(text).months:
        raise ValueError('write it in days or hours, for example "3 days": months differ in length')
    return text


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)  # as the log holds it
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(0), JAKARTA)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("write a day (2027-01-01) or a moment with its zone (2027-01-01T00:00:00+07:00)")
    return value.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]
Duration = Annotated[str, BeforeValidator(_duration)]
Span = Annotated[str, BeforeValidator(_span)]
Rupiah = Annotated[int, Field(strict=True, ge=0)]
Count = Annotated[int, Field(strict=True, ge=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class CatalogPart(BaseModel):
    """A part of the catalogue: immutable, and without words that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")
