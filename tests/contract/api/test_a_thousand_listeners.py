"""A thousand listen at once: each hears all that it asked for, in order and once, and goes on where it was when it was cut off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest

from runtime.settings import Settings
from tests.contract.api.conftest import Api, serve
from tests.contract.api.test_answers import enrolled
from tests.integration.projections.decisions import registered
from tests.waiting import until

LISTENERS = 1_000
TOLD = 6  # changes of each of two customers
_CHANGE = re.compile(
    rb"event: enrollment\n(?:id: (\d+)\n)?data: [^\n]*\"key\": ?\"([^\"]+)\"[^\n]*\n(?:id: (\d+)\n)?\n"
)


class Listener(asyncio.Protocol):
    """One stream as it comes from the socket."""

    def __init__(self, customer: str | None) -> None:
        self.customer, self.place, self.taken = customer, b"", b""
        self.heard: list[str] = []
        self.begun = False
        self._transport: asyncio.Transport | None = None
        self._address = ("", 0)

    async def connect(self, host: str, port: int) -> None:
        self._address, self.taken, self.begun = (host, port), b"", False
        await asyncio.get_running_loop().create_connection(lambda: self, host, port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        query = f"?customer_id={self.customer}" if self.customer else ""
        place = b"Last-Event-ID: " + self.place + b"\r\n" if self.place else b""
        head = f"GET /v1/changes{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-api-key\r\n".encode()
        transport.write(head + place + b"\r\n")

    def data_received(self, data: bytes) -> None:
        self.taken += data
        self.begun = self.begun or b"retry:" in self.taken
        end = 0
        for found in _CHANGE.finditer(self.taken):
            end = found.end()
            self.heard.append(found[2].decode())
            self.place = found[1] or found[3] or self.place
        self.taken = self.taken[end:]

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def again(self) -> None:
        await self.connect(*self._address)


async def tell(api: Api, *numbers: int) -> None:
    for number in numbers:
        await api.show(enrolled("c1", f"one-{number}"), enrolled("c2", f"two-{number}"))


def wanted(customer: str | None, count: int) -> list[str]:
    both = [(f"one-{number}", f"two-{number}") for number in range(count)]
    return [key for one, two in both for key in {"c1": (one,), "c2": (two,)}.get(customer or "", (one, two))]


@pytest.mark.heavy
async def test_s14_a_thousand_listeners_hear_everything_in_order_and_once(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    given = settings(database_url=database_url, changes_read_share=1.0, changes_listeners_max=LISTENERS)
    async with serve(given) as api:
        await api.show(registered("c1"), registered("c2"))
        listeners = [Listener((None, "c1", "c2", None)[number % 4]) for number in range(LISTENERS)]
        for listener in listeners:
            await listener.connect(api.client.host or "", api.client.port or 0)
        await until(lambda: all(one.begun for one in listeners), 60)

        await tell(api, *range(TOLD // 2))
        await until(lambda: all(one.heard == wanted(one.customer, TOLD // 2) for one in listeners), 60)
        gone = listeners[::3]
        for listener in gone:
            listener.cut()
        await tell(api, *range(TOLD // 2, TOLD))
        for listener in gone:
            await listener.again()
        await until(lambda: all(len(one.heard) >= len(wanted(one.customer, TOLD)) for one in listeners), 60)
        assert [one.heard for one in listeners] == [wanted(one.customer, TOLD) for one in listeners]
        for listener in listeners:
            listener.cut()
