"""The witness finds what it is there for: each invariant is broken once on purpose."""

from __future__ import annotations

import hashlib
from pathlib import Path

import asyncpg
import pytest

from projections.app import prepare
from runtime.database import Pool
from tests.witness.missing import not_stored
from tests.witness.record import Record
from tests.witness.verdict import Heard, Verdict, judge
from tests.witness.webhooks import plan

PLAN = plan(11, 60)
TOP_UP = next(webhook for webhook in PLAN if webhook.tokens > 0)
FORGED = next(webhook for webhook in plan(11, 400) if not webhook.genuine)

DELIVERY = """
INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, status)
VALUES (gen_random_uuid(), 'xendit', now(), 1, '/webhooks/xendit', '{}', $1, sha256($1), 'static_token', '1', $2)
"""


@pytest.fixture(autouse=True)
async def read_models(pool: Pool) -> None:
    """Empty ones."""
    await prepare(pool)


async def verdict(
    database_url: str,
    folder: Path,
    *,
    answers: dict[str, int] | None = None,
    stored: list[tuple[bytes, str]] | None = None,
    retry_after: str | None = "1",
) -> Verdict:
    """What is said of a run in which TOP_UP and FORGED were sent."""
    async with Record(folder / "record") as record:
        for webhook in (TOP_UP, FORGED):
            await record.keep(what="sent", digest=webhook.digest, genuine=webhook.genuine, attempt=1)
        for digest, status in (answers or {}).items():
            await record.keep(
                what="answered", digest=digest, status=status, retry_after=retry_after, error="", attempt=1
            )
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        await connection.executemany(DELIVERY, stored or [])
    finally:
        await connection.close()
    return await judge(folder / "record", [*PLAN, FORGED], database_url)


async def test_an_accepted_webhook_that_is_nowhere_is_lost(database_url: str, tmp_path: Path) -> None:
    found = await verdict(database_url, tmp_path, answers={TOP_UP.digest: 200})
    assert found.broken == {"I1 accepted and lost": [TOP_UP.digest]}


async def test_what_was_counted_twice_never_or_from_nowhere_is_named(
    database_url: str, tmp_path: Path
) -> None:
    found = await verdict(
        database_url,
        tmp_path,
        stored=[
            (TOP_UP.body, "processed"),
            (TOP_UP.body, "processed"),
            (b"{}", "duplicate"),
            (FORGED.body, "processed"),
        ],
    )
    assert found.broken["I2 counted twice"] == [TOP_UP.digest]
    assert {said.partition(":")[0] for said in found.broken["I3 never sent, or forged"]} == {
        hashlib.sha256(b"{}").hexdigest(),
        FORGED.digest,
    }
    # Stored, and nobody's balance shows it.
    assert found.broken["I4 balances"] == [f"{TOP_UP.customer}: 0 in place of {TOP_UP.tokens}"]


async def test_a_webhook_that_is_only_a_duplicate_never_counted(database_url: str, tmp_path: Path) -> None:
    found = await verdict(database_url, tmp_path, stored=[(TOP_UP.body, "duplicate")])
    assert found.broken["I2 counted never"] == [TOP_UP.digest]


@pytest.mark.parametrize(("status", "said"), [(500, "500: 1 times"), (404, "404: 1 times")])
async def test_an_answer_that_the_door_may_not_give_is_named(
    database_url: str, tmp_path: Path, status: int, said: str
) -> None:
    found = await verdict(database_url, tmp_path, answers={TOP_UP.digest: status})
    assert found.broken == {"I11 answers": [said]}


async def test_come_back_later_says_when(database_url: str, tmp_path: Path) -> None:
    found = await verdict(database_url, tmp_path, answers={TOP_UP.digest: 503}, retry_after=None)
    assert list(found.broken) == ["I11 no Retry-After"]


async def test_a_genuine_webhook_that_is_refused_as_a_forged_one_is_named(
    database_url: str, tmp_path: Path
) -> None:
    """Sent again until it is accepted, it is there in the end: that is no excuse."""
    found = await verdict(database_url, tmp_path, answers={FORGED.digest: 401, TOP_UP.digest: 401})
    assert found.broken == {"I11 genuine and refused": [f"{TOP_UP.digest}: 401, 1 times"]}


