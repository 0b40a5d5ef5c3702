"""The exchange `lunas.changes`: the same changes as the stream, at least once, in order per customer, whatever the broker does."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import aio_pika
import pytest
from pydantic import SecretStr

from projections import versions
from runtime.lifecycle import SUPERVISOR_VARIABLE
from runtime.settings import Settings
from schemas.change_api import ChangeTold
from tests.contract.api.conftest import KEY, serve
from tests.contract.api.test_answers import enrolled, held
from tests.contract.api.test_changes import told
from tests.integration.broker.proxy import proxied
from tests.integration.changes.conftest import Log, bound, in_order_per_customer, telling
from tests.integration.projections.decisions import assessed, credit, registered, subscription
from tests.ports import held_ports
from tests.waiting import until

SHOP = (
    registered("c1"),
    assessed("k", customer_id="c1"),
    credit("c1", 50_000),
    enrolled("c1", "kelas"),
    subscription("c1", "s1"),
    held("h1"),
)


async def test_the_exchange_tells_what_the_stream_tells(book: Log) -> None:
    async with bound(book.settings.require_broker_url(), "#") as ear, telling(book.settings):
        await book.show(*SHOP)
        async with (
            serve(book.settings) as api,
            api.client.get("/v1/changes?wait_seconds=0&last_event_id=0", headers=KEY) as response,
        ):
            streamed = [one.data async for one in told(response)]
        found = await ear.take(len(streamed))
        assert await ear.rest() == []
    by_place = sorted(
        found, key=lambda one: (one.position, [row["kind"] for row in streamed].index(one.data["kind"]))
    )
    assert [one.data for one in by_place] == streamed
    for one in found:
        ChangeTold.model_validate(one.data)
        kind, customer = one.data["kind"], one.data["customer_id"]
        expected = {
            "cloudEvents:specversion": "1.0",
            "cloudEvents:id": f"{one.data['position']}/{kind}/{one.data['key']}",
            "cloudEvents:source": "urn:lunas:changes",
            "cloudEvents:type": f"lunas.{kind}.changed",
            "cloudEvents:subject": one.data["key"],
            "cloudEvents:position": one.data["position"],
        }
        assert one.headers == expected | ({} if customer is None else {"cloudEvents:customerid": customer})
        assert one.key == f"{kind}.{customer or '-'}"


async def test_a_queue_hears_of_what_it_is_bound_to(book: Log) -> None:
    url = book.settings.require_broker_url()
    async with (
        bound(url, "payment.*") as payments,
        bound(url, "*.c2", name="c2") as other,
        telling(book.settings),
    ):
        await book.show(*SHOP, registered("c2"), enrolled("c2", "a"))
        assert (await other.next()).data["key"] == "a"
        assert [one.data["kind"] for one in await payments.take(1)] == ["payment"]
        assert await payments.rest() == []
        assert await other.rest() == []


async def test_nobody_bound_is_no_trouble_and_is_not_kept(book: Log) -> None:
    async with telling(book.settings):
        position = await book.show(*SHOP)
        await _told(book, position)
        async with bound(book.settings.require_broker_url(), "#") as ear:
            await book.show(enrolled("c1", "later"))
            assert (await ear.next()).data["key"] == "later"


async def test_what_happened_while_nobody_told_is_told_when_somebody_does(book: Log) -> None:
    async with bound(book.settings.require_broker_url(), "#") as ear:
        await book.show(registered("c1"), enrolled("c1", "a"))
        async with telling(book.settings):
            await book.show(enrolled("c1", "b"))
            assert [one.data["key"] for one in await ear.take(2)] == ["a", "b"]


async def test_nothing_is_told_before_reads_show_it(book: Log) -> None:
    async with bound(book.settings.require_broker_url(), "#") as ear, telling(book.settings) as registry:
        await book.append(registered("c1"), enrolled("c1", "a"))
        await until(lambda: (registry.get_sample_value("lunas_changes_lag_positions") or 0) > 0)
        assert await ear.rest() == []
        await book.fold()
        assert (await ear.next()).data["key"] == "a"
        await until(lambda: registry.get_sample_value("lunas_changes_lag_positions") == 0)


async def test_a_broker_that_is_away_costs_time_and_nothing_else(book: Log) -> None:
    async with (
        bound(book.settings.require_broker_url(), "#") as ear,
        proxied(book.settings.require_broker_url()) as (proxy, url),
        telling(
            book.settings.model_copy(
                update={"broker_url": SecretStr(url), "broker_publish_deadline_seconds": 1.0}
            )
        ) as registry,
    ):
        await book.show(registered("c1"), enrolled("c1", "a"))
        first = await ear.next()
        assert first.data["key"] == "a"
        await proxy.close()
        await book.show(enrolled("c1", "b"), enrolled("c2", "b"), enrolled("c1", "c"))
        await until(lambda: (registry.get_sample_value("lunas_changes_unconfirmed_total") or 0) >= 1)
        await proxy.open()
        found = [first]
        # At least once: the first one comes again when its confirm was cut off.
        while len({one.id for one in found}) < 4:
            found.append(await ear.next())
        found = [one for one in found if one.id != first.id]
        assert {(one.data["customer_id"], one.data["key"]) for one in found} == {
            ("c1", "b"), ("c2", "b"), ("c1", "c"),
        }  # fmt: skip
        assert in_order_per_customer(found)


async def test_what_is_refused_is_not_overtaken_by_what_came_later_of_the_same_customer(book: Log) -> None:
    """A queue that is full refuses now this message, now that; the order of each customer's first words stays."""
    full = {"x-max-length": 1, "x-overflow": "reject-publish"}
    async with (
        bound(book.settings.require_broker_url(), "#", arguments=full) as ear,
        telling(book.settings) as registry,
    ):
        await book.show(*(enrolled(f"c{number % 3}", f"k{number}") for number in range(9)))
        await until(lambda: (registry.get_sample_value("lunas_changes_unconfirmed_total") or 0) >= 1)
        found, ids = [], set[str]()
        while len(ids) < 9:
            one = await ear.next()
            found.append(one)
            ids.add(one.id)
        assert in_order_per_customer(found)


