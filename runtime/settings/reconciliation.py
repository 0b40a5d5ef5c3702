"""Tunables of reconciliation: how often providers' own lists are compared with our record, how far back, and what that may cost them and us."""

from __future__ import annotations

from pydantic import BaseModel, Field

from runtime.settings.broker import Seconds


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
        description="How far a run looks back behind the begin of the last complete comparison (behind now at the first one) when nobody says from when: "
        "time in which nobody compared is made up for. Twice a provider's day of retries: lists lag, and windows overlap.",
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
        description="Payments that one run asks a provider about one by one; the next run goes on with the rest. 0: none are asked about.",
    )
    reconcile_refund_days: Seconds = Field(
        (1, 3, 7, 14, 30),
        description="How many days after it was paid a payment is asked about again at a provider that tells nobody of refunds (Mayar): one that was made "
        "at its dashboard is found then. Each age costs a call for every payment, of those that a run may make; banks give money back for weeks.",
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
    confirm_look_seconds: float = Field(
        10.0,
        ge=0,
        description="How often the processor looks for money that is held until its provider confirms it, and asks about it. 0: only runs ask.",
    )
    confirm_again_seconds: float = Field(
        60.0,
        gt=0,
        description="Pause before a provider is asked about the same held money again; it doubles each time. Their answers lag behind their webhooks.",
    )
    confirm_again_max_minutes: float = Field(
        360.0,
        gt=0,
        description="Longest such pause: what a provider does not know after a day it hardly ever learns, and its calls are limited.",
    )
    confirm_days: float = Field(
        14.0,
        gt=0,
        description="After so long a provider is not asked again by itself; a person decides, or runs `lunas reconcile run`.",
    )
    confirm_asks_max: int = Field(
        50,
        ge=1,
        description="Payments of one provider that are asked about in one look, what was never asked about first: forged ones cannot keep a genuine one waiting.",
    )
