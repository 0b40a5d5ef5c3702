"""After an order has ended, at every provider that takes orders: what no webhook told is found, what can still be paid is closed there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.checkout.clients import clients_of
from api.checkout.watching import RequestWatch
from runtime.settings import Settings
from tests.integration.checkout.conftest import Shop, opened
from tests.integration.checkout.fakes import FakeStand, fake_providers, goods_catalog

COURSE = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
PROVIDERS = ("scalev", "xendit", "mayar")
READS = {"scalev": "/v3/orders/", "xendit": "/v2/invoices/", "mayar": "/hl/v2/transactions/"}
CLOSED = {
    "scalev": "unpaid · canceled",
    "xendit": "EXPIRED",
    "mayar": "closed",
}
SCHEDULE = (1, 30, 10_080)
MINUTES = [2, 31, 10_081]


@dataclass
class Counter:
    """A shop whose orders go to one provider, and the timers of its leading process."""

    provider: str
    shop: Shop
    fakes: FakeStand
    watch: RequestWatch

    async def order(self) -> Any:
        return await self.shop.post("/v1/orders", COURSE | {"allow_second": True})

    async def ended(self, minutes: int = 2) -> None:
        """By our clock every order was over so many minutes ago."""
        await self.shop.pool.execute(
            "UPDATE payment_requests SET watched_until = NULL, expires_at = clock_timestamp() - $1 * interval '1 minute'",
            minutes,
        )

    async def looked(self) -> int:
        found = await self.watch.look()
        await self.shop.settle()
        return found

    async def paid_unheard(self, **more: Any) -> None:
        """On the provider's page; whatever it tells goes nowhere."""
        await self.fakes.pay(self.provider, self.fakes.bills(self.provider)[-1].key, **more)
        world = self.fakes.served.world
        await world.advance_to(world.clock.now() + timedelta(seconds=1))
        self.fakes.told.clear()

    async def heard_again(self) -> None:
        """Everything that this provider ever told, sent by hand."""
        world = self.fakes.served.world
        sent = world.outbox.of(self.provider)
        for one in sent:
            world.outbox.again(one.number)
        await self.fakes.hear(self.shop.pool, len(sent))
        await self.shop.settle()

    @property
    def status(self) -> str:
        return str(self.fakes.bills(self.provider)[-1].status)

    async def open_for_ever(self) -> int:
        """Orders that somebody will ask about again."""
        return int(
            await self.shop.pool.fetchval(
                "SELECT count(*) FROM payment_requests WHERE status <> 'refused' AND NOT watch_over"
            )
        )

    async def granted(self, times: int = 1) -> None:
        """The course is open, its money counted so often, and nothing waits for a person."""
        (enrolled,) = (await self.shop.get("/v1/customers/budi/enrollments"))["items"]
        assert enrolled["status"] == "active"
        ledger = await self.shop.get("/v1/ledger")
        assert ledger["balanced"] is True
        given = await self.shop.pool.fetchval("SELECT count(*) FROM events WHERE type = 'course.enrolled'")
        withdrawn = await self.shop.pool.fetchval(
            "SELECT count(*) FROM events WHERE type = 'course.withdrawn'"
        )
        assert given - withdrawn == times


@pytest.fixture(params=PROVIDERS)
async def counter(
    request: pytest.FixtureRequest, shop_settings: Callable[..., Settings]
) -> AsyncIterator[Counter]:
    async with fake_providers() as fakes:
        given = shop_settings(
            **fakes.settings,
            payment_provider=request.param,
            outgoing_mayar_per_minute=10_000,
            checkout_ask_after_minutes=SCHEDULE,
            provider_breaker_failures=1000,
        )
        async with opened(given, goods_catalog()) as shop:
            await shop.customer(phone="081234567890")
            watch = RequestWatch(given, shop.narrow, shop.checkout.clients.payments, CollectorRegistry())
            yield Counter(request.param, shop, fakes, watch)


async def test_c72_money_that_no_webhook_told_is_found_and_delivered_once(counter: Counter) -> None:
    made = await counter.order()
    await counter.paid_unheard()
    assert (await counter.shop.get(f"/v1/orders/{made['order_id']}"))["status"] == "pending"
    assert await counter.looked() == 0, "nobody is asked before the end"
    await counter.ended()
    assert await counter.looked() == 1
    seen = await counter.shop.get(f"/v1/orders/{made['order_id']}")
    assert (seen["status"], seen["amount"]) == ("succeeded", 150_000)
    payment = await counter.shop.get(f"/v1/payments/{counter.provider}/{made['provider_order_id']}")
    assert (payment["amount"], payment["customer_id"]) == (150_000, "budi")
    await counter.granted()
    await counter.heard_again()
    await counter.granted()
    assert (await counter.shop.get("/v1/suspense"))["items"] == []
    assert await counter.open_for_ever() == 0, "who was paid is not asked about again"


