"""Mistakes in settings, the catalogue and the machine."""

from __future__ import annotations

from ingress.journal.place import own_place
from ingress.journal.record import record_parts
from ingress.journal.segment import OpenSegment
from runtime.ids import uuid7
from schemas.envelope import Envelope, pack_one
from tests.integration.doctor.conftest import World
from tests.integration.doctor.mistakes.table import (
    CATALOGUE,
    mistake,
)
from tests.pooler import pooler


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


@mistake("database", "connection pooler", "correct the address")
async def a_pooler_in_the_databases_place(world: World) -> None:
    world.set(LUNAS_DATABASE_URL=await world.stack.enter_async_context(pooler(world.database_url)))


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


@mistake("archive", "/nowhere/backups", "LUNAS_BACKUP_DIR")
async def an_archive_that_is_not_there(world: World) -> None:
    world.set(LUNAS_BACKUP_DIR="/nowhere/backups")


@mistake("base_backup", "no whole copy", "take-base-backup.sh")
async def an_archive_without_a_copy(world: World) -> None:
    for part in ("wal", "base"):
        (world.folder / "backups" / part).mkdir(parents=True)
    world.set(LUNAS_BACKUP_DIR=world.folder / "backups")


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


@mistake("journal_disk", "on the same disk as the broker", "LUNAS_INGRESS_JOURNAL_DIR")
async def a_journal_on_the_disk_of_the_broker(world: World) -> None:
    home = world.folder / "one-disk"
    for name in ("journal", "rabbitmq"):
        (home / name).mkdir(parents=True)
    world.set(LUNAS_HOME=home)


@mistake("journal", "1 accepted deliveries wait in the journal", "restart one that runs but confirms nothing")
async def a_broker_that_never_got_what_was_accepted(world: World) -> None:
    home = world.folder / "left-behind"
    place = own_place(home / "journal")
    segment = OpenSegment(place.folder, 1)
    segment.append(
        record_parts(1, [pack_one(Envelope(str(uuid7()), "xendit", 1, "static_token", "1", "/", b"{}"))])
    )
    segment.close()
    place.release()
    world.set(LUNAS_HOME=home)


@mistake("mail", "payment.received.id.txt:3", "notify")
async def a_text_of_a_mail_with_an_error(world: World) -> None:
    folder = world.folder / "texts"
    folder.mkdir()
    (folder / "payment.received.id.txt").write_text("Judul\n\nHalo {{ nama }}\n")
    world.set(
        LUNAS_EMAIL_TEMPLATES=folder,
        LUNAS_EMAIL_SENDER="smtp",
        LUNAS_SMTP_URL="smtp://mail.example",
        RESEND_FROM_EMAIL="a@b.id",
    )


@mistake("mail", "RESEND_FROM_EMAIL", "notify")
async def mail_without_a_sender(world: World) -> None:
    world.set(LUNAS_EMAIL_SENDER="smtp", LUNAS_SMTP_URL="smtp://mail.example")
