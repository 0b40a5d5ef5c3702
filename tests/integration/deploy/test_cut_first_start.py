"""A power cut while a broker's home was being made: the next start needs no person."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import aio_pika
import pytest
from aio_pika.exceptions import QueueEmpty

from deploy.local.services import first_start
from deploy.local.services.home import Home
from deploy.local.services.private import private_services
from deploy.local.services.rabbitmq import put_aside_in_words
from runtime.amqp.probe import published

pytestmark = [pytest.mark.timeout(1200), pytest.mark.heavy]


def test_a_broker_whose_tables_were_never_written_starts_and_confirms(home: Path) -> None:
    # The database is given, so only a broker is started; nobody asks it for anything.
    given = "postgresql://nobody@127.0.0.1/none"
    with private_services(home, database_url=given) as urls:
        assert urls.broker_url
    folder = Home(home).found_data("rabbitmq")
    assert folder is not None
    tables = list(folder.glob("db/*/*/*/*.dets"))
    assert {table.name for table in tables} >= {"meta.dets", "names.dets"}
    for table in tables:
        table.write_bytes(bytes(table.stat().st_size))
    with private_services(home, database_url=given) as urls:
        assert asyncio.run(published(urls.broker_url, 60.0)) is True
    assert "was never written" in (home / "logs" / "rabbitmq.log").read_text("utf-8")


def test_a_broker_whose_schema_was_cut_off_before_anybody_could_use_it_is_made_anew(home: Path) -> None:
    given = "postgresql://nobody@127.0.0.1/none"
    with private_services(home, database_url=given):
        pass
    folder = Home(home).found_data("rabbitmq")
    assert folder is not None
    (node,) = (path for path in (folder / "db").iterdir() if (path / "schema.DAT").exists())
    # As a first start leaves it: nobody was told its address, and only some of its files reached the disk.
    node.with_name(node.name + first_start.NOTE).touch()
    for lost in [*node.glob("*.LOG"), *node.glob("*.DAT")]:
        lost.write_bytes(bytes(lost.stat().st_size))
    with private_services(home, database_url=given) as urls:
        assert not node.with_name(node.name + first_start.NOTE).exists()
        assert asyncio.run(published(urls.broker_url, 60.0)) is True
    assert "cut off before anybody could use it" in (home / "logs" / "rabbitmq.log").read_text("utf-8")


async def _kept(url: str, name: str, body: bytes | None = None) -> bytes | None:
    """Publishes a body to a quorum queue, or reads one; None when it is empty."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
        if body is not None:
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, routing_key=name)
            return body
        try:
            return (await queue.get(no_ack=True)).body
        except QueueEmpty:
            return None


def _emptied(description: Path) -> None:
    description.write_bytes(b"")


def _gone(description: Path) -> None:
    shutil.rmtree(description.parent)


@pytest.mark.parametrize("damage", [_emptied, _gone])
def test_a_queue_whose_description_was_never_written_is_made_anew_and_its_neighbours_stay(
    damage: Callable[[Path], None], home: Path
) -> None:
    """As a full disk leaves it that was full while the queue was made: nothing else brings it back, however often the broker starts."""
    given, reports = "postgresql://nobody@127.0.0.1/none", list[str]()
    with private_services(home, database_url=given) as urls:
        for name in ("whole", "hurt"):
            asyncio.run(_kept(urls.broker_url, name, b"accepted"))
    folder = Home(home).found_data("rabbitmq")
    assert folder is not None
    (hurt,) = (path for path in folder.glob("db/*/quorum/*/*/config") if b"hurt" in path.read_bytes())
    damage(hurt)
    with private_services(home, database_url=given, report=reports.append) as urls:
        assert asyncio.run(_kept(urls.broker_url, "hurt", b"again")) == b"again"
        assert asyncio.run(_kept(urls.broker_url, "hurt")) == b"again"
        assert asyncio.run(_kept(urls.broker_url, "whole")) == b"accepted"
    assert [
        line for line in reports if "hurt" in line and "republish" in line and "whole" not in line
    ] == reports


def test_what_a_broker_put_aside_is_told_by_name() -> None:
    assert put_aside_in_words("[]\n") == ""
    said = '[<<"lunas.webhooks.p0">>,<<"lunas.parked">>]\n\n19:02:15.053 [warning] Could not delete quorum\n'
    assert "of lunas.webhooks.p0, lunas.parked:" in put_aside_in_words(said)
