"""A service that takes connections and says nothing: every probe ends by itself, and what the others said is shown."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Iterator

import asyncpg
import pytest

from console import exits
from tests.integration.console.conftest import Run
from tests.waiting import until

PORTS = (
    "INGRESS_PORT",
    "API_PORT",
    "CONSOLE_PORT",
    "PROCESSOR_METRICS_PORT",
    "PROJECTIONS_METRICS_PORT",
    "NOTIFY_METRICS_PORT",
)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Port of a stopped process: the kernel takes connections for it, and nobody reads."""
    monkeypatch.setenv("LUNAS_PROBE_TIMEOUT_SECONDS", "0.5")
    for name in PORTS:
        monkeypatch.setenv(f"LUNAS_{name}", "1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("command", ["status", "doctor"])
@pytest.mark.parametrize("service", ["broker", "database", "ingress"])
async def test_a_frozen_service_is_named_and_the_rest_is_shown(
    lunas: Run, broker_url: str, frozen: int, monkeypatch: pytest.MonkeyPatch, command: str, service: str
) -> None:
    await lunas("migrate")
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    if service == "broker":
        monkeypatch.setenv("LUNAS_BROKER_URL", f"amqp://x:y@127.0.0.1:{frozen}/")
    elif service == "database":
        monkeypatch.setenv("LUNAS_DATABASE_URL", f"postgresql://x@127.0.0.1:{frozen}/y")
        monkeypatch.setenv("LUNAS_DATABASE_CONNECT_TIMEOUT_SECONDS", "0.5")
    else:
        monkeypatch.setenv("LUNAS_INGRESS_PORT", str(frozen))
    named = {"broker": "RabbitMQ", "database": "PostgreSQL", "ingress": "ingress runs"}[service]

    async def only_that() -> bool:
        """Half a second may be over for the others too, on a machine that stands still: looked again, they are there."""
        async with asyncio.timeout(60):  # there were 150 s
            shown = await lunas(command, "--json")
        assert shown.code == exits.PROBLEMS, shown.err
        assert named in shown.out
        if command == "doctor":
            return len(shown.json["checks"]) > 5
        silent = {
            "broker": shown.json["queues"] is None,
            "database": shown.json["position"] is None,
            "ingress": shown.json["processes"]["ingress"] == "silent",
        }
        assert silent[service]
        return sum(silent.values()) == 1

    await until(only_that)


async def test_what_was_turned_away_is_a_problem_by_provider_and_cause(
    lunas: Run, store: asyncpg.Connection, broker_url: str, frozen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    monkeypatch.setenv("LUNAS_PROBE_TIMEOUT_SECONDS", "30")
    await lunas("migrate")
    for hours, cause in ((0, "wrong_credential"), (0, "wrong_credential"), (30, "wrong_account")):
        await store.execute(
            "INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256)"
            " VALUES ($1, 'mayar', $2, clock_timestamp() - make_interval(hours => $3), '203.0.113.9', '/webhooks/mayar', '{}', 'x', 'y')",
            uuid.uuid4(), cause, hours,
        )  # fmt: skip
    told = [problem for problem in (await lunas("status", "--json")).json["problems"] if "mayar" in problem]
    assert len(told) == 1
    assert "2 requests" in told[0]
    assert "wrong_credential" in told[0]
    checks = (await lunas("doctor", "--json")).json["checks"]
    rejected = [check for check in checks if check["check"] == "rejected"]
    assert {check["state"] for check in rejected} == {"problem"}
    assert "MAYAR_WEBHOOK_SECRET" in rejected[0]["fix"]
