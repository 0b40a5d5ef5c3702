"""What was decided on accounts without the log's lock is written only while it still holds; else it is decided again, under the lock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.checkout.idempotency import FirstAnswer
from api.credit import teller as serving
from api.credit.acts import Reserve, Spend
from api.credit.instruments import CreditInstruments
from api.credit.orders import CreditOrder, Settled
from api.credit.teller import Teller
from eventstore.append import NewEvent, append, log_transaction
from runtime.database import Pool
from schemas.catalog import Catalog, Tier
from schemas.decision_model import Posting
from schemas.decisions import CreditGranted
from schemas.facts import CustomerRegistered
from schemas.problems import Problem
from tests.standby import standby_away
from tests.unit.processor.cases.facts import at
from tests.waiting import until

TOKENS = 1000


class Terms:
    async def get(self) -> Catalog:
        return Catalog(tiers=(Tier(id="gratis"), Tier(id="bpp", credit_based=True)))


def teller(pool: Pool) -> Teller:
    return Teller(pool, Terms(), CreditInstruments(CollectorRegistry()), acquire_seconds=60, batch_max=50)


async def credited(pool: Pool, *names: str) -> None:
    async with pool.acquire() as connection, log_transaction(connection):
        for name in names:
            registered = CustomerRegistered(customer_id=name, email=f"{name}@contoh.id")
            granted = CreditGranted(
                case=f"k-{name}", customer_id=name, provider="xendit", payment_id=f"py-{name}", amount_idr=TOKENS // 10,
                tokens=TOKENS, at=at(),
                postings=(
                    Posting(account="clearing:xendit", unit="IDR", amount=TOKENS // 10),
                    Posting(account=f"credit:{name}", unit="IDR", amount=-TOKENS // 10),
                ),
            )  # fmt: skip
            await append(
                connection, [NewEvent(f"customer-{name}", registered), NewEvent(f"customer-{name}", granted)]
            )  # type: ignore[arg-type]


def answered(settled: Settled) -> FirstAnswer:
    return FirstAnswer(201, {"what": settled.event.TYPE, "position": settled.position})


def spend(name: str, reference: str, tokens: int = 1, key: str | None = None) -> CreditOrder:
    act = Spend(f"id-{reference}", tokens, "chat", reference)
    return CreditOrder(name, act, answered, key, reference.encode() if key else b"")


async def told(pool: Pool) -> list[tuple[int, str, int]]:
    """(position, stream, version) of what customers did, in order."""
    rows = await pool.fetch(
        "SELECT position, stream, version FROM events WHERE stream LIKE 'credit-%' ORDER BY position"
    )
    return [tuple(row) for row in rows]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What happens between a look and what follows from it, once each."""
    waiting: list[Any] = []
    look = serving.open_accounts

    async def looked(*arguments: Any, **named: Any) -> Any:
        found = await look(*arguments, **named)
        if waiting:
            await waiting.pop(0)()
        return found

    monkeypatch.setattr(serving, "open_accounts", looked)
    return waiting


async def test_s7_what_moved_after_the_look_is_decided_again(pool: Pool, meanwhile: list[Any]) -> None:
    await credited(pool, "budi")
    ours, theirs = teller(pool), teller(pool)
    meanwhile.append(lambda: theirs.serve(spend("budi", "theirs", 600)))
    with pytest.raises(Problem, match="insufficient_balance"):
        await ours.serve(spend("budi", "ours", 600))
    assert await pool.fetchval("SELECT credit_tokens FROM credit_accounts") == 400
    meanwhile.append(lambda: theirs.serve(spend("budi", "same", 100)))
    again = await ours.serve(spend("budi", "same", 100))
    assert again is not None
    assert again.document["position"] == (await told(pool))[-1][0]
    assert len(await told(pool)) == 2


async def test_s7_a_key_that_was_used_after_the_look_answers_what_it_answered(
    pool: Pool, meanwhile: list[Any]
) -> None:
    await credited(pool, "budi", "sari")
    ours, theirs = teller(pool), teller(pool)
    meanwhile.append(lambda: theirs.serve(spend("sari", "r-1", 5, "key")))
    first = await ours.serve(spend("sari", "r-1", 5, "key"))
    # Position and all: as it was kept.
    assert (await ours.serve(spend("sari", "r-1", 5, "key"))) == first
    ((position, *_),) = await told(pool)
    assert first is not None
    assert first.document == {"what": "credit.spent", "position": position}


@pytest.mark.parametrize("key", [None, "key"])
async def test_a_spend_that_is_asked_for_again_is_answered_only_when_the_standby_has_it_too(
    pool: Pool, database_url: str, key: str | None
) -> None:
    """Its first commit is seen by everybody, and only one server has it: nobody was told that it counts, and nobody is yet."""
    await credited(pool, "budi")
    died, ours = teller(pool), teller(pool)
    async with standby_away(database_url) as standby:
        first = asyncio.create_task(died.serve(spend("budi", "r-1", 5, key)))
        await until(standby.is_waited_for)
        assert died._serving is not None
        died._serving.cancel()
        await asyncio.gather(first, died._serving, return_exceptions=True)
        await until(lambda: standby.connection.fetchval("SELECT count(*) = 1 FROM credit_acts"))

        again = asyncio.create_task(ours.serve(spend("budi", "r-1", 5, key)))

        async def waits_or_is_done() -> bool:
            return again.done() or await standby.is_waited_for()

        await until(waits_or_is_done)
        assert not again.done()
        await standby.back()
        answer = await again
    assert answer is not None
    assert answer.status == 201
    assert len(await told(pool)) == 1


async def test_s7_orders_of_many_are_one_transaction_in_their_order(pool: Pool) -> None:
    names = [f"c{number}" for number in range(6)]
    await credited(pool, *names)
    one = teller(pool)
    orders = [
        spend(name, f"{name}-{n}", key=f"{name}-{n}" if n == 1 else None) for n in range(3) for name in names
    ]
    orders.append(CreditOrder("c0", Reserve("held", 10, "r", 60), answered))
    answers = await asyncio.gather(*map(one.serve, orders))
    positions = [answer.document["position"] for answer in answers if answer is not None]
    assert positions == sorted(positions)
    assert len(set(positions)) == len(orders)
    rows = await told(pool)
    assert [row[0] for row in rows] == positions
    for name in names:
        versions = [version for _, stream, version in rows if stream == f"credit-{name}"]
        assert versions == list(range(1, len(versions) + 1))
        assert await pool.fetchval("SELECT version FROM streams WHERE stream = $1", f"credit-{name}") == len(
            versions
        )
    acts = await pool.fetch("SELECT position FROM credit_acts ORDER BY position")
    assert [row["position"] for row in acts] == positions


async def test_s7_two_processes_that_spend_from_one_balance_never_spend_more_than_there_is(
    pool: Pool,
) -> None:
    await credited(pool, "budi")
    tellers = [teller(pool), teller(pool), teller(pool)]
    ends = await asyncio.gather(
        *(tellers[number % 3].serve(spend("budi", f"r-{number}", 10)) for number in range(150)),
        return_exceptions=True,
    )
    assert sum(isinstance(end, FirstAnswer) for end in ends) == TOKENS // 10
    assert {end.kind.code for end in ends if isinstance(end, Problem)} == {"insufficient_balance"}
    assert await pool.fetchval("SELECT credit_tokens FROM credit_accounts") == 0
