"""Acts that move much money wait for a second person: they change nothing until then, are done once, and in the name of who asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from console import claims, exits
from console.agreeing import act, agree, of_held
from console.exits import Refused
from console.options import acting_as
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run
from tests.integration.console.test_suspense import SUSPENSE_ID
from tests.integration.console.test_twice import ONCE, Scene
from tests.integration.console.test_two_persons import As, people

__all__ = ["people"]

WAITED_FOR = (
    ("dlq", "settle"),
    ("manual", "confirm"),
    ("payments", "refund"),
    ("payments", "refunded"),
    ("suspense", "claim"),
    ("suspense", "refund"),
    ("suspense", "write-off"),
)
SAID_OF_HELD = (("suspense", "claim"), ("suspense", "write-off"))
HAS_NO_WAY_BACK = (("payments", "refund"), ("suspense", "refund"))
WHY = ("--reason", "because", "--yes", "--json")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody decides in these tests, so nobody waits for a decision."""
    monkeypatch.setattr(claims, "OUTCOME_SECONDS", 0.0)


async def _facts(store: asyncpg.Connection) -> tuple[int, ...]:
    """What an act changes: the log, refunds, letters and orders that are closed."""
    counts = (
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM refunds",
        "SELECT count(*) FROM dead_letters WHERE status = 'resolved'",
        "SELECT count(*) FROM payment_requests WHERE settled_at IS NOT NULL",
    )
    return tuple([await store.fetchval(count) for count in counts])


