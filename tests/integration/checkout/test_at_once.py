"""New requests are looked at without a lock and recorded together: what moved meanwhile is found, and nobody is asked to pay twice for one wish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.checkout import requests as recording
from api.checkout.drafts import RequestDraft, drafted, without_rivals, write
from api.checkout.requests import PaymentRequests
from api.checkout.wanted import Payer, Wanted
from eventstore.append import lock_log
from providers.asking import PaymentAsk
from runtime.database import Pool
from runtime.ids import utc_now
from schemas.credit_terms import Credit, DatedRate
from schemas.problems import Problem
from tests.integration.checkout.conftest import Shop, all_at_once
from tests.integration.checkout.test_topups import QRIS
from tests.integration.checkout.xendit_door import XenditDoor
from tests.waiting import until

LEASE = timedelta(seconds=45)


def wanted(customer: str = "budi", amount: int = 50_000, *, second: bool = False) -> Wanted:
    return Wanted("topup", "xendit", customer, amount, "Isi saldo", "qris", "QRIS", second=second)


def requests_of(pool: Pool) -> PaymentRequests:
    return PaymentRequests(pool, acquire_seconds=60, public=None, lease=LEASE)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Awaitable[object]]]:
    """What happens between a look and what follows from it, once each."""
    waiting: list[Callable[[], Awaitable[object]]] = []
    look = recording.look

    async def looked(*arguments: Any, **named: Any) -> Any:
        found = await look(*arguments, **named)
        if waiting:
            await waiting.pop(0)()
        return found

    monkeypatch.setattr(recording, "look", looked)
    return waiting


async def kept(pool: Pool) -> list[tuple[str, str | None]]:
    """Customer and slot of every request, in the order of the log."""
    rows = await pool.fetch("SELECT customer_id, slot FROM payment_requests ORDER BY position")
    return [(row["customer_id"], row["slot"]) for row in rows]


async def test_c121_a_slot_that_was_taken_after_the_look_leads_to_its_request(
    shop: Shop, meanwhile: list[Any]
) -> None:
    await shop.customer()
    ours, theirs = requests_of(shop.narrow), requests_of(shop.narrow)
    first: list[Any] = []

    async def other() -> None:
        first.append(await theirs.record(wanted(), None, b""))

    meanwhile.append(other)
    got = await ours.record(wanted(), None, b"")
    assert (got.request_id, got.created, got.claimed) == (first[0].request_id, False, None)
    assert first[0].claimed is not None
    assert len(await kept(shop.pool)) == 1


async def test_c121_a_key_that_was_used_after_the_look_leads_to_its_request_or_is_refused(
    shop: Shop, meanwhile: list[Any]
) -> None:
    await shop.customer()
    ours, theirs = requests_of(shop.narrow), requests_of(shop.narrow)
    meanwhile.append(lambda: theirs.record(wanted(second=True), "click", b"same"))
    got = await ours.record(wanted(second=True), "click", b"same")
    assert not got.created
    meanwhile.append(lambda: theirs.record(wanted(second=True), "clack", b"that"))
    with pytest.raises(Problem, match="idempotency_key_reused"):
        await ours.record(wanted(second=True), "clack", b"this")
    assert len(await kept(shop.pool)) == 2


async def test_c121_of_many_processes_that_want_the_same_one_asks(shop: Shop) -> None:
    await shop.customer()
    processes = [requests_of(shop.narrow) for _ in range(4)]
    got = await asyncio.gather(
        *(processes[number % 4].record(wanted(), f"k-{number}", b"b") for number in range(40))
    )
    assert len({one.request_id for one in got}) == 1
    assert sum(one.created for one in got) == sum(one.claimed is not None for one in got) == 1
    assert await shop.pool.fetchval("SELECT count(*) FROM idempotency_keys") == 40
    assert await shop.log() == ["checkout.requested"]


async def test_c94_a_topup_is_recorded_with_the_rate_of_the_moment_at_which_it_was_asked_for(
    shop: Shop,
) -> None:
    await shop.customer()
    long_ago = DatedRate(since=datetime(2020, 1, 1, tzinfo=UTC), tokens_per_idr=7)
    for number, rates in enumerate(((), (long_ago,))):
        credit = Credit(tokens_per_idr=10, rates=rates)
        wish = replace(wanted(second=True), credit=credit)
        await requests_of(shop.narrow).record(wish, f"k-{number}", b"b")
    kept_rates = await shop.pool.fetch(
        "SELECT (data ->> 'tokens_per_idr')::int AS rate FROM events WHERE type = 'checkout.requested' ORDER BY position"
    )
    assert [row["rate"] for row in kept_rates] == [10, 7]


async def test_those_that_come_at_once_are_one_transaction_and_each_has_its_own_row_and_events(
    shop: Shop, xendit: XenditDoor
) -> None:
    names = [f"c{number}" for number in range(12)]
    for name in names:
        await shop.customer(name, f"{name}@example.com")
    answers = await all_at_once([shop.post("/v1/topups", QRIS | {"customer_id": name}) for name in names])
    assert {one["customer_id"] for one in answers} == set(names)
    assert xendit.made == len(names)
    rows = await shop.pool.fetch(
        "SELECT r.request_id, r.status, r.attempts, r.claimed_until, r.ask, e.type FROM payment_requests r JOIN events e USING (position)"
    )
    assert {row["request_id"] for row in rows} == {one["payment_id"] for one in answers}
    assert {tuple(row)[1:] for row in rows} == {("open", 1, None, None, "checkout.opened")}
    streams = await shop.pool.fetch(
        "SELECT stream, array_agg(type ORDER BY version) AS types, array_agg(version ORDER BY version) AS versions FROM events "
        "WHERE starts_with(stream, 'request-') GROUP BY stream"
    )
    assert len(streams) == len(names)
    assert {(tuple(row["types"]), tuple(row["versions"])) for row in streams} == {
        (("checkout.requested", "provider.called", "checkout.opened"), (1, 2, 3))
    }
    recorded = await shop.pool.fetch(
        "SELECT DISTINCT xmin::text FROM events WHERE type = 'checkout.requested'"
    )
    assert len(recorded) < len(names)


def draft_of(one: Wanted) -> RequestDraft:
    return drafted(one, Payer(one.customer_id, "Budi", "b@x.id", None, utc_now()), None, None)


async def test_one_that_cannot_be_written_holds_up_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with a row: the others of its transaction are recorded by themselves."""
    for name in ("dewi", "budi", "sari"):
        await shop.customer(name, f"{name}@example.com")
    batches: list[int] = []
    writing = recording.write

    async def counted(connection: Any, drafts: Sequence[RequestDraft], lease: timedelta) -> bool:
        batches.append(len(drafts))
        return await writing(connection, drafts, lease)

    monkeypatch.setattr(recording, "write", counted)
    one = requests_of(shop.narrow)
    async with shop.pool.acquire() as connection:
        async with connection.transaction():
            await lock_log(connection)
            first = asyncio.create_task(one.record(wanted("dewi"), None, b""))

            async def written() -> bool:
                return batches == [1]

            await until(written)
            # These two wait for the log behind the first, and so for each other.
            others = [
                asyncio.create_task(one.record(wish, None, b"")) for wish in (wanted(), wanted("sari", -5))
            ]

            async def waiting() -> bool:
                return one.waiting == 2

            await until(waiting)
        ends: Sequence[Any] = await asyncio.gather(first, *others, return_exceptions=True)
    assert batches[1] == 2
    assert ends[0].created
    assert ends[1].created
    assert isinstance(ends[2], Exception)
    assert [name for name, _ in await kept(shop.pool)] == ["dewi", "budi"]


