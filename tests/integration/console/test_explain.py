"""`lunas explain`: every event that moved a number, and their sum is what the read model shows."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from console import exits
from console.explaining.moves import SUBJECTS, explain
from console.explaining.reading import _events, explained
from console.explaining.words import sentences
from console.language import choose
from eventstore.append import NewEvent, append, log_transaction
from providers.simulated import Buyer
from providers.simulation import simulate_day
from runtime.database import Pool
from runtime.settings import Settings
from schemas import streams
from schemas.credit_events import CreditSpent, LotPart
from tests.integration.console.conftest import Run
from tests.integration.console.replays import Shop, delivered
from tests.unit.processor.intake.envelopes import capture, envelope

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
RATNA = Buyer("ratna@contoh.id", customer_id="c1")


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


async def spend(shop: Shop, tokens: int, reference: str) -> None:
    spent = CreditSpent(
        customer_id="c1", at=datetime.now(UTC), spend_id=reference, tokens=tokens, idr=tokens // 10, reason="chat", reference=reference, credit_tokens=749_000,
        lots=(LotPart(lot=1, key="py-1", tokens=tokens, idr=tokens // 10),),
    )  # fmt: skip
    async with shop.pool.acquire() as connection, log_transaction(connection):
        await append(connection, [NewEvent(streams.credit("c1"), spent, {"correlation_id": reference})])


@pytest.mark.parametrize("seed", range(3))
async def test_the_sum_of_what_moved_is_what_the_read_model_shows(shop: Shop, seed: int) -> None:
    """Any day of any provider; and at any earlier moment it is what the events until then come to."""
    day = simulate_day(seed=seed, customers=4, count=40, start=START)
    await shop.register(list(day.customers))
    for webhook in day.webhooks:
        await shop.take_in(delivered(webhook))
    await shop.settle()
    dice = random.Random(seed)
    async with shop.pool.acquire() as connection:
        for buyer in day.customers:
            for subject in SUBJECTS:
                found = await explained(connection, subject, str(buyer.customer_id))
                assert found.equal is True, (subject, found.values, found.shown)
                assert all(move.delivery_id and move.body_sha256 for move in found.moves)
            balance = await explained(connection, "balance", str(buyer.customer_id))
            for name in ("credit_tokens", "chat_tokens"):
                assert sum(move.by(name) for move in balance.moves) == balance.values[name]
            events = await _events(connection, str(buyer.customer_id))
            if events:
                moment = dice.choice(events)
                known = explain("balance", str(buyer.customer_id), events, START, known_at=moment.recorded_at)
                until = [event for event in events if event.recorded_at <= moment.recorded_at]
                assert known.values == explain("balance", str(buyer.customer_id), until, START).values


async def test_a_balance_is_explained_down_to_the_bytes_and_in_sentences(lunas: Run, shop: Shop) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")), envelope(capture("py-2", amount=25_000)))
    await shop.settle()
    await spend(shop, 1_000, "chat-7")
    await shop.settle()
    document = (await lunas("explain", "balance", "c1", "--json")).json
    assert document["values"] == {"credit_tokens": 749_000, "chat_tokens": 0}
    assert document["equal"] is True
    assert [one["payment_id"] for one in document["moves"]] == ["py-1", "py-2", None]
    raw = await lunas("webhooks", "show", document["moves"][0]["delivery_id"], "--json")
    assert raw.json["body_sha256"] == document["moves"][0]["body_sha256"]
    before = (await lunas("explain", "balance", "c1", "--as-of", "2026-06-30", "--json")).json
    assert (before["values"]["credit_tokens"], before["moves"], before["equal"]) == (0, [], None)
    shown = (await lunas("explain", "balance", "c1", "--letter")).out
    assert "payment py-1 of Rp 50,000 added 500,000 credit tokens. Then you had 500,000." in shown
    assert "That makes 749,000 credit tokens" in shown
    indonesian = (await lunas("--lang", "id", "explain", "balance", "c1", "--letter")).out
    assert "pembayaran Anda py-1 sebesar Rp 50.000 menambah 500.000 token kredit" in indonesian
    tier = (await lunas("explain", "tier", "c1")).out
    assert "from the first one to bpp (your first top-up)" in tier
    nothing = await lunas("explain", "access", "c1", "--letter")
    assert nothing.out == "You have no course and no plan.\n"
    assert (await lunas("explain", "balance", "nobody")).code == exits.WRONG_USE


async def test_a_read_model_that_shows_something_else_is_told(lunas: Run, shop: Shop) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    await shop.pool.execute("UPDATE balances_v1 SET credit_tokens = credit_tokens + 1")
    result = await lunas("explain", "balance", "c1")
    assert result.code == exits.PROBLEMS
    assert "500,001 credit tokens" in result.err


async def test_every_kind_of_move_has_a_sentence_in_both_languages(shop: Shop) -> None:
    day = simulate_day(seed=11, customers=3, count=60, start=START)
    await shop.register(list(day.customers))
    await shop.take_in(*[delivered(webhook) for webhook in day.webhooks])
    await shop.settle()
    said: dict[str, list[str]] = {}
    for language in ("en", "id"):
        choose(language)  # type: ignore[arg-type]
        async with shop.pool.acquire() as connection:
            said[language] = [
                line
                for buyer in day.customers
                for subject in SUBJECTS
                for line in sentences(await explained(connection, subject, str(buyer.customer_id)))
            ]
    choose(None)
    assert len(said["en"]) == len(said["id"]) > 20
    assert not any("None" in line for lines in said.values() for line in lines)
