"""A broker that is away is told once per connection when it goes and once when it is back, without the library's tracebacks."""

from __future__ import annotations

import asyncio

import pytest

from runtime.amqp import link as amqp_link
from runtime.amqp.broker import Broker
from tests.integration.broker.proxy import Proxy, knocking
from tests.waiting import until


class Lines(list[tuple[str, object]]):
    """Action and link of what was logged."""

    def warning(self, _event: str, **values: object) -> None:
        self.append((str(values["action"]), values["link"]))

    info = warning


async def test_a_broker_that_is_away_is_one_line_per_connection_and_one_when_it_is_back(
    proxy_and_broker: tuple[Proxy, Broker], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    proxy, broker = proxy_and_broker
    lines = Lines()
    monkeypatch.setattr(amqp_link, "log", lines)
    attempts = proxy.accepted
    await proxy.close()
    async with asyncio.timeout(60):
        while not lines:
            await asyncio.sleep(0.02)
        with knocking(proxy.port) as knocks:
            await until(lambda: len(knocks) >= 5)
        await proxy.open()
        while len(lines) < 2:
            await asyncio.sleep(0.02)
    await broker.ready(60.0)
    assert proxy.accepted > attempts
    link = "lunas-test-publish"
    assert lines == [("broker.lost", link), ("broker.connected", link)]
    assert [record for record in caplog.records if record.exc_info] == []
    assert "creating transport" not in caplog.text
