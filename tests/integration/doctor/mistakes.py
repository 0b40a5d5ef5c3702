"""Mistakes that people make, each with what `lunas doctor` must say of it. One coroutine plants one mistake in a healthy world."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aio_pika

from eventstore.leadership import lock_key
from providers.verification import secret_id
from runtime.ids import utc_now
from schemas.topology import DEAD, WEBHOOKS, queue_name, retry_name
from tests.integration.console.conftest import add_delivery, add_letter
from tests.integration.doctor.conftest import World

Plant = Callable[[World], Awaitable[object]]
CATALOGUE = (Path(__file__).parents[3] / "catalog.toml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Mistake:
    """`check` and `said` must stand in one finding that is not `ok`, `step` in its fix."""

    plant: Plant
    check: str
    said: str
    step: str
    lang_free: bool = True


MISTAKES: dict[str, Mistake] = {}


def mistake(check: str, said: str, step: str) -> Callable[[Plant], Plant]:
    """Puts a plant into the table under its own name."""

    def note(plant: Plant) -> Plant:
        name = plant.__name__.replace("_", " ")  # type: ignore[attr-defined]
        assert name not in MISTAKES
        MISTAKES[name] = Mistake(plant, check, said, step)
        return plant

    return note


async def sql(world: World, *statements: str) -> None:
    for statement in statements:
        await world.store.execute(statement)


async def rejected(world: World, provider: str, cause: str, count: int = 1) -> None:
    for _ in range(count):
        await world.store.execute(
            "INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256)"
            " VALUES ($1, $2, $3, clock_timestamp(), '203.0.113.9', '/webhooks/x', '{}', 'x', 'y')",
            uuid.uuid4(), provider, cause,
        )  # fmt: skip


async def channel(world: World) -> aio_pika.abc.AbstractChannel:
    return await world.admin.channel()


# --- settings -----------------------------------------------------------------------------------------------------------------------


@mistake("settings", "XENDIT_WEBHOOK_SECRET", "environment")
async def a_development_secret_in_production(world: World) -> None:
    world.set(XENDIT_WEBHOOK_SECRET="dev-xendit-secret")


@mistake("settings", "MAYAR_WEBHOOK_SECRET", "environment")
async def a_short_secret_in_production(world: World) -> None:
    world.set(MAYAR_WEBHOOK_SECRET="s3cr3t")


@mistake("settings", "LUNAS_API_KEY", "environment")
async def a_blank_key(world: World) -> None:
    world.set(LUNAS_API_KEY=" ")


@mistake("settings", "SCALEV_WEBHOOK_SECRET", "environment")
async def a_provider_without_its_secret(world: World) -> None:
    world.unset("SCALEV_WEBHOOK_SECRET")
    world.set(SCALEV_STORE_UNIQUE_ID="store_x")


@mistake("settings", "LUNAS_PROCESSOR_BATCH_MAX", "environment")
async def a_number_out_of_its_range(world: World) -> None:
    world.set(LUNAS_PROCESSOR_BATCH_MAX=0)


@mistake("settings", "LUNAS_BROKER_URL", "environment")
async def an_address_of_another_scheme(world: World) -> None:
    world.set(LUNAS_BROKER_URL="http://broker:5672/")


@mistake("settings", "LUNAS_OPERATOR_KEY_FILE", "environment")
async def a_secret_file_that_is_not_there(world: World) -> None:
    world.unset("LUNAS_OPERATOR_KEY")
    world.set(LUNAS_OPERATOR_KEY_FILE="/nowhere/operator_key")


@mistake("settings", "LUNAS_INGRES_PORT", "LUNAS_INGRESS_PORT")
async def a_misspelt_setting(world: World) -> None:
    world.set(LUNAS_INGRES_PORT=8080)


@mistake("api_key", "LUNAS_API_KEY", "LUNAS_API_KEY")
async def no_key_for_the_api(world: World) -> None:
    world.unset("LUNAS_API_KEY")


@mistake("secret.scalev", "scalev", "SCALEV_WEBHOOK_SECRET")
async def no_secret_of_a_provider(world: World) -> None:
    world.unset("SCALEV_WEBHOOK_SECRET")


@mistake("secrets", "LUNAS_API_KEY, LUNAS_OPERATOR_KEY", "")
async def one_key_for_two_doors(world: World) -> None:
    world.set(LUNAS_API_KEY="same-7c1f04be92d35a68", LUNAS_OPERATOR_KEY="same-7c1f04be92d35a68")


@mistake("environment", "LUNAS_INGRESS_HOST=0.0.0.0", "LUNAS_ENV=production")
async def development_on_an_open_door(world: World) -> None:
    world.set(LUNAS_ENV="development", LUNAS_INGRESS_HOST="0.0.0.0")


@mistake("ports", "LUNAS_INGRESS_PORT, LUNAS_API_PORT", "")
async def two_doors_on_one_port(world: World) -> None:
    world.unset("LUNAS_PEERS")
    for name, port in world.processes.ports.items():
        variable = (
            f"LUNAS_{name}_PORT" if name in ("ingress", "api", "console") else f"LUNAS_{name}_METRICS_PORT"
        )
        world.set(**{variable.upper(): port})
    world.set(LUNAS_API_PORT=world.processes.ports["ingress"])


@mistake("peers", "proccessor", "LUNAS_PEERS")
async def a_process_that_does_not_exist(world: World) -> None:
    peers = ",".join(f"{name}=127.0.0.1:{port}" for name, port in world.processes.ports.items())
    world.set(LUNAS_PEERS=f"{peers},proccessor=127.0.0.1:1")


@mistake("retries", "LUNAS_PROCESSOR_RETRY_ATTEMPTS", "LUNAS_BROKER_RETRY_DELAYS_SECONDS")
async def more_retries_than_tiers(world: World) -> None:
    world.set(LUNAS_PROCESSOR_RETRY_ATTEMPTS=9)


@mistake("catalogue", "no-such.toml", "LUNAS_CATALOG")
async def a_catalogue_that_is_not_there(world: World) -> None:
    world.set(LUNAS_CATALOG="/nowhere/no-such.toml")


def catalogue(world: World, text: str) -> None:
    (world.folder / "catalog.toml").write_text(text, encoding="utf-8")
    world.set(LUNAS_CATALOG=world.folder / "catalog.toml")


@mistake("catalogue", "silver", "LUNAS_CATALOG")
async def a_product_twice(world: World) -> None:
    catalogue(world, CATALOGUE + '\n[[products]]\nid = "silver"\nkind = "tokens"\nchat_tokens = 7\n')


@mistake("catalogue", "price_idr", "LUNAS_CATALOG")
async def a_price_in_words(world: World) -> None:
    catalogue(world, CATALOGUE.replace("price_idr = 150000", 'price_idr = "150 ribu"'))


@mistake("catalogue", "tokens", "LUNAS_CATALOG")
async def a_product_without_what_it_grants(world: World) -> None:
    catalogue(world, CATALOGUE.replace("chat_tokens = 100\n", ""))


@mistake("disk", "MiB", "")
async def a_full_disk(world: World) -> None:
    world.patch.setattr("console.checks.disk.LEAST_FREE_BYTES", 2**62)


# --- providers ----------------------------------------------------------------------------------------------------------------------


@mistake("rejected", "xendit: 3 requests were rejected: wrong_credential", "XENDIT_WEBHOOK_SECRET")
async def a_wrong_token(world: World) -> None:
    await rejected(world, "xendit", "wrong_credential", 3)


@mistake("rejected", "wrong_account", "MAYAR_MERCHANT_ID")
async def a_wrong_business(world: World) -> None:
    await rejected(world, "mayar", "wrong_account")


@mistake("rejected", "missing_credential", "lunas quarantine list --provider scalev")
async def a_proxy_that_drops_headers(world: World) -> None:
    await rejected(world, "scalev", "missing_credential")


@mistake("secret.xendit", "", "XENDIT_WEBHOOK_SECRET=")
async def a_rotated_secret(world: World) -> None:
    await add_delivery(
        world.store, received_at=utc_now() - timedelta(hours=1), secret_id=secret_id("the-one-before-1234")
    )
    await rejected(world, "xendit", "wrong_credential")


@mistake("quarantine", "", "lunas quarantine list")
async def a_quarantine_that_grows(world: World) -> None:
    world.set(LUNAS_QUARANTINE_MAX_ROWS=4)
    await rejected(world, "mayar", "missing_credential", 4)


# --- processes ----------------------------------------------------------------------------------------------------------------------


@mistake("provider", "api does not call xendit for a while", "lunas doctor xendit")
async def a_provider_is_left_alone(world: World) -> None:
    status, document = world.processes.answers["api"]
    notes = {"left_alone.xendit": "open"}
    world.processes.answers["api"] = (status, document | {"notes": notes})


@mistake("process", "processor does not answer", "lunas run processor")
async def a_process_that_is_away(world: World) -> None:
    address = f"processor=127.0.0.1:{world.processes.ports['processor']}"
    peers = ",".join(f"{name}=127.0.0.1:{port}" for name, port in world.processes.ports.items())
    world.set(LUNAS_PEERS=peers.replace(address, "processor=127.0.0.1:1"))


@mistake("process", "api runs but answers nothing", "")
async def a_process_that_hangs(world: World) -> None:
    world.set(LUNAS_PROBE_TIMEOUT_SECONDS=1)
    world.processes.hanging.add("api")


@mistake("process", "ingress runs but is not ready (broker", "")
async def a_process_that_waits(world: World) -> None:
    world.processes.say("ingress", "broker")


@mistake("process", "something else answers", "ss -ltnp")
async def a_port_that_somebody_else_has(world: World) -> None:
    world.processes.answers["console"] = (200, {"hello": "I am something else"})


# --- broker -------------------------------------------------------------------------------------------------------------------------


@mistake("broker", "RabbitMQ", "")
async def a_wrong_password_of_the_broker(world: World) -> None:
    world.set(
        LUNAS_BROKER_URL=world.broker_url.replace("//", "//nobody:wrong@", 1).replace("wrong@", "wrong@", 1)
    )


@mistake("broker", "RabbitMQ does not answer", "")
async def a_broker_that_is_away(world: World) -> None:
    world.set(LUNAS_BROKER_URL="amqp://u:p@127.0.0.1:1/")


@mistake("broker", "gives no answer", "")
async def a_broker_that_hangs(world: World) -> None:
    silent = world.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    world.set(
        LUNAS_BROKER_URL=f"amqp://u:p@127.0.0.1:{silent.getsockname()[1]}/", LUNAS_PROBE_TIMEOUT_SECONDS=1
    )


@mistake("queues", "lunas.retry.30s", "definitions")
async def a_deleted_queue(world: World) -> None:
    await (await channel(world)).queue_delete(retry_name(30))


@mistake("queues", "lunas.dead", "definitions")
async def a_deleted_exchange(world: World) -> None:
    await (await channel(world)).exchange_delete(DEAD)


@mistake("queues", "x-message-ttl", "rabbitmqctl delete_queue")
async def a_retry_queue_of_another_length(world: World) -> None:
    opened = await channel(world)
    name = retry_name(5)
    await opened.queue_delete(name)
    more = {
        "x-dead-letter-exchange": WEBHOOKS,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    limits = {"x-delivery-limit": 20, "x-max-length-bytes": 2 * 1024**3}
    await opened.declare_queue(
        name, durable=True, arguments={"x-queue-type": "quorum", "x-message-ttl": 1000, **more, **limits}
    )


@mistake("queues", "x-dead-letter-exchange", "rabbitmqctl delete_queue")
async def a_retry_queue_that_leads_elsewhere(world: World) -> None:
    opened = await channel(world)
    name = retry_name(300)
    await opened.queue_delete(name)
    more = {
        "x-dead-letter-exchange": "amq.fanout",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    limits = {"x-delivery-limit": 20, "x-max-length-bytes": 2 * 1024**3}
    await opened.declare_queue(
        name, durable=True, arguments={"x-queue-type": "quorum", "x-message-ttl": 300_000, **more, **limits}
    )


@mistake("partitions", "lunas.webhooks.p1", "docs/runbooks/change-partitions.md")
async def a_queue_that_is_left_over(world: World) -> None:
    await (await channel(world)).declare_queue(
        queue_name(1), durable=True, arguments={"x-queue-type": "quorum"}
    )


@mistake("consumers", queue_name(0), "lunas run processor")
async def nobody_reads(world: World) -> None:
    await world.consumers.close()


# --- database -----------------------------------------------------------------------------------------------------------------------


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


@mistake("append_only", "lunas_reader SELECT deliveries.body", "")
async def a_reader_of_raw_bodies(world: World) -> None:
    await sql(world, "GRANT SELECT ON deliveries TO lunas_reader")


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
