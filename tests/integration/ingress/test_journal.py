"""With a journal 200 means: on our disk. The broker gets it as soon as it can, in order."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ingress.journal import segment as segment_module
from tests.integration.broker.proxy import proxied
from tests.integration.ingress.conftest import Ingress, Outbox, Start, until_ready
from tests.integration.ingress.requests import XENDIT
from tests.integration.ingress.test_drain import ingress_process

Http = aiohttp.ClientSession


async def send(http: Http, ingress: Ingress, body: bytes) -> int:
    async with http.post(ingress.url + "/webhooks/xendit", data=body, headers=XENDIT) as response:
        await response.read()
        return response.status


def body(number: int) -> bytes:
    """Of one payment, so that all share a partition and have an order."""
    return json.dumps({"data": {"payment_id": "py-1"}, "n": number}).encode()


def numbers(envelopes: list[Any]) -> list[int]:
    return [json.loads(item.body)["n"] for item in envelopes]


def in_order(found: list[int]) -> list[int]:
    """First occurrences: what was sent twice is recognised later."""
    return list(dict.fromkeys(found))


async def test_while_the_broker_is_away_we_answer_200_and_it_gets_all_of_it_in_order(
    start: Start, http: Http, outbox: Outbox, broker_url: str
) -> None:
    async with proxied(broker_url) as (proxy, url), start(broker_url=url) as ingress:
        assert await send(http, ingress, body(0)) == 200
        await proxy.close()
        assert [await send(http, ingress, body(number)) for number in range(1, 40)] == [200] * 39
        await until_ready(ingress)
        await proxy.open()
        found = await outbox.envelopes(40)
        while len(in_order(numbers(found))) < 40:
            found += await outbox.envelopes(1)
        assert in_order(numbers(found)) == list(range(40))
        # Then the direct way is open again, and what comes next comes after.
        assert await send(http, ingress, body(40)) == 200
        assert numbers(await outbox.envelopes(1))[-1] == 40


async def test_ingress_starts_ready_without_a_broker(
    start: Start, http: Http, outbox: Outbox, broker_url: str
) -> None:
    async with proxied(broker_url) as (proxy, url):
        await proxy.close()
        async with start(broker_url=url) as ingress:
            assert await send(http, ingress, body(1)) == 200
            await proxy.open()
            assert numbers(await outbox.envelopes(1)) == [1]


async def test_a_frozen_broker_holds_up_only_who_was_there_when_it_froze(
    start: Start, http: Http, outbox: Outbox, broker_url: str
) -> None:
    async with (
        proxied(broker_url) as (proxy, url),
        start(broker_url=url, ingress_publish_deadline_seconds=0.5) as ingress,
    ):
        proxy.freeze()
        answers = await asyncio.gather(*(send(http, ingress, body(number)) for number in range(30)))
        assert set(answers) == {200}
        assert [await send(http, ingress, body(number)) for number in range(30, 60)] == [200] * 30
        proxy.thaw()
        found: list[int] = []
        while len(in_order(found)) < 60:
            found += numbers(await outbox.envelopes(1))
        assert sorted(set(found)) == list(range(60))


async def test_c165_a_full_disk_is_503_and_not_ready_and_over_as_soon_as_there_is_room(
    start: Start, http: Http, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, full = segment_module.write_all_at, False

    def limited(descriptor: int, parts: Sequence[bytes], place: int) -> None:
        if full:
            raise OSError(28, "No space left on device")
        real(descriptor, parts, place)

    monkeypatch.setattr(segment_module, "write_all_at", limited)
    async with start() as ingress:
        assert await send(http, ingress, body(1)) == 200
        full = True
        assert await send(http, ingress, body(2)) == 503
        await until_ready(ingress, 503)
        full = False
        await until_ready(ingress)
        assert await send(http, ingress, body(3)) == 200
        found = numbers(await outbox.envelopes(2))
        assert {1, 3} <= set(found)


async def test_what_was_answered_survives_a_kill_without_a_broker(
    broker_url: str, outbox: Outbox, http: Http, tmp_path: Path, start: Start
) -> None:
    """SIGKILL while answers fly and the broker is away: the next process of this home sends what the dead one promised."""
    home = tmp_path / "home"
    async with proxied(broker_url) as (proxy, url), ingress_process(url, home=str(home)) as (process, port):
        address = f"http://127.0.0.1:{port}/webhooks/xendit"
        await proxy.close()
        accepted: list[int] = []

        async def client(first: int) -> None:
            for number in range(first, first + 1000):
                try:
                    async with http.post(address, data=body(number), headers=XENDIT) as response:
                        if response.status == 200:
                            accepted.append(number)
                except aiohttp.ClientError:
                    return

        clients = [asyncio.create_task(client(first)) for first in (0, 1000, 2000)]
        async with asyncio.timeout(60):
            while len(accepted) < 100:
                await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await asyncio.gather(*clients)
        await proxy.open()
        async with start(broker_url=url, home=home):
            found: set[int] = set()
            async with asyncio.timeout(60):
                while not set(accepted) <= found:
                    found |= set(numbers(await outbox.envelopes(1)))
    assert len(accepted) >= 100


async def test_what_another_process_left_is_sent_too(
    start: Start, http: Http, outbox: Outbox, broker_url: str, tmp_path: Path
) -> None:
    async with proxied(broker_url) as (proxy, url):
        await proxy.close()
        async with start(broker_url=url), start(broker_url=url) as second:
            assert await send(http, second, body(7)) == 200
        await proxy.open()
        async with start(broker_url=url):
            assert numbers(await outbox.envelopes(1)) == [7]
