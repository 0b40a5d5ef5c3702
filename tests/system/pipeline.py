"""A whole lunas for one test: real processes, started and killed one by one, against the session's real services."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import asyncpg

from console.player import Answered
from runtime.lifecycle import SUPERVISOR_VARIABLE
from tests.ports import Ports

PROCESSES = ("ingress", "processor", "projections", "api")
WITH_FAKES = ("fakes", *PROCESSES)
"""Processes that ask for money and are paid: in development what we call are the fakes."""
START_SECONDS = 180.0
STOP_SECONDS = 180.0
SETTLE_SECONDS = 180.0
PATIENT = {
    "LUNAS_PROBE_TIMEOUT_SECONDS": "30",
    "LUNAS_SHUTDOWN_BUDGET_SECONDS": "120",
    "LUNAS_PROCESSOR_DRAIN_BUDGET_SECONDS": "90",
}
"""What answers has the time to, and what ends in order too, however slow the machine is."""
TOKENS_PER_IDR = 10
CUSTOMERS = [f"c{number}" for number in range(10)]


@dataclass(frozen=True)
class Webhook:
    """A Xendit capture of one top-up (https://docs.xendit.co/apidocs/payment-webhook-notification)."""

    customer: str
    amount: int
    body: bytes
    path: str = "/webhooks/xendit"
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"x-callback-token": "dev-xendit-secret", "content-type": "application/json"}
    )


def top_up(number: int, customer: str, amount: int) -> Webhook:
    """The capture of payment `number`; the same arguments give the same bytes."""
    at = f"2026-07-01T03:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
    data = {
        "payment_id": f"py-{number}",
        "payment_request_id": f"pr-{number}",
        "reference_id": f"topup-{number}",
        "type": "PAY",
        "status": "SUCCEEDED",
        "country": "ID",
        "currency": "IDR",
        "request_amount": amount,
        "channel_code": "QRIS",
        "captures": [{"capture_id": f"cptr-{number}", "capture_amount": amount, "capture_timestamp": at}],
        "metadata": {"payment_type": "credit_topup", "customer_id": customer},
        "created": at,
        "updated": at,
    }
    document = {
        "event": "payment.capture",
        "business_id": "test",
        "created": at,
        "api_version": "v3",
        "data": data,
    }
    return Webhook(customer, amount, json.dumps(document).encode())


