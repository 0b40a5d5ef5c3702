"""When silence of a provider is an alarm, and how closely bodies are looked at."""

from __future__ import annotations

from pydantic import BaseModel, Field


class WatchingSettings(BaseModel):
    """A provider is silent when nothing came although something came in the same hours of earlier weeks."""

    silence_weeks: int = Field(
        8,
        ge=1,
        le=52,
        description="Earlier weeks whose same hours say what should have come. Two months: long enough to forgive a holiday, short enough to "
        "follow how business changes.",
    )
    silence_weeks_min: int = Field(
        3,
        ge=1,
        le=52,
        description="With fewer whole weeks of history nothing is said: a fresh installation raises no alarm, and one good week proves no habit.",
    )
    silence_expected_min: int = Field(
        10,
        ge=1,
        description="Webhooks that the same hours must have brought even in a poor week. Where ten usually come, none come by chance once in "
        "twenty thousand times.",
    )
    silence_look_seconds: float = Field(
        60.0,
        gt=0,
        description="How often the processor looks whether a provider is silent; costs a few reads by index.",
    )
    strangers_bodies_max: int = Field(
        2000,
        ge=0,
        description="Bodies searched at each look for fields and events that are not known; takes about 0.1 s of CPU. Of a flood the rest is "
        "left out. 0: none are searched.",
    )
