"""A database that is away, behind, unsafe, or held up."""

from __future__ import annotations

import socket
from datetime import timedelta

from runtime.ids import utc_now
from tests.integration.console.conftest import add_delivery
from tests.integration.doctor.conftest import World
from tests.integration.doctor.mistakes.table import (
    mistake,
    sql,
)


@mistake("database", "PostgreSQL does not answer", "")
async def a_database_that_is_away(world: World) -> None:
    world.set(LUNAS_DATABASE_URL="postgresql://u:p@127.0.0.1:1/lunas")


@mistake("database", "gives no answer", "")
async def a_database_that_hangs(world: World) -> None:
    silent = world.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = silent.getsockname()[1]
    world.set(LUNAS_DATABASE_URL=f"postgresql://u:p@127.0.0.1:{port}/lunas", LUNAS_PROBE_TIMEOUT_SECONDS=1)


@mistake("database", "no_such_database", "")
async def a_database_of_another_name(world: World) -> None:
    world.set(LUNAS_DATABASE_URL=world.database_url.rpartition("/")[0] + "/no_such_database")


@mistake("schema", "0103_own_event_types.sql", "lunas migrate")
async def a_migration_that_waits(world: World) -> None:
    await sql(world, "DELETE FROM schema_migrations WHERE name = '0103_own_event_types.sql'")


@mistake("schema", "9999_of_tomorrow.sql", "")
async def a_database_of_a_newer_version(world: World) -> None:
    await sql(world, "INSERT INTO schema_migrations (name, checksum) VALUES ('9999_of_tomorrow.sql', 'x')")


@mistake("synchronous_commit", "off", "synchronous_commit = on")
async def commits_that_may_vanish(world: World) -> None:
    await sql(world, f'ALTER DATABASE "{world.database_url.rpartition("/")[2]}" SET synchronous_commit = off')


@mistake("full_page_writes", "off", "full_page_writes = on")
async def pages_that_may_tear(world: World) -> None:
    await world.server_setting("full_page_writes", "off")


@mistake("writable", "default_transaction_read_only", "RESET default_transaction_read_only")
async def a_database_that_takes_no_writes(world: World) -> None:
    await sql(
        world,
        f'ALTER DATABASE "{world.database_url.rpartition("/")[2]}" SET default_transaction_read_only = on',
    )


@mistake("append_only", "events_are_immutable", "")
async def a_guard_that_is_off(world: World) -> None:
    await sql(world, "ALTER TABLE events DISABLE TRIGGER events_are_immutable")


@mistake("append_only", "deliveries_are_not_truncated", "")
async def a_guard_that_is_gone(world: World) -> None:
    await sql(world, "DROP TRIGGER deliveries_are_not_truncated ON deliveries")


@mistake("append_only", "lunas_api UPDATE events", "")
async def a_role_with_too_many_rights(world: World) -> None:
    await sql(world, "GRANT UPDATE ON events TO lunas_api")


@mistake("append_only", "lunas_processor UPDATE deliveries", "")
async def a_role_that_may_do_more_than_empty_bodies(world: World) -> None:
    await sql(world, "GRANT UPDATE (received_at) ON deliveries TO lunas_processor")


@mistake("append_only", "lunas_api UPDATE deliveries", "")
async def a_door_that_may_empty_bodies(world: World) -> None:
    await sql(world, "GRANT UPDATE (body, redacted_at) ON deliveries TO lunas_api")


@mistake("append_only", "lunas_reader SELECT deliveries.body", "")
async def a_reader_of_raw_bodies(world: World) -> None:
    await sql(world, "GRANT SELECT ON deliveries TO lunas_reader")


@mistake("fsync", "fsync is", "fsync = on")
async def commits_that_are_not_synced(world: World) -> None:
    # The server of all tests stays as it is: what is sound is said to be something else.
    world.patch.setattr("console.checks.database.DURABLE", {"fsync": ("elsewhere",)})


@mistake("full_page_writes", "full_page_writes is", "full_page_writes = on")
async def pages_that_may_be_torn(world: World) -> None:
    world.patch.setattr("console.checks.database.DURABLE", {"full_page_writes": ("elsewhere",)})


@mistake("data_checksums", "data_checksums is", "pg_checksums")
async def damage_that_nobody_notices(world: World) -> None:
    world.patch.setattr("console.checks.database.NOTICING", {"data_checksums": ("elsewhere",)})


@mistake("event_types", "row level security", "ENABLE ROW LEVEL SECURITY")
async def policies_that_are_off(world: World) -> None:
    await sql(world, "ALTER TABLE events DISABLE ROW LEVEL SECURITY")


@mistake("event_types", "anything", "ENABLE ROW LEVEL SECURITY")
async def a_policy_that_lets_everything_through(world: World) -> None:
    await sql(world, "CREATE POLICY anything ON events FOR INSERT TO lunas_api WITH CHECK (true)")


@mistake("rights", "lunas_processor INSERT deliveries", "GRANT INSERT ON lunas.deliveries TO lunas_processor")
async def a_role_that_lacks_a_right(world: World) -> None:
    await sql(world, "REVOKE INSERT ON deliveries FROM lunas_processor")


@mistake("clock", "differ by", "NTP")
async def a_clock_that_is_wrong(world: World) -> None:
    world.patch.setattr("console.checks.database.utc_now", lambda: utc_now() - timedelta(minutes=7))


@mistake("clock", "ingress is ahead", "NTP")
async def a_clock_of_ingress_that_is_ahead(world: World) -> None:
    await add_delivery(world.store, received_at=utc_now() + timedelta(hours=1))


@mistake("locks", "waits for a lock", "pg_terminate_backend")
async def somebody_who_holds_everybody_up(world: World) -> None:
    world.patch.setattr("console.checks.activity.WAITING_SECONDS", 0.0)
    holder, waiter = await world.connect(), await world.connect()
    await holder.execute("BEGIN; LOCK TABLE checkpoints IN ACCESS EXCLUSIVE MODE")
    await world.waits(waiter, "SELECT count(*) FROM checkpoints")


@mistake("transactions", "open transaction", "pg_terminate_backend")
async def a_transaction_that_was_forgotten(world: World) -> None:
    world.patch.setattr("console.checks.activity.FORGOTTEN_SECONDS", 0.0)
    await (await world.connect()).execute("BEGIN; SELECT 1 FROM events LIMIT 1")