async def _asked(
    act: tuple[str, str], lunas: Run, store: asyncpg.Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The words of an act of Rp 50,000, where more than Rp 40,000 takes two."""
    words = [*act, *await ONCE[act](Scene(lunas, store, pool))]
    monkeypatch.setenv("LUNAS_CORRECTION_APPROVAL_IDR", "40000")
    return [*words, *WHY]


@pytest.mark.parametrize("act", WAITED_FOR, ids=" ".join)
async def test_c161_what_moves_much_money_waits_for_a_second_person_and_is_done_once(
    people: As,
    lunas: Run,
    store: asyncpg.Connection,
    pool: Pool,
    act: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words, verb = await _asked(act, lunas, store, pool, monkeypatch), ".".join(act).replace("-", "_")
    before = await _facts(store)
    assert (await people("vina", *words)).code == exits.REFUSED
    asked = await people("sari", *words)
    assert asked.code == exits.FINE, asked.err
    change = asked.json["items"][0]["undo"].split()[2]
    assert f"lunas approve {change}" in asked.json["items"][0]["done"]
    assert await _facts(store) == before
    again = await people("ayu", *words)
    assert (again.code, change in again.err, "sari" in again.err) == (exits.REFUSED, True, True), again.err
    agree = ("approve", change, *WHY)
    for name in ("sari", "vina"):
        assert (await people(name, *agree)).code == exits.REFUSED
    assert await _facts(store) == before
    done = await people("ayu", *agree)
    assert done.code == exits.FINE, done.err
    after = await _facts(store)
    assert after != before
    acts = await store.fetch("SELECT actor, verb FROM operator_acts ORDER BY act_id DESC LIMIT 2")
    assert {(row["actor"], row["verb"]) for row in acts} == {("sari", verb), ("ayu", "approve")}
    third = await people("ayu", *agree)
    assert (third.code, "ayu" in third.err) == (exits.REFUSED, True), third.err
    assert await _facts(store) == after
    back = await people("sari", "revert", change, *WHY)
    if act in SAID_OF_HELD:
        assert back.code == exits.FINE, back.err
        assert (await people("sari", "revert", change, *WHY)).code == exits.REFUSED
    elif act in HAS_NO_WAY_BACK:
        assert (back.code, verb in back.err) == (exits.REFUSED, True), back.err


@pytest.mark.parametrize("act", WAITED_FOR, ids=" ".join)
async def test_c161_what_was_declined_was_never_done_and_may_be_asked_for_again(
    people: As,
    lunas: Run,
    store: asyncpg.Connection,
    pool: Pool,
    act: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = await _asked(act, lunas, store, pool, monkeypatch)
    before = await _facts(store)
    change = (await people("sari", *words)).json["items"][0]["undo"].split()[2]
    declined = await people("ayu", "revert", change, *WHY)
    assert declined.code == exits.FINE, declined.err
    assert (await people("ayu", "approve", change, *WHY)).code == exits.REFUSED
    assert await _facts(store) == before
    assert (await people("sari", *words)).code == exits.FINE
    states = await store.fetch("SELECT status FROM corrections ORDER BY change_id")
    assert [row["status"] for row in states] == ["declined", "proposed"]
    listed = (await lunas("corrections", "--json")).json["items"]
    assert [one["patch"]["act"] for one in listed] == [".".join(act).replace("-", "_")] * 2


@pytest.mark.parametrize("act", WAITED_FOR, ids=" ".join)
async def test_c161_at_the_threshold_and_while_nobody_may_agree_one_person_decides(
    lunas: Run, store: asyncpg.Connection, pool: Pool, act: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await lunas("migrate")).code == exits.FINE
    words = await _asked(act, lunas, store, pool, monkeypatch)
    before = await _facts(store)
    done = await lunas(*words)
    assert done.code == exits.FINE, done.err
    assert await _facts(store) != before
    assert await store.fetchval("SELECT count(*) FROM corrections") == 0


async def test_c161_at_the_threshold_itself_one_person_decides(
    people: As, lunas: Run, store: asyncpg.Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = await _asked(("suspense", "write-off"), lunas, store, pool, monkeypatch)
    monkeypatch.setenv("LUNAS_CORRECTION_APPROVAL_IDR", "50000")
    assert (await people("joko", *words, password_of="nobody")).code == exits.FINE
    assert await store.fetchval("SELECT count(*) FROM corrections") == 0


async def test_c161_a_part_is_judged_as_all_that_is_there(
    people: As, lunas: Run, store: asyncpg.Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else much money goes back in small parts, each by one person alone."""
    for part_of in (("payments", "refund"), ("suspense", "refund")):
        words = await _asked(part_of, lunas, store, pool, monkeypatch)
        asked = await people("sari", *words, "--amount", "10000")
        assert "lunas approve" in asked.json["items"][0]["done"], asked.err
        monkeypatch.delenv("LUNAS_CORRECTION_APPROVAL_IDR")


async def test_c161_what_cannot_be_is_refused_to_who_asks_and_not_to_who_agrees(
    people: As, lunas: Run, store: asyncpg.Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = await _asked(("suspense", "refund"), lunas, store, pool, monkeypatch)
    refused = await people("sari", *words, "--amount", "50001")
    assert refused.code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM corrections") == 0
    assert await store.fetchval("SELECT count(*) FROM refunds") == 0


async def test_c161_of_two_who_agree_at_once_one_is_told_of_the_other(
    people: As,
    lunas: Run,
    store: asyncpg.Connection,
    pool: Pool,
    settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await _asked(("suspense", "write-off"), lunas, store, pool, monkeypatch)
    row = await store.fetchrow("SELECT * FROM suspense WHERE suspense_id = $1", SUSPENSE_ID)
    with acting_as("sari"):
        asked = await act(
            store, settings(correction_approval_idr=40_000), of_held("suspense.write_off", row), "nobody's"
        )
    assert asked.change_id is not None

    async def agreed(name: str) -> str:
        async with pool.acquire() as connection:
            with acting_as(name):
                try:
                    await agree(connection, asked.change_id, "seen")  # type: ignore[arg-type]
                except Refused as refused:
                    return refused.message
        return ""

    told = await asyncio.gather(agreed("ayu"), agreed("dewi"))
    assert sorted(bool(one) for one in told) == [False, True]
    assert await store.fetchval("SELECT count(*) FROM events WHERE type = 'suspense.written_off'") == 1
    assert await store.fetchval("SELECT count(*) FROM operator_acts WHERE verb = 'approve'") == 1
