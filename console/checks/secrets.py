"""Secrets of the providers: set, long enough, and those that the providers use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from eventstore.queries import load
from providers.registry import PROVIDERS
from providers.verification import secret_id
from runtime.settings.model import WEBHOOK_PROVIDERS, variable_name

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

_FIXES = {
    "wrong_credential": "secret",
    "no_secret_configured": "unset",
    "wrong_account": "account",
    "wrong_environment": "environment",
    "missing_credential": "stranger",
    "empty_credential": "stranger",
    "duplicate_credential": "stranger",
    "malformed_credential": "stranger",
}


def variable_of(provider: str) -> str:
    """Where the secret of a provider is set."""
    own = provider in WEBHOOK_PROVIDERS
    return variable_name(f"{provider}_webhook_secret") if own else variable_name("other_webhook_secrets")


def _account_of(provider: str) -> str:
    """The variable that names our account at a provider."""
    setting = PROVIDERS[provider].account_setting if provider in PROVIDERS else None
    return "?" if setting is None else variable_name(setting)


def check_secrets(settings: Settings, process: str | None, provider: str | None) -> Iterator[Finding]:
    """One finding a provider. Only ingress must have them: a process of its own without any says nothing about them."""
    for name in PROVIDERS if provider is None else (provider,):
        if PROVIDERS[name].webhooks:
            yield _secret(settings, process, name)


def _secret(settings: Settings, process: str | None, name: str) -> Finding:
    check, variable = f"secret.{name}", variable_of(name)
    secrets = [secret.get_secret_value() for secret in settings.webhook_secrets(name)]
    if not secrets and process not in (None, "ingress"):
        detail = text("doctor.key_elsewhere", variable=variable)
        return unseen(check, detail, text("doctor.elsewhere.fix", process="ingress"))
    if not secrets:
        detail = text("doctor.secret_unset", name=name)
        return note(check, detail, text("doctor.secret_unset.fix", variable=variable))
    if settings.env == "development" and secrets == [f"dev-{name}-secret"]:
        return ok(check, text("doctor.secret_development", name=name))
    if any(len(secret) < settings.secret_min_characters for secret in secrets):
        detail = text("doctor.secret_short", variable=variable, size=settings.secret_min_characters)
        return note(check, detail, text("doctor.secret_short.fix"))
    return ok(check, text("doctor.secret", name=name, count=len(secrets)))


async def check_rejected(connection: Connection, settings: Settings, provider: str) -> AsyncIterator[Finding]:
    """What of one provider was turned away during the last day, by cause: a secret that is not the provider's shows here."""
    sql = load("doctor.sql", "console")
    rejected = await connection.fetch(sql["rejected"], provider)
    for row in rejected:
        detail = text("doctor.rejected", name=provider, count=row["count"], cause=row["cause"])
        told = {"name": provider, "variable": variable_of(provider), "account": _account_of(provider)}
        yield problem(
            "rejected", detail, text(f"doctor.rejected.{_FIXES.get(row['cause'], 'other')}.fix", **told)
        )
    ours = {secret_id(secret.get_secret_value()) for secret in settings.webhook_secrets(provider)}
    if not ours:
        return
    refused = max((row["newest"] for row in rejected if row["cause"] == "wrong_credential"), default=None)
    accepted = {row["secret_id"]: row["newest"] for row in await connection.fetch(sql["accepted"], provider)}
    known = max((at for name, at in accepted.items() if name in ours), default=None)
    for name, at in accepted.items():
        if name not in ours and refused is not None and (known is None or at > known) and refused > at:
            told = {"name": provider, "secret": name, "variable": variable_of(provider)}
            yield problem(
                f"secret.{provider}", text("doctor.rotated", **told), text("doctor.rotated.fix", **told)
            )
