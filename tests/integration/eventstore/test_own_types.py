"""Each role appends only the events it is there for, and still reads the whole log."""

from __future__ import annotations

import asyncpg
import pytest

from runtime.database import Pool
from schemas.events import EVENT_TYPES

MAY = {
    "lunas_api": {
        "customer.registered",
        "credit.spent",
        "credit.reserved",
        "credit.captured",
        "credit.released",
        "credit.reservation_expired",
        "usage.recorded",
        "balance.low",
        "credit.frozen",
        "checkout.requested",
        "checkout.opened",
        "checkout.refused",
        "checkout.rest_asked",
        "provider.called",
        "plan.requested",
        "plan.opened",
        "plan.refused",
        "plan.called",
        "plan.cancel_asked",
        "plan.stopped",
        "plan.change_asked",
        "plan.changed",
        "plan.act_refused",
        "refund.requested",
        "refund.accepted",
        "refund.refused",
        "suspense.claimed",
        "suspense.claim_withdrawn",
        "suspense.written_off",
        "suspense.write_off_withdrawn",
    },
    "lunas_operator": {
        "suspense.claimed",
        "suspense.claim_withdrawn",
        "suspense.written_off",
        "suspense.write_off_withdrawn",
        "payment.corrected",
        "payment.correction_reverted",
        "payment.succeeded",
        "order.recorded",
        "credit.frozen",
        "credit.unfrozen",
        "credit.forgiven",
        "customer.erased",
        "checkout.refused",
        "refund.requested",
    },
    "lunas_processor": {name for name, *_ in EVENT_TYPES}
    if not isinstance(EVENT_TYPES, dict)
    else set(EVENT_TYPES),
}
APPEND = (
    "INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata) "
    "VALUES (1, gen_random_uuid(), 1, 1, 's', $1, '{}', '{}')"
)
EVERY = sorted(MAY["lunas_processor"])


@pytest.mark.parametrize("role", MAY)
async def test_a_role_appends_its_own_types_and_no_other(pool: Pool, role: str) -> None:
    allowed = set()
    async with pool.acquire() as connection:
        for name in EVERY:
            block = connection.transaction()
            await block.start()
            await connection.execute(f"SET LOCAL ROLE {role}")
            try:
                await connection.execute(APPEND, name)
                assert await connection.fetchval("SELECT count(*) FROM events") == 1
                allowed.add(name)
            except asyncpg.InsufficientPrivilegeError:
                pass
            finally:
                await block.rollback()
    assert allowed == MAY[role]


@pytest.mark.parametrize(
    ("told", "stream", "may"),
    [
        ("refund.succeeded", "refund-rfn_1", True),
        ("refund.failed", "refund-rfn_1", True),
        ("refund.succeeded", "payment-xendit-py-1", False),
        ("refund.succeeded", "request-req_1", False),
        ("payment.succeeded", "request-req_1", True),
        ("payment.expired", "request-req_1", True),
        ("payment.succeeded", "payment-xendit-py-1", False),
        ("payment.succeeded", "refund-rfn_1", False),
        ("subscription.reported", "request-sub_1", True),
        ("subscription.reported", "request-req_1", False),
        ("subscription.reported", "subscription-xendit-repl-1", False),
        ("credit.granted", "request-req_1", False),
    ],
)
async def test_the_api_hears_what_became_of_what_it_asked_for_and_of_nothing_else(
    pool: Pool, told: str, stream: str, may: bool
) -> None:
    assert await may_append(pool, "lunas_api", told, stream) is may


@pytest.mark.parametrize(("stream", "may"), [("settlement-1f", True), ("payment-xendit-py-1", False)])
async def test_an_operator_states_settlements_by_their_statement_alone(
    pool: Pool, stream: str, may: bool
) -> None:
    assert await may_append(pool, "lunas_operator", "settlement.stated", stream) is may


@pytest.mark.parametrize(
    ("data", "may"), [('{"rest_of": "req_1"}', True), ('{"rest_of": null}', False), ("{}", False)]
)
async def test_an_operator_asks_for_the_rest_of_a_request_and_makes_none(
    pool: Pool, data: str, may: bool
) -> None:
    statement = APPEND.replace("'{}', '{}'", f"'{data}', '{{}}'")
    async with pool.acquire() as connection:
        block = connection.transaction()
        await block.start()
        await connection.execute("SET LOCAL ROLE lunas_operator")
        try:
            await connection.execute(statement, "checkout.requested")
            done = True
        except asyncpg.InsufficientPrivilegeError:
            done = False
        finally:
            await block.rollback()
    assert done is may


async def may_append(pool: Pool, role: str, told: str, stream: str) -> bool:
    """Tried, and rolled back."""
    statement = APPEND.replace("'s'", f"'{stream}'")
    async with pool.acquire() as connection:
        block = connection.transaction()
        await block.start()
        await connection.execute(f"SET LOCAL ROLE {role}")
        try:
            await connection.execute(statement, told)
            return True
        except asyncpg.InsufficientPrivilegeError:
            return False
        finally:
            await block.rollback()


async def test_the_api_does_not_read_what_was_sent(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE lunas_api")
        await connection.fetch("SELECT delivery_id, status FROM deliveries")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT body FROM deliveries")


async def test_the_end_of_the_log_is_still_found_by_its_index(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE lunas_api")
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch("EXPLAIN SELECT max(position) FROM events")
    assert any("Index Only Scan Backward" in row[0] for row in plan)


@pytest.mark.parametrize(
    ("told", "stream", "may"),
    [
        ("refund.succeeded", "refund-rfn_1", True),
        ("refund.failed", "refund-rfn_1", True),
        ("refund.failed", "payment-xendit-py-1", False),
        ("refund.failed", "suspense-sus_1", False),
    ],
)
async def test_an_operator_says_and_takes_back_that_held_money_went_back_by_hand_on_a_refund_only(
    pool: Pool, told: str, stream: str, may: bool
) -> None:
    assert await may_append(pool, "lunas_operator", told, stream) is may
