"""Workers that do not get on, and read models that are not as they should be."""

from __future__ import annotations

from eventstore.leadership import lock_key
from tests.integration.console.conftest import add_letter
from tests.integration.doctor.conftest import World
from tests.integration.doctor.mistakes.table import (
    mistake,
    sql,
)


@mistake("leader", "processor stands still", "pg_terminate_backend")
async def a_leader_that_does_not_work(world: World) -> None:
    await stands_still(world, "fulfilment")


@mistake("leader", "nobody leads", "")
async def a_job_that_nobody_leads(world: World) -> None:
    await world.leader.execute("SELECT pg_advisory_unlock($1)", lock_key("projections"))


async def stands_still(world: World, consumer: str) -> None:
    """Its checkpoint has been at the beginning for an hour, and the log went on."""
    await sql(
        world,
        "INSERT INTO streams (stream, category, version) VALUES ('customer-c1', 'customer', 1)",
        "INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)"
        " SELECT stream_id, gen_random_uuid(), 1, 1, stream, 'customer.registered', '{}', '{}' FROM streams",
        "INSERT INTO checkpoints (consumer, version, partition, position, updated_at)"
        f" VALUES ('{consumer}', 1, 0, 0, clock_timestamp() - interval '1 hour')"
        " ON CONFLICT (consumer, version, partition) DO UPDATE SET position = 0, updated_at = excluded.updated_at",
    )


@mistake("lag", "projection.balances", "log")
async def a_read_model_that_is_behind(world: World) -> None:
    await stands_still(world, "projection.balances")


@mistake("projections", "balances", "lunas projections rebuild balances")
async def events_that_could_not_be_folded(world: World) -> None:
    await sql(
        world,
        "INSERT INTO projection_parked (name, version, position, stream, type, error)"
        " VALUES ('balances', 1, 1, 'customer-c1', 'credit.granted', 'KeyError')",
    )


@mistake("projections", "balances version 2", "lunas projections switch balances")
async def a_generation_that_was_never_finished(world: World) -> None:
    await sql(
        world,
        "INSERT INTO projection_versions (name, version, status, created_at)"
        " VALUES ('balances', 2, 'building', clock_timestamp() - interval '1 day')",
    )


@mistake("projections", "balances", "lunas run projections")
async def a_read_model_that_is_not_shown(world: World) -> None:
    await sql(world, "UPDATE projection_versions SET status = 'retired' WHERE name = 'balances'")


@mistake("ledger", "IDR 5", "lunas projections verify ledger")
async def a_ledger_that_does_not_sum_up(world: World) -> None:
    await sql(
        world,
        "INSERT INTO ledger_v1 (account, unit, balance, position) VALUES ('clearing:xendit', 'IDR', 5, 1)",
    )


@mistake("endpoints", "410", "lunas endpoints enable ep_1")
async def an_endpoint_that_is_gone(world: World) -> None:
    await sql(
        world,
        "INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by, disabled_at, disabled_because)"
        " VALUES ('ep_1', 'toko', 'https://x.example/', '{payment.received}', 'k', 'sari', clock_timestamp(), 'gone')",
    )


@mistake("parked", "1 messages", "lunas dlq groups")
async def a_dead_letter(world: World) -> None:
    await add_letter(world.store)


@mistake("suspense", "1 payments", "lunas suspense list")
async def money_that_is_held(world: World) -> None:
    await world.held()


@mistake("catalogue", "decisions are made by catalogue", "LUNAS_CATALOG")
async def a_catalogue_that_nobody_published(world: World) -> None:
    await sql(
        world,
        "INSERT INTO streams (stream, category, version) VALUES ('catalog-main', 'catalog', 1)",
        "INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)"
        " SELECT stream_id, gen_random_uuid(), 1, 1, stream, 'catalog.published',"
        """ '{"version": "older", "content": {}}', '{}' FROM streams WHERE stream = 'catalog-main'""",
    )


@mistake("confirming.xendit", "nobody asks for", "XENDIT_SECRET_KEY")
async def money_waits_for_a_provider_that_cannot_be_asked(world: World) -> None:
    await sql(
        world,
        "INSERT INTO suspense_v1 (suspense_id, case_key, provider, payment_id, reason, amount, since, status, position)"
        " VALUES ('s-2', 'xendit:py-2', 'xendit', 'py-2', 'awaiting_confirmation', 900000, clock_timestamp(), 'held', 1)",
    )


@mistake("unconfirmed.mayar", "does not confirm 1 payments", "rotate-a-secret")
async def a_provider_does_not_know_what_its_webhooks_claim(world: World) -> None:
    await sql(
        world,
        "INSERT INTO confirmations (case_key, provider, payment_id, answer, our_amount) VALUES ('mayar:t-1', 'mayar', 't-1', 'unknown', 900000)",
    )
