"""A world in a file: after a stop everything is where it was, and goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from providers.fakes.app import serving
from providers.fakes.provider import FakeAccount
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from tests.unit.providers.fakes import (
    test_mayar,
    test_scalev_orders,
    test_xendit_older,
    test_xendit_plans,
    test_xendit_requests,
)
from tests.unit.providers.fakes.stand import GOODS, KEYS, SECRET, START, Caller, WebhookDoor
from tests.waiting import until


@asynccontextmanager
async def started(door: WebhookDoor, state: Path) -> AsyncIterator[Caller]:
    accounts = {
        name: FakeAccount(KEYS[name], SECRET, f"akun-{name}", f"{door.address}/webhooks/{name}", GOODS)
        for name in FAKES
    }
    world = FakeWorld(wall=lambda: START, frozen=True)
    async with serving(accounts, world, state=state) as served, aiohttp.ClientSession() as session:
        yield Caller(session, served)


async def test_everything_is_where_it_was_and_goes_on(door: WebhookDoor, tmp_path: Path) -> None:
    state = tmp_path / "deep" / "world.json"
    door.answers = [503]
    async with started(door, state) as caller:
        paid = await test_xendit_requests.create(caller)
        await caller.control("POST", "/payments/xendit/topup-1/pay", {})
        await until(lambda: door.taken)
        await test_xendit_requests.create(caller, reference_id="topup-2")
        await test_xendit_plans.create(caller)
        await test_xendit_plans.link(caller)
        order = await test_scalev_orders.create(caller)
        bill, licence = await test_mayar.member(caller)
        await caller.advance("10m")
        _, before = await caller.control("GET", "/payments")
    told = len(door.taken)

    async with started(door, state) as caller:
        _, after = await caller.control("GET", "/payments")
        assert after == before
        _, read, _ = await test_xendit_requests.ask(
            caller, "GET", f"/v3/payment_requests/{paid['payment_request_id']}"
        )
        assert read["status"] == "SUCCEEDED"
        _, same, _ = await test_scalev_orders.ask(caller, "GET", f"/v3/orders/{order['id']}")
        assert same["order_id"] == order["order_id"]
        _, said, _ = await test_mayar.ask(caller, "POST", "/saas/v1/license/verify", licence)
        assert said["isLicenseActive"] is True
        fresh = await test_xendit_requests.create(caller, reference_id="topup-3")
        assert fresh["payment_request_id"] not in {one["key"] for one in before}
        await caller.advance("5m")  # 15 minutes after the attempt that was not taken
        assert len(door.taken) == told + 1
        await caller.advance("31d")
        events = [one.document.get("event") for one in door.taken[told:]]
        assert {
            "payment.capture",
            "payment_request.expiry",
            "recurring.cycle.succeeded",
            "membership.memberExpired",
        } <= set(events)
        assert (await caller.control("GET", f"/payments/mayar/{bill['key']}"))[1]["status"].startswith(
            "INACTIVE"
        )


async def test_a_key_is_bound_to_its_body_and_answer_over_a_restart(
    door: WebhookDoor, tmp_path: Path
) -> None:
    state, key = tmp_path / "world.json", {"idempotency-key": "kunci-1"}
    older, customer = test_xendit_older.OLD, {"reference_id": "c-1", "type": "INDIVIDUAL"}
    customer["individual_detail"] = {"given_names": "Budi"}
    ask = test_xendit_requests.ask
    async with started(door, state) as caller:
        first = [
            (await ask(caller, "POST", path, wish, **key))[:2]
            for path, wish in (("/payment_requests", older), ("/customers", customer))
        ]
        assert all(status < 300 for status, _ in first), first
        await test_mayar.create(caller)
    async with started(door, state) as caller:
        again = [
            (await ask(caller, "POST", path, wish, **key))[:2]
            for path, wish in (("/payment_requests", older), ("/customers", customer))
        ]
        assert again == first
        status, said, _ = await ask(caller, "POST", "/payment_requests", older | {"amount": 1}, **key)
        assert (status, said["error_code"]) == (409, "IDEMPOTENCY_ERROR")
        # Mayar knows the same words again within a minute, too.
        status, _, _ = await test_mayar.ask(caller, "POST", "/hl/v2/invoices/create", test_mayar.INVOICE)
        assert status == 429


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"ahead_seconds":1}'])
async def test_a_file_that_holds_no_world_begins_a_new_one(
    door: WebhookDoor, tmp_path: Path, content: bytes
) -> None:
    state = tmp_path / "world.json"
    state.write_bytes(content)
    async with started(door, state) as caller:
        assert (await caller.control("GET", "/payments"))[1] == []
        await test_xendit_requests.create(caller)
    async with started(door, state) as caller:
        assert len((await caller.control("GET", "/payments"))[1]) == 1
