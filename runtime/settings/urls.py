"""Which settings are addresses, and how an address is recognised before anything tries to reach it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_WEB = ("http", "https")
_NEXT_ADDRESS = re.compile(r",\s*(?=[a-z]+://)")

SCHEMES: dict[str, tuple[str, ...]] = {
    "database_url": ("postgresql", "postgres"),
    "database_read_url": ("postgresql", "postgres"),
    "broker_url": ("amqp", "amqps"),
    "broker_management_url": _WEB,
    "scalev_base_url": _WEB,
    "xendit_base_url": _WEB,
    "mayar_base_url": _WEB,
    "manual_payment_url": _WEB,
    "app_url": _WEB,
    "resend_base_url": _WEB,
    "smtp_url": ("smtp", "smtps"),
    "api_public_url": _WEB,
    "console_public_url": _WEB,
    "console_oidc_issuer": _WEB,
    "broker_public_url": ("amqp", "amqps"),
    "otel_exporter_otlp_endpoint": _WEB,
    "otel_exporter_otlp_traces_endpoint": _WEB,
}


def is_address(field: str, value: str) -> bool:
    """Whether `value` has a scheme that `field` understands, a host and possible ports. Says nothing about who answers there.

    PostgreSQL and RabbitMQ may be given as several hosts, separated by commas.
    """
    try:
        if field == "broker_url":
            nodes = broker_nodes(value)
        elif field in ("database_url", "database_read_url"):
            nodes = database_hosts(value)
        else:
            nodes = (value,)
        return bool(nodes) and all(_is_one(field, node) for node in nodes)
    except ValueError:
        return False


def broker_nodes(url: str) -> tuple[str, ...]:
    """One address for each node: `amqp://u:p@h1:5672,h2:5672/vhost`, or whole addresses with commas between them."""
    scheme, _, rest = url.partition("://")
    if "://" in rest:
        return tuple(part.strip() for part in _NEXT_ADDRESS.split(url))
    return tuple(f"{scheme}://{rest}" for rest in _one_host_each(rest))


def database_hosts(url: str) -> tuple[str, ...]:
    """One address for each host of `postgresql://u:p@h1:5432,h2:5432/db?…`. The whole address is what the driver takes."""
    scheme, _, rest = url.partition("://")
    return tuple(f"{scheme}://{rest}" for rest in _one_host_each(rest))


def place(url: str) -> str:
    """Where an address leads, without its credentials: `host:port/name`, or `host:port,host:port/name`."""
    parts = [urlsplit(node) for node in broker_nodes(url)]
    hosts = [f"{part.hostname or 'localhost'}{f':{part.port}' if part.port else ''}" for part in parts]
    return f"{','.join(hosts)}{parts[0].path}"


def _one_host_each(rest: str) -> list[str]:
    """`u:p@h1,h2/path?query` as `u:p@h1/path?query` and `u:p@h2/path?query`."""
    end = min((rest.index(mark) for mark in "/?" if mark in rest), default=len(rest))
    place, path = rest[:end], rest[end:]
    login, at, hosts = place.rpartition("@")
    return [f"{login}{at}{host.strip()}{path}" for host in hosts.split(",")]


def _is_one(field: str, value: str) -> bool:
    parts = urlsplit(value)
    host, _ = parts.hostname, parts.port
    # A PostgreSQL address may name a socket directory in its query instead of a host.
    return parts.scheme in SCHEMES[field] and (bool(host) or "host=" in parts.query)


def reachable(host: str) -> str:
    """An address to connect to, for an address to listen on; brackets around IPv6."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{shown}]" if ":" in shown else shown
