"""Names that are looked up for ever, by servers of whoever registered them: they keep nobody else's deliveries waiting."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from notify.connecting import CarefulResolver, NameLookups
from tests.unit.notify.test_webhooks import attempt, saying, served
from tests.waiting import until

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Servers:
    """Look-ups of this machine: `slow.*` are answered when we say so, `good.*` at once, and there are no others."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answered = threading.Event()

    def look_up(self, host: str, port: int, *_: Any) -> list[Any]:
        self.asked.append(host)
        if host.startswith("slow."):
            self.answered.wait(60)
        elif not host.startswith("good."):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture
def servers() -> Iterator[Servers]:
    one = Servers()
    yield one
    one.answered.set()


async def test_an_endpoint_whose_name_is_looked_up_for_ever_holds_up_no_other(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the sender as it is, so with the look-ups that it uses by itself."""
    monkeypatch.setattr(socket, "getaddrinfo", servers.look_up)
    async with served(saying(TAKEN)) as port:
        hanging = [
            asyncio.create_task(attempt(f"http://slow.{number}.example:{port}/", notify_timeout_seconds=30.0))
            for number in range(40)
        ]
        await until(lambda: len(servers.asked) == len(hanging))
        assert (await attempt(f"http://good.example:{port}/", notify_timeout_seconds=10.0)).ok
        servers.answered.set()
        assert all(one.ok for one in await asyncio.gather(*hanging))


async def test_deliveries_to_one_name_wait_for_one_look_up(servers: Servers) -> None:
    names = NameLookups(servers.look_up)
    asking = [asyncio.create_task(names.resolve("slow.example", 443)) for _ in range(8)]
    await until(lambda: bool(servers.asked))
    asking[0].cancel()  # one of them gives up, the others still want to know
    servers.answered.set()
    told = await asyncio.gather(*asking[1:])
    assert servers.asked == ["slow.example"]
    assert {(one["host"], one["port"]) for each in told for one in each} == {("127.0.0.1", 443)}
    await names.resolve("good.example", 443)
    await names.resolve("good.example", 443)
    assert servers.asked[1:] == ["good.example"] * 2  # never from memory: a name may lead elsewhere now


async def test_beyond_the_most_at_once_names_wait_for_each_other(servers: Servers) -> None:
    names = NameLookups(servers.look_up, most=2)
    asking = [asyncio.create_task(names.resolve(f"slow.{number}", 443)) for number in range(5)]
    await until(lambda: len(servers.asked) == 2)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(servers.asked) == 2
    servers.answered.set()
    await asyncio.gather(*asking)
    assert sorted(servers.asked) == [f"slow.{number}" for number in range(5)]


@pytest.mark.parametrize("name", ["nowhere.invalid", "a" * 70 + ".example"])
async def test_what_is_no_name_is_an_unknown_host(name: str) -> None:
    assert (await attempt(f"http://{name}/")).trouble == "unknown_host"


async def test_what_it_finds_inside_is_not_handed_out(servers: Servers) -> None:
    with pytest.raises(OSError, match="no address of this name"):
        await CarefulResolver(private=False, inner=NameLookups(servers.look_up)).resolve("good.example", 443)
