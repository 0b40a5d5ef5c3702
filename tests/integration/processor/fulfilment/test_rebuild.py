"""Cases and customers are a fold of the log: built anew they are the live ones, and nothing is granted twice."""

from __future__ import annotations

import random

import pytest

from eventstore.append import NewEvent, append, lock_log
from processor.fulfilment.building import BuiltCases
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.following import DecisionWithoutGrounds
from processor.fulfilment.rebuild import rebuild, verify
from processor.fulfilment.rounds import CONSUMER, Fulfilment, RecordsMissing
from runtime.database import Pool
from schemas import decisions as d
from schemas import facts as f
from schemas.event_model import EventModel
from tests.integration.processor.fulfilment.test_rounds import decided, ratna, settle, write
from tests.unit.processor.cases.facts import (
    at,
    attempt_fact,
    capture,
    charge,
    cycle,
    licence,
    order,
    package,
    paid,
    refund,
    request_fact,
)
from tests.unit.processor.policies.ledgerbook import VARIANT, club
from tests.unit.processor.policies.test_memberships import renamed


def busy() -> list[EventModel]:
    """Of everything that is kept: grants of each kind, held money, bids, refunds, joined cases, plans, memberships, tiers."""
    named = (f.ProductHint(kind="tier", value="klub-a"),)
    back = refund("rfd-o", 50_000, None, provider="scalev", payment_key="o-2", group_id=None)
    return [
        ratna(),
        f.CustomerRegistered(customer_id="c2", email="budi@contoh.id"),
        *(order(key=f"o-{n}") for n in (1, 2)),
        *(paid(key=f"o-{n}", occurred_at=at(n)) for n in (1, 2)),
        order([(VARIANT, 2, 10), ("variant_chat", 1, 5)], key="o-3"),
        paid(key="o-3", occurred_at=at(3)),
        f.OrderCancelled(provider="scalev", order_key="o-1", as_of=at(-5)),
        back,
        capture("py-1", None),
        request_fact(f.PaymentSucceeded, amount=50_000, occurred_at=at(3)),
        capture("py-1", "pr-1"),
        capture("py-2", "pr-1", occurred_at=at(-2)),
        request_fact(f.PaymentPending, "pr-9", customer_ref="c2", occurred_at=at(-9)),
        capture("py-9", "pr-9", amount=30_000),
        refund("rfd-9", 10_000, "py-9", group_id="pr-9"),
        capture("py-7", "pr-7", payer_email="nobody@contoh.id"),
        attempt_fact(f.PaymentPending, "py-8", "pr-8", announced=True, occurred_at=at(days=3000)),
        f.DisputeOpened(
            provider="xendit", payment_key="py-1", attempt_id="py-1", dispute_id="dp-1", occurred_at=at(9)
        ),
        package("klub-a", "trx-1", 75_000),
        package("gold", "trx-2", 75_000),
        licence("activated", at(days=3000), products=named),
        charge(1, at(days=-2)),
        cycle(1, at(days=-2), "activated"),
    ]


@pytest.fixture
async def log(pool: Pool) -> Pool:
    await publish_catalog(pool, club())
    return pool


async def verified(pool: Pool) -> BuiltCases:
    async with pool.acquire() as connection:
        return await verify(connection, CONSUMER)


async def rebuilt(pool: Pool) -> BuiltCases:
    async with pool.acquire() as connection:
        return await rebuild(connection, CONSUMER)


