"""The procedure of docs/runbooks/restore.md with real processes and a real archive: a database is destroyed, and is as if nothing had happened.

What the page shows as printed is what was printed here, but for times and numbers.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest

from console import exits, language, main
from console.player import Answered, play
from console.times import iso
from eventstore.migrations import migrate
from projections.versions import ensure
from tests.archived import ArchivedServer, archived_server
from tests.page_blocks import ROOT, blocks_of
from tests.system.incidents import memberships
from tests.system.pipeline import (
    CUSTOMERS,
    Pipeline,
    expected_tokens,
    settle,
    top_up,
)
from tests.waiting import until

pytestmark = pytest.mark.heavy

BEHIND_THE_QUEUE = ("processor", "projections", "api")
PAGE = ROOT / "docs/runbooks/restore.md"
COPIED = [top_up(number, f"c{number % 5}", 10_000 + number) for number in range(20)]
KEPT = [top_up(number, f"c{number % 7}", 20_000 + number) for number in range(100, 120)]
UNDONE = [top_up(number, f"c{number % 6}", 30_000 + number) for number in range(200, 220)]
UNARCHIVED = [top_up(number, f"c{number % 4}", 40_000 + number) for number in range(300, 320)]
MEANWHILE = [top_up(number, f"c{number % 3}", 50_000 + number) for number in range(400, 410)]
OF_MAYAR = memberships()
ALL = [*COPIED, *KEPT, *UNDONE, *UNARCHIVED, *MEANWHILE]

SHOWN = {
    "balances": "customer_id, credit_tokens, chat_tokens",
    "payments": "provider, payment_id, status, amount, refunded_amount, customer_id, payment_type, held, paid_at",
    "suspense": "provider, payment_id, reason, amount, status",
    "ledger": "account, unit, balance",
    "subscriptions": "customer_id, provider, status",
}
"""What must be the same as where nothing happened: everything that does not say when or in which order it was decided."""

Shell = Callable[..., Awaitable[str]]


@pytest.fixture
async def server() -> AsyncIterator[ArchivedServer]:
    with archived_server() as made:
        await made.start()
        await made.create()
        yield made


async def prepared(url: str) -> None:
    await migrate(url)
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        await ensure(connection)
    finally:
        await connection.close()


async def picture(url: str) -> dict[str, list[str]]:
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        return {
            view: sorted(str(tuple(row)) for row in await connection.fetch(f"SELECT {columns} FROM {view}"))
            for view, columns in SHOWN.items()
        }
    finally:
        await connection.close()


async def undisturbed(url: str, broker_url: str, home: Path) -> dict[str, list[str]]:
    """What the same webhooks make of a database to which nothing happens."""
    home.mkdir()
    await prepared(url)
    async with Pipeline(url, broker_url, home) as shop:
        await shop.register(CUSTOMERS)
        await play(shop.ingress, [*OF_MAYAR, *ALL])
        assert await settle(shop, expected_tokens(ALL)) == expected_tokens(ALL)
        await until(lambda: received(url, len(ALL) + len(OF_MAYAR)))
        return await picture(url)


async def received(url: str, number: int) -> bool:
    """All of them are decided, and the read models have seen it."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        return bool(
            await connection.fetchval("SELECT count(*) = $1 FROM payments WHERE paid_at IS NOT NULL", number)
        )
    finally:
        await connection.close()


async def assert_stored_once(url: str, answers: Sequence[Answered]) -> None:
    """Whatever was answered 200 is in the log's deliveries, and counted once."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        rows = await connection.fetch("SELECT body_sha256 FROM deliveries WHERE status = 'processed'")
    finally:
        await connection.close()
    counted = Counter(row["body_sha256"] for row in rows)
    assert set(counted.values()) == {1}
    assert {hashlib.sha256(answer.delivery.body).digest() for answer in answers} == set(counted)


@pytest.fixture
def shell(
    server: ArchivedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Runs a `lunas` command as an operator does; what stood on the screen."""

    async def run(shop: Pipeline, *words: str, code: int = exits.FINE) -> str:
        for name, value in shop.environment.items():
            if name.startswith("LUNAS_"):
                monkeypatch.setenv(name, value)
        capsys.readouterr()
        ended = await asyncio.to_thread(main.run, ["--lang", "en", *words])
        language.choose(None)
        shown = capsys.readouterr()
        assert ended == code, shown.out + shown.err
        with (shop.home / "printed").open("a") as file:  # for whoever has to write the page anew
            file.write(f"$ lunas {' '.join(words)}\n{shown.out}{shown.err}\n")
        return shown.out + shown.err

    return run


