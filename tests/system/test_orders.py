"""An order's whole way, by processes of their own: asked of our API, made at the provider, paid on its page, told by a signed webhook, open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from console import exits, main
from providers.fakes.app import ServedFakes, Wishes, accounts_of, serving
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from runtime.settings import load_settings
from tests.system.pipeline import Pipeline
from tests.waiting import until

HEADERS = {"Authorization": "Bearer dev-api-key"}
PATIENCE = 180.0


async def call(api: str, method: str, path: str, body: Any = None) -> Any:
    async with (
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.request(method, f"{api}{path}", json=body) as answer,
    ):
        document = await answer.json(content_type=None)
        assert answer.status < 300, document
        return document


async def api_of(pipeline: Pipeline, fakes: ServedFakes, provider: str) -> str:
    """A further API whose orders go to this provider."""
    port, metrics = pipeline.held.pick(2)
    addresses = {f"{name.upper()}_BASE_URL": base for name, base in fakes.bases.items()}
    keys = {
        name: f"dev-{name.split('_')[0].lower()}-key"
        for name in ("SCALEV_API_KEY", "XENDIT_SECRET_KEY", "MAYAR_API_KEY")
    }
    chosen = {"PAYMENT_PROVIDER": provider, "MANUAL_PAYMENT_URL": "https://shop.example/transfer"}
    ports = {"LUNAS_API_PORT": str(port), "LUNAS_API_METRICS_PORT": str(metrics)}
    pipeline.start("api", **addresses, **keys, **chosen, **ports)
    address = f"http://127.0.0.1:{port}"

    async def ready() -> bool:
        assert pipeline.running["api"].poll() is None, pipeline.log("api")[-3000:]
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{address}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await until(ready, PATIENCE)
    return address


async def pay(fakes: ServedFakes, made: Any) -> None:
    """On the page that the order's answer names; by hand an operator says that the money came."""
    if made["provider"] == "manual":
        code = await asyncio.to_thread(
            main.run, ["manual", "confirm", made["order_id"], "--reason", "seen", "--yes", "--json"]
        )
        assert code == exits.FINE
        return
    async with aiohttp.ClientSession() as session:
        async with session.get(made["payment_url"]) as page:
            assert page.status == 200
        address = f"{fakes.address}/fake/payments/{made['provider']}/{made['provider_order_id']}/pay"
        async with session.post(address, json={}) as paid:
            assert paid.status == 200, await paid.text()


async def whole_way(pipeline: Pipeline, fakes: ServedFakes, provider: str) -> None:
    api = await api_of(pipeline, fakes, provider)
    customer = {"email": f"{provider}@example.com", "name": "Budi", "phone": "081234567890"}
    await call(api, "PUT", f"/v1/customers/{provider}", customer)
    body = {"customer_id": provider, "items": [{"product": "kelas-python"}]}
    made = await call(api, "POST", "/v1/orders", body)
    assert (made["provider"], made["status"]) == (provider, "pending")
    await pay(fakes, made)

    async def opened() -> bool:
        seen = await call(api, "GET", f"/v1/customers/{provider}/enrollments")
        return [(one["course"], one["status"]) for one in seen["items"]] == [("kelas-python", "active")]

    await until(opened, PATIENCE)
    seen = await call(api, "GET", f"/v1/orders/{made['order_id']}")
    assert (seen["status"], seen["amount"]) == ("succeeded", 150_000)
    assert (await call(api, "GET", "/v1/suspense"))["items"] == []
    assert (await call(api, "GET", "/v1/ledger"))["balanced"] is True
    assert await pipeline.terminate("api") == 0


async def test_s2_s3_an_order_goes_the_whole_way_at_every_provider(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "LUNAS_DATABASE_URL": database_url,
        "LUNAS_BROKER_URL": broker_url,
        "LUNAS_HOME": str(tmp_path),
        "LUNAS_ENV": "development",
    }.items():
        monkeypatch.setenv(name, value)
    assert await asyncio.to_thread(main.run, ["migrate", "--json"]) == exits.FINE
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"})
    async with Pipeline(database_url, broker_url, tmp_path, ("all",)) as pipeline:
        accounts = accounts_of(settings, Wishes(tuple(FAKES), 0, webhooks=pipeline.ingress))
        async with serving(accounts, FakeWorld()) as fakes:
            for provider in (*FAKES, "manual"):
                await whole_way(pipeline, fakes, provider)
