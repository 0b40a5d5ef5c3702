"""Orders at every provider that takes them, against its fake as a real server: the same promises, whoever is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from processor.fulfilment.catalog_source import publish_catalog
from runtime.settings import Settings
from schemas.catalog import Catalog
from tests.integration.checkout.conftest import Shop, opened
from tests.integration.checkout.fakes import FakeStand, fake_providers, goods_catalog
from tests.waiting import until

COURSE = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
PROVIDERS = ("scalev", "xendit", "mayar")
CREATES = {"scalev": "/v3/orders", "xendit": "/v2/invoices", "mayar": "/hl/v1/invoice/create"}
WEBHOOKS = {"scalev": 3, "xendit": 1, "mayar": 1}
"""How many tell of an order and its payment."""

FAILURE_IN_200: dict[str, Any] = {
    "scalev": {"code": 400, "status": "Bad Request", "error": "what only operators may read"},
    "xendit": {"error_code": "WHAT", "message": "what only operators may read"},
    "mayar": {"statusCode": 400, "messages": "failed", "error": "what only operators may read"},
}


TROUBLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("timeout", {}),
    ("timeout_after", {}),
    ("drop_after", {}),
    ("broken_after", {}),
    ("refuse", {"status": 500}),
    ("refuse", {"status": 503}),
    ("answer", {"status": 200, "body": "no object"}),
    ("answer", {"status": 200, "body": {}}),
)


@dataclass
class Stall:
    """A shop whose orders go to one provider."""

    provider: str
    shop: Shop
    fakes: FakeStand
    settings: Settings

    async def order(self, status: int = 201, **headers: str) -> Any:
        """One more order, however many are open."""
        return await self.shop.post("/v1/orders", COURSE | {"allow_second": True}, status, **headers)

    async def trouble(self, do: str, **more: Any) -> None:
        """At the next call that makes an order."""
        await self.fakes.switch(
            do, self.provider, method="POST", path=CREATES[self.provider], times=1, **more
        )

    @property
    def made(self) -> int:
        return len(self.fakes.bills(self.provider))

    async def known(self, order: Any, status: str = "pending") -> Any:
        """The order once its provider was asked what became of it."""
        found: list[Any] = []

        async def look() -> bool:
            await self.shop.checkout.opener.resolve()
            await self.shop.settle()
            found[:] = [await self.shop.get(f"/v1/orders/{order['order_id']}")]
            return bool(found[0]["status"] == status)

        await until(look)
        return found[0]

    async def pay(self) -> None:
        """On the provider's page; its webhooks are stored and decided on."""
        await self.fakes.pay(self.provider, self.fakes.bills(self.provider)[-1].key)
        await self.fakes.hear(self.shop.pool, WEBHOOKS[self.provider])
        await self.shop.settle()


@pytest.fixture(params=PROVIDERS)
async def stall(
    request: pytest.FixtureRequest, shop_settings: Callable[..., Settings]
) -> AsyncIterator[Stall]:
    async with fake_providers() as fakes:
        given = shop_settings(
            **fakes.settings,
            payment_provider=request.param,
            outgoing_mayar_per_minute=10_000,
            checkout_repeat_after_seconds=0,
            provider_breaker_failures=1000,
            provider_breaker_pause_seconds=1e-6,  # over before the next call, however quick the machine is
        )
        async with opened(given, goods_catalog()) as shop:
            await shop.customer(phone="081234567890")
            yield Stall(request.param, shop, fakes, given)


def dearer(catalog: Catalog) -> Catalog:
    """The next day's: every price is another one, and the course has another name."""
    products = (
        product.model_copy(update={"price_idr": (product.price_idr or 0) + 777_000, "title": "Lain"})
        for product in catalog.products
    )
    return catalog.model_copy(update={"products": tuple(products)})


async def test_an_order_is_granted_at_its_own_price_to_its_own_customer_whatever_changed_meanwhile(
    stall: Stall,
) -> None:
    shop = stall.shop
    made = await stall.order()
    assert (made["provider"], made["status"], made["amount"]) == (stall.provider, "pending", 150_000)
    async with stall.fakes.session.get(made["payment_url"]) as page:
        assert page.status == 200
    await publish_catalog(shop.pool, dearer(goods_catalog()))
    # The address now belongs to two: only our own record says whose payment it is.
    await shop.customer("sari", "budi@example.com")
    await shop.settle()
    await stall.pay()
    (enrolled,) = (await shop.get("/v1/customers/budi/enrollments"))["items"]
    assert (enrolled["course"], enrolled["status"]) == ("kelas-python", "active")
    assert (await shop.get("/v1/customers/sari/enrollments"))["items"] == []
    seen = await shop.get(f"/v1/orders/{made['order_id']}")
    assert (seen["status"], seen["amount"], seen["items"][0]["price_idr"]) == ("succeeded", 150_000, 150_000)
    payment = await shop.get(f"/v1/payments/{stall.provider}/{made['provider_order_id']}")
    assert (payment["amount"], payment["customer_id"]) == (150_000, "budi")
    assert (await shop.get("/v1/suspense"))["items"] == []
    assert (await shop.get("/v1/ledger"))["balanced"] is True