async def forget(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute(
            "TRUNCATE fulfilment_cases, fulfilment_aliases, fulfilment_waits, fulfilment_customers"
        )
        await connection.execute("UPDATE checkpoints SET position = 0 WHERE consumer = 'fulfilment'")


@pytest.mark.parametrize("seed", range(4))
async def test_c142_cases_and_customers_built_from_the_log_are_the_live_ones(log: Pool, seed: int) -> None:
    history, chance = busy(), random.Random(seed)
    chance.shuffle(history)
    for fact in history:
        await write(log, fact)
        await settle(log, limit=1)
    found = await verified(log)
    assert (found.differences, found.undecided, found.unsaid) == ([], [], [])
    assert found.cases > 5


async def test_rebuilding_after_everything_was_lost_grants_nothing_again(log: Pool) -> None:
    await write(log, *busy())
    await settle(log)
    before = (await decided(log)).end_state()
    await forget(log)
    done = await rebuilt(log)
    assert done.undecided == []
    await settle(log)
    assert (await decided(log)).end_state() == before
    await write(log, capture("py-8", "pr-8"), refund("rfd-8", 50_000, "py-8", group_id="pr-8"))
    await settle(log)
    found = await verified(log)
    assert found.differences == []


async def test_what_was_decided_in_one_round_is_built_alike(log: Pool) -> None:
    await write(log, *busy())
    await settle(log)
    found = await verified(log)
    assert (found.differences, found.undecided) == ([], [])


async def test_a_worker_that_began_on_the_old_tables_reads_again(log: Pool) -> None:
    await write(log, *busy())
    leader = Fulfilment(log, limit=100)
    while (await leader.round()).more:
        pass
    await rebuilt(log)
    await write(log, capture("py-8", "pr-8"))
    await settle(log)
    assert (await verified(log)).differences == []


async def test_verify_says_what_differs_and_changes_nothing(log: Pool) -> None:
    await write(log, ratna(), capture())
    await settle(log)
    async with log.acquire() as connection:
        await connection.execute(
            "UPDATE fulfilment_customers SET state = json_build_object('customer_id', customer_id)"
        )
    found = await verified(log)
    assert found.differences == ["c1: credit_tokens, email, last_topups, tier, topups"]
    await rebuilt(log)
    await settle(log)
    assert (await verified(log)).differences == []


async def test_starting_at_0_over_a_log_that_holds_decisions_is_refused(log: Pool) -> None:
    await write(log, ratna(), capture())
    await settle(log)
    await forget(log)
    with pytest.raises(RecordsMissing, match="lunas fulfilment rebuild"):
        await Fulfilment(log, limit=100).round()
    assert (await decided(log)).credit("c1") == 500_000
    await rebuilt(log)
    await settle(log)
    assert (await decided(log)).credit("c1") == 500_000


async def test_decisions_that_do_not_say_what_they_rest_on_are_refused(log: Pool) -> None:
    """Of a program before the record was a fold of the log: its state is read as it is, and cannot be built."""
    said = {"case": "xendit:py-1", "customer_id": "c1", "provider": "xendit", "payment_id": "py-1"}
    await write(log, ratna(), capture("py-1", None))
    async with log.acquire() as connection, connection.transaction():
        await lock_log(connection)
        event = d.CreditGranted(**said, amount_idr=50_000, tokens=500_000, at=at())
        await append(
            connection, [NewEvent("customer-c1", event, {"correlation_id": None, "causation_id": None})]
        )
    with pytest.raises(DecisionWithoutGrounds):
        await rebuilt(log)


async def test_what_decisions_of_earlier_programs_do_not_say_of_plans_is_derived(log: Pool) -> None:
    """They did not write down what a payment gives the plans of its customer, nor since when a membership was known."""
    await write(log, *busy())
    await settle(log)
    async with log.acquire() as connection:
        await connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        await connection.execute("UPDATE events SET data = (data::jsonb - 'given' - 'began' - 'named')::json")
        await connection.execute("ALTER TABLE events ENABLE TRIGGER USER")
        await connection.execute(
            "UPDATE fulfilment_cases SET state = (state::jsonb #- '{record,said,began}' #- '{record,said,named}')::json"
        )
    found = await verified(log)
    assert found.differences == []
    assert {one.partition(":")[0] for one in found.unsaid} == {"mayar"}
    before = await log.fetch(
        "SELECT customer_id, state->'purchases' AS one FROM fulfilment_customers ORDER BY 1"
    )
    await rebuilt(log)
    after = await log.fetch(
        "SELECT customer_id, state->'purchases' AS one FROM fulfilment_customers ORDER BY 1"
    )
    assert after == before
    await settle(log)
    assert (await verified(log)).differences == []


async def test_when_announced_money_is_unconfirmed_survives_a_rebuild(log: Pool) -> None:
    await write(log, attempt_fact(f.PaymentPending, "py-8", announced=True, occurred_at=at(days=3000)))
    await settle(log)
    due = "SELECT due_at FROM fulfilment_cases"
    before = await log.fetchval(due)
    await rebuilt(log)
    assert before is not None
    assert await log.fetchval(due) == before


async def test_a_membership_is_still_of_the_plan_that_its_name_meant_before_the_catalogue_changed(
    log: Pool,
) -> None:
    """Decisions say what its names meant, so its payment finds it again, and is not shown as a second subscription."""
    named = (f.ProductHint(kind="tier", value="klub-a"),)
    await write(log, ratna(), licence("activated", at(days=3000), products=named))
    await settle(log)
    await publish_catalog(log, renamed(tier_names=("klub-x",)))
    await write(log, package("klub-x", "trx-1", 75_000))
    await settle(log)
    before = await decided(log)
    assert list(before.subscriptions("c1")) == ["mayar:subscription:LCN-1"]
    assert (await verified(log)).differences == []
    await forget(log)
    assert (await rebuilt(log)).undecided == []
    await settle(log)
    after = await decided(log)
    assert (after.subscriptions("c1"), len(after.decisions)) == (
        before.subscriptions("c1"),
        len(before.decisions),
    )
    assert (await verified(log)).differences == []


async def test_what_was_over_or_shown_to_an_operator_is_no_difference(log: Pool) -> None:
    """An ended purchase, a cancelled licence that is over, and a licence that somebody else used."""
    named = (f.ProductHint(kind="tier", value="klub-b"),)
    back = refund("rfd-1", 75_000, "trx-1", provider="mayar", group_id=None)
    await write(log, ratna(), package("klub-a", "trx-1", 75_000), back)
    await settle(log)
    old = licence("activated", at(days=-30), "LCN-2", products=named, occurred_at=at(days=-60))
    left = licence("cancelled", at(days=-30), "LCN-2", occurred_at=at(days=-50))
    await write(log, old, left, f.CustomerRegistered(customer_id="c2", email="budi@contoh.id"))
    await settle(log)
    await write(log, licence("renewed", at(days=9000), "LCN-2", payer_email="budi@contoh.id"))
    await settle(log)
    found = await verified(log)
    assert (found.differences, found.undecided) == ([], [])
    # Programs until now forgot a plan that was over.
    await log.execute("UPDATE fulfilment_customers SET state = (state::jsonb - 'plans')::json")
    assert (await verified(log)).differences == []
    await rebuilt(log)
    await settle(log)
    assert (await verified(log)).differences == []
