"""The fake providers as real servers, and our own door behind them: what they tell goes the whole way, without a broker between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from eventstore.append import NewEvent, append, lock_log
from providers.fakes.app import ServedFakes, serving
from providers.fakes.goods import FakeGood
from providers.fakes.provider import FakeAccount
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from providers.registry import PROVIDERS
from providers.verification import Rejected
from runtime.database import Pool
from schemas import strict_json
from schemas.catalog import Catalog, Product, ScalevNames
from schemas.translation import TranslationContext
from tests.unit.processor.policies.ledgerbook import shipped_catalog
from tests.waiting import until

SECRET = "rahasia-palsu"
STORE = "store_lunaspalsu00000000000000"
KEYS = {"xendit": "xnd_development_test", "scalev": "sk_test", "mayar": "mayar-test"}
SHORT_SILENCE: Mapping[str, dict[str, float]] = {
    "timeout": {"seconds": 0.05},
    "timeout_after": {"seconds": 0.05},
}
"""It is the fake that ends its silence, by cutting the connection: no call has a limit that a machine which stands still could reach instead."""
COURSE = FakeGood(
    "Kelas Python", 150_000, "variant_kelas_python", "bpo_kelas", "11111111-2222-4333-8444-555555555555"
)
BUNDLE = FakeGood(
    "Paket Kelas", 400_000, "variant_paket", "bpo_paket", "77777777-2222-4333-8444-555555555555"
)


def goods_catalog() -> Catalog:
    """The shipped catalogue, with a bundle beside its course."""
    catalog = shipped_catalog()
    names = ScalevNames(bundle_price_option_unique_ids=("bpo_paket",))
    bundle = Product(id="paket-kelas", kind="course", title="Paket Kelas", price_idr=400_000, scalev=names)
    return catalog.model_copy(update={"products": (*catalog.products, bundle)})


@dataclass
class FakeStand:
    """`told`: webhooks that our door took, as (provider, document), until `hear` stores what they say."""

    served: ServedFakes
    told: list[tuple[str, Any]]
    session: aiohttp.ClientSession

    @property
    def settings(self) -> dict[str, Any]:
        """What leads our checkout to these fakes."""
        shop: dict[str, Any] = {f"{name}_base_url": base for name, base in self.served.bases.items()}
        return shop | {
            "xendit_secret_key": KEYS["xendit"],
            "scalev_api_key": KEYS["scalev"],
            "mayar_api_key": KEYS["mayar"],
        }

    def bills(self, provider: str) -> list[Any]:
        """Everything that was ever asked for at this provider."""
        return self.served.world.providers[provider].bills()

    async def control(self, method: str, path: str, document: Any = None, status: int = 200) -> Any:
        async with self.session.request(method, f"{self.served.address}/fake{path}", json=document) as answer:
            said = await answer.json()
            assert answer.status == status, said
            return said

    async def switch(self, do: str, provider: str, **more: Any) -> None:
        wish = {"do": do, "provider": provider} | SHORT_SILENCE.get(do, {})
        await self.control("POST", "/switches", wish | more)

    async def pay(self, provider: str, name: str, act: str = "pay", **more: Any) -> None:
        """What a person does on the fake's page."""
        await self.control("POST", f"/payments/{provider}/{name}/{act}", more)

    async def hear(self, pool: Pool, count: int) -> list[str]:
        """Stores what this many webhooks say, as intake does once ingress has let them in; names of the facts."""
        await until(lambda: len(self.told) >= count)
        taken, self.told = self.told, []
        kinds: list[str] = []
        for provider, document in taken:
            meaning = PROVIDERS[provider].translate(
                document, TranslationContext(received_at=datetime.now(UTC))
            )
            kinds += [fact.event.TYPE for fact in meaning.facts]
            async with pool.acquire() as connection, connection.transaction():
                await lock_log(connection)
                about = {"correlation_id": "c", "delivery_id": None}
                events = [NewEvent(fact.stream, fact.event, about) for fact in meaning.facts]
                if events:
                    await append(connection, events)
        return kinds


@asynccontextmanager
async def fake_providers(goods: tuple[FakeGood, ...] = (COURSE, BUNDLE)) -> AsyncIterator[FakeStand]:
    """All fakes, and a door that takes only what they signed."""
    told: list[tuple[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        provider, body = request.match_info["provider"], await request.read()
        verdict = PROVIDERS[provider].verify(request.headers, body, [SECRET])
        assert not isinstance(verdict, Rejected), verdict
        told.append((provider, strict_json.loads(body)))
        return web.json_response({"success": True})

    app = web.Application()
    app.router.add_post("/webhooks/{provider}", take)
    async with TestServer(app) as door, aiohttp.ClientSession() as session:
        accounts = {name: _account(name, str(door.make_url(f"/webhooks/{name}")), goods) for name in FAKES}
        async with serving(accounts, FakeWorld(rate_limits=False)) as served:
            yield FakeStand(served, told, session)


def _account(name: str, address: str, goods: tuple[FakeGood, ...]) -> FakeAccount:
    account_id: Mapping[str, str] = {"scalev": STORE}
    return FakeAccount(KEYS[name], SECRET, account_id.get(name, f"akun-{name}"), address, goods)
