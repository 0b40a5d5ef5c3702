"""Every example of the API's page, pasted into a shell beside a running instance with fake providers, answers as the page says."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openapi_schema_validator import OAS31Validator

from api.commands import JSON, answer_in, example_command, made_by_calls, operations_of
from console.welcome import PAYMENT, first_payment
from runtime.settings import Settings
from tests.system.pipeline import WITH_FAKES, Pipeline
from tests.waiting import until

ROOT = Path(__file__).parents[2]
KEY = "dev-api-key"
VARIABLE = re.compile(r"\$([A-Z_]+)")
STATUS = "\nstatus "
PAYERS = {"createTopUp": ("pay", "succeeded"), "createSubscription": ("link", "active")}
"""What a payer does with what a call has made before somebody else's call changes it, and the status that this leads to."""

Document = dict[str, Any]


class Reader:
    """Somebody who reads the page and pastes its examples, one after the other."""

    def __init__(self, page: str, document: Document, shop: Pipeline, session: aiohttp.ClientSession) -> None:
        self.document = document
        self._shop, self._session = shop, session
        self._page = page
        self._made = made_by_calls(document)
        self._operations = {
            one["operationId"]: (method, path, one) for method, path, one in operations_of(document)
        }
        self._numbers = itertools.count(1)

    def command(self, operation: str) -> str:
        """As the page shows it."""
        section = self._page.partition(f'<section class="call" id="{operation}">')[2].partition("</section>")[
            0
        ]
        (command, *_) = re.findall(r"<pre[^>]*>(.*?)</pre>", section, re.DOTALL)
        return unescape(command)

    async def paste(self, operation: str, **anew: str) -> tuple[int, Document]:
        """Status and answer. What it takes from the answers of others is made before; `anew`: replaces a part of the command."""
        command, environment = (
            self.command(operation),
            {"LUNAS_API_KEY": KEY, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
        for old, new in anew.items():
            command = command.replace(old, new)
        for taken in example_command(*self._operations[operation], self._made).takes:
            # A thing of its own for each example: what one closes, another could not.
            status, answer = await self.paste(taken.operation, **self._unlike_before(taken.operation))
            assert status in (200, 201), (taken.operation, answer)
            environment[taken.variable] = answer[taken.field]
            if self._operations[operation][0] != "get" and taken.operation in PAYERS:
                await self._paid(taken.operation, answer, answer[taken.field])
        assert set(VARIABLE.findall(command)) <= set(environment), command
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", f"{command} -w '{STATUS}%{{http_code}}'", env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, (command, err.decode())
        answer, _, status_text = out.decode().rpartition(STATUS)
        return int(status_text), json.loads(first_event(answer) if answer.startswith("retry:") else answer)

    async def _paid(self, operation: str, made: Document, name: str) -> None:
        act, status = PAYERS[operation]
        theirs = made.get("provider_subscription_id") or name
        page = f"{self._shop.fakes}/fake/payments/{made['provider']}/{theirs}/{act}"
        async with self._session.post(page, json={}) as done:
            assert done.status == 200, await done.text()

        async def seen() -> bool:
            async with self._session.get(
                f"{self._shop.api}{self._operations[operation][1]}/{name}"
            ) as answer:
                return bool((await answer.json())["status"] == status)

        await until(seen)

    def _unlike_before(self, operation: str) -> dict[str, str]:
        body = (
            self._operations[operation][2]
            .get("requestBody", {})
            .get("content", {})
            .get(JSON, {})
            .get("example", {})
        )
        reference = body.get("reference")
        return {f'"{reference}"': f'"{reference}-{next(self._numbers)}"'} if reference else {}

    def contradictions(self, operation: str, status: int, answer: Document) -> list[str]:
        """What is not so in an answer, by the operation's schema and by the example beside the command."""
        responses = self._operations[operation][2]["responses"]
        if not 200 <= status < 300 or str(status) not in responses:
            return [f"answered {status}: {answer.get('code')} {answer.get('detail')}"]
        content = answer_in(responses[str(status)])
        schema = content["schema"] | {"components": self.document["components"]}
        found = [
            f"{error.json_path}: {error.message}" for error in OAS31Validator(schema).iter_errors(answer)
        ]
        return found + list(unlike(content["example"], answer))


def first_event(stream: str) -> str:
    """The data of the first event of a stream."""
    return next(line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: "))


def unlike(example: Any, real: Any, where: str = "") -> Iterator[str]:
    """Fields that only one of the two has. What events carry is not compared: each type has its own."""
    if isinstance(example, dict) and isinstance(real, dict):
        for name in sorted(example.keys() ^ real.keys()):
            yield f"{where}{name} is only in the {'example' if name in example else 'answer'}"
        for name in example.keys() & real.keys() - {"data"}:
            yield from unlike(example[name], real[name], f"{where}{name}.")
    elif isinstance(example, list) and isinstance(real, list) and example and real:
        yield from unlike(example[0], real[0], where)


@pytest.fixture
async def shop(database_url: str, broker_url: str, tmp_path: Path) -> Any:
    async with Pipeline(database_url, broker_url, tmp_path, WITH_FAKES) as started:
        yield started


async def test_every_example_is_answered_as_the_page_says(
    shop: Pipeline, settings: Callable[..., Settings]
) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
        await first_steps(shop, settings(), session)
        document = await (await session.get(f"{shop.api}/openapi.json")).json()
        page = await (await session.get(f"{shop.api}/docs")).text()
        reader = Reader(page, document, shop, session)
        wrong: dict[str, list[str]] = {}
        for _, _, operation in operations_of(document):
            name = operation["operationId"]
            assert f'"{shop.api}/' in reader.command(name), "an example names the server it was asked of"
            if found := reader.contradictions(name, *await reader.paste(name)):
                wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("page", ["README.md", "README.id.md"])
async def test_the_first_minutes_of_an_application_are_as_the_readme_says(shop: Pipeline, page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(API=.*?)^```", text, re.MULTILINE | re.DOTALL)
    for port, ours in (("8081", shop.api), ("8083", shop.fakes)):
        block = block.replace(f"http://127.0.0.1:{port}", ours)
    # A busy machine may need more than the second that the page takes.
    block = block.replace(
        "sleep 1;",
        f'until curl -sS {shop.api}/v1/customers/wati/balance -H "$KEY" | grep -q 500000; do :; done;',
    )
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", block, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    registered, balance, spent = (json.loads(line) for line in out.decode().splitlines())
    topup = json.loads(err)
    assert (registered["customer_id"], balance["credit_tokens"], spent["credit_tokens"]) == (
        "wati",
        500_000,
        498_800,
    )
    async with aiohttp.ClientSession() as browser, browser.get(topup["payment_page_url"]) as shown:
        assert shown.status == 200


async def first_steps(shop: Pipeline, settings: Settings, session: aiohttp.ClientSession) -> None:
    """The customer and the payment of the examples, by the commands that `make run` prints; then a plan, a course and money of nobody's."""
    nobodys = PAYMENT["data"] | {
        "payment_id": "py-2b4c4a87",
        "payment_request_id": "pr-2b4c4a87",
        "metadata": {"payment_type": "credit_topup", "payer_email": "siapa@example.com"},
    }  # type: ignore[operator]
    async with session.post(
        f"{shop.ingress}/webhooks/xendit",
        json=PAYMENT | {"data": nobodys},
        headers={"x-callback-token": "dev-xendit-secret"},
    ) as told:
        assert told.status == 200, await told.text()
    for command in first_payment(settings, {"api": shop.api, "ingress": shop.ingress}):
        process = await asyncio.create_subprocess_exec("sh", "-c", command, stdout=asyncio.subprocess.DEVNULL)
        assert await process.wait() == 0
    for product, email in (("Paket Silver", "siapa@example.com"), ("Pro Bulanan", "budi@example.com")):
        async with session.post(
            f"{shop.fakes}/fake/sales/mayar", json={"product": product, "email": email}
        ) as sold:
            assert sold.status < 300, await sold.text()

    async def bought() -> bool:
        async with session.get(f"{shop.api}/v1/customers/budi/entitlements") as answer:
            has = await answer.json()
        async with session.get(f"{shop.api}/v1/suspense") as answer:
            held = await answer.json()
        return bool(has.get("credit_tokens") and has.get("plans") and len(held.get("items", ())) > 1)

    await until(bought)
