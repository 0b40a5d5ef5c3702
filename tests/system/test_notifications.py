"""What was decided reaches an application once, signed, through real processes; whoever dies in between, it is the same message."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import standardwebhooks
from aiohttp import web
from svix.webhooks import Webhook as SvixWebhook

from console import exits, main
from tests.ports import held_ports
from tests.system.pipeline import Pipeline, Webhook, top_up
from tests.waiting import until

PROCESSES = ("ingress", "processor", "api", "notify")


@dataclass
class Application:
    """An application of ours that takes webhooks."""

    url: str = ""
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)

    def opened(self, secret: str) -> list[dict[str, Any]]:
        """Every message, checked as receivers do it, by two libraries."""
        for headers, body in self.got:
            small = {name.lower(): text for name, text in headers.items()}
            SvixWebhook(secret).verify(body, small)
            standardwebhooks.Webhook(secret).verify(body, small)
        return [json.loads(body) for _, body in self.got]

    def ids(self) -> list[str]:
        return [
            {name.lower(): text for name, text in headers.items()}["webhook-id"] for headers, _ in self.got
        ]


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    taker = Application()
    app = web.Application()
    app.add_routes([web.post("/hooks", taker.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    with held_ports(1) as (port,):
        await web.TCPSite(runner, "127.0.0.1", port).start()
        taker.url = f"http://127.0.0.1:{port}/hooks"
        yield taker
        await runner.cleanup()


@pytest.fixture
async def shop(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pipeline]:
    settings = {
        "LUNAS_DATABASE_URL": database_url,
        "LUNAS_BROKER_URL": broker_url,
        "LUNAS_HOME": str(tmp_path),
        "LUNAS_ENV": "development",
        "LUNAS_ENDPOINTS_PRIVATE": "allow",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert await asyncio.to_thread(main.run, ["migrate", "--json"]) == exits.FINE
    async with Pipeline(database_url, broker_url, tmp_path, PROCESSES, settings) as started:
        for name, value in started.doors.items():
            monkeypatch.setenv(name, value)
        await started.register(["budi"])
        yield started


async def lunas(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    code = await asyncio.to_thread(main.run, [*arguments, "--json"])
    told = capsys.readouterr()
    assert code == exits.FINE, told.err
    document: dict[str, Any] = json.loads(told.out)
    return document


async def post(shop: Pipeline, webhook: Webhook) -> None:
    async with (
        aiohttp.ClientSession(headers=webhook.headers) as session,
        session.post(f"{shop.ingress}{webhook.path}", data=webhook.body) as answer,
    ):
        assert answer.status == 200


async def test_c143_one_payment_is_one_signed_webhook_whoever_dies_and_whatever_is_built_again(
    shop: Pipeline, application: Application, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = await lunas(capsys, "endpoints", "create", application.url, "--events", "payment.received")
    await post(shop, top_up(1, "budi", 50_000))
    await until(lambda: application.got)
    (message,) = application.opened(made["secret"])
    assert message["type"] == "payment.received"
    assert message["data"]["amount"] == 50_000
    assert message["data"]["customer_id"] == "budi"

    async def settled() -> bool:
        listed = await lunas(capsys, "notifications", "list")
        return all(one["status"] == "delivered" for one in listed["items"])

    await until(settled)
    # The same delivery again decides nothing new; nor does a notifier that dies between sending and writing that down.
    await post(shop, top_up(1, "budi", 50_000))
    await shop.kill("notify")
    shop.start("notify", LUNAS_FAULTS="notify.after_send")
    await shop.wait_ready("notify")
    await post(shop, top_up(2, "budi", 60_000))
    assert await shop.dead("notify") == -signal.SIGKILL, shop.log("notify")[-3000:]
    # Its time for them is over when we say so, and not when a machine stands still.
    await shop.rows(
        "UPDATE notifications SET due_at = clock_timestamp() WHERE status = 'waiting' RETURNING 1"
    )
    shop.start("notify")
    await shop.wait_ready("notify")
    await until(lambda: len(application.got) == 3)
    first, second, again = application.ids()
    assert second == again != first
    assert application.got[1][1] == application.got[2][1]
    await until(settled)
    listed = await lunas(capsys, "notifications", "list")
    assert sorted((one["receiver"] == "email", one["message_id"]) for one in listed["items"]) == sorted(
        (by_mail, message) for by_mail in (False, True) for message in (first, second)
    )
    tested = await lunas(capsys, "endpoints", "test", made["endpoint_id"])
    assert tested["status"] == "delivered"
    for read_model in ("fulfilment", "projections"):
        name = [] if read_model == "fulfilment" else ["payments"]
        await lunas(capsys, read_model, "rebuild", *name, "--reason", "a look at rebuilding", "--yes")
    await lunas(capsys, "notifications", "replay", first, "--reason", "the application lost it", "--yes")
    await until(lambda: application.ids().count(first) == 2)
    # What came last is there, so what a rebuild had told would be: it told nothing.
    assert len(application.got) == 5
    # The customer was told by mail, once for each payment.
    mails = sorted((tmp_path / "mail").glob("*.eml"))
    assert [one.name for one in mails] == sorted(f"{message}.email.eml" for message in (first, second))
    assert "budi@example.com" in mails[0].read_text()
    for name in PROCESSES:
        assert "budi@example.com" not in shop.log(name)
        assert made["secret"] not in shop.log(name)
