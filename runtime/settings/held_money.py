"""Tunables of held money: how its age is shown, and from when on somebody must be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from runtime.settings.broker import comma_separated

Hours = Annotated[tuple[Annotated[int, Field(gt=0)], ...], NoDecode, BeforeValidator(comma_separated)]


class HeldMoneySettings(BaseModel):
    """Of money in suspense."""

    suspense_ageing_hours: Hours = Field(
        (24, 72, 168, 720),
        description="Hours at which held money passes from one span of `lunas suspense ageing` to the next: a day, three days, a week, a month.",
    )
    suspense_old_days: float = Field(
        7.0,
        gt=0,
        description="Held money that is older is a problem in `lunas status`: most of it finds its home within a day, and payers call within a week.",
    )
    suspense_look_seconds: float = Field(
        30.0, gt=0, description="How often held money is counted for the metrics: one look by index."
    )

    @field_validator("suspense_ageing_hours")
    @classmethod
    def _rising(cls, hours: tuple[int, ...]) -> tuple[int, ...]:
        if not hours or list(hours) != sorted(set(hours)):
            raise ValueError("hours must rise, and there must be one")
        return hours
