"""How often the log is sealed, where seals are published, and how large its parts are."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field


class SealingSettings(BaseModel):
    """A seal is a hash over a range of the log, chained to the one before. Whoever has one outside of the database can tell later changes."""

    seal_every_seconds: float = Field(
        60.0,
        gt=0,
        le=86_400,
        description="How often what is new in the log is sealed. Until then a change by a superuser leaves no trace; a seal costs about 200 bytes, and 40 for each event.",
    )
    seal_events_max: int = Field(
        4096,
        ge=1,
        le=100_000,
        description="Events under one seal at most; with more to seal, the next one follows at once. Bounds the memory of who seals or verifies, "
        "and costs the database about 10 ms.",
    )
    log_part_events: int = Field(
        10_000_000,
        ge=1_000,
        le=1_000_000_000,
        description="Positions in each part of the log that is made from now on (`lunas log parts` says from when to when each reaches). Two empty ones are "
        "kept ahead. A stream is looked for in every part, so a year is best a handful of parts; parts of 10,000,000 events take some 8 GB each.",
    )
    seals_path: Path | None = Field(
        None,
        description="File to which the processor appends each seal as a line of JSON, synced to disk: put it where the database's "
        "administrators cannot write. Without it seals are published as log lines only.",
    )
