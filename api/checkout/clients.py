"""The providers that can be called, by what the settings hold: one API each, shared by all that call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.accounts import AccountExaminer
from providers.asking import PaymentClient
from providers.call_record import CallMetrics
from providers.licensing import LicenceClient
from providers.mayar.account import MayarAccount
from providers.mayar.api import mayar_api
from providers.mayar.client import MayarClient
from providers.mayar.licences import MayarLicences
from providers.outgoing import CallLimits, ProviderApi
from providers.plan_asking import PlanClient
from providers.scalev.client import ScalevClient, scalev_api
from providers.scalev.shelf import ScalevShelf
from providers.xendit.account import XenditAccount
from providers.xendit.client import XenditClient
from providers.xendit.plan_client import XenditPlans
from runtime.breaker import Breaker

if TYPE_CHECKING:
    from runtime.settings import Settings

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class OutgoingClients:
    """`payments`, `plans` and `licences`: who speaks to a provider about them, by its name. `apis`: what several of them share.

    `breakers`: of each provider that can be called.
    """

    payments: dict[str, PaymentClient] = field(default_factory=dict)
    plans: dict[str, PlanClient] = field(default_factory=dict)
    licences: dict[str, LicenceClient] = field(default_factory=dict)
    accounts: dict[str, AccountExaminer] = field(default_factory=dict)
    apis: list[ProviderApi] = field(default_factory=list)
    breakers: dict[str, Breaker] = field(default_factory=dict)

    async def close(self) -> None:
        """Ends connections of what is shared; clients that have one of their own end it themselves."""
        for api in self.apis:
            await api.close()


def clients_of(settings: Settings, metrics: CallMetrics | None = None) -> OutgoingClients:
    """Clients of each provider whose key for calls is set."""
    clients = OutgoingClients()

    def breaker(provider: str) -> Breaker:
        clients.breakers[provider] = Breaker(
            settings.provider_breaker_failures, settings.provider_breaker_pause_seconds
        )
        return clients.breakers[provider]

    if settings.xendit_secret_key is not None:
        account = (
            settings.xendit_base_url,
            settings.xendit_secret_key.get_secret_value(),
            _limits(settings, settings.outgoing_xendit_per_minute, MINUTE),
            breaker("xendit"),
        )
        payments = XenditClient(*account, metrics=metrics)
        clients.payments["xendit"] = payments
        clients.accounts["xendit"] = XenditAccount(payments.api, settings.xendit_business_id)
        clients.plans["xendit"] = XenditPlans(*account, metrics=metrics)
    if settings.mayar_api_key is not None:
        api = mayar_api(
            settings.mayar_base_url,
            settings.mayar_api_key.get_secret_value(),
            _limits(settings, settings.outgoing_mayar_per_minute, MINUTE),
            breaker("mayar"),
            metrics,
        )
        clients.apis.append(api)
        clients.licences[api.provider] = MayarLicences(api)
        clients.payments[api.provider] = MayarClient(api)
        clients.accounts[api.provider] = MayarAccount(api)
    if settings.scalev_api_key is not None:
        api = scalev_api(
            settings.scalev_base_url,
            settings.scalev_api_key.get_secret_value(),
            _limits(settings, settings.outgoing_scalev_per_hour, HOUR),
            breaker("scalev"),
            metrics,
        )
        store = settings.scalev_store_unique_id
        clients.apis.append(api)
        clients.payments[api.provider] = ScalevClient(
            api, store_id=store, page=settings.scalev_order_page_url
        )
        clients.accounts[api.provider] = ScalevShelf(api, store)
    return clients


def least_orders(settings: Settings) -> dict[str, int]:
    """Rupiah that an order must come to, by the provider that takes its money."""
    return {
        "scalev": settings.order_minimum_scalev_idr,
        "xendit": settings.order_minimum_xendit_idr,
        "mayar": settings.order_minimum_mayar_idr,
    }


def _limits(settings: Settings, calls: int, period: float) -> CallLimits:
    return CallLimits(
        connect=settings.provider_connect_timeout_seconds,
        call=settings.provider_call_timeout_seconds,
        budget=settings.provider_call_budget_seconds,
        attempts=settings.provider_call_attempts,
        calls=calls,
        period=period,
    )