async def test_news_of_the_payment_before_the_answer_of_the_call_ends_alike(stall: Stall) -> None:
    await stall.trouble("drop_after")
    order = await stall.order(202)
    await stall.pay()
    seen = await stall.known(order, "succeeded")
    assert stall.made == 1
    (enrolled,) = (await stall.shop.get("/v1/customers/budi/enrollments"))["items"]
    assert enrolled["status"] == "active"
    assert seen["provider_order_id"]


async def test_c120_whatever_happens_to_a_call_there_is_one_order_at_the_provider(stall: Stall) -> None:
    for number, (trouble, more) in enumerate(TROUBLES, 1):
        await stall.trouble(trouble, **more)
        order = await stall.order(202, **{"Idempotency-Key": f"key {number}"})
        assert (order["status"], order["payment_url"]) == ("unknown", None), trouble
        known = await stall.known(order)
        again = await stall.order(**{"Idempotency-Key": f"key {number}"})
        assert (again["order_id"], known["payment_url"]) == (order["order_id"], again["payment_url"]), trouble
        assert stall.made == number, trouble
        assert (
            again["payment_url"]
            .removesuffix("/success")
            .endswith(tuple(stall.fakes.bills(stall.provider)[-1].names))
        )


async def test_c123_a_refusal_has_a_code_in_two_languages_and_what_the_provider_said_is_for_operators(
    stall: Stall,
) -> None:
    for trouble, status, code, answered in (
        ({"do": "refuse", "status": 400}, 400, ("order_rejected", "provider_refused"), 502),
        ({"do": "refuse", "status": 401}, 401, ("provider_credentials",), 502),
        ({"do": "refuse", "status": 403}, 403, ("provider_credentials",), 502),
    ):
        await stall.trouble(**trouble)
        refused = await stall.order(answered, **{"Accept-Language": "id"})
        assert refused["code"] in code, status
        assert "refused on request" not in str(refused)
        said = await stall.shop.pool.fetchval(
            "SELECT said FROM payment_requests ORDER BY position DESC LIMIT 1"
        )
        assert said
    assert stall.made == 0


async def test_c123_a_failure_inside_of_200_is_one(stall: Stall) -> None:
    await stall.trouble("answer", status=200, body=FAILURE_IN_200[stall.provider])
    if stall.provider == "xendit":  # it documents no such thing: an answer that names no invoice is unknown
        await stall.known(await stall.order(202))
        return
    refused = await stall.order(502)
    assert refused["code"] == "order_rejected"
    assert "only operators" not in str(refused)
    assert stall.made == 0


async def test_c122_a_used_up_rate_limit_is_told_with_its_end_and_obeyed(stall: Stall) -> None:
    await stall.trouble("rate_limited")
    refused = await stall.shop.client.post(
        "/v1/orders", json=COURSE, headers={"Authorization": "Bearer dev-api-key"}
    )
    document = await refused.json(content_type=None)
    assert (refused.status, document["code"]) == (503, "provider_busy")
    assert int(refused.headers["Retry-After"]) > 1
    # The limit is over at the fake, and still nobody is called before its end.
    assert (await stall.order(503))["code"] == "provider_busy"
    assert stall.made == 0


async def test_a_total_below_what_the_provider_takes_is_explained_before_any_call(
    shop_settings: Callable[..., Settings],
) -> None:
    cheap = goods_catalog()
    products = tuple(product.model_copy(update={"price_idr": 9_999}) for product in cheap.products)
    cheap = cheap.model_copy(update={"products": products})
    async with fake_providers() as fakes:
        async with opened(shop_settings(), cheap) as shop:
            await shop.customer(phone="081234567890")
        for provider in PROVIDERS:
            given = shop_settings(**fakes.settings, payment_provider=provider)
            async with opened(given, cheap) as shop:
                refused = await shop.post("/v1/orders", COURSE, 422)
                assert (refused["code"], refused["field"], refused["minimum"]) == (
                    "order_below_minimum",
                    "items",
                    10_000,
                )
                assert await shop.log() == []
            assert fakes.bills(provider) == []


async def test_a_provider_that_is_not_set_up_answers_501_and_nothing_is_written(
    shop_settings: Callable[..., Settings],
) -> None:
    async with opened(shop_settings(), goods_catalog()) as shop:
        await shop.customer(phone="081234567890")
    for provider in PROVIDERS:
        given = shop_settings(
            payment_provider=provider,
            fakes="off",
            xendit_secret_key=None,
            mayar_api_key=None,
            scalev_api_key=None,
        )
        async with opened(given, goods_catalog()) as shop:
            refused = await shop.post("/v1/orders", COURSE, 501)
            assert refused["code"] == "provider_not_configured"
            assert provider in refused["detail"]
            assert await shop.log() == []
