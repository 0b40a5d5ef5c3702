"""Which addresses may be connected to: what a stranger's name resolves to must not lead back into our own network. Pure."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

_IPV4_AT_THE_END = (IPv6Network("64:ff9b::/96"), IPv6Network("::ffff:0:0:0/96"))
"""NAT64 (RFC 6052) and translated addresses (RFC 2765)."""
_COMPATIBLE = IPv6Network("::/96")
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that was ever given out."""
_INSIDE = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16"))
)
"""No addresses of the internet either, whatever the standard library's list says: protocols' own, relays, translation of local use (where an
IPv4 address may stand at several places), documentation, segment routing."""
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)\.?\Z")

Address = IPv4Address | IPv6Address


class AddressRefused(OSError):
    """An address that is not connected to. An OSError, as the failure to connect that it is."""


def may_reach(host: str, *, private: bool) -> bool:
    """Whether an IP address is one of the internet; with `private` also loopback and private networks, but never link-local ones, where
    clouds keep their metadata, nor what is no single machine."""
    try:
        # A scope (fe80::1%eth0) names an interface of ours.
        address = _meant(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if address.is_loopback:
        return private
    if any(address in network for network in _INSIDE if network.version == address.version):
        return private
    if address.is_global:
        return isinstance(address, IPv4Address) or address in _UNICAST
    # 0.0.0.0/8 is "this network": Linux connects to itself.
    inside = not address.is_reserved and not (isinstance(address, IPv4Address) and address.packed[0] == 0)
    return private and inside and address.is_private


def _meant(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that a gateway or the kernel would take out of it."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and any(address in network for network in _IPV4_AT_THE_END):
        inner = IPv4Address(address.packed[-4:])
    if inner is None and address in _COMPATIBLE and int(address) > 1:
        inner = IPv4Address(address.packed[-4:])
    return address if inner is None else inner


def trouble_with(url: str, *, private: bool) -> str | None:
    """Why a webhook cannot be sent to an address as it is written, as a stable code; None for nothing. What its host resolves to is seen at each
    connection."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "no_url"
    if not url.isprintable() or " " in url or not url.isascii() or host is None or port == 0:
        return "no_url"
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        return "not_https"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "no_url"
    if not _is_address(host):
        # A name that ends in a number is another spelling of an address (127.1, 0x7f000001, 2130706433, 10.0.0.1.): nobody needs one.
        return "no_url" if _NUMBER.match(host.removesuffix(".").rpartition(".")[2]) else None
    return None if may_reach(host, private=private) else "private_address"


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
