"""Our application's side of the demo: registers customers and reads what they have, through the API like any application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from console.exits import CommandError
from console.messages import text
from providers.simulated import Buyer

if TYPE_CHECKING:
    from runtime.settings import Settings

CALL_SECONDS = 10.0
"""A read may wait for its position, for as long as `min_position_wait_seconds`, before it answers."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the API says one customer has. Tokens and rupiah are whole numbers."""

    customer_id: str
    tier: str
    credit_tokens: int
    chat_tokens: int
    courses: frozenset[str]
    plans: frozenset[str]
    licences: frozenset[str]


class Application:
    """An application of ours. Raises CommandError when the API answers anything unexpected."""

    def __init__(self, settings: Settings) -> None:
        self._address = f"http://{settings.api_host}:{settings.api_port}/v1"
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {settings.require_api_key()}"},
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
        )
        self._patience = aiohttp.ClientTimeout(total=settings.probe_timeout_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def register(self, buyers: Sequence[Buyer]) -> None:
        """`PUT /v1/customers/{id}` for each."""
        for buyer in buyers:
            body = {"email": buyer.email, "name": buyer.name}
            await self._call("PUT", f"/customers/{buyer.customer_id}", json=body, timeout=self._patience)

    async def holdings(self, customer_id: str, min_position: int) -> Holdings:
        """Balance, subscriptions and enrollments, none older than `min_position`."""
        path, since = f"/customers/{customer_id}", {"min_position": str(min_position)}
        balance = await self._call("GET", f"{path}/balance", params=since)
        subscriptions = (await self._call("GET", f"{path}/subscriptions", params=since))["items"]
        enrollments = (await self._call("GET", f"{path}/enrollments", params=since))["items"]
        active = [item for item in subscriptions if item["status"] == "active"]
        return Holdings(
            customer_id=customer_id,
            tier=balance["tier"],
            credit_tokens=balance["credit_tokens"],
            chat_tokens=balance["chat_tokens"],
            courses=frozenset(item["course"] for item in enrollments if item["status"] == "active"),
            plans=frozenset(item["plan"] for item in active if item["plan"]),
            licences=frozenset(item["licence_code"] for item in active if item["licence_code"]),
        )

    async def entitlements(self, customer_id: str) -> dict[str, Any]:
        """What decides access, as of now."""
        return await self._call("GET", f"/customers/{customer_id}/entitlements")

    async def read(self, path: str, since: int | None = None) -> dict[str, Any]:
        """What the API answers to a GET; none older than position `since`."""
        return await self._call("GET", path, params={} if since is None else {"min_position": str(since)})

    async def ask(self, path: str, body: dict[str, object]) -> tuple[int, dict[str, Any]]:
        """What the API answers to a POST, a refusal too."""
        async with self._session.post(self._address + path, json=body) as answer:
            document: dict[str, Any] = await answer.json(content_type=None)
            return answer.status, document

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        async with self._session.request(method, self._address + path, **options) as answer:
            if answer.status not in (200, 201):
                raise CommandError(text("demo.api_refused", status=answer.status, path=path))
            document: dict[str, Any] = await answer.json()
            return document
