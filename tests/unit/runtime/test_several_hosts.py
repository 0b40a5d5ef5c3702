"""Addresses with several hosts: what is accepted, what each host's own address is, and how they are shown."""

from __future__ import annotations

import pytest

from runtime.settings import ConfigurationError, load_settings
from runtime.settings.urls import broker_nodes, place


@pytest.mark.parametrize(
    ("url", "nodes"),
    [
        ("amqp://u:p@h1/v", ("amqp://u:p@h1/v",)),
        ("amqp://u:p@h1:1,h2:2/v?x=1", ("amqp://u:p@h1:1/v?x=1", "amqp://u:p@h2:2/v?x=1")),
        ("amqps://u:p,w@h1, h2/", ("amqps://u:p,w@h1/", "amqps://u:p,w@h2/")),
        ("amqp://u:p@h1/v,amqp://q:r@h2:2/w", ("amqp://u:p@h1/v", "amqp://q:r@h2:2/w")),
        ("amqp://u:p,w@h1/v, amqps://u:p@h2/v", ("amqp://u:p,w@h1/v", "amqps://u:p@h2/v")),
        ("amqp://[::1]:5,[::2]:6/v", ("amqp://[::1]:5/v", "amqp://[::2]:6/v")),
        ("amqp://h1,h2", ("amqp://h1", "amqp://h2")),
    ],
)
def test_every_node_has_an_address_of_its_own(url: str, nodes: tuple[str, ...]) -> None:
    assert broker_nodes(url) == nodes


@pytest.mark.parametrize(
    "variables",
    [
        {"LUNAS_DATABASE_URL": "postgresql://u:p@h1:5432,h2:5432/db?target_session_attrs=read-write"},
        {"LUNAS_DATABASE_URL": "postgres://u:p@h1,h2:6000,h3/db"},
        {"LUNAS_DATABASE_URL": "postgresql://u:p@/db?host=h1,h2&port=5432,5433"},
        {"LUNAS_DATABASE_URL": "postgresql:///db?host=/run/postgresql"},
        {"LUNAS_BROKER_URL": "amqp://u:p@h1:5672,h2:5672,h3:5672/lunas"},
        {"LUNAS_BROKER_URL": "amqp://u:p@h1/lunas,amqp://u:p@h2/lunas"},
    ],
)
def test_the_usual_addresses_of_several_hosts_are_accepted(variables: dict[str, str]) -> None:
    load_settings(variables)


@pytest.mark.parametrize(
    "variables",
    [
        {"LUNAS_DATABASE_URL": "postgresql://u:p@h1:5432,h2:x/db"},
        {"LUNAS_DATABASE_URL": "postgresql://u:p@h1:5432,/db"},
        {"LUNAS_DATABASE_URL": "postgresql://u:p@h1:99999,h2/db"},
        {"LUNAS_BROKER_URL": "amqp://u:p@h1,,h2/lunas"},
        {"LUNAS_BROKER_URL": "amqp://u:p@h1:0x1,h2/lunas"},
        {"LUNAS_BROKER_URL": "amqp://u:p@h1/lunas,http://h2/lunas"},
    ],
)
def test_one_impossible_host_makes_the_address_impossible(variables: dict[str, str]) -> None:
    (name,) = variables
    with pytest.raises(ConfigurationError, match=f"{name} is no address"):
        load_settings(variables)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:hush@h1:5432,h2:5433/db?target_session_attrs=read-write", "h1:5432,h2:5433/db"),
        ("amqp://u:hush@h1/v,amqp://u:hush@h2:2/v", "h1,h2:2/v"),
        ("postgresql:///db?host=/run/postgresql", "localhost/db"),
    ],
)
def test_an_address_is_shown_without_credentials(url: str, shown: str) -> None:
    assert place(url) == shown
