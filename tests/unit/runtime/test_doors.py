"""Doors tell nobody what they are built with, and repeat nothing that a stranger sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from runtime import doors
from runtime.doors import PublicRunner
from runtime.health import Health
from runtime.metrics import bound_address, metrics_server, new_registry

ROOT = Path(doors.__file__).resolve().parents[1]
SECRET = "sekali-rahasia"
GARBAGE = [
    b"GARBAGE\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: sekali-rahasia\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sekali-rahasia\0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
]


class Lines(list[dict[str, object]]):
    """What was logged."""

    def info(self, event: str, **values: object) -> None:
        self.append({"level": "info", "event": event, **values})

    def error(self, event: str, **values: object) -> None:
        self.append({"level": "error", "event": event, **values})


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    lines = Lines()
    monkeypatch.setattr(doors, "log", lines)
    return lines


async def _well(_request: web.Request) -> web.Response:
    return web.Response(text="well")


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"a part")
    return response


async def _broken(_request: web.Request) -> web.Response:
    raise RuntimeError(SECRET)


@pytest.fixture
async def address(lines: Lines) -> AsyncIterator[tuple[str, int]]:
    app = web.Application()
    app.add_routes([web.get("/well", _well), web.get("/stream", _stream), web.get("/broken", _broken)])
    runner = PublicRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield bound_address(runner)
    await runner.cleanup()


async def ask(address: tuple[str, int], data: bytes) -> str:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(data)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer.decode("latin-1")


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()


def assert_it_names_only_us(answer: str, status: int) -> None:
    head = answer.partition("\r\n\r\n")[0].split("\r\n")
    assert f" {status} " in head[0]
    assert [line for line in head if line.lower().startswith("server:")] == ["Server: lunas"]
    assert "aiohttp" not in answer
    assert "Python" not in answer


@pytest.mark.parametrize(
    ("path", "status"), [("/well", 200), ("/stream", 200), ("/nowhere", 404), ("/broken", 500)]
)
async def test_no_answer_names_a_version(address: tuple[str, int], path: str, status: int) -> None:
    assert_it_names_only_us(await ask(address, get(path)), status)


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_what_is_no_http_gets_a_status_and_is_neither_quoted_nor_logged(
    address: tuple[str, int], lines: Lines, caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    answer = await ask(address, garbage)
    assert_it_names_only_us(answer, 400)
    assert SECRET not in answer
    assert [line["action"] for line in lines] == ["door.malformed"]
    assert SECRET not in str(lines)
    assert caplog.records == []


async def test_a_failure_in_a_handler_is_one_line_without_its_text(
    address: tuple[str, int], lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask(address, get("/broken"))
    assert SECRET not in answer
    assert lines == [
        {"level": "error", "event": "request failed", "action": "door.failed", "error": "RuntimeError"}
    ]
    assert caplog.records == []


async def test_the_internal_port_names_no_version_either() -> None:
    async with metrics_server(new_registry(), Health("x"), host="127.0.0.1", port=0) as address:
        assert_it_names_only_us(await ask(address, get("/livez")), 200)
        assert_it_names_only_us(await ask(address, b"GARBAGE\r\n\r\n"), 400)


def test_every_door_of_ours_is_such_a_door() -> None:
    rooms = ("runtime", "ingress", "processor", "projections", "checkout", "notify", "console")
    sources = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    others = [
        path.name
        for path in sources
        if path.name != "doors.py"
        and any(word in path.read_text("utf-8") for word in ("AppRunner(", "run_app("))
    ]
    assert len(sources) > 100
    assert others == []
