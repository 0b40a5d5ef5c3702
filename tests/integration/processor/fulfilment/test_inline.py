"""Deciding on facts in the transaction that stores them: the same decisions, one commit earlier, and never at the facts' expense."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from eventstore import checkpoints
from eventstore.append import NewEvent, append, log_transaction
from eventstore.read import head
from processor.fulfilment import rounds
from processor.fulfilment import work as work_module
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import CONSUMER, Fulfilment, Round
from processor.intake.store import Store
from processor.intake.taking import TAKE_IN_AND_LOOK
from runtime.database import Pool
from schemas import facts as f
from schemas import streams
from schemas.credit_events import BalanceLow
from schemas.errors import StoreUnavailable
from tests.integration.processor.fulfilment.test_rounds import decided, log, ratna, write
from tests.integration.processor.intake.taking_in import facts, rows, take_in
from tests.integration.projections.decisions import AT
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter

__all__ = ["log"]


class Pair:
    """Intake and fulfilment of one process, without their loops."""

    def __init__(self, pool: Pool, limit: int = 10) -> None:
        self.leader = Fulfilment(pool, limit=100)
        self.inline = Inline(limit)
        self.counted: list[tuple[int, int]] = []
        self.inline.lead(self.leader, lambda done: self.counted.append((done.facts, done.decisions)))
        self.store = Store(pool, interpreter(), 100, 60.0, self.inline)

    async def ready(self) -> Pair:
        """After a first round that left nothing."""
        while (await self.leader.round()).more:
            pass
        return self


async def checkpoint(pool: Pool) -> tuple[int, int]:
    """Fulfilment's position and the head of the log."""
    async with pool.acquire() as connection:
        return await checkpoints.read(connection, CONSUMER), await head(connection)


async def test_a_payment_is_stored_and_decided_in_one_transaction(log: Pool) -> None:
    await write(log, ratna())
    pair = await Pair(log).ready()
    assert await take_in(pair.store, envelope()) == ["processed"]
    assert (await decided(log)).credit("c1") == 500_000
    position, newest = await checkpoint(log)
    assert position == newest
    transactions = await rows(log, "SELECT count(DISTINCT xmin::text) FROM events WHERE type <> 'catalog.published' AND stream <> 'customer-c1' OR type = 'credit.granted'")  # fmt: skip
    assert transactions == [{"count": 1}]
    assert pair.counted[0][0] == 1
    assert (await pair.leader.round(timers=False)) == Round(0, 0, False)


