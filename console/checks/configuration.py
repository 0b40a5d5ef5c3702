"""Settings of the process that the examination speaks for: environment, keys of our own doors, the catalogue, names and numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from console.causes import PROCESSES
from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from notify.mail.senders import check_sender
from notify.mail.templates import try_templates
from processor.fulfilment.catalog_source import read_catalog
from runtime.settings.model import WEBHOOK_PROVIDERS, variable_name
from runtime.settings.not_yet import without_effect
from runtime.settings.spelling import misspelt
from schemas.errors import LunasError

if TYPE_CHECKING:
    from runtime.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEYS = {"api_key": "api", "operator_key": "console"}
"""Keys of our own doors, and the process whose door it is."""


def check_configuration(
    settings: Settings, process: str | None, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Everything that can be said without a service. `process`: whom we speak for, None for all of them."""
    yield from _environment(settings)
    yield _catalogue(settings, process)
    yield from _mail(settings, process)
    yield from _keys(settings, process)
    yield from _names(settings, environ)
    yield from _numbers(settings)


def _environment(settings: Settings) -> Iterator[Finding]:
    opened = [
        f"{variable_name(field)}={host}"
        for field in ("ingress_host", "api_host")
        if (host := getattr(settings, field)) not in LOOPBACK
    ]
    if settings.env != "development":
        yield ok("environment", text("doctor.production"))
    elif opened:
        detail = text("doctor.development_open", where=", ".join(opened))
        yield problem("environment", detail, text("doctor.development.fix"))
    else:
        yield note("environment", text("doctor.development"), text("doctor.development.fix"))


def _catalogue(settings: Settings, process: str | None) -> Finding:
    try:
        catalogue = read_catalog(settings)
    except LunasError as error:
        if process not in (None, "processor"):
            return unseen("catalogue", str(error), text("doctor.elsewhere.fix", process="processor"))
        return problem("catalogue", str(error), text("doctor.catalogue.fix"))
    detail = text("doctor.catalogue", products=len(catalogue.products), version=catalogue.version)
    return ok("catalogue", detail)


def _mail(settings: Settings, process: str | None) -> Iterator[Finding]:
    """What would end the notifier's start."""
    try:
        check_sender(settings)
        try_templates(settings)
    except LunasError as error:
        if process in (None, "notify"):
            yield problem("mail", str(error), text("doctor.mail.fix"))


def _keys(settings: Settings, process: str | None) -> Iterator[Finding]:
    values = {}
    for check, owner in KEYS.items():
        key, variable = getattr(settings, check), variable_name(check)
        value = key.get_secret_value() if key is not None else ""
        if value:
            values[variable] = value
            yield ok(check, text("doctor.key", variable=variable))
        elif process in (None, owner):
            detail = text("doctor.key_unset", variable=variable)
            yield problem(check, detail, text("doctor.key_unset.fix", variable=variable))
        else:
            detail = text("doctor.key_elsewhere", variable=variable)
            yield unseen(check, detail, text("doctor.elsewhere.fix", process=owner))
    for name in WEBHOOK_PROVIDERS:
        values |= {
            variable_name(f"{name}_webhook_secret"): secret.get_secret_value()
            for secret in settings.webhook_secrets(name)
        }
    twins = sorted(name for name, value in values.items() if list(values.values()).count(value) > 1)
    if twins:
        yield problem("secrets", text("doctor.twins", names=", ".join(twins)), text("doctor.twins.fix"))


def _names(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    for given, meant in misspelt(environ).items():
        detail = text("doctor.misspelt", given=given, meant=meant)
        yield problem("settings", detail, text("doctor.misspelt.fix", given=given, meant=meant))
    idle = without_effect(settings)
    if idle:
        yield note("settings", text("doctor.no_effect", names=", ".join(idle)), text("doctor.no_effect.fix"))
    strangers = sorted(
        {pair.partition("=")[0] for pair in settings.peers.split(",") if pair} - set(PROCESSES)
    )
    if strangers:
        detail = text("doctor.peers", names=", ".join(strangers), known=", ".join(PROCESSES))
        yield problem("peers", detail, text("doctor.peers.fix"))


def _numbers(settings: Settings) -> Iterator[Finding]:
    ports: dict[int, list[str]] = {}
    for field in type(settings).model_fields:
        if field.endswith("_port") and getattr(settings, field):
            ports.setdefault(getattr(settings, field), []).append(variable_name(field))
    for port, names in ports.items():
        if len(names) > 1 and not settings.peers:
            detail = text("doctor.ports", port=port, names=", ".join(names))
            yield problem("ports", detail, text("doctor.ports.fix"))
    tiers = len(settings.broker_retry_delays_seconds)
    if settings.processor_retry_attempts > tiers:
        detail = text("doctor.retries", attempts=settings.processor_retry_attempts, tiers=tiers)
        yield note("retries", detail, text("doctor.retries.fix"))
    if settings.processor_drain_budget_seconds > settings.shutdown_budget_seconds:
        told = {"drain": settings.processor_drain_budget_seconds, "all": settings.shutdown_budget_seconds}
        yield note("shutdown", text("doctor.shutdown", **told), text("doctor.shutdown.fix"))


def environment() -> Mapping[str, str]:
    """What the caller of this process has set."""
    return os.environ
