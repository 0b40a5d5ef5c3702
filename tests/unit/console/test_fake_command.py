"""`lunas fake`: one command serves providers that need no account; another moves their clock."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from console import exits, main
from providers.fakes.registry import FAKES

ROOT = Path(__file__).resolve().parents[3]
NOWHERE = {"LUNAS_DOTENV": "none", "LUNAS_LANG": "en"}


@contextmanager
def served(tmp_path: Path, *arguments: str) -> Iterator[list[str]]:
    """The addresses that `lunas fake …` prints, while it runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")}
    command = [sys.executable, "-m", "console.main", "fake", *arguments, "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment | NOWHERE | {"LUNAS_HOME": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        count = len(FAKES) if arguments[0] == "all" else 1
        try:
            yield [process.stdout.readline().split()[-1] for _ in range(count)]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main.run([*arguments, "--json"]) == exits.FINE
    return json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("LUNAS_")]:
        monkeypatch.delenv(name)
    for name, value in (NOWHERE | {"LUNAS_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)


def test_one_provider_is_served_at_the_root_and_its_clock_leaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(tmp_path, "xendit") as (address,):
        assert address.count("/") == 2
        before = run_json(capsys, "fake", "clock", "show", "--url", address)["now"]
        after = run_json(capsys, "fake", "clock", "advance", "31d", "--url", address)["now"]
        assert after > before
        soon = datetime.fromisoformat(after) + timedelta(days=400)
        reached = run_json(capsys, "fake", "clock", "set", soon.isoformat(), "--url", address)["now"]
        assert datetime.fromisoformat(reached) >= soon
        assert main.run(["fake", "clock", "set", after, "--url", address]) == exits.PROBLEMS
        assert "forward" in capsys.readouterr().err


def test_all_are_served_beneath_their_names(tmp_path: Path) -> None:
    with served(tmp_path, "all") as addresses:
        assert [address.rpartition("/")[2] for address in addresses] == list(FAKES)


def documented() -> list[str]:
    """The one command of docs/fakes.md, as its reader types it."""
    (line,) = re.findall(
        r"^lunas (fake xendit .*)$", (ROOT / "docs/fakes.md").read_text("utf-8"), re.MULTILINE
    )
    return line.split()


def test_the_documented_command_serves_a_strangers_tests_from_an_empty_folder_in_an_empty_environment(
    tmp_path: Path,
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    words = documented()
    key, secret = words[words.index("--key") + 1], words[words.index("--secret") + 1]
    told: list[tuple[str, str | None, bytes]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((self.path, self.headers["x-callback-token"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        words[words.index("--port") + 1] = "0"
        words[words.index("--webhooks") + 1] = f"http://127.0.0.1:{door.server_port}/my/webhooks"
        lunas = str(Path(sys.executable).with_name("lunas"))
        with subprocess.Popen(
            [lunas, *words], cwd=empty, env={}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            try:
                wish = {
                    "reference_id": "mine-1", "type": "PAY", "country": "ID", "currency": "IDR", "request_amount": 50_000,
                    "channel_code": "QRIS", "channel_properties": {},
                }  # fmt: skip
                basic = base64.b64encode(f"{key}:".encode()).decode()
                made = post(
                    f"{address}/v3/payment_requests",
                    wish,
                    {"Authorization": f"Basic {basic}", "api-version": "2024-11-11"},
                )
                assert made["status"] == "REQUIRES_ACTION"
                post(f"{address}/fake/payments/xendit/mine-1/pay", {}, {})
                now = post(f"{address}/fake/clock", {"advance": "1s"}, {})
                assert now["now"]
            finally:
                process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        door.shutdown()
    ((path, token, body),) = told
    assert (path, token) == ("/my/webhooks", secret)
    assert json.loads(body)["data"]["reference_id"] == "mine-1"
    assert list(empty.iterdir()) == [], "it leaves nothing behind"


def post(url: str, document: object, headers: dict[str, str]) -> Any:
    asked = urllib.request.Request(
        url, json.dumps(document).encode(), {"Content-Type": "application/json"} | headers
    )
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def test_production_has_no_fakes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LUNAS_ENV", "production")
    assert main.run(["fake", "all"]) == exits.REFUSED
    assert "invented" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # Refused before any door is opened: what else listens where has no say.
        monkeypatch.setenv("LUNAS_FAKES_METRICS_PORT", str(taken.getsockname()[1]))
        assert main.run(["run", "fakes"]) == exits.WRONG_USE
    assert "LUNAS_ENV" in capsys.readouterr().err


def test_a_clock_that_nobody_keeps_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["fake", "clock", "show", "--url", "http://127.0.0.1:9"]) == exits.PROBLEMS
    assert "lunas fake all" in capsys.readouterr().err
