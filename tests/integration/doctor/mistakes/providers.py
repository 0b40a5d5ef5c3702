"""Mistakes in what we agreed with providers."""

from __future__ import annotations

from datetime import timedelta

from providers.verification import secret_id
from runtime.ids import utc_now
from tests.integration.console.conftest import add_delivery
from tests.integration.doctor.conftest import World
from tests.integration.doctor.mistakes.table import (
    mistake,
    rejected,
)


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