async def test_rivals_of_one_transaction_are_found_before_it(shop: Shop) -> None:
    first, again, other = draft_of(wanted()), draft_of(wanted()), draft_of(wanted("sari"))
    assert without_rivals([first, again, other]) == [first, other]
    async with shop.narrow.acquire() as connection:
        assert await write(connection, [first, other], LEASE)
        assert not await write(connection, [again], LEASE)
        assert not await write(connection, [draft_of(wanted("dewi")), again], LEASE)
    assert len(await kept(shop.pool)) == 2


async def test_who_asks_while_the_one_who_made_it_calls_waits_for_that_call(
    shop: Shop, xendit: XenditDoor
) -> None:
    """A look between the record and its call finds it taken, and takes nothing away from whoever made it."""
    await shop.customer()
    requests = requests_of(shop.narrow)
    made = await requests.record(wanted(), None, b"")
    assert made.claimed is not None
    assert isinstance(made.claimed.ask, PaymentAsk)
    looking = asyncio.create_task(shop.checkout.opener.settled(made.request_id))
    await asyncio.sleep(0)
    row = await shop.checkout.opener.settled(made.request_id, made.claimed)
    assert row is not None
    assert row["status"] == "open"
    seen = await looking
    assert seen is not None
    assert seen["status"] == "open"
    assert xendit.made == 1


async def test_an_answer_that_another_process_recorded_first_is_not_recorded_again(
    shop: Shop, xendit: XenditDoor
) -> None:
    await shop.customer()
    await shop.customer("sari", "sari@example.com")
    requests = requests_of(shop.narrow)
    made = [await requests.record(wanted(name), None, b"") for name in ("budi", "sari")]
    opener = shop.checkout.opener
    await opener.settled(made[0].request_id, made[0].claimed)
    # The lease of the first was over, so to say: it is called for again, together with the other one.
    await asyncio.gather(*(opener.settled(one.request_id, one.claimed) for one in made))
    assert await shop.log() == ["checkout.requested"] * 2 + ["checkout.opened"] * 2
    statuses = await shop.pool.fetch("SELECT status FROM payment_requests")
    assert [row["status"] for row in statuses] == ["open", "open"]
