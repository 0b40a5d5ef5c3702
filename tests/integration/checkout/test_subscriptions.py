"""Subscriptions from a customer's click to the tier, with the provider's fake behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.checkout.subscribing import Club, club_of

PRO = {"customer_id": "ratna", "plan": "pro-bulanan"}


@pytest.fixture
async def club(shop_settings: Callable[..., Settings]) -> AsyncIterator[Club]:
    async with club_of(shop_settings) as one:
        yield one


async def subscribed(club: Club, **more: Any) -> Any:
    """A subscription whose first charge is paid."""
    made = await club.shop.post("/v1/subscriptions", PRO | more)
    await club.act(made, "link")
    return await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")


async def tier(club: Club) -> tuple[str, Any]:
    said = await club.shop.get("/v1/customers/ratna/entitlements")
    return said["tier"], said["tier_until"]


async def test_a_subscription_is_asked_for_linked_charged_and_renewed(club: Club) -> None:
    made = await club.shop.post("/v1/subscriptions", PRO)
    assert (made["status"], made["created"], made["has_access"]) == ("pending", True, False)
    assert made["action_url"].startswith(club.caller.served.address)
    await club.shop.settle()
    assert await tier(club) == ("gratis", None)
    [listed] = (await club.shop.get("/v1/customers/ratna/subscriptions"))["items"]
    assert (listed["plan"], listed["status"]) == ("pro-bulanan", "pending")
    await club.act(made, "link")
    seen = await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")
    assert (seen["status"], seen["plan"], seen["tier"], seen["action_url"]) == (
        "active",
        "pro-bulanan",
        "pro",
        None,
    )
    assert (await tier(club))[0] == "pro"
    first_end = datetime.fromisoformat(seen["expires_at"])
    await club.advance("32d")
    seen = await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")
    assert timedelta(days=27) < datetime.fromisoformat(seen["expires_at"]) - first_end < timedelta(days=32)
    assert [one["type"] for one in seen["history"]] == [
        "subscription.created",
        "subscription.activated",
        "subscription.renewed",
    ]
    [listed] = (await club.shop.get("/v1/customers/ratna/subscriptions"))["items"]
    assert (listed["plan"], listed["status"]) == ("pro-bulanan", "active")
