"""Composition root of checkout: its calls and what they stand on, mounted by the API process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from api.catalogue import CatalogueInForce
from api.checkout import order_calls, subscription_calls, topup_calls
from api.checkout.accounts import tell_accounts
from api.checkout.asked import AskedPayments
from api.checkout.cancelling import Canceller
from api.checkout.clients import clients_of, least_orders
from api.checkout.customers import PUT_CUSTOMER, Customers
from api.checkout.opening import Opener
from api.checkout.orders import OrderCalls
from api.checkout.plan_requests import PlanRequests
from api.checkout.plan_turns import PlanTurns
from api.checkout.requests import PaymentRequests
from api.checkout.source_topups import SourceTopUps
from api.checkout.standing import Watch
from api.checkout.subscriptions import SubscriptionCalls
from api.checkout.topups import TopUpCalls
from providers.call_record import CallMetrics
from runtime.database import Pool
from runtime.pay_pages import public_url
from schemas.calls import Call

if TYPE_CHECKING:
    from runtime.settings import Settings

Route = tuple[Call, Callable[[web.Request], Awaitable[web.StreamResponse]]]


class Checkout:
    """Every write call with its handler. They stand behind the API's key and answer problems through it."""

    def __init__(
        self, settings: Settings, pool: Pool, watch: Watch, metrics: CallMetrics | None = None
    ) -> None:
        acquire = settings.database_acquire_timeout_seconds
        lease = timedelta(seconds=settings.checkout_lease_seconds)
        requests = PaymentRequests(pool, acquire_seconds=acquire, public=public_url(settings), lease=lease)
        self.clients = clients_of(settings, metrics)
        self.opener = Opener(requests, self.clients.payments, settings)
        self.canceller = Canceller(requests, self.clients.payments)
        self._customers = Customers(pool, acquire_seconds=acquire)
        catalogue = CatalogueInForce(pool, settings.catalog)
        self._catalogue, self._settings = catalogue, settings
        topups, orders = (
            AskedPayments(kind, requests, self.opener, watch, settings) for kind in ("topup", "order")
        )
        self._topups = TopUpCalls(topups, catalogue, settings)
        callable_now = self.clients.payments
        least = {name: total for name, total in least_orders(settings).items() if name in callable_now}
        self._orders = OrderCalls(orders, catalogue, settings, least)
        plans = PlanRequests(pool, acquire_seconds=acquire)
        self.plans = PlanTurns(plans, self.clients.plans, settings)
        self._subscriptions = SubscriptionCalls(plans, self.plans, catalogue, watch, settings)

    def routes(self) -> list[Route]:
        """Every call with its handler."""
        return [
            (PUT_CUSTOMER, self._customers.put),
            (topup_calls.POST_TOPUP, self._topups.post),
            (topup_calls.GET_TOPUP, self._topups.get),
            (topup_calls.LIST_TOPUPS, self._topups.of_customer),
            (order_calls.POST_ORDER, self._orders.post),
            (order_calls.GET_ORDER, self._orders.get),
            (order_calls.LIST_ORDERS, self._orders.of_customer),
            (topup_calls.POST_SOURCE_TOPUP, SourceTopUps(self._topups).post),
            (subscription_calls.POST_SUBSCRIPTION, self._subscriptions.post),
            (subscription_calls.GET_SUBSCRIPTION, self._subscriptions.get),
            (subscription_calls.CANCEL_SUBSCRIPTION, self._subscriptions.cancel),
            (subscription_calls.CHANGE_SUBSCRIPTION, self._subscriptions.change),
        ]

    async def tell_accounts(self) -> None:
        """Asks every provider about our account, once, and logs what it says."""
        await tell_accounts(self.clients.accounts, self._catalogue, self._settings)

    async def close(self) -> None:
        """Lets calls to providers end, and closes their connections."""
        await self.opener.close()
        await self.plans.close()
        await self.clients.close()
