"""Incidents as they begin, for rehearsals by command and in the browser: what is sent, and what an operator's tools are pointed at."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import aiohttp
import asyncpg

from tests.system.pipeline import Pipeline, Webhook, top_up
from tests.waiting import until

RIGHT = "the-token-that-xendit-really-sends"
WRONG = "the-token-of-some-other-account-77"
GENUINE, FORGED = 300, 50
PARKED, PRICE = 40, 75_000

# A version of the processor with a bug: it takes Mayar's name of a payment method for a document.
_WITH_BUG = """
from providers.mayar import payments
payments.payloads.method_and_channel = lambda data: (data.values["paymentMethod"]["name"], None)
from console.main import main
main()
"""


def with_token(webhook: Webhook, token: str) -> Webhook:
    return replace(webhook, headers=dict(webhook.headers) | {"x-callback-token": token})


def genuine() -> list[Webhook]:
    return [
        with_token(top_up(number, f"c{number % 10}", 10_000 + number), RIGHT) for number in range(GENUINE)
    ]


def forged() -> list[Webhook]:
    """Of somebody who knows our address and what a webhook looks like, and not the token."""
    return [
        with_token(top_up(9_000 + number, "c0", 9_000_000), f"{RIGHT[:-2]}{number:02d}")
        for number in range(FORGED)
    ]


async def posted(shop: Pipeline, webhooks: Sequence[Webhook]) -> list[int]:
    """What each was answered."""
    async with aiohttp.ClientSession() as session:

        async def post(one: Webhook) -> int:
            async with session.post(shop.ingress + one.path, data=one.body, headers=one.headers) as answer:
                return answer.status

        return list(await asyncio.gather(*map(post, webhooks)))


async def refused_for_a_wrong_secret(shop: Pipeline) -> None:
    """Two hours of webhooks that our own mistake refused, and forgeries among them; all are kept."""
    mixed = [*genuine()]
    for number, one in enumerate(forged()):
        mixed.insert(number * 7, one)
    assert set(await posted(shop, mixed)) == {401}
    await until(lambda: _count(shop, "SELECT count(*) = 350 FROM quarantine"))


async def mended_secret(shop: Pipeline) -> None:
    """Ingress starts again with the right one."""
    await shop.terminate("ingress")
    shop.start("ingress", XENDIT_WEBHOOK_SECRET=RIGHT)
    await shop.wait_ready("ingress")


def memberships() -> list[Webhook]:
    """Mayar's news of forty payments, each of another customer."""
    return [_mayar(number) for number in range(PARKED)]


async def parked_by_a_bug(shop: Pipeline) -> None:
    """The processor is a version that cannot read Mayar; everything else goes on."""
    await shop.terminate("processor")
    with (shop.home / "processor.log").open("ab") as log:
        shop.running["processor"] = subprocess.Popen(
            [sys.executable, "-c", _WITH_BUG, "run", "processor"],
            env=shop.environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    await shop.wait_ready("processor")
    assert set(await posted(shop, [*memberships(), top_up(1, "c1", 50_000)])) == {200}
    await until(
        lambda: _count(
            shop, f"SELECT count(*) = {PARKED} FROM dead_letters WHERE reason = 'translator_failed'"
        )
    )


async def mended_version(shop: Pipeline) -> None:
    """The fixed one is deployed."""
    await shop.terminate("processor")
    shop.start("processor")
    await shop.wait_ready("processor")


async def _count(shop: Pipeline, statement: str) -> bool:
    connection = await asyncpg.connect(shop.database_url, server_settings={"search_path": "lunas"})
    try:
        return bool(await connection.fetchval(statement))
    finally:
        await connection.close()


def _mayar(number: int) -> Webhook:
    name = f"00000000-0000-4000-8000-{number:012d}"
    data = {
        "id": name, "transactionId": name, "status": "SUCCESS", "transactionStatus": "paid", "createdAt": 1782871200000,
        "updatedAt": 1782871320000, "merchantId": "test", "customerEmail": f"m{number}@example.com", "customerName": f"M {number}",
        "amount": PRICE, "paymentLinkAmount": PRICE, "productId": "2fa52577-61b5-4dbf-9805-72929cd72e7e", "productName": "Paket Silver",
        "productType": "membership", "qty": 1, "paymentMethod": "QRIS", "membershipTierName": "Silver",
    }  # fmt: skip
    body = json.dumps({"event": "payment.received", "data": data}).encode()
    headers = {"x-callback-token": "dev-mayar-secret", "content-type": "application/json"}
    return Webhook(f"m{number}", PRICE, body, "/webhooks/mayar", headers)
