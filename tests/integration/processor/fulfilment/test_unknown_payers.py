"""Money held for want of a customer, after a start with LUNAS_UNKNOWN_CUSTOMER=create: decided again, a little per round, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from eventstore.read import head
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment, Round
from processor.fulfilment.runner import run_fulfilment
from runtime.database import Pool
from runtime.settings import Settings
from schemas import decisions as d
from schemas import facts as f
from tests.integration.processor.fulfilment.test_rounds import decided, log, ratna, settle, write
from tests.unit.processor.cases.facts import (
    at,
    attempt_fact,
    capture,
    licence,
    order,
    package,
    paid,
    request_fact,
)
from tests.unit.processor.policies.ledgerbook import shipped_catalog
from tests.waiting import until

__all__ = ["log"]


def top_up(number: int, **more: Any) -> f.PaymentSucceeded:
    payer = more.pop("payer_email", f"payer{number}@contoh.id")
    return capture(f"py-{number}", f"pr-{number}", payer_email=payer, **more)


async def held_before(pool: Pool, *facts: Any) -> None:
    """Decided on while the setting was `suspense`."""
    await write(pool, *facts)
    await settle(pool)


def creating(pool: Pool, held_limit: int = 100) -> Fulfilment:
    """A leader that starts with `create`."""
    return Fulfilment(pool, limit=100, create_unknown=True, held_limit=held_limit)


async def all_rounds(worker: Fulfilment) -> list[Round]:
    done = [await worker.round()]
    while done[-1].more or done[-1].held:
        done.append(await worker.round(timers=False))
    return done


async def credits(pool: Pool) -> dict[str, int]:
    """Credit by the e-mail of the customer that was made."""
    book = await decided(pool)
    async with pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT customer_id, email_normalized AS email FROM fulfilment_customers"
        )
    return {row["email"]: book.credit(row["customer_id"]) for row in rows}


async def test_c90_money_held_before_the_switch_is_granted_to_customers_made_of_its_payers(log: Pool) -> None:
    await held_before(log, *(top_up(n) for n in range(3)), order(), paid(), package("gold"))
    assert (await decided(log)).reasons() == ["customer_unknown"] * 5
    await all_rounds(creating(log))
    book = await decided(log)
    assert book.reasons() == []
    assert await credits(log) == {f"payer{n}@contoh.id": 500_000 for n in range(3)} | {"ratna@contoh.id": 0}
    (buyer,) = {event.customer_id for event in book.of(d.CourseEnrolled)}
    assert (book.courses(buyer), book.chat(buyer)) == ({"kelas-python"}, 100)
    assert {event.resolution for event in book.of(d.SuspenseReleased)} == {"granted"}


async def test_a_round_takes_no_more_of_what_is_held_than_it_may(log: Pool) -> None:
    await held_before(log, *(top_up(n) for n in range(7)))
    worker, left = creating(log, held_limit=2), []
    for _ in range(4):
        await worker.round()
        left.append(len((await decided(log)).suspense()))
    assert left == [5, 3, 1, 0]


async def test_a_payment_made_meanwhile_does_not_wait_for_all_that_is_held(log: Pool) -> None:
    await held_before(log, *(top_up(n) for n in range(20)), ratna())
    await write(log, capture("py-live", "pr-live"))
    await creating(log, held_limit=1).round()
    book = await decided(log)
    assert (book.credit("c1"), len(book.suspense())) == (500_000, 19)


async def test_what_is_decided_where_it_is_stored_need_not_wait_either(log: Pool) -> None:
    await held_before(log, *(top_up(n) for n in range(5)))
    worker = creating(log, held_limit=1)
    assert (await worker.round()).held
    assert worker.caught_up


async def test_starting_again_in_the_middle_and_at_the_end_grants_nothing_twice(log: Pool) -> None:
    await held_before(log, *(top_up(n) for n in range(5)))
    await creating(log, held_limit=2).round()
    await all_rounds(creating(log, held_limit=2))
    assert await credits(log) == {f"payer{n}@contoh.id": 500_000 for n in range(5)}
    async with log.acquire() as connection:
        before = await head(connection)
        assert [done.decisions for done in await all_rounds(creating(log))] == [0]
        assert await head(connection) == before


async def test_several_payments_of_one_payer_make_one_customer_across_rounds(log: Pool) -> None:
    await held_before(log, *(top_up(n, payer_email="sari@contoh.id") for n in range(5)))
    await all_rounds(creating(log, held_limit=2))
    assert await credits(log) == {"sari@contoh.id": 5 * 500_000}


async def test_what_nobody_can_attribute_stays_held(log: Pool) -> None:
    await held_before(
        log,
        top_up(1, payer_email=None),
        top_up(2, customer_ref="gone"),
        ratna(),
        f.CustomerRegistered(customer_id="c2", email="ratna@contoh.id"),
        capture("py-both", "pr-both"),
        attempt_fact(f.PaymentFailed, "py-9", "pr-9", payer_email="abandoned@contoh.id"),
    )
    reasons = ["customer_ambiguous", "customer_missing", "customer_unknown"]
    assert (await decided(log)).reasons() == reasons
    assert [done.decisions for done in await all_rounds(creating(log))] == [0]
    assert (await decided(log)).reasons() == reasons


async def test_a_licence_held_for_want_of_a_customer_finds_the_one_that_was_made(log: Pool) -> None:
    mail = {"payer_email": "sari@contoh.id"}
    await held_before(log, licence("created", at(days=30), **mail), top_up(1, **mail))
    await all_rounds(creating(log, held_limit=1))
    book = await decided(log)
    (owner,) = {event.customer_id for event in book.of(d.CreditGranted)}
    assert (book.subscription(owner).status, book.reasons()) == ("pending", [])


async def test_a_licence_in_use_makes_the_customer_it_was_held_for(log: Pool) -> None:
    ends = datetime.now(UTC) + timedelta(days=30)
    await held_before(log, licence("activated", ends, payer_email="sari@contoh.id"))
    await all_rounds(creating(log))
    book = await decided(log)
    (owner,) = {event.customer_id for event in book.of(d.SubscriptionActivated)}
    assert (book.subscription(owner).status, book.reasons()) == ("active", [])


async def test_held_money_that_turns_out_to_be_one_payment_is_granted_once(log: Pool) -> None:
    """A request and a payment were held apart; the fact that makes them one comes in the round that looks at both again."""
    told = request_fact(f.PaymentSucceeded, "pr-1", amount=50_000, payer_email="sari@contoh.id")
    await held_before(log, told, top_up(1, group_id=None, payer_email="sari@contoh.id"))
    assert len((await decided(log)).suspense()) == 2
    await write(log, top_up(1, payer_email="sari@contoh.id"))
    await all_rounds(creating(log))
    assert await credits(log) == {"sari@contoh.id": 500_000}
    assert (await decided(log)).reasons() == []


async def test_while_held_money_stays_suspense_nothing_is_looked_at(log: Pool) -> None:
    await held_before(log, top_up(1))
    worker = Fulfilment(log, limit=100)
    assert not (await worker.round()).held
    assert (await decided(log)).reasons() == ["customer_unknown"]


async def test_a_processor_that_starts_with_create_empties_what_was_held(
    log: Pool, settings: Callable[..., Settings], database_url: str
) -> None:
    await held_before(log, *(top_up(n) for n in range(7)))
    chosen = settings(database_url=database_url, unknown_customer="create", fulfilment_held_max=2)
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_fulfilment(log, chosen, stop, CollectorRegistry(), Inline(0), shipped_catalog())
    )

    async def emptied() -> bool:
        return (await decided(log)).reasons() == []

    await until(emptied)
    stop.set()
    await running
    assert await credits(log) == {f"payer{n}@contoh.id": 500_000 for n in range(7)}
