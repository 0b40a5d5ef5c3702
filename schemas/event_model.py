"""The base of every event model."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class EventModel(BaseModel):
    """An immutable fact or decision. Subclasses name their stored `TYPE` and newest `VERSION`.

    Writing refuses unknown fields; reading ignores them (`schemas.events.decode`), so old and new code can share one log.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
