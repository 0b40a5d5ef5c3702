"""`lunas listen`: the log as lines, only what is wanted of it, and forwarded as an endpoint would hear it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from console import exits
from schemas.credit_events import BalanceLow
from tests.integration.console.conftest import Run
from tests.integration.notify.test_following import AT, assessed, write
from tests.ports import held_ports

LOW = BalanceLow(customer_id="budi", credit_tokens=10, low_balance_tokens=100, at=AT)


@dataclass
class Desk:
    """An application on somebody's desk."""

    url: str
    answer: int = 204
    taken: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.answer)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    with held_ports(1) as (port,):
        one = Desk(f"http://127.0.0.1:{port}/hook")
        app = web.Application()
        app.router.add_post("/hook", one.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield one
        await runner.cleanup()


def lines(out: str) -> list[Any]:
    return [json.loads(line) for line in out.splitlines()]


async def test_every_event_is_one_line_with_the_names_of_the_table(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await write(store, assessed("a", provider="xendit"), assessed("b", provider="mayar"), LOW)
    shown = await lunas("listen", "--last", "3", "--count", "3", "--json")
    told = lines(shown.out)
    assert [(one["type"], one["provider"], one["told"]) for one in told] == [
        ("payment.assessed", "xendit", "payment.received"),
        ("payment.assessed", "mayar", "payment.received"),
        ("balance.low", None, "balance.low"),
    ]
    assert told[0]["data"]["payment_id"] == "a"
    plain = await lunas("listen", "--last", "3", "--count", "3")
    assert [line.split()[2] for line in plain.out.splitlines()] == [one["type"] for one in told]


@pytest.mark.parametrize(
    ("wish", "heard"),
    [
        (["--provider", "mayar"], ["b"]),
        (["--type", "payment.assessed"], ["a", "b"]),
        (["--type", "payment.*", "--provider", "xendit"], ["a"]),
        (["--type", "payment.received"], ["a", "b"]),
        (["--type", "balance.low"], [None]),
    ],
)
async def test_only_what_is_wanted_is_heard(
    lunas: Run, store: asyncpg.Connection, wish: list[str], heard: list[str | None]
) -> None:
    await write(store, assessed("a", provider="xendit"), LOW, assessed("b", provider="mayar"))
    shown = await lunas("listen", "--last", "3", "--count", str(len(heard)), "--json", *wish)
    assert [one["data"].get("payment_id") for one in lines(shown.out)] == heard


async def test_an_application_hears_what_its_endpoint_would_and_can_check_it(
    lunas: Run, store: asyncpg.Connection, desk: Desk
) -> None:
    await write(store, assessed("a", "pending"), assessed("a"))
    shown = await lunas("listen", "--last", "2", "--count", "2", "--forward", desk.url, "--json")
    assert shown.code == exits.FINE
    ((body, headers),) = desk.taken
    secret = next(word for word in shown.err.split() if word.startswith("whsec_"))
    said = Webhook(secret).verify(body, headers)
    assert (said["type"], said["data"]["payment_id"]) == ("payment.received", "a")
    assert [one["forwarded"] and one["forwarded"]["answered"] for one in lines(shown.out)] == [None, 204]


async def test_what_was_not_taken_is_a_problem_and_a_given_secret_is_used(
    lunas: Run, store: asyncpg.Connection, desk: Desk
) -> None:
    await write(store, assessed("a"))
    line = ["listen", "--last", "1", "--count", "1", "--forward", desk.url, "--secret", "meja"]
    first = await lunas(*line)
    desk.answer = 500
    second = await lunas(*line)
    assert (first.code, second.code) == (exits.FINE, exits.PROBLEMS)
    assert "500" in second.out
    assert "whsec_" in first.err
    assert [word for word in first.err.split() if "whsec_" in word] == [
        word for word in second.err.split() if "whsec_" in word
    ]


async def test_the_secret_that_an_application_has_already_signs_as_it_is(
    lunas: Run, store: asyncpg.Connection, desk: Desk
) -> None:
    await write(store, assessed("a"))
    line = ["listen", "--last", "1", "--count", "1", "--forward", desk.url, "--secret"]
    secret = "whsec_" + base64.b64encode(bytes(range(24))).decode()
    shown = await lunas(*line, secret)
    ((body, headers),) = desk.taken
    assert Webhook(secret).verify(body, headers)["data"]["payment_id"] == "a"
    assert secret in shown.err
    broken = await lunas(*line, "whsec_not base64")
    assert broken.code == exits.WRONG_USE
    assert "whsec_" in broken.err


async def test_an_address_that_is_none_is_wrong_use(lunas: Run) -> None:
    assert (await lunas("listen", "--forward", "localhost:3000")).code == exits.WRONG_USE
