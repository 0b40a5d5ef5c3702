"""Which addresses webhooks go to: none that leads back into our own network, however it is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.addresses import may_reach, trouble_with

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "240.0.0.1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fec0::1",
    "nobody",
    "",
]
OUTSIDE = ["8.8.8.8", "103.10.20.30", "2606:4700::1111", "2404:6800:4003::1"]


def embedded(inner: str) -> list[str]:
    """An IPv4 address as IPv6 ways carry it: mapped, compatible, through NAT64, 6to4 and Teredo."""
    number = int(IPv4Address(inner))
    ways = [
        (0xFFFF << 32) | number,
        number,
        (0x64FF9B << 96) | number,
        (0x2002 << 112) | (number << 80) | 1,
        (0x20010000 << 96) | (0x41000000 << 64) | (number ^ 0xFFFFFFFF),
    ]
    return [str(IPv6Address(one)) for one in ways]


@pytest.mark.parametrize("host", INSIDE)
def test_our_own_network_is_reached_in_development_only(host: str) -> None:
    assert not may_reach(host, private=False)
    assert may_reach(host, private=True) == (host != "100.64.0.1")


@pytest.mark.parametrize("host", NEVER)
@pytest.mark.parametrize("private", [False, True])
def test_metadata_and_what_is_no_machine_is_never_reached(host: str, private: bool) -> None:
    assert not may_reach(host, private=private)


@pytest.mark.parametrize("host", OUTSIDE)
def test_the_internet_is_reached(host: str) -> None:
    assert may_reach(host, private=False)


@given(st.sampled_from([host for host in (*INSIDE, *NEVER[:7]) if "." in host and host != "0.0.0.0"]))
def test_an_inner_address_is_seen_through_every_way_of_writing_it_in_ipv6(host: str) -> None:
    assert [way for way in embedded(host) if may_reach(way, private=False)] == []


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("https://shop.example/hooks", None),
        ("https://shop.example:8443/hooks?x=1", None),
        ("http://shop.example/hooks", "not_https"),
        ("ftp://shop.example/", "not_https"),
        ("shop.example/hooks", "no_url"),
        ("https://", "no_url"),
        ("https://user:pass@shop.example/", "no_url"),
        ("https://shop.example/#part", "no_url"),
        ("https://shop.example:99999/", "no_url"),
        ("https://shop.example/a b", "no_url"),
        ("https://[::1", "no_url"),
        ("https://127.0.0.1/", "private_address"),
        ("https://[::ffff:10.0.0.1]/", "private_address"),
        ("https://169.254.169.254/latest", "private_address"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_by_a_code(url: str, trouble: str | None) -> None:
    assert trouble_with(url, private=False) == trouble


def test_development_takes_http_and_loopback() -> None:
    assert trouble_with("http://127.0.0.1:3000/hooks", private=True) is None
    assert trouble_with("http://169.254.169.254/", private=True) == "private_address"


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "127.1", "0", "127.0.0.1.", "169.254.169.254.", "0x", "10.0.0.0x1", "2852039166", "1.2.3.4.5",
        "x.example.1",
    ],
)  # fmt: skip
def test_another_spelling_of_an_ipv4_address_is_no_address_of_a_webhook(host: str) -> None:
    for private in (False, True):
        assert trouble_with(f"https://{host}/hooks", private=private) == "no_url"


@pytest.mark.parametrize("host", ["x1.example", "1.example", "0x7f.example", "a.b-1", "xn--p1ai.example"])
def test_a_name_with_numbers_in_it_is_a_name(host: str) -> None:
    assert trouble_with(f"https://{host}/hooks", private=False) is None


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:0:127.0.0.1", "::ffff:0:a9fe:a9fe", "64:ff9b:1:7f00:1::808:808", "64:ff9b:1::8.8.8.8", "192.0.0.8", "192.88.99.1", "3fff::1", "5f00::1",
        "::ffff:192.0.0.8", "2002:c000:8::", "::ffff:0:0:7f00:1", "4000::1", "100:1::1",
    ],
)  # fmt: skip
def test_what_only_looks_like_the_internet_is_not_reached(address: str) -> None:
    assert not may_reach(address, private=False)


def test_link_local_addresses_are_not_reached_in_any_spelling_even_where_private_ones_are() -> None:
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "::ffff:0:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::a9fe:a9fe"):  # fmt: skip
        assert not may_reach(address, private=True)
