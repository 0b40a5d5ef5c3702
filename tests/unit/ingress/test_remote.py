"""A client cannot choose its own address."""

from __future__ import annotations

import pytest

from ingress.remote import remote_address, trusted_networks
from schemas.errors import ConfigurationError

PROXIES = trusted_networks("10.0.0.0/8, 192.0.2.1")


def test_c14_a_strangers_forwarded_header_is_ignored() -> None:
    assert remote_address("203.0.113.5", ["198.51.100.1"], PROXIES) == "203.0.113.5"
    assert remote_address("10.0.0.1", ["198.51.100.1"], ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6, 198.51.100.1, 10.2.3.4"], "198.51.100.1"),
        (["6.6.6.6", "198.51.100.1, 192.0.2.1"], "198.51.100.1"),
        (["10.9.9.9"], "10.9.9.9"),
        (["not an address"], "10.0.0.1"),
        (["198.51.100.1, <script>"], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_c14_only_hops_behind_our_proxies_are_believed(forwarded: list[str], expected: str) -> None:
    assert remote_address("10.0.0.1", forwarded, PROXIES) == expected


def test_no_peer_is_no_address() -> None:
    assert remote_address(None, ["198.51.100.1"], PROXIES) == ""


def test_a_wrong_network_stops_the_start_with_the_variable_and_the_fix() -> None:
    with pytest.raises(ConfigurationError, match=r"LUNAS_INGRESS_TRUSTED_PROXIES .*10\.0\.0\.0/8"):
        trusted_networks("10.0.0.0/99")
