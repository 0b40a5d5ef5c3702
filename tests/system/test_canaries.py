"""What must stay with us stays: secrets and personal data are planted in everything that comes in, and looked for in everything that goes out.

Out goes: logs of every process, metrics, answers, texts of dead letters, and headers of messages at the broker, of the work queue, of a retry
tier and of the parking lot. Bodies of messages hold the webhook, and not what it was signed with.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import aiohttp
import asyncpg
import pytest

from schemas.topology import DEAD, RETRY_DELAYS, WEBHOOKS, own_queues, retry_name, routing_key
from tests.system.pipeline import Pipeline, top_up
from tests.waiting import until

pytestmark = pytest.mark.heavy

SECRET = "dev-xendit-secret"
PERSON = ("canary-siti-rahayu", "canary.siti@contoh.id", "081234567890", "4111111111111111", "Jl. Canary 7")
TOLD_TO_STRANGERS = ("near-miss-canary", "bearer-canary")
HEADERS = {
    "content-type": "application/json",
    "x-callback-token": SECRET,
    "user-agent": "canary-siti-rahayu",
    "cookie": "session=canary-siti-rahayu",
    "authorization": "Bearer bearer-canary",
    "x-customer": "canary.siti@contoh.id",
}


def with_canaries(number: int, amount: Any = 50_000) -> bytes:
    """A top-up with somebody's data wherever a provider puts it, and where it puts none."""
    name, email, phone, card, street = PERSON
    document = json.loads(top_up(number, "c1", 50_000).body)
    document["data"] |= {
        "request_amount": amount,
        "description": f"{name} {card}",
        "payment_details": {"payer_name": name, "account_details": {"number": card}},
        "customer": {"email": email, "mobile_number": phone, "street": street},
        "failure_code": None,
        name: email,
    }
    document["data"]["captures"][0]["capture_amount"] = amount
    document["data"]["metadata"] |= {"payer_email": email, "note": f"{phone}\n{street}"}
    return json.dumps(document).encode()


async def post(pipeline: Pipeline, body: bytes, **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{pipeline.ingress}/webhooks/xendit",
            data=body,
            headers=HEADERS | {name.replace("_", "-"): value for name, value in headers.items()},
        ) as answer,
    ):
        return answer.status, await answer.text() + repr(dict(answer.headers))


async def metrics(pipeline: Pipeline) -> str:
    """Everything that any process shows."""
    told = []
    async with aiohttp.ClientSession() as session:
        for name in pipeline.running:
            async with session.get(f"{pipeline.shown(name)}/metrics") as answer:
                assert answer.status == 200
                told.append(await answer.text())
    return "\n".join(told)


@asynccontextmanager
async def at_the_broker(broker_url: str) -> AsyncIterator[Any]:
    connection = await aio_pika.connect(broker_url)
    async with connection:
        yield await connection.channel()


@asynccontextmanager
async def holding(pipeline: Pipeline, table: str) -> AsyncIterator[None]:
    """Nobody else may touch this table meanwhile."""
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def overheard(channel: Any, exchange: str, key: str = "") -> Callable[[], Awaitable[Any]]:
    """Hears what is published from now on, beside the queue that gets it; the first of it."""
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(exchange, key)

    async def first() -> Any:
        found: list[Any] = []

        async def there() -> bool:
            message = await queue.get(fail=False, no_ack=True)
            found.extend([] if message is None else [message])
            return bool(found)

        await until(there)
        return found[0]

    return first


def said_by(message: Any) -> str:
    """Everything of a message but its body."""
    fields = (
        "headers",
        "message_id",
        "correlation_id",
        "reply_to",
        "type",
        "user_id",
        "app_id",
        "content_type",
        "routing_key",
    )
    return repr({name: getattr(message, name, None) for name in fields})


def assert_silent(told: str, *words: str) -> None:
    assert [word for word in words if word.lower() in told.lower()] == [], told[:2000]


EVERYTHING = (SECRET, *PERSON, *TOLD_TO_STRANGERS)


async def test_headers_at_the_broker_say_nothing_of_anybody(pipeline: Pipeline, broker_url: str) -> None:
    """In the work queue, and in a retry tier, where a delivery goes round while the database is busy beyond the patience for a lock."""
    await pipeline.terminate("processor")
    async with at_the_broker(broker_url) as channel, holding(pipeline, "inbox"):
        sent = await overheard(channel, WEBHOOKS, routing_key(own_queues(1)["xendit"]))
        again = await overheard(channel, retry_name(RETRY_DELAYS[0]))
        assert (await post(pipeline, with_canaries(1)))[0] == 200
        pipeline.start("processor", LUNAS_DATABASE_LOCK_TIMEOUT_MS="200")
        for first in (sent, again):
            message = await first()
            assert_silent(said_by(message), *EVERYTHING)
            # What is in the body is the webhook and what must be kept of it; never what proves who sent it.
            assert PERSON[0].encode() in message.body
            assert [word for word in (SECRET, *TOLD_TO_STRANGERS) if word.encode() in message.body] == []


async def test_the_parking_lot_says_why_and_not_about_whom(pipeline: Pipeline, broker_url: str) -> None:
    """What has no trip left is parked by a message of its own, with its reason in the headers."""
    await pipeline.terminate("processor")
    async with at_the_broker(broker_url) as channel, holding(pipeline, "inbox"):
        first = await overheard(channel, DEAD)
        assert (await post(pipeline, with_canaries(1)))[0] == 200
        pipeline.start("processor", LUNAS_DATABASE_LOCK_TIMEOUT_MS="200", LUNAS_PROCESSOR_RETRY_ATTEMPTS="0")
        said = said_by(await first())
        assert "retries_exhausted" in said
        assert_silent(said, *EVERYTHING)


async def test_logs_metrics_answers_and_letters_say_nothing_of_anybody(pipeline: Pipeline) -> None:
    answers = [
        await post(pipeline, with_canaries(1)),
        await post(
            pipeline, with_canaries(2, "canary-siti-rahayu")
        ),  # an amount that is none: it becomes a letter
        await post(pipeline, with_canaries(3)[:-40]),  # no JSON
        await post(pipeline, with_canaries(4), x_callback_token="near-miss-canary"),
        await post(pipeline, with_canaries(5), x_callback_token=""),
        await post(pipeline, with_canaries(1)),
    ]
    assert [status for status, _ in answers] == [200, 200, 200, 401, 401, 200]
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    try:

        async def stored() -> bool:
            return bool(await connection.fetchval("SELECT count(*) FROM deliveries") >= 4)

        await until(stored)
        letters = await connection.fetch("SELECT stage, reason, detail, provider, stream FROM dead_letters")
        said = await connection.fetch(
            "SELECT data::text || metadata::text AS said FROM events WHERE type LIKE 'webhook.%'"
        )
    finally:
        await connection.close()
    assert len(letters) == 2
    told = "".join(text for _, text in answers) + await metrics(pipeline)
    told += "".join(pipeline.log(name) for name in pipeline.running)
    told += repr([tuple(row) for row in letters]) + repr([row["said"] for row in said])
    assert "webhooks" in told
    assert_silent(told, *EVERYTHING)
