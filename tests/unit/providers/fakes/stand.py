"""What the tests of the fakes stand on: a door that takes their webhooks, and a caller that knows the keys."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from providers.fakes.app import ServedFakes
from providers.fakes.goods import FakeGood
from providers.fakes.registry import FAKES
from providers.registry import PROVIDERS
from providers.verification import Rejected
from schemas import strict_json
from schemas.translation import TranslationContext

START = datetime(2026, 3, 2, 3, 4, 5, 678000, tzinfo=UTC)
"""The moment at which every test of the fakes begins; their clock stands still until it is moved."""

KEYS = {name: f"dev-{name}-key" for name in FAKES}
SECRET = "rahasia-palsu"
COURSE = FakeGood(
    "Kelas Python", 150_000, "variant_kelas", "bpo_kelas", "11111111-2222-4333-8444-555555555555"
)
CHEAP = FakeGood("Stiker", 5_000, "variant_stiker", "bpo_stiker", "66666666-2222-4333-8444-555555555555")
SILVER = FakeGood(
    "Paket Silver",
    75_000,
    "variant_silver",
    "bpo_silver",
    "2fa52577-61b5-4dbf-9805-72929cd72e7e",
    "tokens",
    "Silver",
)
GOODS = (COURSE, CHEAP, SILVER)


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


@dataclass
class TakenWebhook:
    """One request that reached our door."""

    provider: str
    headers: CIMultiDict[str]
    body: bytes

    @property
    def document(self) -> Any:
        return strict_json.loads(self.body)


@dataclass
class WebhookDoor:
    """Takes webhooks; answers the next ones with `answers`, then 200, and always with `body`."""

    address: str = ""
    taken: list[TakenWebhook] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    body: bytes = b""

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append(
            TakenWebhook(request.match_info["provider"], CIMultiDict(request.headers), await request.read())
        )
        return web.Response(status=self.answers.pop(0) if self.answers else 200, body=self.body)


@dataclass
class Caller:
    """Calls one fake, or its control interface; answers are (status, document, headers)."""

    session: aiohttp.ClientSession
    served: ServedFakes

    async def control(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, f"{self.served.address}/fake{path}", json=document) as answer:
            return answer.status, await answer.json()

    async def call(
        self, provider: str, method: str, path: str, document: Any = None, **headers: str
    ) -> tuple[int, Any, CIMultiDict[str]]:
        async with self.session.request(
            method, self.served.bases[provider] + path, json=document, headers=headers
        ) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json"
            return answer.status, (await answer.json() if is_json else text), CIMultiDict(answer.headers)

    async def advance(self, span: str) -> None:
        status, said = await self.control("POST", "/clock", {"advance": span})
        assert status == 200, said


def facts_of(webhook: TakenWebhook) -> list[object]:
    """What our own door and translator make of a fake's webhook: it is genuine, and means these facts."""
    provider = PROVIDERS[webhook.provider]
    verdict = provider.verify(webhook.headers, webhook.body, [SECRET])
    assert not isinstance(verdict, Rejected), verdict
    meaning = provider.translate(webhook.document, TranslationContext(received_at=START))
    return [fact.event for fact in meaning.facts]
