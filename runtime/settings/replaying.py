"""Tunables of replays: how much a preview runs, and how a replay stays behind live traffic."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ReplaySettings(BaseModel):
    """Of `lunas replay`."""

    replay_preview_max: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Deliveries that a preview runs; of more, it runs so many in proportion, and the first of every kind, and says so. Each "
        "costs about a millisecond and a few kB until the preview ends.",
    )
    replay_plan_max: int = Field(
        500_000,
        ge=1,
        description="Deliveries in one plan; the rest of what a filter finds is for another one.",
    )
    replay_rate: float = Field(
        50.0,
        gt=0,
        description="Deliveries that a replay sends in a second unless it is told otherwise: a small part of what the processor takes in.",
    )
    replay_window: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Deliveries of a replay that may be in the queue at once. When live traffic is ahead of them, the replay waits: it never "
        "delays a live delivery by more than these.",
    )
    correction_approval_idr: int = Field(
        1_000_000,
        ge=0,
        description="Rupiah at stake above which a correction waits for the approval of another person; once an approver is named, also a claim, a write-off, "
        "a refund, a settled letter and an order confirmed by hand.",
    )
    replay_lease_seconds: float = Field(
        15.0,
        gt=0,
        description="After so long without a sign of life a run counts as interrupted, and somebody else may resume it.",
    )
    replay_wait_seconds: float = Field(
        60.0,
        gt=0,
        description="How long a replay waits for the effect of what it has sent before it sends it again, as the same delivery: one that was "
        "stored already is known by its id.",
    )
