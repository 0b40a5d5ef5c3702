"""After a request has ended: late, partial, too much, twice, and what no webhook ever told; from the fake's page to the balance."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.checkout.watching import RequestWatch
from tests.integration.checkout.street import Street

QRIS = {"customer_id": "budi", "amount": 50_000, "payment_method": "qris"}
VA = {"customer_id": "budi", "amount": 50_000, "payment_method": "va", "va_channel": "BCA"}
GOPAY = {"customer_id": "budi", "amount": 50_000, "payment_method": "ewallet", "ewallet_channel": "GOPAY"}


async def ended(street: Street, minutes: int = 2) -> None:
    """By our clock the request was over so many minutes ago."""
    await street.shop.pool.execute(
        "UPDATE payment_requests SET watched_until = NULL, expires_at = clock_timestamp() - $1 * interval '1 minute'",
        minutes,
    )


async def looked(street: Street) -> int:
    """What the timers of the one leading process do."""
    given = street.shop.refunds.settings
    watch = RequestWatch(
        given, street.shop.narrow, street.shop.checkout.clients.payments, CollectorRegistry()
    )
    found = await watch.look()
    await street.shop.settle()
    return found


async def status(street: Street, made: dict[str, Any]) -> tuple[str, bool]:
    seen = await street.shop.get(f"/v1/topups/{made['payment_id']}")
    return seen["status"], seen["late"]


def at_the_provider(street: Street, made: dict[str, Any]) -> str:
    bill = street.world.providers["xendit"].bill(made["payment_id"])
    assert bill is not None
    return bill.status


async def test_c72_what_can_still_be_paid_after_its_end_is_closed_at_the_provider(street: Street) -> None:
    made = await street.shop.post("/v1/topups", QRIS)
    assert await looked(street) == 0, "nobody is asked before the end"
    await ended(street)
    assert await looked(street) == 1
    assert at_the_provider(street, made) == "CANCELED"
    assert await looked(street) == 0, "the next time comes later"
    assert (await street.timeline(made["payment_id"]))[-2:] == ["provider.called", "payment.expired"]
    assert await status(street, made) == ("expired", False)
    # Days of it: every time of the schedule once, and then never again.
    for minutes in (31, 361, 1441, 4321, 10081):
        await ended(street, minutes)
        assert await looked(street) == 1
    await ended(street, 100_000)
    assert await looked(street) == 0


@pytest.mark.parametrize("wish", [QRIS, VA], ids=["qris", "account"])
async def test_c70_money_that_comes_after_we_closed_it_is_credited_and_marked_late(
    street: Street, wish: dict[str, Any]
) -> None:
    made = await street.shop.post("/v1/topups", wish)
    await ended(street)
    await looked(street)
    street.door.lost = True
    await street.later(hours=26)
    await street.act(made["payment_id"], "pay")
    assert await street.balance() == 0
    await ended(street, 400)
    assert await looked(street) == 1
    assert await status(street, made) == ("succeeded", True)
    assert await street.balance() == 500_000
    # The webhook at last: nothing is credited twice.
    street.door.lost = False
    for sent in street.world.outbox.of("xendit"):
        street.world.outbox.again(sent.number)
    await street.later(seconds=1)
    assert await street.balance() == 500_000
    await ended(street, 2_000)
    await looked(street)
    assert await looked(street) == 0, "who was paid is not asked about again"


async def test_c72_an_end_that_the_provider_told_nobody_is_told_when_we_ask(street: Street) -> None:
    made = await street.shop.post("/v1/topups", GOPAY)
    street.door.lost = True
    await street.later(minutes=31)
    assert at_the_provider(street, made) == "EXPIRED"
    await ended(street)
    await looked(street)
    assert "payment.expired" in await street.timeline(made["payment_id"])
    assert await status(street, made) == ("expired", False)
    await ended(street, 31)
    await looked(street)
    assert (await street.timeline(made["payment_id"])).count("payment.expired") == 1


async def test_c70_a_late_webhook_is_credited_and_marked_late(street: Street) -> None:
    made = await street.shop.post("/v1/topups", VA)
    await street.later(hours=25)
    assert at_the_provider(street, made) == "EXPIRED"
    assert await status(street, made) == ("expired", False)
    await street.act(made["payment_id"], "pay")
    assert await status(street, made) == ("succeeded", True)
    assert await street.balance() == 500_000


async def test_a_provider_that_is_silent_is_asked_again_and_the_request_stays_as_it_is(
    street: Street,
) -> None:
    made = await street.shop.post("/v1/topups", QRIS)
    await ended(street)
    await street.switch("timeout", method="GET", path="/v3/payment_requests")
    assert await looked(street) == 1
    assert await looked(street) == 0
    street.world.switches.turn_off(None)
    await ended(street)
    assert await looked(street) == 1
    assert at_the_provider(street, made) == "CANCELED"


@pytest.mark.parametrize(
    ("paid", "tokens", "held"),
    [(30_000, 0, ("underpaid", 30_000)), (50_000, 500_000, None)],
    ids=["less", "exactly"],
)
async def test_c61_too_little_buys_nothing_and_waits_for_a_person(
    street: Street, paid: int, tokens: int, held: tuple[str, int] | None
) -> None:
    made = await street.shop.post("/v1/topups", QRIS)
    await street.act(made["payment_id"], "pay", paid)
    assert await street.balance() == tokens
    items = (await street.shop.get("/v1/suspense"))["items"]
    assert [(one["reason"], one["amount"]) for one in items] == ([held] if held else [])


async def test_c61_too_little_goes_back_when_we_ask_for_it(street: Street) -> None:
    made = await street.shop.post("/v1/topups", QRIS)
    await street.act(made["payment_id"], "pay", 30_000)
    refund = await street.refund(made["payment_id"])
    assert refund["amount"] == 30_000
    await street.later(seconds=3)
    assert (await street.shop.get("/v1/suspense"))["items"] == []
    assert await street.payment(made["payment_id"]) == ("refunded", 30_000)
    assert await street.balance() == 0


async def test_c62_too_much_is_delivered_and_what_is_over_goes_back_first(street: Street) -> None:
    made = await street.shop.post("/v1/topups", QRIS)
    await street.act(made["payment_id"], "pay", 80_000)
    credited, waiting = await street.balance(), (await street.shop.get("/v1/suspense"))["items"]
    assert credited // 10 + sum(one["amount"] for one in waiting) == 80_000
    assert credited >= 500_000
    await street.refund(made["payment_id"])
    await street.later(seconds=3)
    assert (await street.payment(made["payment_id"]))[0] == "refunded"
    assert await street.balance() == 0
    assert (await street.shop.get("/v1/suspense"))["items"] == []


async def test_c63_parts_of_a_payment_add_up(street: Street) -> None:
    made = await street.shop.post("/v1/topups", VA)
    await street.act(made["payment_id"], "pay", 20_000)
    assert await street.balance() == 0
    await street.act(made["payment_id"], "pay", 30_000)
    assert await street.balance() == 500_000
    assert await status(street, made) == ("succeeded", False)
    assert (await street.shop.get("/v1/suspense"))["items"] == []
