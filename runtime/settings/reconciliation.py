"""Tunables of reconciliation: how often providers' own lists are compared with our record, how far back, and what that may cost them and us."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ReconciliationSettings(BaseModel):
    """Of the processor's schedule and of `lunas reconcile run` alike."""

    reconcile_interval_minutes: float = Field(
        60.0,
        ge=0,
        description="How often each provider's lists are compared with our record. A payment whose webhook was lost stays unknown for no longer. "
        "One provider says nothing of its retries, another gives up after a day. 0: only `lunas reconcile run` does it.",
    )
    reconcile_first_seconds: float = Field(
        120.0,
        ge=0,
        description="How long after its start a processor leaves providers alone: what was sent while it was away is in the queue and not missing.",
    )
    reconcile_window_hours: float = Field(
        48.0,
        gt=0,
        description="How far back a run looks when nobody says from when. Twice a provider's day of retries: lists lag, and windows overlap.",
    )
    reconcile_rate_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Part of a provider's allowed calls that a run may use; the rest is for customers who pay meanwhile.",
    )
    reconcile_patience_minutes: float = Field(
        15.0,
        gt=0,
        description="How long a run waits for a provider that is busy, silent or wants to be left alone, before it stops; the next one goes on there.",
    )
    reconcile_pages_max: int = Field(
        50_000,
        ge=1,
        description="Pages of a provider's lists that one run reads: more than a million payments. A list that never ends is reported.",
    )
    reconcile_asks_max: int = Field(
        2000,
        ge=0,
        description="Payments that one run asks a provider about one by one; the next run goes on with the rest.",
    )
    reconcile_open_minutes: float = Field(
        60.0,
        ge=0,
        description="A payment that nobody has paid for this long is asked about: its end may have been told and lost.",
    )
    reconcile_settle_seconds: float = Field(
        60.0,
        ge=0,
        description="How long a run waits at its end for what it found to be taken in, so that it can say what became of it.",
    )