async def test_nothing_is_found_where_nothing_is_wrong(database_url: str, tmp_path: Path) -> None:
    found = await verdict(database_url, tmp_path, answers={FORGED.digest: 401, TOP_UP.digest: 503})
    assert found.broken == {}


async def test_an_api_that_says_that_it_is_broken_is_named_and_one_that_says_not_now_is_not(
    database_url: str, tmp_path: Path
) -> None:
    async with Record(tmp_path / "record") as record:
        for number, status in enumerate((0, 503, 500, 502, 409)):
            key = {"reference": f"spend-{number}", "customer": "w01", "tokens": 1}
            await record.keep(what="spending", **key)
            await record.keep(what="spent", status=status, said="", **key)
    found = await judge(tmp_path / "record", PLAN, database_url)
    assert found.broken == {"I11 answers of the API": ["500: 1 times", "502: 1 times"]}


async def test_of_what_nobody_heard_an_answer_it_may_be_there_or_not(
    database_url: str, tmp_path: Path
) -> None:
    """Somebody who led a process to its death was cut off by it. The record has what they sent; it has nothing of what nobody sent."""
    sent, never = hashlib.sha256(b"{}").hexdigest(), hashlib.sha256(b"[]").hexdigest()
    async with Record(tmp_path / "record") as record:
        await record.keep(what="sent", by="leading", digest=sent, genuine=True, attempt=1)
    await _stored(database_url, [(b"{}", "processed")])
    found = await judge(tmp_path / "record", PLAN, database_url)
    assert found.broken == {}
    assert found.figures["stored, and nobody heard the answer"] == 1
    assert found.figures["of them sent to lead somewhere"] == 1

    await _stored(database_url, [(b"[]", "processed")])
    found = await judge(tmp_path / "record", PLAN, database_url)
    (said,) = found.broken["I3 never sent, or forged"]
    assert said.startswith(f"{never}: xendit static_token None, processed, received ")
    assert said.endswith("sent 0 times")
    assert (await judge(tmp_path / "record", PLAN, database_url, perhaps=[b"[]"])).broken == {}


async def test_what_was_led_there_and_answered_or_refused_and_kept_must_be_there(
    database_url: str, tmp_path: Path
) -> None:
    digests = {body: hashlib.sha256(body).hexdigest() for body in (b"answered", b"kept", b"cut off")}
    async with Record(tmp_path / "record") as record:
        for digest in digests.values():
            await record.keep(what="sent", by="leading", digest=digest, genuine=True, attempt=1)
        for body, status in ((b"answered", 200), (b"kept", 401)):
            await record.keep(
                what="answered", by="leading", digest=digests[body], status=status, retry_after=None
            )
        await record.keep(what="owed", by="leading", digest=digests[b"kept"])
    found = await judge(tmp_path / "record", PLAN, database_url)
    assert found.broken == {"I1 accepted and lost": sorted([digests[b"answered"], digests[b"kept"]])}
    assert found.figures["forged and refused"] == 0


async def test_what_is_missing_is_counted_by_another_process(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks carries the program's bytes meanwhile: nothing of the record may be read in its process."""
    record = tmp_path / "record"
    await verdict(database_url, tmp_path, answers={TOP_UP.digest: 200, FORGED.digest: 401})

    def read_here(_path: Path) -> Heard:
        raise AssertionError("the record was read by whoever asked")

    monkeypatch.setattr(Heard, "of", read_here)
    assert await not_stored(record, database_url) == 1
    await _stored(database_url, [(TOP_UP.body, "processed"), (TOP_UP.body, "duplicate")])
    assert await not_stored(record, database_url) == 0
    with pytest.raises(OSError, match="No such file"):
        await not_stored(tmp_path / "elsewhere", database_url)


async def _stored(database_url: str, bodies: list[tuple[bytes, str]]) -> None:
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        await connection.executemany(DELIVERY, bodies)
    finally:
        await connection.close()
