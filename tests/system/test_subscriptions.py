"""A subscription through real processes: asked for, linked at the fake provider, charged for months by its clock, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from tests.system.pipeline import WITH_FAKES, Pipeline
from tests.waiting import until

KEY = {"Authorization": "Bearer dev-api-key"}

SHORTEST_MONTH = timedelta(days=28)


class Visitor:
    """An application, and a payer at the provider's page."""

    def __init__(self, running: Pipeline, session: aiohttp.ClientSession) -> None:
        self._running, self._session = running, session

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        async with self._session.request(method, self._running.api + path, json=body, headers=KEY) as answer:
            document = await answer.json()
            assert answer.status in (200, 201), document
            return document

    async def fake(self, path: str, body: Any) -> None:
        async with self._session.post(f"{self._running.fakes}/fake{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def sees(self, **wanted: Any) -> Any:
        """The entitlements, once they are so."""
        seen: dict[str, Any] = {}

        async def so() -> bool:
            path = "/v1/customers/ratna/entitlements"
            async with self._session.get(self._running.api + path, headers=KEY) as answer:
                if answer.status == 404:  # registered, and not projected yet
                    return False
                seen.update(await answer.json())
            return {name: seen[name] for name in wanted} == wanted

        await until(so)
        return seen


async def test_s8_a_subscription_from_the_click_to_the_tier_and_its_end(
    database_url: str, broker_url: str, tmp_path: Path
) -> None:
    async with (
        Pipeline(database_url, broker_url, tmp_path, WITH_FAKES) as running,
        aiohttp.ClientSession() as session,
    ):
        visitor = Visitor(running, session)
        await running.register(["ratna"])
        await visitor.sees(tier="gratis")
        made = await visitor.api("POST", "/v1/subscriptions", {"customer_id": "ratna", "plan": "pro-bulanan"})
        plan, path = made["provider_subscription_id"], f"/v1/subscriptions/{made['subscription_id']}"
        assert made["action_url"].startswith(running.fakes)
        await visitor.fake(f"/payments/xendit/{plan}/link", {})
        await visitor.sees(tier="pro", credit_based=False)
        started = datetime.fromisoformat(made["created_at"])

        await visitor.fake("/clock", {"advance": "62d"})

        async def paid_for_three_months() -> bool:
            # By the end, not by counting renewals: two charges that are decided together are one decision.
            end = (await visitor.api("GET", path))["expires_at"]
            return datetime.fromisoformat(end) - started >= 3 * SHORTEST_MONTH

        await until(paid_for_three_months)

        await visitor.api("POST", f"{path}/cancel", {"at": "period_end"})

        async def goes_out() -> bool:
            seen = await visitor.api("GET", "/v1/customers/ratna/entitlements")
            return [(one["plan"], one["status"]) for one in seen["plans"]] == [("pro-bulanan", "cancelled")]

        await until(goes_out)
        await visitor.sees(tier="pro")
        await visitor.api("POST", f"{path}/cancel", {"at": "now"})
        await visitor.sees(tier="gratis", plans=[])
        payments = (await visitor.api("GET", "/v1/customers/ratna/payments"))["items"]
        assert [one["amount"] for one in payments] == [200_000] * 3
        await visitor.fake("/clock", {"advance": "62d"})
        assert len((await visitor.api("GET", "/v1/customers/ratna/payments"))["items"]) == 3
