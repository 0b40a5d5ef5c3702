"""Who reads the lists of which provider, by what the settings hold. Each has connections and a pace of its own: a part of what the provider allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.call_record import CallMetrics
from providers.mayar.api import mayar_api
from providers.mayar.lists import MayarLists
from providers.outgoing import CallLimits
from providers.reconciling import ListClient
from providers.scalev.client import scalev_api
from providers.scalev.lists import ScalevLists
from providers.xendit.client import XenditClient
from providers.xendit.lists import XenditLists
from runtime.breaker import Breaker

if TYPE_CHECKING:
    from runtime.settings import Settings

MINUTE, HOUR = 60.0, 3600.0


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
    if settings.scalev_api_key is not None:
        scalev = scalev_api(
            settings.scalev_base_url,
            settings.scalev_api_key.get_secret_value(),
            _limits(settings, settings.outgoing_scalev_per_hour, HOUR),
            _breaker(settings),
            metrics,
        )
        listers[scalev.provider] = ScalevLists(scalev)
    if settings.mayar_api_key is not None:
        mayar = mayar_api(
            settings.mayar_base_url,
            settings.mayar_api_key.get_secret_value(),
            _limits(settings, settings.outgoing_mayar_per_minute, MINUTE),
            _breaker(settings),
            metrics,
        )
        listers[mayar.provider] = MayarLists(mayar)
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
