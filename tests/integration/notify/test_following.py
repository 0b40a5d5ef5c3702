"""Who is to be told what, from the log: once for each decision and receiver, from when it first ran, and never because something is rebuilt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventstore.append import NewEvent, append, log_transaction
from notify import following
from notify.following import Displaced, Follower
from notify.kinds import KINDS
from projections import versions
from projections.feeder import Feeder
from runtime.database import Connection, Pool
from runtime.settings import Settings
from schemas import streams
from schemas.credit_events import BalanceLow
from schemas.decisions import PaymentAssessed, PaymentStatus, SuspenseHeld, SuspenseReleased
from schemas.event_model import EventModel

AT = datetime(2026, 3, 1, tzinfo=UTC)
Make = Callable[..., Settings]


def assessed(
    record: str, status: PaymentStatus = "succeeded", refunded: int = 0, **more: Any
) -> PaymentAssessed:
    fields: dict[str, Any] = {
        "case": record,
        "provider": "p",
        "payment_id": record,
        "amount": 50_000,
        "customer_id": "budi",
        "paid_at": AT,
    }
    return PaymentAssessed(record=record, status=status, refunded_amount=refunded, **fields | more)


async def write(connection: Connection, *events: EventModel) -> None:
    def stream(event: EventModel) -> streams.StreamName:
        return streams.case(event.case) if hasattr(event, "case") else streams.credit("budi")

    async with log_transaction(connection):
        await append(connection, [NewEvent(stream(event), event) for event in events])


async def endpoint(connection: Connection, name: str = "ep_1", kinds: tuple[str, ...] = KINDS) -> None:
    await connection.execute(
        "INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by) VALUES ($1, '', 'https://x.example/', $2, 'k', 's')",
        name, list(kinds),
    )  # fmt: skip


async def told(connection: Connection) -> list[tuple[str, str]]:
    rows = await connection.fetch("SELECT kind, receiver FROM notifications ORDER BY position, receiver")
    return [(row["kind"], row["receiver"]) for row in rows]


def follower(settings: Make, **fields: Any) -> Follower:
    return Follower(settings(**{"email_sender": "off", **fields}))


async def follow(connection: Connection, one: Follower) -> None:
    while (await one.page(connection)).more:
        pass


async def test_c143_it_begins_at_the_end_of_the_log_and_tells_each_decision_once(
    pool: Pool, settings: Make
) -> None:
    one = follower(settings)
    async with pool.acquire() as connection:
        await endpoint(connection)
        await write(connection, assessed("old"))
        await one.begin(connection)
        # Assessed again, though its money came before; and what is new, told of many times.
        await write(
            connection,
            assessed("old", settled=True),
            assessed("new", "pending"),
            assessed("new"),
            assessed("new", late=True),
        )
        await write(
            connection,
            assessed("new", "partially_refunded", 10_000),
            assessed("new", "partially_refunded", 10_000, settled=True),
        )
        await follow(connection, one)
        await write(connection, assessed("new", "refunded", 50_000))
        await follow(connection, one)
        await follow(connection, one)
        assert await told(connection) == [
            ("payment.received", "ep_1"), ("payment.refunded", "ep_1"), ("payment.refunded", "ep_1"),
        ]  # fmt: skip
        # Another start goes on where the first one was.
        assert await follower(settings).begin(connection) > 0
        await follow(connection, follower(settings))
        assert len(await told(connection)) == 3


async def test_c143_a_rebuild_of_read_models_tells_nothing(pool: Pool, settings: Make) -> None:
    one = follower(settings)
    async with pool.acquire() as connection:
        await endpoint(connection)
        await one.begin(connection)
        await write(connection, assessed("a"), assessed("b", "refunded", 50_000))
        await follow(connection, one)
        before = await connection.fetch("SELECT * FROM notifications ORDER BY event_id, receiver")
        assert len(before) == 2
        await versions.ensure(connection)
        await Feeder(connection, batch_max=100).catch_up()
        await versions.rebuild(pool, "payments")
        await versions.switch(pool, "payments")
        await follow(connection, one)
        assert await connection.fetch("SELECT * FROM notifications ORDER BY event_id, receiver") == before


async def test_a_payment_that_was_told_under_another_record_is_not_told_again(
    pool: Pool, settings: Make
) -> None:
    one = follower(settings)
    async with pool.acquire() as connection:
        await endpoint(connection)
        await one.begin(connection)
        await write(connection, assessed("pr-1"))
        await follow(connection, one)
        await write(connection, assessed("py-1", merged=("pr-1",)))
        await follow(connection, one)
        assert await told(connection) == [("payment.received", "ep_1")]


async def test_each_receiver_gets_its_kinds_from_its_own_beginning_and_customers_their_mail(
    pool: Pool, settings: Make
) -> None:
    one = follower(settings, email_sender="file", email_kinds="payment.received,suspense.held")
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1", ("payment.received",))
        await one.begin(connection)
        await write(
            connection,
            assessed("a"),
            BalanceLow(customer_id="budi", credit_tokens=1, at=AT, low_balance_tokens=2),
        )
        await endpoint(connection, "ep_2")
        held = SuspenseHeld(
            case="b", suspense_id="s", provider="p", payment_id="b", reason="x", amount=1, since=AT
        )
        await write(connection, assessed("b", held="x"), held)
        await follow(connection, one)
        assert await told(connection) == [
            ("payment.received", "email"), ("payment.received", "ep_1"),
            # Whoever's money is held is told that, and not that all is well.
            ("payment.received", "ep_1"), ("payment.received", "ep_2"),
            ("suspense.held", "email"), ("suspense.held", "ep_2"),
        ]  # fmt: skip


async def test_held_money_of_which_a_part_went_back_is_told_as_refunded_and_as_released_when_none_is_left(
    pool: Pool, settings: Make
) -> None:
    """Of all of it was said that it had gone back, while the most of it was held."""
    one = follower(settings, email_sender="file")
    held = SuspenseHeld(
        case="a", suspense_id="s", provider="p", payment_id="a", reason="x", amount=50_000, since=AT
    )
    back = SuspenseReleased(
        case="a", suspense_id="s", provider="p", payment_id="a", resolution="refunded", at=AT
    )
    async with pool.acquire() as connection:
        await endpoint(connection)
        await one.begin(connection)
        await write(connection, assessed("a", held="x"), held)
        rest = held.amended(amount=30_000, refunded=20_000)
        await write(connection, assessed("a", "partially_refunded", 20_000, held="x"), back, rest)
        await follow(connection, one)
        begun = await told(connection)
        assert begun == [
            ("payment.received", "ep_1"), ("suspense.held", "email"), ("suspense.held", "ep_1"),
            ("payment.refunded", "email"), ("payment.refunded", "ep_1"),
        ]  # fmt: skip
        await write(connection, assessed("a", "refunded", 50_000), back)
        await follow(connection, one)
        # One mail for one refund; an application is told of both things that happened.
        assert (await told(connection))[len(begun) :] == [
            ("payment.refunded", "email"), ("payment.refunded", "ep_1"), ("suspense.released", "ep_1"),
        ]  # fmt: skip
        alone = follower(settings, email_sender="file", email_kinds="suspense.released")
        await write(connection, assessed("b", held="x"), held.amended(suspense_id="t", case="b"))
        await write(connection, assessed("b", "refunded", 50_000), back.amended(suspense_id="t", case="b"))
        await follow(connection, alone)
        assert (await told(connection))[-1] == ("suspense.released", "ep_1")
        assert ("suspense.released", "email") in await told(connection)


@pytest.mark.parametrize("resolution", ["granted", "written_off", "refunded"])
async def test_money_that_is_held_again_after_a_word_was_taken_back_is_told_again_once(
    pool: Pool, settings: Make, resolution: Any
) -> None:
    """Whoever had heard that it was released never heard that it was not."""
    one = follower(settings)
    held = SuspenseHeld(
        case="a", suspense_id="s", provider="p", payment_id="a", reason="x", amount=50_000, since=AT
    )
    gone = SuspenseReleased(
        case="a", suspense_id="s", provider="p", payment_id="a", resolution=resolution, at=AT
    )
    async with pool.acquire() as connection:
        await endpoint(connection, kinds=("suspense.held", "suspense.released"))
        await one.begin(connection)
        # Another reason, and a part that goes back, are no news of that kind.
        await write(connection, held, held.amended(reason="y"))
        back = gone.amended(resolution="refunded")
        await write(connection, back, held.amended(amount=40_000, refunded=10_000))
        await write(connection, held.amended(reason="z", amount=40_000, refunded=10_000))
        await follow(connection, one)
        assert await told(connection) == [("suspense.held", "ep_1")]
        again = held.amended(amount=40_000, refunded=10_000)
        for _ in range(2):
            await write(connection, gone, assessed("a"), again, again.amended(reason="y"))
        await follow(connection, one)
        assert await told(connection) == [
            ("suspense.held", "ep_1"),
            *[("suspense.released", "ep_1"), ("suspense.held", "ep_1")] * 2,
        ]


async def test_news_of_long_ago_is_not_told_where_that_is_set(pool: Pool, settings: Make) -> None:
    one = follower(settings, notify_age_max_hours=24)
    async with pool.acquire() as connection:
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        await endpoint(connection)
        await one.begin(connection)
        await write(
            connection,
            assessed("a", paid_at=now - timedelta(hours=25)),
            assessed("b", paid_at=now - timedelta(hours=1)),
        )
        await follow(connection, one)
        rows = await connection.fetch("SELECT subject FROM notifications")
        assert [row["subject"] for row in rows] == ["b"]


async def test_of_two_at_work_one_gives_way_and_nothing_is_told_twice(pool: Pool, settings: Make) -> None:
    async with pool.acquire() as first, pool.acquire() as second:
        await endpoint(first)
        await follower(settings).begin(first)
        await write(first, *(assessed(f"r{number}") for number in range(50)))
        outcomes = await asyncio.gather(
            follow(first, follower(settings, notify_batch_max=7)),
            follow(second, follower(settings, notify_batch_max=5)),
            return_exceptions=True,
        )
        assert {type(one) for one in outcomes} <= {type(None), Displaced}
        await follow(first, follower(settings))
        assert len(await told(first)) == 50


async def test_who_is_displaced_while_it_looks_says_so_and_writes_nothing(
    pool: Pool, settings: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool.acquire() as first, pool.acquire() as second:
        await endpoint(first)
        slow = follower(settings)
        await slow.begin(first)
        await write(first, *(assessed(f"r{number}") for number in range(5)))
        look = following.notices

        async def meanwhile(*arguments: Any) -> Any:
            monkeypatch.setattr(following, "notices", look)
            await follow(second, follower(settings))
            return await look(*arguments)

        monkeypatch.setattr(following, "notices", meanwhile)
        with pytest.raises(Displaced):
            await slow.page(first)
        assert len(await told(first)) == 5


async def test_without_a_receiver_nothing_is_written_and_the_place_moves_on(
    pool: Pool, settings: Make
) -> None:
    one = follower(settings)
    async with pool.acquire() as connection:
        await one.begin(connection)
        await write(connection, assessed("a"))
        await follow(connection, one)
        await endpoint(connection)
        await follow(connection, one)
        assert await told(connection) == []


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO events (stream) VALUES ('x')", "DELETE FROM endpoints", "SELECT * FROM deliveries"],
)
async def test_the_notifiers_role_reads_the_log_and_keeps_its_own(pool: Pool, statement: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE lunas_notifier")
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(statement)
