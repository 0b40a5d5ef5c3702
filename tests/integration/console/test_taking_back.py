"""`lunas revert ID`: whatever an operator said of money is taken back by the id of its audit record, as if nobody had said it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from console import exits
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run, add_letter
from tests.integration.console.replays import Shop
from tests.integration.console.test_correct import BUDI, RATNA, _without_empty
from tests.unit.processor.intake.envelopes import capture, envelope

Said = Callable[[Run, Shop, asyncpg.Connection], Awaitable[list[str]]]
"""Prepares, and says which command line says it."""


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


async def _correction(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    return ["correct", "xendit", "py-1", "--customer", "c2"]


async def _freeze(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    return ["credit", "freeze", "c1"]


async def _settlement(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    letter = await add_letter(store, b"no JSON", reason="unparsable_not_json")
    return ["dlq", "settle", str(letter), "--customer", "c1", "--amount", "70000", "--payment-id", "py-77"]


async def _discard(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    return ["dlq", "discard", str(await add_letter(store, b"no JSON"))]


async def _held(shop: Shop, store: asyncpg.Connection) -> str:
    await shop.take_in(envelope(capture("py-2", 90_000).replace(b"ratna@contoh.id", b"siapa@contoh.id")))
    await shop.settle()
    return str(await store.fetchval("SELECT suspense_id FROM suspense WHERE status = 'held'"))


async def _claim(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    return ["suspense", "claim", await _held(shop, store), "--customer", "c2"]


async def _write_off(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    return ["suspense", "write-off", await _held(shop, store)]


async def _by_hand(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    return ["suspense", "refund", await _held(shop, store), "--by-hand", "--proof", "BCA 1"]


async def _part_by_hand(lunas: Run, shop: Shop, store: asyncpg.Connection) -> list[str]:
    return [*await _by_hand(lunas, shop, store), "--amount", "20000"]


SAID: dict[str, Said] = {
    "correct": _correction,
    "credit.freeze": _freeze,
    "dlq.settle": _settlement,
    "dlq.discard": _discard,
    "suspense.claim": _claim,
    "suspense.write_off": _write_off,
    "suspense.refund": _by_hand,
    "suspense.refund of a part": _part_by_hand,
}


async def state(shop: Shop, store: asyncpg.Connection) -> object:
    """What readers see, the ledger, who is frozen, and which letters wait."""
    views = _without_empty(await shop.views())
    ledger = await store.fetch("SELECT account, unit, balance FROM ledger WHERE balance <> 0 ORDER BY 1, 2")
    letters = await store.fetch("SELECT dead_letter_id, status FROM dead_letters ORDER BY 1")
    frozen = await store.fetch("SELECT customer_id FROM spending WHERE frozen ORDER BY 1")
    return (
        views,
        [tuple(row) for row in ledger],
        [tuple(row) for row in letters],
        [tuple(row) for row in frozen],
    )


async def scene(shop: Shop) -> None:
    await shop.register([RATNA, BUDI])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()


@pytest.mark.parametrize("verb", SAID)
async def test_everything_is_taken_back_by_the_id_of_its_audit_record(
    lunas: Run, shop: Shop, store: asyncpg.Connection, verb: str
) -> None:
    await scene(shop)
    line = await SAID[verb](lunas, shop, store)
    before = await state(shop, store)
    done = await lunas(*line, "--reason", "so it looked", "--yes", "--json")
    assert done.code == exits.FINE, done.err
    await shop.settle()
    assert await state(shop, store) != before
    act = done.json["items"][0]["act_id"]
    taken = await lunas("revert", act, "--reason", "it was wrong", "--yes", "--json")
    assert taken.code == exits.FINE, taken.err
    await shop.settle()
    assert await state(shop, store) == before
    recorded = await store.fetchval(
        "SELECT reason FROM operator_acts WHERE act_id = $1", uuid.UUID(taken.json["items"][0]["act_id"])
    )
    assert recorded == "it was wrong"
    again = await lunas("revert", act, "--reason", "once more", "--yes")
    assert again.code == exits.REFUSED, again.out


async def test_a_refund_by_hand_is_taken_back_at_the_entry_and_money_that_a_provider_sends_is_not(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    await scene(shop)
    entry = await _held(shop, store)
    done = await lunas(
        "suspense", "refund", entry, "--by-hand", "--proof", "BCA 1", "--reason", "x", "--yes", "--json"
    )
    assert done.json["items"][0]["undo"] == f"lunas suspense undo {entry} --reason WHY"
    await shop.settle()
    assert f"lunas suspense undo {entry}" in (await lunas("suspense", "show", entry)).out
    unclaimed = await lunas("suspense", "unclaim", entry, "--reason", "x", "--yes")
    assert (unclaimed.code, "Nobody has claimed" in unclaimed.err) == (exits.REFUSED, True)
    undone = await lunas("suspense", "undo", entry, "--reason", "another's transfer", "--yes")
    assert (undone.code, "Rp 90,000 of" in undone.out) == (exits.FINE, True), undone.err
    assert "--by-hand --proof 'BCA 1'" in undone.out
    await shop.settle()
    seen = (await lunas("suspense", "show", entry, "--json")).json
    assert (seen["status"], seen["amount"], seen["undoable"]) == ("held", 90_000, False)
    assert (
        f"lunas suspense undo {entry}"
        not in (await lunas("suspense", "show", entry)).out.partition("Next:")[2]
    )
    act = uuid.uuid4()
    await store.execute(
        "INSERT INTO operator_acts (act_id, actor, verb, target, reason, before, after, undo)"
        " VALUES ($1, 'sari', 'suspense.refund', $2, 'x', 'null', '{\"refund_id\": \"rfn_1\", \"proof\": null}', 'none: it is gone')",
        act, entry,
    )  # fmt: skip
    gone = await lunas("revert", str(act), "--reason", "x", "--yes")
    assert (gone.code, "none: it is gone" in gone.err) == (exits.REFUSED, True)


async def test_what_was_answered_since_is_not_taken_back_over_it(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    await scene(shop)
    first = await lunas("credit", "freeze", "c1", "--reason", "a debt", "--yes", "--json")
    await lunas("credit", "unfreeze", "c1", "--reason", "paid", "--yes")
    await lunas("credit", "freeze", "c1", "--reason", "another debt", "--yes")
    refused = await lunas("revert", first.json["items"][0]["act_id"], "--reason", "x", "--yes")
    assert (refused.code, "credit.freeze" in refused.err) == (exits.REFUSED, True), refused.err
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 3


async def test_what_has_no_such_way_back_names_its_own_and_what_is_unknown_is_said(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    await scene(shop)
    made = await lunas("operators", "add", "rini", "--role", "viewer", "--reason", "new here", "--json")
    assert made.code == exits.FINE, made.err
    act = await store.fetchval("SELECT act_id FROM operator_acts WHERE verb = 'operators.add'")
    refused = await lunas("revert", str(act), "--reason", "x", "--yes")
    assert (refused.code, "lunas operators disable rini" in refused.err) == (exits.REFUSED, True), refused.err
    unknown = await lunas("revert", str(uuid.uuid4()), "--reason", "x", "--yes")
    assert (unknown.code, "lunas audit list" in unknown.err) == (exits.WRONG_USE, True), unknown.err


async def test_a_taken_back_settlement_is_in_no_list_of_a_customer_and_is_no_money(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    """It is found by its id, with what became of it: both versions stay visible."""
    await scene(shop)
    line = await _settlement(lunas, shop, store)
    done = await lunas(*line, "--reason", "read it there", "--yes", "--json")
    await shop.settle()
    await lunas("revert", done.json["items"][0]["act_id"], "--reason", "read it wrongly", "--yes")
    await shop.settle()
    row = await store.fetchrow("SELECT * FROM payments WHERE payment_id = 'py-77'")
    assert row is not None
    assert (row["customer_id"], row["amount"], row["paid_at"]) == (None, None, None)
    found = await lunas("find", "py-77")
    assert "taken_back" in found.out, found.out
    assert "ditarik_kembali" in (await lunas("--lang", "id", "find", "py-77")).out