async def test_an_exchange_of_another_kind_is_told_and_harms_nobody(book: Log) -> None:
    async with await aio_pika.connect(book.settings.require_broker_url()) as connection:
        channel = await connection.channel()
        wrong = await channel.declare_exchange("lunas.changes", "fanout", durable=True)
        async with telling(book.settings) as registry:
            await book.show(*SHOP)
            await until(lambda: registry.get_sample_value("lunas_changes_leader") == 0)
            assert await book.told_up_to() == 0
        await (await channel.get_exchange(wrong.name, ensure=False)).delete()


async def test_a_rebuild_of_read_models_tells_nothing_anew(book: Log) -> None:
    async with bound(book.settings.require_broker_url(), "#") as ear, telling(book.settings):
        position = await book.show(*SHOP)
        await _told(book, position)
        assert await ear.rest()
        for name in ("balances", "enrollments", "payments"):
            await versions.rebuild(book.pool, name)
            await versions.switch(book.pool, name)
        await book.show(enrolled("c9", "after"))
        assert [one.data["key"] for one in await ear.take(1)] == ["after"]


@pytest.mark.parametrize("fault", ["changes.published:3", "changes.advanced:1"])
async def test_kill_9_leaves_nothing_out_and_says_again_only_under_the_same_ids(
    book: Log, fault: str
) -> None:
    """A process of the API that dies in the middle of a page, or right after it; the next one goes on."""
    async with bound(book.settings.require_broker_url(), "#") as ear:
        position = await book.show(*SHOP, *(enrolled("c1", f"k{number}") for number in range(5)))
        with held_ports(2) as ports:
            died = await asyncio.to_thread(_api_that_dies, book.settings, fault, ports)
        assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
        before = await ear.rest()
        assert before
        async with telling(book.settings):
            await _told(book, position)
            found = before + await ear.rest()
        once = {one.id: one.data for one in found}
        assert len(once) == 10
        assert (len(found) > len(once)) == fault.startswith("changes.published")
        assert all(once[one.id] == one.data for one in found)
        assert in_order_per_customer(found)


def _api_that_dies(given: Settings, fault: str, ports: list[int]) -> subprocess.CompletedProcess[bytes]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")}
    ours = {
        "LUNAS_ENV": "development",
        "LUNAS_DOTENV": os.devnull,
        "LUNAS_HOME": str(given.home),
        "LUNAS_DATABASE_URL": given.require_database_url(),
        "LUNAS_BROKER_URL": given.require_broker_url(),
        "LUNAS_API_PORT": str(ports[0]),
        "LUNAS_API_METRICS_PORT": str(ports[1]),
        "LUNAS_FAULTS": fault,
        SUPERVISOR_VARIABLE: str(os.getpid()),
    }
    command = [sys.executable, "-m", "console.main", "run", "api"]
    return subprocess.run(command, env=others | ours, capture_output=True, timeout=120, check=False)


async def _told(book: Log, position: int) -> None:
    async def there() -> bool:
        return await book.told_up_to() >= position

    await until(there)
