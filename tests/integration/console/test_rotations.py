"""A rotation of webhook secrets leaves a record by itself, which nobody can take out, and a person says who and why (case C08)."""

from __future__ import annotations

import uuid

import asyncpg
import pytest

from console import exits
from console.checks.secrets import check_rotations
from processor.fulfilment.inline import Inline
from processor.intake.interpreter import Interpreter
from processor.intake.secrets_seen import SecretsSeen
from processor.intake.store import Store
from providers.registry import PROVIDERS
from providers.verification import secret_id
from runtime.database import Pool
from runtime.ids import utc_now, uuid7
from schemas.envelope import Envelope
from tests.integration.console.conftest import Run

OLD, NEW = "rahasia-lama-1a2b3c4d5e", "rahasia-baru-6f7a8b9c0d"


def webhook(secret: str, number: int, provider: str = "xendit") -> Envelope:
    body = f'{{"event":"payment_method.activated","data":{{"id":"pm-{number}"}}}}'.encode()
    at = round(utc_now().timestamp() * 1_000_000)
    return Envelope(
        str(uuid7()), provider, at, "static_token", secret_id(secret), f"/webhooks/{provider}", body
    )


class Intake:
    """A processor; `again` is the next process."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.again()

    def again(self) -> None:
        interpreter = Interpreter(PROVIDERS, {}, production=False)
        self.store = Store(self.pool, interpreter, 100, 60.0, Inline(0))

    async def takes(self, *envelopes: Envelope) -> None:
        await self.store.store([self.store.interpreter.prepare(one) for one in envelopes])


@pytest.fixture
def intake(pool: Pool) -> Intake:
    return Intake(pool)


async def seen(store: asyncpg.Connection) -> list[tuple[str, list[str]]]:
    rows = await store.fetch("SELECT secret_id, known_before FROM webhook_secrets ORDER BY seen_at")
    return [(row["secret_id"], row["known_before"]) for row in rows]


async def test_c08_the_first_delivery_that_a_secret_verifies_is_recorded_with_it(
    intake: Intake, store: asyncpg.Connection
) -> None:
    await intake.takes(webhook(OLD, 1), webhook(OLD, 2))
    assert await seen(store) == [(secret_id(OLD), [])]
    first = webhook(NEW, 3)
    await intake.takes(webhook(OLD, 4), first, webhook(NEW, 5))
    assert await seen(store) == [(secret_id(OLD), []), (secret_id(NEW), [secret_id(OLD)])]
    found = await store.fetchval(
        "SELECT delivery_id FROM webhook_secrets WHERE secret_id = $1", secret_id(NEW)
    )
    assert found == uuid.UUID(first.delivery_id)
    # Another process knows it too, and another provider's is another.
    intake.again()
    await intake.takes(webhook(NEW, 6), webhook(NEW, 7, "mayar"))
    assert (await seen(store))[2:] == [(secret_id(NEW), [])]


async def test_c08_a_process_asks_once_about_each_secret_and_not_for_every_webhook(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    record = SecretsSeen.record

    async def counted(self: SecretsSeen, connection: object, batch: list[object]) -> object:
        found = await record(self, connection, batch)  # type: ignore[arg-type]
        asked.append(len(found))
        return found

    monkeypatch.setattr(SecretsSeen, "record", counted)
    for number in range(5):
        await intake.takes(webhook(OLD, number))
    assert asked == [1, 0, 0, 0, 0]


async def test_c08_what_was_not_committed_is_recorded_with_the_next_one(
    intake: Intake, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = SecretsSeen.record

    async def dies(self: SecretsSeen, connection: object, batch: list[object]) -> object:
        await record(self, connection, batch)  # type: ignore[arg-type]
        raise OSError("gone before the commit")

    with monkeypatch.context() as patched:
        patched.setattr(SecretsSeen, "record", dies)
        with pytest.raises(OSError, match="gone"):
            await intake.takes(webhook(OLD, 1))
    assert await seen(store) == []
    await intake.takes(webhook(OLD, 1))
    assert await seen(store) == [(secret_id(OLD), [])]


@pytest.mark.parametrize("change", ["UPDATE webhook_secrets SET secret_id = '000000000000'", "DELETE FROM webhook_secrets", "TRUNCATE webhook_secrets"])  # fmt: skip
async def test_c08_nobody_takes_it_out_again(intake: Intake, store: asyncpg.Connection, change: str) -> None:
    await intake.takes(webhook(OLD, 1))
    with pytest.raises(asyncpg.PostgresError):
        await store.execute(change)


async def test_c08_a_rotation_is_told_until_a_person_says_why(
    lunas: Run, intake: Intake, store: asyncpg.Connection
) -> None:
    assert (await lunas("migrate")).code == exits.FINE
    await intake.takes(webhook(OLD, 1))

    async def open_rotations() -> list[str]:
        return [one.detail async for one in check_rotations(store)]

    assert await open_rotations() == []  # where the record begins
    await intake.takes(webhook(NEW, 2))
    (told,) = await open_rotations()
    assert secret_id(NEW) in told
    ends = f"{secret_id(OLD)} not_after=2026-12-08T00:00:00+07:00"
    words = ("secrets", "record", "xendit", "--secret", secret_id(NEW), "--secret", ends)
    done = await lunas(*words, "--reason", "the yearly rotation", "--yes")
    assert done.code == exits.FINE, done.err
    assert await open_rotations() == []
    newest, oldest = (await lunas("secrets", "list", "--json")).json["items"]
    assert (newest["secret_id"], newest["actor"], newest["reason"]) == (secret_id(NEW), "sari", "the yearly rotation")  # fmt: skip
    assert (oldest["secret_id"], oldest["not_after"]) == (secret_id(OLD), "2026-12-07T17:00:00+00:00")
    shown = await lunas("secrets", "list")
    assert secret_id(NEW) in shown.out
    acts = (await lunas("audit", "list", "--verb", "secrets", "--json")).json["items"]
    assert [(one["actor"], one["target"]) for one in acts] == [("sari", "xendit")]
    act = (await lunas("audit", "show", acts[0]["act_id"], "--json")).json
    assert {one["secret_id"] for one in act["after"]["secrets"]} == {secret_id(OLD), secret_id(NEW)}


async def test_c08_without_names_it_is_the_set_of_this_process_and_never_a_secret(
    lunas: Run, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await lunas("migrate")).code == exits.FINE
    monkeypatch.setenv("XENDIT_WEBHOOK_SECRET", f"{NEW},{OLD}")
    done = await lunas("secrets", "record", "xendit", "--reason", "a rotation", "--yes", "--json")
    assert done.code == exits.FINE, done.err
    kept = str([dict(row) for row in await store.fetch("SELECT * FROM operator_acts")])
    assert secret_id(OLD) in kept
    assert secret_id(NEW) in kept
    for text in (kept, done.out, done.err):
        assert OLD not in text
        assert NEW not in text
    wrong = await lunas("secrets", "record", "xendit", "--secret", OLD, "--reason", "a mistake", "--yes")
    assert (wrong.code, OLD in wrong.err) == (exits.WRONG_USE, False)