class Pipeline:
    """Starts the processes on free ports; `async with` ends what is left of them."""

    def __init__(
        self,
        database_url: str,
        broker_url: str,
        home: Path,
        processes: Sequence[str] = PROCESSES,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`more`: further environment variables of every process."""
        self._processes = processes
        self.database_url = database_url
        self._home = home
        self.held = Ports()
        self._ports = dict(zip(self._port_names(), self.held.pick(len(self._port_names())), strict=True))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")},
            **self.doors,
            "LUNAS_ENV": "development",
            "LUNAS_DOTENV": os.devnull,
            "LUNAS_HOME": str(home),
            "LUNAS_DATABASE_URL": database_url,
            "LUNAS_BROKER_URL": broker_url,
            "LUNAS_LOG_FORMAT": "json",
            **PATIENT,
            # Ends the processes should this one be killed.
            SUPERVISOR_VARIABLE: str(os.getpid()),
            **(more or {}),
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def doors(self) -> dict[str, str]:
        """Variables that lead the `lunas` command to these processes."""
        return {f"LUNAS_{name}": str(port) for name, port in self._ports.items()}

    @property
    def ingress(self) -> str:
        return f"http://127.0.0.1:{self._ports['INGRESS_PORT']}"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self._ports['API_PORT']}"

    @property
    def fakes(self) -> str:
        return f"http://127.0.0.1:{self._ports['FAKES_PORT']}"

    def shown(self, name: str) -> str:
        """Where a process shows its metrics."""
        return f"http://127.0.0.1:{self._ports[f'{name.upper()}_METRICS_PORT']}"

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self._ports['CONSOLE_PORT']}"

    async def __aenter__(self) -> Self:
        try:
            for name in self._processes:
                self.start(name)
            await asyncio.gather(*(self.wait_ready(name) for name in self._processes))
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()
        self.held.close()

    def start(self, name: str, **more: str) -> None:
        """Starts one process (again); `more` are further environment variables."""
        with (self._home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "console.main", "run", name],
                env=self.environment | more,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    async def wait_ready(self, name: str) -> None:
        """Until `/readyz` of the process says yes."""
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
            for port in self._health_ports(name):
                while not await _answers(session, f"http://127.0.0.1:{port}/readyz"):
                    assert self.running[name].poll() is None, f"{name} ended:\n{self.log(name)[-3000:]}"
                    await asyncio.sleep(0.05)

    async def kill(self, name: str) -> None:
        """kill -9."""
        self.running[name].kill()
        await asyncio.to_thread(self.running[name].wait)

    async def terminate(self, name: str) -> int:
        """SIGTERM; the exit code."""
        self.running[name].send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.running[name].wait, STOP_SECONDS)

    async def dead(self, name: str) -> int:
        """Waits until the process has died by itself; the exit code."""
        return await asyncio.to_thread(self.running[name].wait, START_SECONDS)

    def log(self, name: str) -> str:
        return (self._home / f"{name}.log").read_text("utf-8")

    @property
    def home(self) -> Path:
        return self._home

    async def rows(self, statement: str) -> list[asyncpg.Record]:
        """What readers see."""
        connection = await asyncpg.connect(self.database_url, server_settings={"search_path": "lunas"})
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    async def register(self, customers: Sequence[str]) -> None:
        """Registers customers through the API."""
        headers = {"Authorization": "Bearer dev-api-key"}
        async with aiohttp.ClientSession(headers=headers) as session:
            for customer in customers:
                body = {"email": f"{customer}@example.com"}
                async with session.put(f"{self.api}/v1/customers/{customer}", json=body) as answer:
                    assert answer.status in (200, 201), await answer.text()

    async def balance(self, customer: str) -> dict[str, Any]:
        """The answer of the balance call; empty while the customer is not known there."""
        headers = {"Authorization": "Bearer dev-api-key"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{self.api}/v1/customers/{customer}/balance") as answer,
        ):
            return dict(await answer.json()) if answer.status == 200 else {}

    def _health_ports(self, name: str) -> list[int]:
        if name == "all":
            return [port for each in PROCESSES for port in self._health_ports(each)]
        return [
            self._ports[
                f"{name.upper()}_PORT" if name in ("ingress", "api") else f"{name.upper()}_METRICS_PORT"
            ]
        ]

    @staticmethod
    def _port_names() -> list[str]:
        doors = [
            "INGRESS_PORT",
            "API_PORT",
            "CONSOLE_PORT",
            "CONSOLE_METRICS_PORT",
            "FAKES_PORT",
            "FAKES_METRICS_PORT",
        ]
        return doors + [f"{name.upper()}_METRICS_PORT" for name in (*PROCESSES, "notify")]


async def _answers(session: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with session.get(address) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def settle(pipeline: Pipeline, expected: Mapping[str, int]) -> dict[str, int]:
    """Credit tokens per customer once they equal what is expected, or what they are after SETTLE_SECONDS."""
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    try:
        deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while True:
            rows = await connection.fetch("SELECT customer_id, credit_tokens FROM balances")
            found = {row["customer_id"]: row["credit_tokens"] for row in rows}
            if found == expected or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def expected_tokens(webhooks: Sequence[Webhook]) -> dict[str, int]:
    """What each customer must end with; duplicates of one payment count once."""
    totals: Counter[str] = Counter()
    for webhook in {webhook.body: webhook for webhook in webhooks}.values():
        totals[webhook.customer] += webhook.amount * TOKENS_PER_IDR
    return dict(totals)


async def assert_every_answer_is_stored_once(pipeline: Pipeline, answers: Sequence[Answered]) -> None:
    """I1 and I2: every request answered 200 is in `deliveries`, byte for byte; each payment was granted exactly once."""
    acknowledged = {
        hashlib.sha256(answer.delivery.body).digest() for answer in answers if answer.status == 200
    }
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    try:
        rows = await connection.fetch("SELECT body, body_sha256, status FROM deliveries")
        granted = await connection.fetchval("SELECT count(*) FROM events WHERE type = 'credit.granted'")
        received = await connection.fetchval("SELECT count(*) FROM events WHERE type = 'payment.succeeded'")
        parked = await connection.fetchval("SELECT count(*) FROM dead_letters")
        ledger = await connection.fetchval("SELECT coalesce(sum(balance), 0) FROM ledger")
    finally:
        await connection.close()
    assert all(hashlib.sha256(row["body"]).digest() == row["body_sha256"] for row in rows)
    effective = Counter(row["body_sha256"] for row in rows if row["status"] == "processed")
    assert acknowledged <= set(effective)
    assert set(effective.values()) == {1}
    assert (granted, received) == (len(effective), len(effective))
    assert (parked, ledger) == (0, 0)
