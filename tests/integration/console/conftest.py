"""The `lunas` command against a real database and broker, called as a person would."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import language, main
from runtime.database import Pool
from runtime.ids import uuid7
from runtime.settings import Settings
from schemas.envelope import Envelope, pack
from tests.integration.console.replays import Shop
from tests.integration.processor.reconciliation.stand import Branch, branch_of
from tests.personal_key import PERSONAL_KEY, begin_to_seal, personal_key
from tests.unit.providers.fakes.stand import KEYS

AT = datetime(2026, 11, 22, 2, 40, 12, 345678, tzinfo=UTC)
BODY = b'{"event":"payment.capture","data":{"payment_id":"py-1","amount":50000}}'


@dataclass(frozen=True)
class Result:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def lunas(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Iterator[Run]:
    """`await lunas("webhooks", "list")`; the database is migrated."""
    monkeypatch.setenv("LUNAS_DATABASE_URL", database_url)
    monkeypatch.setenv("LUNAS_HOME", str(tmp_path))
    monkeypatch.setenv("LUNAS_ENV", "development")
    monkeypatch.setenv("LUNAS_OPERATOR", "sari")
    monkeypatch.setenv("LUNAS_LANG", "en")
    # For services that answer, however slow the machine is; who tests those that do not says how long they are waited for.
    monkeypatch.setenv("LUNAS_PROBE_TIMEOUT_SECONDS", "30")

    async def run(*arguments: str) -> Result:
        capfdbinary.readouterr()
        code = await asyncio.to_thread(main.run, arguments)
        shown = capfdbinary.readouterr()
        return Result(code, shown.out.decode(), shown.err.decode())

    yield run
    language.choose(None)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do everything, to set scenes and to look behind the command."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    yield connection
    await connection.close()


@pytest.fixture
async def branch(
    settings: Callable[..., Settings],
    database_url: str,
    broker_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Branch]:
    """A branch at fake providers that commands work on too; its database is that of `lunas`."""
    async with branch_of(settings, database_url, broker_url) as opened:
        monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
        monkeypatch.setenv("XENDIT_BASE_URL", opened.fakes.bases["xendit"])
        monkeypatch.setenv("XENDIT_SECRET_KEY", KEYS["xendit"])
        yield opened


async def add_delivery(store: asyncpg.Connection, body: bytes = BODY, **more: Any) -> uuid.UUID:
    """One row of `deliveries`; its id."""
    at: datetime = more.get("received_at", AT)
    row = {
        # Drawn as ingress draws it: when the request came.
        "delivery_id": uuid7(now_ms=lambda: round(at.timestamp() * 1000)),
        "provider": "xendit",
        "received_at": AT,
        "processing_ms": 12,
        "path": "/webhooks/xendit",
        "headers": '{"content-type":"application/json"}',
        "body": body,
        "body_sha256": hashlib.sha256(body).digest(),
        "scheme": "static_token",
        "secret_id": "0123456789ab",
        "event_name": "payment.capture",
        "dedupe_key": "k1",
        "status": "processed",
    } | more
    names = ", ".join(row)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await store.execute(f"INSERT INTO deliveries ({names}) VALUES ({places})", *row.values())
    return uuid.UUID(str(row["delivery_id"]))


async def add_letter(store: asyncpg.Connection, body: bytes = BODY, **more: Any) -> uuid.UUID:
    """One row of `dead_letters`; its id."""
    envelope = Envelope(
        str(uuid.uuid4()),
        "xendit",
        1_700_000_000_000_000,
        "static_token",
        "0123456789ab",
        "/webhooks/xendit",
        body,
    )
    row = {
        "dead_letter_id": uuid.uuid4(),
        "delivery_id": uuid.UUID(envelope.delivery_id),
        "provider": "xendit",
        "event_name": "payment.capture",
        "stage": "translate",
        "reason": "amount_fractional",
        "message": pack([envelope]),
        "body_sha256": hashlib.sha256(body).digest(),
    } | more
    names = ", ".join(row)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await store.execute(f"INSERT INTO dead_letters ({names}) VALUES ({places})", *row.values())
    return uuid.UUID(str(row["dead_letter_id"]))


@pytest.fixture
async def sealing(
    pool: Pool, database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shop]:
    """A shop that seals from its first event on."""
    monkeypatch.setenv("LUNAS_PERSONAL_DATA_KEY", PERSONAL_KEY)
    with personal_key():
        assert await begin_to_seal(pool)
        yield await Shop(pool, settings(database_url=database_url)).open()
