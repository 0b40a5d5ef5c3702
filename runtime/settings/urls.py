"""Which settings are addresses, and how an address is recognised before anything tries to reach it."""

from __future__ import annotations

from urllib.parse import urlsplit

_WEB = ("http", "https")

SCHEMES: dict[str, tuple[str, ...]] = {
    "database_url": ("postgresql", "postgres"),
    "broker_url": ("amqp", "amqps"),
    "scalev_base_url": _WEB,
    "xendit_base_url": _WEB,
    "mayar_base_url": _WEB,
    "manual_payment_url": _WEB,
    "app_url": _WEB,
}


def is_address(field: str, value: str) -> bool:
    """Whether `value` has a scheme that `field` understands, a host and a possible port. Says nothing about who answers there."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    # A PostgreSQL address may name a socket directory in its query instead of a host.
    return parts.scheme in SCHEMES[field] and (bool(host) or "host=" in parts.query)
