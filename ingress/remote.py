"""Who is calling: the socket's address, or what a proxy that we trust says."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from schemas.errors import ConfigurationError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def trusted_networks(text: str) -> tuple[Network, ...]:
    """Networks of `LUNAS_INGRESS_TRUSTED_PROXIES`. Raises ConfigurationError."""
    parts = (part.strip() for part in text.split(","))
    try:
        return tuple(ipaddress.ip_network(part) for part in parts if part)
    except ValueError as error:
        raise ConfigurationError(
            f"LUNAS_INGRESS_TRUSTED_PROXIES is wrong ({error}): give networks such as 10.0.0.0/8, separated by commas."
        ) from error


def remote_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The nearest address that is not one of our proxies.

    `forwarded` holds the X-Forwarded-For values in order. It is read from the right, one trusted hop at a time: what
    stands further left can be invented by the client.
    """
    if peer is None or not trusted or not _is_trusted(peer, trusted):
        return peer or ""
    address = peer
    for hop in reversed([part.strip() for value in forwarded for part in value.split(",")]):
        if _parsed(hop) is None:
            return address
        address = hop
        if not _is_trusted(hop, trusted):
            return address
    return address


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
