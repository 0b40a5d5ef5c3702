"""Secrets of the providers: set, long enough, and those that the providers use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from console.rotating import known_secrets, unexplained
from console.times import moment
from eventstore.queries import load
from providers.known_secrets import KnownSecrets
from providers.registry import PROVIDERS
from providers.verification import secret_id
from runtime.ids import utc_now
from runtime.settings.model import WEBHOOK_PROVIDERS, variable_name

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

INSTANT = timedelta(microseconds=1)
"""The least that is after an instant."""

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
            accepted, timed = _secret(settings, process, name), [*times_of_secrets(settings, name, utc_now())]
            if accepted.state != "ok" or not any(one.state == "problem" for one in timed):
                yield accepted
            yield from timed
    if provider is None:
        yield from _times_of_nobody(settings)


def times_of_secrets(settings: Settings, name: str, now: datetime) -> Iterator[Finding]:
    """What the times of one provider's secrets come to: none is accepted, or soon none will be; and each that ends, has ended or begins later."""
    known = KnownSecrets.of(settings, name)
    if not known.times:
        return
    soon = now + timedelta(days=settings.secret_ends_soon_days)
    check, told = f"secret.{name}", {"name": name, "variable": variable_of(name)}
    ends = sorted(
        one.not_after for one in known.times.values() if one.not_after and now <= one.not_after < soon
    )
    if not known.at(now):
        yield problem(
            check,
            text("doctor.secret_times.none_now", **told),
            text("doctor.secret_times.none_now.fix", **told),
        )
    elif bare := [end for end in ends if not known.at(end + INSTANT)]:
        detail = text("doctor.secret_times.none_soon", at=moment(bare[0]), **told)
        yield problem(check, detail, text("doctor.secret_times.none_soon.fix", **told))
    for secret, times in sorted(known.times.items()):
        said = {"secret": secret, **told}
        if times.begins_after(now):
            begins = text("doctor.secret_times.begins", at=moment(times.not_before), **said)
            yield note(check, begins, text("doctor.secret_times.begins.fix", **said))
        elif times.ended_before(now):
            ended = text("doctor.secret_times.ended", at=moment(times.not_after), **said)
            yield note(check, ended, text("doctor.secret_times.ended.fix", **said))
        elif times.ended_before(soon):
            ending = text("doctor.secret_times.ends", at=moment(times.not_after), **said)
            yield note(check, ending, text("doctor.secret_times.ends.fix", **said))


def _times_of_nobody(settings: Settings) -> Iterator[Finding]:
    """Times whose id is no secret's: mistyped, they leave a secret accepted that should end. Without any secret this process cannot know."""
    ours = {
        secret_id(secret.get_secret_value())
        for name in PROVIDERS
        for secret in settings.webhook_secrets(name)
    }
    variable = variable_name("webhook_secret_times")
    strangers = sorted(set(settings.secret_times()) - ours) if ours else []
    if strangers:
        detail = text("doctor.secret_times.nobody", variable=variable, secrets=", ".join(strangers))
        yield problem("secrets", detail, text("doctor.secret_times.nobody.fix", variable=variable))


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
    count = len(KnownSecrets.of(settings, name).at(utc_now()))
    return ok(check, text("doctor.secret", name=name, count=count))


async def check_rotations(connection: Connection) -> AsyncIterator[Finding]:
    """Secrets that verify webhooks and of which nobody said why they came."""
    for row in unexplained(await known_secrets(connection, None)):
        told = {"name": row["provider"], "secret": row["secret_id"], "at": moment(row["seen_at"])}
        yield note(
            f"secret.{row['provider']}", text("doctor.rotation", **told), text("doctor.rotation.fix", **told)
        )


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
