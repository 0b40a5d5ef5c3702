"""Incidents, rehearsed with real processes: whoever has only the `lunas` command sees what is wrong, mends it, and shows that nothing is missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from console import exits, main
from console.times import WIB
from runtime.ids import utc_now
from tests.ports import held_ports
from tests.system.pipeline import WITH_FAKES, Pipeline, expected_tokens, settle, top_up
from tests.torture.proxy import Proxy
from tests.waiting import until

KEY = {"Authorization": "Bearer dev-api-key"}
NIGHT, AMOUNT = 12, 50_000
PEAK = 60

pytestmark = pytest.mark.heavy


class Told(NamedTuple):
    """What an operator saw."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Operator = Callable[..., Awaitable[Told]]


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str]) -> Operator:
    async def lunas(*words: str) -> Told:
        capsys.readouterr()
        code = await asyncio.to_thread(main.run, list(words))
        told = capsys.readouterr()
        return Told(code, told.out, told.err)

    return lunas


def points_at(shop: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `lunas` command works on these processes."""
    for name, value in shop.environment.items():
        if name.startswith("LUNAS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("LUNAS_LANG", "en")


async def closed(operator: Operator, *days: str) -> list[dict[str, Any]]:
    return [(await operator("close", day, "--json")).json for day in days]


def today() -> str:
    return utc_now().astimezone(WIB).date().isoformat()


async def paid_unheard(shop: Pipeline, customers: list[str]) -> None:
    """Everybody tops up and pays, and the provider tells nobody."""
    async with aiohttp.ClientSession(headers=KEY) as session:
        switch = {"do": "no_webhooks", "provider": "xendit", "method": "ACT", "path": "/pay"}
        async with session.post(f"{shop.fakes}/fake/switches", json=switch) as answer:
            assert answer.status in (200, 201)
        for customer in customers:
            wish = {"customer_id": customer, "amount": AMOUNT, "payment_method": "qris"}
            async with session.post(f"{shop.api}/v1/topups", json=wish) as made:
                payment = (await made.json())["payment_id"]
            async with session.post(f"{shop.fakes}/fake/payments/xendit/{payment}/pay", json={}) as paid:
                assert paid.status == 200


async def test_w5_a_night_without_webhooks_is_made_up_for_by_asking_and_ties_to_the_rupiah(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operator: Operator
) -> None:
    settings = {"LUNAS_RECONCILE_INTERVAL_MINUTES": "0"}
    async with Pipeline(database_url, broker_url, tmp_path, WITH_FAKES, settings) as shop:
        points_at(shop, monkeypatch)
        customers = [f"c{number}" for number in range(NIGHT)]
        await shop.register(customers)
        days = [today()]
        await paid_unheard(shop, customers)
        for customer in customers:
            await until(partial(shop.balance, customer))
        assert {(await shop.balance(one))["credit_tokens"] for one in customers} == {0}
        found = await operator("reconcile", "run", "xendit", "--since", "12h")
        assert f"{NIGHT} given to the queue" in found.out
        expected = dict.fromkeys(customers, AMOUNT * 10)
        assert await settle(shop, expected) == expected
        again = await operator("reconcile", "run", "xendit", "--since", "12h")
        assert again.code == exits.FINE
        assert ", 0 given to the queue" in again.out
        assert (await operator("reconcile", "show", "xendit")).code == exits.FINE
        days = sorted({*days, today()})
        await operator("close", days[-1])
        books = await closed(operator, *days)
        assert [one["differences"] for one in books] == [[] for _ in days]
        assert sum(one["providers"]["xendit"]["received"] for one in books) == NIGHT * AMOUNT
        assert books[-1]["providers"]["xendit"]["clearing"] == NIGHT * AMOUNT


async def test_w3_while_the_database_is_away_every_webhook_is_taken_and_all_is_there_afterwards(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operator: Operator
) -> None:
    parts = urlsplit(database_url)
    with held_ports(1) as (port,):
        wire = Proxy(port, parts.port or 5432)
        behind = database_url.replace(f":{parts.port}/", f":{port}/")
        async with wire, Pipeline(behind, broker_url, tmp_path) as shop:
            points_at(shop, monkeypatch)
            await shop.register([f"c{number}" for number in range(10)])
            webhooks = [top_up(number, f"c{number % 10}", 10_000 + number) for number in range(PEAK)]
            before, peak = webhooks[:10], webhooks[10:]
            assert await _posted(shop, before) == [200] * len(before)
            assert await settle(shop, expected_tokens(before)) == expected_tokens(before)
            days = [today()]
            wire.wire.refusing = True
            wire.reset_all()
            assert await _posted(shop, peak) == [200] * len(peak)
            await until(lambda: _waiting(shop, "1.0"))
            away = await operator("status")
            assert away.code == exits.PROBLEMS
            assert (await operator("doctor")).code == exits.PROBLEMS
            wire.heal()
            expected = expected_tokens(webhooks)
            shop.database_url = database_url
            assert await settle(shop, expected) == expected
            await until(lambda: _waiting(shop, "0.0"))
            days = sorted({*days, today()})
            await operator("status")
            books = await closed(operator, *days)
            assert [one["differences"] for one in books] == [[] for _ in days]
            received = sum(one["providers"]["xendit"]["received"] for one in books)
            assert received == sum(one.amount for one in webhooks)
            assert await _letters(database_url) == 0


async def _posted(shop: Pipeline, webhooks: list[Any]) -> list[int]:
    async with aiohttp.ClientSession() as session:

        async def post(one: Any) -> int:
            async with session.post(shop.ingress + one.path, data=one.body, headers=one.headers) as answer:
                return answer.status

        return list(await asyncio.gather(*map(post, webhooks)))


async def _waiting(shop: Pipeline, value: str) -> bool:
    """What the alert LunasWaitingForDatabase looks at."""
    port = shop.doors["LUNAS_PROCESSOR_METRICS_PORT"]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        return f"lunas_intake_waiting_for_database {value}" in await answer.text()


async def _letters(database_url: str) -> int:
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        return int(await connection.fetchval("SELECT count(*) FROM dead_letters"))
    finally:
        await connection.close()
