"""A power cut while a broker's home was being made: the next start needs no person."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import aio_pika
import pytest
from aio_pika.exceptions import QueueEmpty

from deploy.local.services import first_start
from deploy.local.services.home import Home
from deploy.local.services.private import private_services
from deploy.local.services.rabbitmq import put_aside_in_words
from deploy.local.services.service import Service
from deploy.local.services.unserving import GAP, LONGEST_SECONDS
from runtime.amqp.probe import published
from tests.integration.deploy.conftest import HANDING_ON

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
        queue = await channel.declare_queue(name, durable=True, arguments=HANDING_ON)
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


SEGMENT_ENTRIES = 4_096
"""Of a quorum queue's log in one file."""


async def _filled(url: str, name: str, number: int) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(name, durable=True, arguments=HANDING_ON)
        message = aio_pika.Message(b"accepted", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        for _ in range(number // 512):
            await asyncio.gather(
                *(channel.default_exchange.publish(message, routing_key=name) for _ in range(512))
            )


@pytest.mark.parametrize("journaled", [True, False])
def test_a_queue_whose_log_has_a_gap_is_made_anew_where_ingress_has_a_journal(
    home: Path, journaled: bool
) -> None:
    """As a full disk left one: the beginning behind the last snapshot was missing, and later entries were there."""
    given, reports = "postgresql://nobody@127.0.0.1/none", list[str]()
    with private_services(home, database_url=given) as urls:
        asyncio.run(_kept(urls.broker_url, "whole", b"accepted"))
        asyncio.run(_filled(urls.broker_url, "hurt", 3 * SEGMENT_ENTRIES))
    for _ in range(2):  # what the log of all queues held goes into files of each at the next start
        with private_services(home, database_url=given):
            pass
    folder = Home(home).found_data("rabbitmq")
    assert folder is not None
    (hurt,) = (path for path in folder.glob("db/*/quorum/*/*/config") if b"hurt" in path.read_bytes())
    min(hurt.parent.glob("*.segment")).unlink()
    services = private_services(home, database_url=given, journaled=journaled, report=reports.append)
    with services:
        (broker,) = services.services
        deadline = time.monotonic() + 2 * LONGEST_SECONDS
        while not _all_taken(broker) and time.monotonic() < deadline:
            time.sleep(0.1)
        names = list(broker.doubtful)
        assert asyncio.run(_kept(broker.url, "whole")) == b"accepted"
    assert names == (["hurt"] if journaled else [])
    assert [line for line in reports if "cannot serve hurt any more" in line] == (
        reports if journaled else []
    )


def _all_taken(broker: Service) -> bool:
    broker.tend()
    return all(order.taken for order in broker.start_orders)


@pytest.mark.parametrize(
    ("why", "gap"),
    [
        # As RabbitMQ 3.10.8 ended a queue of which entry 168049 was missing, each time it led.
        (
            "{'EXIT', {{case_clause, {[{168050, 30, noop}], 168049}}, [{ra_server, apply_to, 5, []}, {ra_server, handle_leader, 2, []}]}}",
            True,
        ),
        (
            "{error, {shutdown, {failed_to_start_child, name, {corrupt_log, gap_between_snapshot_and_first_index, {23154, 23340}}}}}",
            True,
        ),
        # As it ended when it wanted to hand on an expired message of which entry 141258 was missing, and at each start behind that.
        (
            "{{badmatch, {'EXIT', {{badkey, 141258}, [{erlang, map_get, [141258, []], []}, {ra_log_segment, read_sparse0, 6, []}]}}},"
            " [{ra_log_reader, sparse_read, 3, []}, {ra_log, sparse_read, 2, []}, {ra_server, log_read, 2, []}]}",
            True,
        ),
        (
            "{function_clause, [{lists, zipwith, [f, [], [{expired, 0}]], []}, {rabbit_fifo_dlx, '-delivery_effects/2-fun-1-', 3, []}]}",
            True,
        ),
        (
            "{{badmatch, {error, enospc}}, [{ra_log_segment, open, 2, []}, {ra_log_reader, read, 4, []}]}",
            False,
        ),
        ("{error, enoent}", False),
        ("{'EXIT', {{case_clause, other}, [{rabbit_fifo, apply, 3, []}]}}", False),
        ("wal_down", False),
        ("{shutdown, delete}", False),
        ("ok", False),
        ("late", False),
    ],
)
def test_only_a_gap_in_its_log_is_why_a_queue_is_made_anew(why: str, gap: bool) -> None:
    said = subprocess.run(
        ["erl", "-noshell", "-eval", f'{GAP} io:format("~p", [Gap({why})]), halt().'],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert said.stdout == str(gap).lower()


def test_what_a_broker_put_aside_is_told_by_name() -> None:
    names: list[str] = []
    assert put_aside_in_words("[]\n", names) == ""
    assert names == []
    said = '[<<"lunas.webhooks.p0">>,<<"lunas.parked">>]\n\n19:02:15.053 [warning] Could not delete quorum\n'
    assert "cannot serve lunas.webhooks.p0, lunas.parked any more:" in put_aside_in_words(said, names)
    assert names == ["lunas.webhooks.p0", "lunas.parked"]
