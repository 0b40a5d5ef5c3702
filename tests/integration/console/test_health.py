"""`lunas migrate`, `status`, `doctor` against real services."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from console import exits
from deploy.local.services.instance import Instance, process_start
from runtime.amqp.broker import Message, open_broker
from runtime.settings import Settings
from schemas.topology import WEBHOOKS, queue_name, routing_key, work_queues
from tests.integration.broker.proxy import proxied
from tests.integration.console.conftest import Run, add_delivery, add_letter
from tests.waiting import until


def nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when somebody runs an instance on the default ports of this machine."""
    for port in ("INGRESS", "API", "CONSOLE", "PROCESSOR_METRICS", "PROJECTIONS_METRICS", "NOTIFY_METRICS"):
        monkeypatch.setenv(f"LUNAS_{port}_PORT", "1")


async def test_migrate_waits_for_a_database_that_is_starting_and_says_so(
    lunas: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("console.store.talk", said.append)
    async with proxied(database_url) as (proxy, url):
        await proxy.close()
        monkeypatch.setenv("LUNAS_DATABASE_URL", url)
        migrating = asyncio.create_task(lunas("migrate"))
        await until(lambda: said)
        assert not migrating.done()
        await proxy.open()
        assert (await migrating).code == exits.FINE
    assert len(said) == 1
    assert str(proxy.port) in said[0]
    assert url not in said[0]


async def test_migrate_gives_up_when_the_database_stays_away(
    lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_DATABASE_URL", "postgresql://u:hush@127.0.0.1:9,127.0.0.1:10/nobody")
    monkeypatch.setenv("LUNAS_DATABASE_START_TIMEOUT_SECONDS", "0.1")
    result = await lunas("migrate")
    assert result.code == exits.PROBLEMS
    assert "127.0.0.1:9,127.0.0.1:10/nobody" in result.err
    assert "hush" not in result.err


async def test_migrate_is_safe_to_repeat(
    lunas: Run, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_DATABASE_URL", empty_database_url)
    first = await lunas("migrate", "--json")
    assert first.code == exits.FINE, first.err
    assert {"0001_log.sql", "suspense_v1"} <= set(first.json["applied"])
    again = await lunas("migrate", "--json")
    assert again.json == {"applied": []}


async def test_status_names_what_is_away_and_exits_1(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    nothing_answers(monkeypatch)
    await lunas("migrate")
    now = await store.fetchval("SELECT clock_timestamp()")
    await add_delivery(store, received_at=now)
    await add_delivery(store, received_at=now - timedelta(days=2))
    await add_letter(store)
    result = await lunas("status", "--json")
    assert result.code == exits.PROBLEMS
    assert result.err == ""
    seen = result.json
    assert seen["ok"] is False
    assert seen["processes"] == dict.fromkeys(
        ("ingress", "processor", "projections", "api", "notify", "console"), "away"
    )
    assert seen["parked"] == {"count": 1, "amount": 50_000, "unknown": 0}
    assert seen["suspense"]["count"] == 0
    assert [(row["provider"], row["last_day"]) for row in seen["providers"]] == [("xendit", 1)]
    assert {queue["name"] for queue in seen["queues"]} >= {"lunas.webhooks.p0", "lunas.parked"}
    screen = (await lunas("status")).out
    assert "no process answers (ingress, processor, projections, api, notify, console)" in screen
    assert "Rp 50,000" in screen


async def test_status_answers_when_nothing_is_reachable(lunas: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUNAS_DATABASE_URL", "postgresql://x@127.0.0.1:1/y")
    monkeypatch.setenv("LUNAS_BROKER_URL", "amqp://x@127.0.0.1:1/")
    result = await lunas("status", "--json")
    assert result.code == exits.PROBLEMS
    assert result.json["suspense"] is None
    assert any("PostgreSQL" in problem for problem in result.json["problems"])
    assert any("RabbitMQ" in problem for problem in result.json["problems"])


async def test_doctor_finds_an_unprotected_log(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    await lunas("migrate")

    async def states() -> dict[str, str]:
        return {check["check"]: check["state"] for check in (await lunas("doctor", "--json")).json["checks"]}

    before = await states()
    assert {before[name] for name in ("schema", "fsync", "append_only", "roles", "ledger", "catalogue")} == {
        "ok"
    }
    assert before["environment"] == "note"
    await store.execute("ALTER TABLE events DISABLE TRIGGER events_are_immutable")
    assert (await states())["append_only"] == "problem"
    await store.execute("ALTER TABLE events ENABLE TRIGGER events_are_immutable")
    await store.execute(
        "INSERT INTO ledger_v1 (account, unit, balance, position) VALUES ('clearing:xendit', 'IDR', 5, 1)"
    )
    result = await lunas("doctor")
    assert result.code == exits.PROBLEMS
    assert "the ledger does not sum to zero: IDR 5" in result.out


async def test_status_and_doctor_show_every_partition_and_what_an_earlier_number_left_over(
    lunas: Run, settings: Callable[..., Settings], broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    four = settings(broker_url=broker_url, broker_partitions=4)
    async with open_broker(four, "test") as broker:
        await broker.ready(60.0)
        message = Message(WEBHOOKS, routing_key(work_queues(4) - 1), b"x")
        await broker.publisher.publish(message, deadline=60.0)
    await lunas("migrate")
    works, left = [queue_name(number) for number in range(work_queues(4))], work_queues(2)

    async def queues() -> list[tuple[str, int, bool]]:
        seen = (await lunas("status", "--json")).json["queues"]
        return [
            (queue["name"], queue["ready"], queue["left_over"]) for queue in seen if queue["name"] in works
        ]

    async def partitions() -> list[dict[str, str]]:
        checks = (await lunas("doctor", "--json")).json["checks"]
        return [check for check in checks if check["check"] == "partitions"]

    monkeypatch.setenv("LUNAS_BROKER_PARTITIONS", "4")
    assert await queues() == [(name, int(name == works[-1]), False) for name in works]
    assert await partitions() == []
    monkeypatch.setenv("LUNAS_BROKER_PARTITIONS", "2")
    assert await queues() == [(name, int(name == works[-1]), name in works[left:]) for name in works]
    (finding,) = await partitions()
    assert finding["state"] == "note"
    assert f"{', '.join(works[left:])} (1 waiting)" in finding["detail"]
    monkeypatch.setenv("LUNAS_BROKER_PARTITIONS", "5")
    seen = (await lunas("status", "--json")).json["queues"]
    missing = [queue["name"] for queue in seen if not queue["exists"] and queue["name"].startswith(WEBHOOKS)]
    assert missing == [queue_name(number) for number in range(work_queues(4), work_queues(5))]


async def test_doctor_of_a_provider_counts_outcomes(lunas: Run, store: asyncpg.Connection) -> None:
    await add_delivery(store, received_at=await store.fetchval("SELECT now()"))
    result = await lunas("doctor", "xendit")
    assert result.code == exits.FINE
    assert "processed 1" in result.out
    assert "nothing ever came from scalev" in (await lunas("doctor", "scalev")).out


async def test_the_command_finds_the_running_instance_by_itself(
    lunas: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lunas("migrate")
    monkeypatch.delenv("LUNAS_DATABASE_URL")
    refused = await lunas("webhooks", "list")
    assert refused.code == exits.WRONG_USE
    assert f"No instance of lunas runs in {tmp_path}" in refused.err
    assert "LUNAS_DATABASE_URL" in refused.err
    instance = Instance(
        os.getpid(), process_start(os.getpid()), tmp_path, {}, {"LUNAS_DATABASE_URL": database_url}
    )
    instance.write()
    try:
        assert (await lunas("webhooks", "list", "--json")).json == {"items": []}
        monkeypatch.setenv("LUNAS_DATABASE_URL", "postgresql://x@127.0.0.1:1/mine")
        assert "127.0.0.1:1/mine" in (await lunas("webhooks", "list")).err
    finally:
        instance.remove()


async def test_an_empty_database_is_a_finding_and_a_problem_not_an_error(
    lunas: Run, empty_database_url: str, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    nothing_answers(monkeypatch)
    found = await lunas("doctor", "--json")
    assert found.code == exits.PROBLEMS
    checks = {check["check"]: check for check in found.json["checks"]}
    assert checks["environment"]["state"] == "note"
    assert checks["schema"]["state"] == "problem"
    assert checks["schema"]["fix"] == "lunas migrate"
    seen = await lunas("status", "--json")
    assert seen.code == exits.PROBLEMS
    assert any("lunas migrate" in problem for problem in seen.json["problems"])
    assert seen.json["queues"]
    assert seen.err == ""


async def test_a_broker_that_refuses_is_not_called_away(
    lunas: Run, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_answers(monkeypatch)
    await lunas("migrate")
    for wrong in (
        re.sub(r":[^:@/]*@", ":hidden-guess@", broker_url),
        broker_url.rpartition("/")[0] + "/no-such-vhost",
    ):
        monkeypatch.setenv("LUNAS_BROKER_URL", wrong)
        seen = await lunas("status", "--json")
        [told] = [problem for problem in seen.json["problems"] if "RabbitMQ" in problem]
        assert "LUNAS_BROKER_URL" in told
        assert "does not let us in" in told
        assert "hidden-guess" not in seen.out + seen.err
        assert seen.err == ""
