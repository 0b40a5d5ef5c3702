"""Who reads the lists of which provider, by what the settings hold. Each has connections and a pace of its own: a part of what the provider allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.breaker import Breaker
from providers.call_record import CallMetrics
from providers.outgoing import CallLimits
from providers.reconciling import ListClient
from providers.xendit.client import XenditClient
from providers.xendit.lists import XenditLists

if TYPE_CHECKING:
    from runtime.settings import Settings

MINUTE = 60.0


def listers_of(settings: Settings, metrics: CallMetrics | None = None) -> dict[str, ListClient]:
    """By name, each provider whose key for calls is set."""
    listers: dict[str, ListClient] = {}
    if settings.xendit_secret_key is not None:
        xendit = XenditClient(
            settings.xendit_base_url,
            settings.xendit_secret_key.get_secret_value(),
            _limits(settings, settings.outgoing_xendit_per_minute, MINUTE),
            _breaker(settings),
            metrics=metrics,
        )
        listers["xendit"] = XenditLists(xendit.api)
    return listers


def _limits(settings: Settings, calls: int, period: float) -> CallLimits:
    return CallLimits(
        connect=settings.provider_connect_timeout_seconds,
        call=settings.provider_call_timeout_seconds,
        budget=settings.provider_call_budget_seconds,
        attempts=settings.provider_call_attempts,
        calls=max(1, int(calls * settings.reconcile_rate_share)),
        period=period,
    )


def _breaker(settings: Settings) -> Breaker:
    return Breaker(settings.provider_breaker_failures, settings.provider_breaker_pause_seconds)
