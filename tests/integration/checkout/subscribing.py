"""A shop whose provider is the fake Xendit, and whose webhooks are heard as intake hears them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from processor.fulfilment.catalog_source import publish_catalog
from providers.fakes.app import ServedFakes, serving
from providers.fakes.provider import FakeAccount
from providers.fakes.world import FakeWorld
from providers.registry import PROVIDERS
from providers.verification import Rejected
from runtime.ids import utc_now
from runtime.settings import Settings
from schemas import strict_json
from schemas.catalog import Catalog, Product, Tier, XenditNames
from schemas.translation import TranslationContext
from tests.integration.checkout.conftest import Shop, opened
from tests.integration.checkout.fakes import SHORT_SILENCE
from tests.unit.processor.policies.ledgerbook import shipped_catalog
from tests.unit.providers.fakes.stand import KEYS, SECRET, Caller, TakenWebhook, WebhookDoor, basic
from tests.waiting import until


def two_plans() -> Catalog:
    """The shipped catalogue with a higher tier, its plan at twice the price, and one that is charged by the year."""
    catalog = shipped_catalog()
    more = (
        _plan("max-bulanan", "max", 400_000, "1 month"),
        _plan("max-tahunan", "max", 4_000_000, "1 year"),
    )
    return catalog.model_copy(
        update={
            "tiers": (*catalog.tiers, Tier(id="max", monthly_tokens=9_000_000, daily_tokens=900_000)),
            "products": (*catalog.products, *more),
        }
    )


def _plan(name: str, tier: str, price: int, period: str) -> Product:
    return Product(
        id=name,
        kind="plan",
        title=name,
        tier=tier,
        price_idr=price,
        period=period,
        grace="3 days",
        xendit=XenditNames(plan_references=(f"{name}-",)),
    )


@dataclass
class Club:
    """A shop, its fake provider, and the webhooks between them."""

    shop: Shop
    caller: Caller
    door: WebhookDoor
    heard: int = 0

    async def act(self, subscription: Any, act: str) -> None:
        """What the payer does at the provider."""
        key = subscription["provider_subscription_id"]
        assert (await self.caller.control("POST", f"/payments/xendit/{key}/{act}", {}))[0] == 200
        await self.hear()

    async def advance(self, span: str) -> None:
        """The provider's clock goes on; what it tells on the way is heard."""
        await self.caller.advance(span)
        await self.hear()

    async def hear(self) -> None:
        """Webhooks that came meanwhile, decided on and folded."""
        await self.caller.advance("1s")
        taken, self.heard = self.door.taken[self.heard :], len(self.door.taken)
        for webhook in taken:
            await self.shop.hear(*facts_of(webhook))

    async def switch(self, **switch: Any) -> None:
        """Something goes wrong at the provider."""
        wish = {"provider": "xendit"} | SHORT_SILENCE.get(switch["do"], {}) | switch
        status, said = await self.caller.control("POST", "/switches", wish)
        assert status in (200, 201), said

    async def stops(self) -> None:
        """Waits until the provider has been asked often enough that it charges no more."""

        async def stopped() -> bool:
            await self.shop.checkout.plans.resolve()
            return [plan["status"] for plan in await self.plans()] == ["INACTIVE"]

        await until(stopped)
        assert (await self.shop.log("plan."))[-1] == "plan.stopped"

    async def plans(self) -> list[Any]:
        """The plans that the provider has."""
        headers = {"Authorization": basic(KEYS["xendit"])}
        return list((await self.caller.call("xendit", "GET", "/recurring/plans", **headers))[1]["data"])


def facts_of(webhook: TakenWebhook) -> list[Any]:
    """What intake would store."""
    provider = PROVIDERS[webhook.provider]
    verdict = provider.verify(webhook.headers, webhook.body, [SECRET])
    assert not isinstance(verdict, Rejected), verdict
    meaning = provider.translate(strict_json.loads(webhook.body), TranslationContext(received_at=utc_now()))
    return [fact.event for fact in meaning.facts]


@asynccontextmanager
async def club_of(build: Callable[..., Settings], **more: Any) -> AsyncIterator[Club]:
    """A shop with two plans and Ratna as its customer."""
    door = WebhookDoor()
    app = web.Application()
    app.router.add_post("/webhooks/{provider}", door.take)
    async with TestServer(app) as server:
        account = FakeAccount(
            KEYS["xendit"], SECRET, "akun-xendit", f"{server.make_url('/')}webhooks/xendit", ()
        )
        async with (
            serving({"xendit": account}, FakeWorld(rate_limits=False)) as served,
            aiohttp.ClientSession() as session,
            _shop(build, served, **more) as shop,
        ):
            yield Club(shop, Caller(session, served), door)


@asynccontextmanager
async def _shop(build: Callable[..., Settings], served: ServedFakes, **more: Any) -> AsyncIterator[Shop]:
    given = build(xendit_base_url=served.bases["xendit"], xendit_secret_key=KEYS["xendit"], **more)
    async with opened(given) as shop:
        await publish_catalog(shop.pool, two_plans())
        await shop.customer("ratna", "ratna@contoh.id")
        await shop.settle()
        yield shop