def without_values(text: str) -> list[str]:
    """Lines without what is different each time: names of files, times, ages, numbers."""
    text = re.sub(r"/[\w./-]+", "PATH", text)
    text = re.sub(r"\b[0-9A-F]{24}\b|\b\d{8}T\d{6}Z", "NAME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.+]+Z?( WIB \([\d :-]+UTC\))?", "TIME", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"\b[\d.,]*\d( (s|min|h|d)\b)?", "N", text)
    text = re.sub(r"(✓ \w+ equals the log\n)+", "✓ each equals the log\n", text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def printed_in_the_page() -> dict[str, list[str]]:
    """What the runbook shows, by the first words of the command above it."""
    shown = [block.text for block in blocks_of(PAGE) if block.info == "text"]
    pairs = [text.removeprefix("$ ").split("\n", 1) for text in shown]
    return {command.split(" --")[0]: without_values(output) for command, output in pairs}


async def test_a_database_that_was_destroyed_is_restored_to_a_moment_and_nothing_is_lost_or_doubled(
    server: ArchivedServer, broker_url: str, rabbitmq: object, database_url: str, tmp_path: Path, shell: Shell
) -> None:
    await prepared(server.url)
    archive = {"LUNAS_BACKUP_DIR": str(server.backups)}
    seen: dict[str, list[str]] = {}
    async with Pipeline(server.url, broker_url, tmp_path, more=archive) as shop:
        await shop.register(CUSTOMERS)
        answers = await play(shop.ingress, [*OF_MAYAR, *COPIED])
        await until(lambda: received(server.url, len(COPIED) + len(OF_MAYAR)))
        await server.copy_whole()
        copied = await server.value("SELECT clock_timestamp()")
        # Copies are named by the second they were begun in: a moment of the same second is not known to come after one.
        await until(
            lambda: server.value(
                "SELECT clock_timestamp() >= date_trunc('second', $1::timestamptz) + interval '1 s'", copied
            )
        )
        answers += await play(shop.ingress, KEPT)
        assert await settle(shop, expected_tokens([*COPIED, *KEPT])) == expected_tokens([*COPIED, *KEPT])
        moment = await server.value("SELECT clock_timestamp()")
        assert isinstance(moment, datetime)
        answers += await play(shop.ingress, UNDONE)
        before = expected_tokens([*COPIED, *KEPT, *UNDONE])
        assert await settle(shop, before) == before
        await server.archived()
        answers += await play(shop.ingress, UNARCHIVED)
        before = expected_tokens([*COPIED, *KEPT, *UNDONE, *UNARCHIVED])
        assert await settle(shop, before) == before
        seen["lunas backup check"] = without_values(await shell(shop, "backup", "check"))

        # The accident. Ingress and the broker go on.
        for name in BEHIND_THE_QUEUE:
            await shop.kill(name)
        server.destroy()
        answers += await play(shop.ingress, MEANWHILE)

        seen["sh put-back.sh"] = without_values(server.put_back(moment))
        await server.start()
        await server.restored()
        for name in BEHIND_THE_QUEUE:
            shop.start(name)
        await asyncio.gather(*(shop.wait_ready(name) for name in BEHIND_THE_QUEUE))
        without = expected_tokens([*COPIED, *KEPT, *MEANWHILE])
        assert await settle(shop, without) == without

        since = iso(moment.replace(microsecond=0))
        words = ("ingress", "republish", "--since", since, "--reason", "restored", "--yes")
        seen["lunas ingress republish"] = without_values(await shell(shop, *words))
        assert await settle(shop, expected_tokens(ALL)) == expected_tokens(ALL)
        assert {answer.status for answer in answers} == {200}
        await until(lambda: received(server.url, len(ALL) + len(OF_MAYAR)))
        seen["lunas projections verify"] = without_values(await shell(shop, "projections", "verify"))
        seen["lunas fulfilment verify"] = without_values(await shell(shop, "fulfilment", "verify"))
        restored = await picture(server.url)
        await assert_stored_once(server.url, answers)
        for name in shop.running:
            await shop.kill(name)
    assert restored == await undisturbed(database_url, rabbitmq.vhost_url(), tmp_path / "control")  # type: ignore[attr-defined]
    assert printed_in_the_page() == seen


def test_the_page_shows_every_command_of_the_rehearsal() -> None:
    assert len(printed_in_the_page()) == 5