async def test_a_small_batch_holds_the_logs_lock_for_three_round_trips_and_its_commit(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else wants to write to the log, such as a customer who spends, waits for them."""
    await write(log, ratna())
    pair = await Pair(log).ready()
    await take_in(pair.store, envelope(capture("py-0")))  # the statements are prepared
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
        real = getattr(asyncpg.Connection, name)

        async def counted(
            connection: Any, query: str, *arguments: Any, _real: Any = real, **options: Any
        ) -> Any:
            asked.append(query)
            return await _real(connection, query, *arguments, **options)

        monkeypatch.setattr(asyncpg.Connection, name, counted)
    took = await take_in(pair.store, envelope(capture("py-1")), envelope(capture("py-2")))
    monkeypatch.undo()
    assert took == ["processed", "processed"]
    # What this pool cleans up after each use, the processor's does not.
    begin, *held, commit = [one for one in asked if "RESET ALL" not in one]
    assert (begin[:5], commit) == ("BEGIN", "COMMIT")
    assert held[0] == TAKE_IN_AND_LOOK
    assert len(held) == 2
    assert (await decided(log)).credit("c1") == 500_000 * 3


async def test_decided_at_once_or_in_a_round_the_decisions_are_the_same(log: Pool) -> None:
    await write(log, ratna())
    pair, alone = await Pair(log).ready(), Pair(log, limit=0)
    await take_in(pair.store, envelope(capture("py-1")))
    await take_in(pair.store, envelope(capture("py-2")))
    await alone.ready()
    await take_in(alone.store, envelope(capture("py-3")))
    await alone.leader.round()
    at_once, in_a_round = [await about(log, payment) for payment in ("py-2", "py-3")]
    assert len(at_once) == 2
    assert in_a_round == [decision.replace("py-2", "py-3") for decision in at_once]


async def about(pool: Pool, payment: str) -> list[str]:
    """Decisions about a payment in order, without the positions of its facts."""
    decisions = (await decided(pool)).decisions
    return [said for one in decisions if payment in (said := one.model_dump_json(exclude={"facts"}))]


async def test_the_facts_a_decision_names_are_at_their_positions(log: Pool) -> None:
    await write(log, ratna())
    pair = await Pair(log).ready()
    await take_in(pair.store, envelope(), envelope(capture("py-2")))
    stated = await rows(
        log, "SELECT position, stream FROM events WHERE type = 'payment.succeeded' ORDER BY position"
    )
    named = await rows(
        log,
        "SELECT data -> 'facts' ->> 0 AS fact FROM events WHERE type = 'payment.assessed' ORDER BY position",
    )
    assert [int(row["fact"]) for row in named] == [row["position"] for row in stated]


async def test_what_was_said_before_is_decided_first(log: Pool) -> None:
    pair = await Pair(log).ready()
    await write(log, ratna())
    await take_in(pair.store, envelope())
    assert (await decided(log)).decisions == []
    assert not pair.leader.caught_up
    await pair.leader.round()
    assert (await decided(log)).credit("c1") == 500_000


async def test_what_customers_spend_meanwhile_is_no_reason_to_wait(log: Pool) -> None:
    await write(log, ratna())
    pair = await Pair(log).ready()
    await take_in(pair.store, envelope(capture("py-1")))
    said = BalanceLow(customer_id="c1", credit_tokens=5, at=AT, low_balance_tokens=9)
    async with log.acquire() as connection, log_transaction(connection):
        await append(connection, [NewEvent(streams.credit("c1"), said)], to_decide=False)
    await take_in(pair.store, envelope(capture("py-2")))
    assert pair.leader.caught_up
    assert (await decided(log)).credit("c1") == 500_000 * 2
    position, newest = await checkpoint(log)
    assert position == newest


async def test_a_large_batch_is_stored_alone_and_the_next_small_one_catches_up(log: Pool) -> None:
    await write(log, ratna())
    pair = await Pair(log, limit=2).ready()
    await take_in(pair.store, *(envelope(capture(f"py-{n}")) for n in range(3)))
    assert (await decided(log)).decisions == []
    await take_in(pair.store, envelope(capture("py-9")))
    assert (await decided(log)).credit("c1") == 500_000 * 4
    position, newest = await checkpoint(log)
    assert position == newest


async def test_what_this_process_stored_alone_is_decided_on_without_reading_it_again(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(log, ratna())
    pair = await Pair(log, limit=2).ready()

    async def unread(*_: Any) -> Any:
        raise AssertionError("the log was read")

    with monkeypatch.context() as patched:
        patched.setattr(rounds, "read_page", unread)
        await take_in(pair.store, *(envelope(capture(f"py-{n}")) for n in range(3)))
        await take_in(pair.store, *(envelope(capture(f"py-{n}")) for n in range(2, 6)))
        done = await pair.leader.round(timers=False)
    # The second batch says one of the first again; nothing was appended behind what was decided.
    assert (done.facts, done.more) == (6, False)
    assert (await decided(log)).credit("c1") == 500_000 * 6
    position, newest = await checkpoint(log)
    assert position == newest


async def test_what_others_said_in_between_is_read(log: Pool) -> None:
    pair = await Pair(log, limit=0).ready()
    await take_in(pair.store, envelope(capture("py-1")))
    await write(log, ratna())
    await take_in(pair.store, envelope(capture("py-2")))
    while (await pair.leader.round(timers=False)).more:
        pass
    assert (await decided(log)).credit("c1") == 500_000 * 2
    position, newest = await checkpoint(log)
    assert position == newest


async def test_a_bug_in_a_policy_costs_no_delivery(log: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(log, ratna())
    pair = await Pair(log).ready()

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(work_module, "decide", broken)
    assert await take_in(pair.store, envelope()) == ["processed"]
    assert await facts(log) == ["customer.registered", "payment.succeeded"]
    assert await rows(log, "SELECT reason FROM dead_letters") == []
    assert not pair.leader.caught_up
    monkeypatch.undo()
    await pair.leader.round()
    assert (await decided(log)).credit("c1") == 500_000


async def test_who_lost_the_lead_decides_nothing(log: Pool) -> None:
    await write(log, ratna())
    pair = await Pair(log).ready()
    other = await Pair(log).ready()
    await take_in(other.store, envelope(capture("py-1")))
    await take_in(pair.store, envelope(capture("py-2")))
    assert (await decided(log)).credit("c1") == 500_000
    with pytest.raises(StoreUnavailable):
        await pair.leader.round()  # it finds out, and begins again
    await pair.leader.round()
    assert (await decided(log)).credit("c1") == 500_000 * 2


async def test_money_of_nobody_is_held_at_once_and_released_when_the_customer_comes(log: Pool) -> None:
    pair = await Pair(log).ready()
    await take_in(pair.store, envelope())
    assert (await decided(log)).reasons() == ["customer_unknown"]
    await write(log, f.CustomerRegistered(customer_id="c1", email="ratna@contoh.id"))
    await pair.leader.round()
    await take_in(pair.store, envelope(capture("py-2")))
    assert (await decided(log)).credit("c1") == 500_000 * 2


async def test_a_duplicate_moves_the_checkpoint_along(log: Pool) -> None:
    await write(log, ratna())
    pair = await Pair(log).ready()
    await take_in(pair.store, envelope())
    assert await take_in(pair.store, envelope()) == ["duplicate"]
    position, newest = await checkpoint(log)
    assert position == newest
    assert (await decided(log)).credit("c1") == 500_000


async def test_after_a_failed_commit_nothing_is_remembered(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(log, ratna())
    pair = await Pair(log).ready()
    failures = iter([OSError("connection lost")])

    def lost(point: str) -> None:
        if point == "intake.before_commit" and (error := next(failures, None)) is not None:
            raise error

    monkeypatch.setattr("processor.intake.store.fault_point", lost)
    with pytest.raises(OSError, match="connection lost"):
        await take_in(pair.store, envelope())
    assert not pair.leader.caught_up
    assert await facts(log) == ["customer.registered"]
    assert await take_in(pair.store, envelope()) == ["processed"]
    await pair.leader.round()
    assert (await decided(log)).credit("c1") == 500_000
