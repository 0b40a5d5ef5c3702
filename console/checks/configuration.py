"""Settings: secrets of the providers, keys of our own doors, the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem
from console.messages import text
from processor.fulfilment.catalog_source import read_catalog
from providers.registry import PROVIDERS
from schemas.errors import LunasError

if TYPE_CHECKING:
    from runtime.settings import Settings

SHORT_SECRET = 16
"""Characters. Below this a static token can be guessed; the providers' own are longer."""


def check_configuration(settings: Settings, provider: str | None) -> Iterator[Finding]:
    """Everything that can be said without a service."""
    if settings.env == "development":
        yield note("environment", text("doctor.development"), text("doctor.development.fix"))
    else:
        yield ok("environment", text("doctor.production"))
    for name in PROVIDERS if provider is None else (provider,):
        if PROVIDERS[name].webhooks:
            yield _secret(settings, name)
    if provider is None:
        yield _catalogue(settings)
        yield from _keys(settings)


def _secret(settings: Settings, name: str) -> Finding:
    check, variable = f"secret.{name}", f"{name.upper()}_WEBHOOK_SECRET"
    secrets = [secret.get_secret_value() for secret in settings.webhook_secrets(name)]
    if not secrets:
        return note(
            check, text("doctor.secret_unset", name=name), text("doctor.secret_unset.fix", variable=variable)
        )
    if settings.env == "development" and secrets == [f"dev-{name}-secret"]:
        return ok(check, text("doctor.secret_development", name=name))
    if any(len(secret) < SHORT_SECRET for secret in secrets):
        return note(
            check,
            text("doctor.secret_short", variable=variable, size=SHORT_SECRET),
            text("doctor.secret_short.fix"),
        )
    return ok(check, text("doctor.secret", name=name, count=len(secrets)))


def _catalogue(settings: Settings) -> Finding:
    try:
        catalogue = read_catalog(settings)
    except LunasError as error:
        return problem("catalogue", str(error), text("doctor.catalogue.fix"))
    return ok(
        "catalogue", text("doctor.catalogue", products=len(catalogue.products), version=catalogue.version)
    )


def _keys(settings: Settings) -> Iterator[Finding]:
    for check, key, variable in (
        ("api_key", settings.api_key, "LUNAS_API_KEY"),
        ("operator_key", settings.operator_key, "LUNAS_OPERATOR_KEY"),
    ):
        if key is None or not key.get_secret_value():
            yield problem(
                check,
                text("doctor.key_unset", variable=variable),
                text("doctor.key_unset.fix", variable=variable),
            )
        else:
            yield ok(check, text("doctor.key", variable=variable))
