"""Whether money of which too little is known can ever be confirmed, and what its provider does not confirm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from console.output import number, rupiah
from eventstore.queries import load
from processor.fulfilment.catalog_source import read_catalog
from processor.policies.attesting import AWAITED
from providers.registry import PROVIDERS
from runtime.settings.model import CALL_KEYS, WEBHOOK_PROVIDERS, variable_name
from schemas.catalog import Catalog, ProviderPolicy
from schemas.errors import LunasError

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings


async def check_confirmations(
    connection: Connection, settings: Settings, process: str | None
) -> AsyncIterator[Finding]:
    """Each provider whose webhooks we take. `process`: whom we speak for, None for all of them; the processor asks."""
    try:
        catalog = read_catalog(settings)
    except LunasError:
        catalog = Catalog()  # told with the settings; the limits are the default ones then
    sql = load("doctor.sql", "console")
    for provider in WEBHOOK_PROVIDERS:
        if not settings.webhook_secrets(provider):
            continue
        if process not in (None, "processor"):
            yield _elsewhere(provider)
            continue
        count, amount = await _awaited(connection, provider)
        yield _asks(settings, provider, catalog.policy(provider), count, amount)
        denied = await connection.fetchrow(sql["denied"], provider)
        if denied is not None and denied["count"]:
            told = {
                "provider": provider,
                "count": number(denied["count"]),
                "amount": rupiah(denied["amount"]),
            }
            fix = text("doctor.not_confirmed.fix")
            yield problem(f"unconfirmed.{provider}", text("doctor.not_confirmed", **told), fix)


async def _awaited(connection: Connection, provider: str) -> tuple[int, int]:
    """Held cases and their rupiah; none before the read models were made for the first time."""
    if not await connection.fetchval(load("overview.sql", "console")["has_suspense"]):
        return 0, 0
    row = await connection.fetchrow(load("doctor.sql", "console")["awaited"], provider, AWAITED)
    return (0, 0) if row is None else (row["count"], row["amount"])


def _elsewhere(provider: str) -> Finding:
    variable = variable_name(CALL_KEYS[provider])
    detail = text("doctor.key_elsewhere", variable=variable)
    return unseen(f"confirming.{provider}", detail, text("doctor.elsewhere.fix", process="processor"))


def _asks(settings: Settings, provider: str, policy: ProviderPolicy, count: int, amount: int) -> Finding:
    check, variable = f"confirming.{provider}", variable_name(CALL_KEYS[provider])
    limit = policy.may_grant(PROVIDERS[provider].vouches)
    if limit is None:
        return ok(check, text("doctor.signed", provider=provider))
    told = {"provider": provider, "variable": variable, "limit": rupiah(limit)}
    fix = text("doctor.no_confirmation.fix", variable=variable)
    if getattr(settings, CALL_KEYS[provider]) is None:
        if count:
            held = {"count": number(count), "amount": rupiah(amount)}
            return problem(check, text("doctor.no_confirmation_held", **told, **held), fix)
        return note(check, text("doctor.no_confirmation", **told), fix)
    if not settings.confirm_look_seconds:
        return note(check, text("doctor.not_asked", **told), fix)
    return ok(check, text("doctor.confirmed", **told))
