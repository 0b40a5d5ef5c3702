"""The fake providers that stand in for the real ones in development."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from runtime.settings.addresses import Port


class FakeSettings(BaseModel):
    """Where the fakes serve and how strict they are. None of it has an effect in production."""

    fakes: Literal["on", "off"] = Field(
        "on",
        description="Whether development starts fake providers; an unset `<PROVIDER>_BASE_URL` and the key for calls then lead to them. "
        "Never in production.",
    )
    fakes_host: str = Field("127.0.0.1", description="Address of the fake providers.")
    fakes_port: Port = Field(8083, description="Port of the fake providers: each beneath its name.")
    fakes_metrics_port: Port = Field(8095, description="Port of the fake providers' `/metrics` and health.")
    fakes_seed: int | None = Field(
        None,
        description="The same number gives the same ids for the same calls. Unset, every start gives others: the log remembers those of the last one.",
    )
    fakes_state: Path | None = Field(
        None,
        description="File in which the fakes keep what was asked for, paid and told, and their clock, between two starts; none forgets it.",
    )
    fakes_rate_limits: bool = Field(
        True,
        description="Whether the fakes count calls and refuse as the real ones do; `false` for load tests.",
    )
