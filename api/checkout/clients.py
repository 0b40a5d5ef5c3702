"""The providers that checkout can call, by what the settings hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.asking import PaymentClient
from providers.breaker import Breaker
from providers.outgoing import CallLimits
from providers.plan_asking import PlanClient
from providers.xendit.client import XenditClient
from providers.xendit.plan_client import XenditPlans

if TYPE_CHECKING:
    from runtime.settings import Settings

MINUTE, HOUR = 60.0, 3600.0


def clients_of(settings: Settings) -> dict[str, PaymentClient]:
    """One client for each provider whose key for calls is set."""
    clients: dict[str, PaymentClient] = {}
    if settings.xendit_secret_key is not None:
        clients["xendit"] = XenditClient(
            settings.xendit_base_url,
            settings.xendit_secret_key.get_secret_value(),
            _limits(settings, settings.outgoing_xendit_per_minute, MINUTE),
            _breaker(settings),
        )
    return clients


def plan_clients_of(settings: Settings) -> dict[str, PlanClient]:
    """The same for recurring plans."""
    clients: dict[str, PlanClient] = {}
    if settings.xendit_secret_key is not None:
        clients["xendit"] = XenditPlans(
            settings.xendit_base_url,
            settings.xendit_secret_key.get_secret_value(),
            _limits(settings, settings.outgoing_xendit_per_minute, MINUTE),
            _breaker(settings),
        )
    return clients


def _limits(settings: Settings, calls: int, period: float) -> CallLimits:
    return CallLimits(
        connect=settings.provider_connect_timeout_seconds,
        call=settings.provider_call_timeout_seconds,
        budget=settings.provider_call_budget_seconds,
        attempts=settings.provider_call_attempts,
        calls=calls,
        period=period,
    )


def _breaker(settings: Settings) -> Breaker:
    return Breaker(settings.provider_breaker_failures, settings.provider_breaker_pause_seconds)