async def test_c72_what_nobody_pays_is_closed_at_its_provider_and_left_alone_after_the_last_time(
    counter: Counter,
) -> None:
    made = await counter.order()
    for minutes in MINUTES:
        await counter.ended(minutes)
        assert await counter.looked() == 1
    assert counter.status == CLOSED[counter.provider]
    await counter.ended(100_000)
    assert await counter.looked() == 0
    assert await counter.open_for_ever() == 0
    assert (await counter.shop.get(f"/v1/orders/{made['order_id']}"))["status"] in ("expired", "failed")


async def test_c70_money_that_comes_after_the_first_time_is_found_at_the_second(counter: Counter) -> None:
    await counter.order()
    name = counter.fakes.bills(counter.provider)[-1].key
    if (
        counter.provider == "mayar"
    ):  # it closes what we close; only its own end leaves a page that is paid late
        await counter.fakes.pay("mayar", name, "expire")
    await counter.ended()
    assert await counter.looked() == 1
    if counter.provider == "mayar":
        assert counter.status == "expired"
    await counter.paid_unheard()
    await counter.ended(31)
    assert await counter.looked() == 1
    await counter.granted()
    await counter.heard_again()
    await counter.granted()
    assert (await counter.shop.get("/v1/suspense"))["items"] == []


async def test_c72_a_provider_that_is_silent_is_asked_again_and_the_order_stays_as_it_is(
    counter: Counter,
) -> None:
    await counter.order()
    await counter.paid_unheard()
    await counter.ended()
    await counter.fakes.switch("timeout", counter.provider)
    assert await counter.looked() == 1
    assert await counter.looked() == 0
    await counter.fakes.control("DELETE", "/switches")
    await counter.ended()
    assert await counter.looked() == 1
    await counter.granted()


async def test_c72_an_order_that_its_provider_no_longer_knows_is_not_asked_about_for_ever(
    counter: Counter,
) -> None:
    await counter.order()
    await counter.fakes.switch("refuse", counter.provider, status=404, path=READS[counter.provider])
    for minutes in MINUTES:
        await counter.ended(minutes)
        assert await counter.looked() == 1
    assert await counter.open_for_ever() == 0


async def test_c72_a_provider_that_will_not_close_is_asked_to_the_end_and_takes_orders_all_the_same(
    counter: Counter,
) -> None:
    closing = {"scalev": "/v3/orders/change-status", "xendit": "/invoices/", "mayar": "/hl/v2/invoices/"}
    path = closing[counter.provider]
    for status in (400, 403, 409):
        await counter.order()
        await counter.fakes.switch("refuse", counter.provider, method="POST", status=status, path=path)
        for minutes in MINUTES:
            await counter.ended(minutes)
            assert await counter.looked() == 1
        assert await counter.open_for_ever() == 0
        await counter.fakes.control("DELETE", "/switches")
    assert (await counter.order())["status"] == "pending"


@pytest.mark.parametrize("counter", ["scalev"], indirect=True)
async def test_money_that_the_gateway_kept_from_scalev_is_found(counter: Counter) -> None:
    await counter.order()
    bill = counter.fakes.bills("scalev")[-1]
    order = counter.fakes.served.world.providers["scalev"].memory().orders[bill.key]  # type: ignore[attr-defined]
    order.gateway_reference = "pr-hidden"
    await counter.fakes.switch("gateway_silent", "scalev", method="ACT", path="/pay")
    await counter.paid_unheard()
    assert counter.status == "unpaid · pending"
    await counter.ended()
    assert await counter.looked() == 1
    await counter.granted()


@pytest.mark.parametrize("counter", ["mayar"], indirect=True)
async def test_c64_an_invoice_that_was_paid_twice_is_told_twice(counter: Counter) -> None:
    await counter.order()
    await counter.paid_unheard()
    await counter.paid_unheard()
    await counter.ended()
    await counter.looked()
    paid = await counter.shop.pool.fetchval("SELECT count(*) FROM events WHERE type = 'payment.succeeded'")
    assert paid == 2
    await counter.granted()
    (waiting,) = (await counter.shop.get("/v1/suspense"))["items"]
    assert (waiting["reason"], waiting["amount"]) == ("duplicate_purchase", 150_000)


async def test_asking_after_what_is_over_leaves_half_of_what_a_provider_takes_to_those_who_pay(
    shop_settings: Callable[..., Settings],
) -> None:
    async with fake_providers() as fakes:
        given = {**fakes.settings, "payment_provider": "mayar", "outgoing_mayar_per_minute": 10_000}
        async with opened(shop_settings(**given), goods_catalog()) as shop:
            await shop.customer(phone="081234567890")
            for _ in range(12):
                await shop.post("/v1/orders", COURSE | {"allow_second": True})
            narrow = shop_settings(**given | {"outgoing_mayar_per_minute": 20})
            clients = clients_of(narrow)
            watch = RequestWatch(narrow, shop.narrow, clients.payments, CollectorRegistry())
            await shop.pool.execute(
                "UPDATE payment_requests SET expires_at = clock_timestamp() - interval '2 minutes'"
            )
            asked = await watch.look()
            assert 0 < asked < 8
            assert await watch.look() == 0
            assert clients.payments["mayar"]._api._limiter.has_capacity(6)  # type: ignore[attr-defined]
            await clients.close()
