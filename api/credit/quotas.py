"""Quotas: what a tier allows per month and day, by the calendar of Asia/Jakarta, and what is left of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.credit.account import Used
from schemas.catalog import Catalog, Tier
from schemas.periods import JAKARTA


@dataclass(frozen=True, slots=True)
class QuotaLeft:
    """`limit` and `remaining` are None when the tier sets none."""

    limit: int | None
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.used, 0)

    def allows(self, cost: int) -> bool:
        return self.limit is None or self.used + cost <= self.limit

    def shown(self) -> dict[str, object]:
        """As answers show it."""
        return {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "resets_at": self.resets_at,
        }


@dataclass(frozen=True, slots=True)
class QuotasLeft:
    """Tokens per month and day, papers per month."""

    month: QuotaLeft
    day: QuotaLeft
    papers: QuotaLeft

    def exceeded(self, tokens: int, papers: int) -> tuple[str, QuotaLeft] | None:
        """The quota that this use would not fit in, and if several the one that holds it up for longest."""
        costs = (("month", self.month, tokens), ("day", self.day, tokens), ("papers", self.papers, papers))
        over = [(name, quota) for name, quota, cost in costs if cost and not quota.allows(cost)]
        return max(over, key=lambda one: one[1].resets_at, default=None)

    def shown(self) -> dict[str, object]:
        return {"month": self.month.shown(), "day": self.day.shown(), "papers": self.papers.shown()}


def month_of(now: datetime) -> str:
    return f"{now.astimezone(JAKARTA):%Y-%m}"


def day_of(now: datetime) -> str:
    return f"{now.astimezone(JAKARTA):%Y-%m-%d}"


def next_day(now: datetime) -> datetime:
    """The midnight in Asia/Jakarta that comes next."""
    midnight = now.astimezone(JAKARTA).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1)).astimezone(UTC)


def next_month(now: datetime) -> datetime:
    """The first of the month in Asia/Jakarta that comes next."""
    first = now.astimezone(JAKARTA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1).astimezone(UTC)


def tier_named(catalog: Catalog, name: str) -> Tier:
    """A tier that a later catalogue no longer has grants no quota; usage is then paid from credit."""
    return next((tier for tier in catalog.tiers if tier.id == name), Tier(id="unknown", credit_based=True))


def quotas_left(used: Used, tier: Tier, now: datetime) -> QuotasLeft:
    """By the tier in force now, whatever tier the earlier use of this month and day fell under."""
    if used.month < month_of(now):
        used = Used(day=used.day, day_tokens=used.day_tokens)
    if used.day < day_of(now):
        used = Used(month_tokens=used.month_tokens, month_papers=used.month_papers)
    return of_tier(tier, used, next_month(now), next_day(now))


def of_tier(tier: Tier, used: Used, month_ends: datetime, day_ends: datetime) -> QuotasLeft:
    """What `used` of the running month and day leaves of a tier's quotas. What is paid from credit has no quota of tokens."""
    monthly, daily = (None, None) if tier.credit_based else (tier.monthly_tokens, tier.daily_tokens)
    return QuotasLeft(
        month=QuotaLeft(monthly, used.month_tokens, month_ends),
        day=QuotaLeft(daily, used.day_tokens, day_ends),
        papers=QuotaLeft(tier.monthly_papers, used.month_papers, month_ends),
    )
