"""Rejected requests on their way from the queue to a table with bounds."""

from __future__ import annotations

import dataclasses
import uuid

import aio_pika
import pytest

from processor.intake.quarantine import QuarantineKeeper
from runtime.amqp.broker import Message
from runtime.database import Connection, Pool
from runtime.ids import uuid7
from runtime.settings import Settings
from schemas.rejection import Rejection, pack_rejection
from schemas.topology import OLD_QUARANTINE, QUARANTINE, QUARANTINE_KEY
from tests.integration.processor.intake.taking_in import rows, statuses, stored, waiting
from tests.integration.processor.running import publishing, working
from tests.waiting import until


async def test_rejected_requests_reach_a_table_that_never_grows_beyond_its_cap(
    chosen: Settings, pool: Pool
) -> None:
    capped = chosen.model_copy(update={"quarantine_max_rows": 5})
    async with publishing(capped) as broker, working(capped):
        ingress = await broker.publisher_aside()

        async def reject(body: bytes) -> None:
            await ingress.publish(Message(QUARANTINE, QUARANTINE_KEY, body), deadline=60.0)

        for number in range(12):
            await reject(pack_rejection(_rejection(f"body {number}")))
        await reject(pack_rejection(_rejection("odd", path="/a\0\udcff", quarantine_id="x")))
        await reject(b"unreadable")

        async def look() -> bool:
            return bool(await pool.fetchval("SELECT count(*) FROM quarantine WHERE cause = 'unreadable'"))

        await until(look)
    kept = {row["body"]: row for row in await rows(pool, "SELECT cause, body, path FROM quarantine")}
    assert len(kept) == 5
    assert kept[b"unreadable"]["cause"] == "unreadable"
    assert kept[b"odd"] == {"cause": "token_wrong", "body": b"odd", "path": "/a\\0\\udcff"}
    assert b"body 0" not in kept
    assert await statuses(pool) == {}


async def test_the_quarantines_table_is_bounded_in_bytes_and_age_too(chosen: Settings, pool: Pool) -> None:
    capped = chosen.model_copy(update={"quarantine_max_bytes": 3_000, "quarantine_max_days": 2})
    async with publishing(capped) as broker, working(capped):
        ingress = await broker.publisher_aside()
        async with pool.acquire() as connection:
            long_ago = (
                int(await connection.fetchval("SELECT extract(epoch FROM now() - interval '3 days')"))
                * 1_000_000
            )
        bodies = ["old", *(f"{number}" * 1_000 for number in range(6)), "last"]
        for number, body in enumerate(bodies):
            # By the order of their ids, which is that of their arrival.
            rejection = _rejection(body, quarantine_id=f"0000000{number}-0000-7000-8000-000000000000")
            if body == "old":
                rejection = dataclasses.replace(rejection, received_at=long_ago)
            await ingress.publish(
                Message(QUARANTINE, QUARANTINE_KEY, pack_rejection(rejection)), deadline=60.0
            )

        async def look() -> bool:
            return bool(await pool.fetchval("SELECT count(*) FROM quarantine WHERE body = 'last'"))

        await until(look)
    kept = [row["body"] for row in await rows(pool, "SELECT body FROM quarantine")]
    assert b"last" in kept
    assert b"old" not in kept
    assert sum(map(len, kept)) <= 3_000


async def test_what_is_too_old_goes_from_the_quarantine_when_nothing_comes_too(
    chosen: Settings, pool: Pool
) -> None:
    for number, age in enumerate(("3 days", "1 day")):
        await pool.execute(
            "INSERT INTO quarantine SELECT $1, 'xendit', 'token_wrong', now() - $2::text::interval, '', '', '{}', '', ''",
            uuid.UUID(int=number),
            age,
        )
    async with working(chosen.model_copy(update={"quarantine_max_days": 2})):

        async def look() -> bool:
            return bool(await pool.fetchval("SELECT count(*) = 1 FROM quarantine"))

        await until(look)
    (kept,) = await rows(pool, "SELECT quarantine_id FROM quarantine")
    assert kept["quarantine_id"] == uuid.UUID(int=1)


async def test_a_flood_of_rejections_looks_at_the_table_only_now_and_then(
    chosen: Settings, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    trim = QuarantineKeeper._trim_on

    async def counted(keeper: QuarantineKeeper, connection: Connection) -> None:
        looks.append(1)
        await trim(keeper, connection)

    monkeypatch.setattr(QuarantineKeeper, "_trim_on", counted)
    capped = chosen.model_copy(update={"quarantine_max_rows": 1_000})
    async with publishing(capped) as broker, working(capped):
        ingress = await broker.publisher_aside()
        for number in range(45):
            packed = pack_rejection(_rejection(f"body {number}"))
            await ingress.publish(Message(QUARANTINE, QUARANTINE_KEY, packed), deadline=60.0)
        await stored(pool, 45, "quarantine")
    keepers = 2  # of the queue, and of what an earlier version left; each looks once when it starts
    assert len(looks) <= keepers + 45 // 10


async def test_what_an_earlier_version_left_in_its_quarantine_is_brought_to_the_table(
    chosen: Settings, pool: Pool
) -> None:
    """It was a classic queue with other arguments, which no version can change; new requests go to a new one."""
    async with await aio_pika.connect(chosen.require_broker_url()) as connection:
        channel = await connection.channel()
        old = {"x-max-length": 10_000, "x-overflow": "drop-head"}
        await channel.declare_queue(OLD_QUARANTINE, durable=True, arguments=old)
        for number in range(3):
            message = aio_pika.Message(pack_rejection(_rejection(f"old {number}")))
            await channel.default_exchange.publish(message, OLD_QUARANTINE)
    async with working(chosen):
        await stored(pool, 3, "quarantine")
    assert await waiting(chosen.require_broker_url(), OLD_QUARANTINE) == 0


def _rejection(body: str, path: str = "/webhooks/xendit", quarantine_id: str | None = None) -> Rejection:
    return Rejection(
        quarantine_id or str(uuid7()), "xendit", "token_wrong", _now(), "203.0.113.7", path, {}, body.encode()
    )


def _now() -> int:
    return (uuid7().int >> 80) * 1000
