"""Ports: the wanted one, else the next free one, never one that somebody else is about to use."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.services.doors import choose_ports, door_urls
from runtime.services.failures import PortTaken, ServiceFailure
from runtime.services.ports import FIRST_PRIVATE_PORT, PORT_LIMIT, PortLeases, is_free, private_candidates
from runtime.settings import ConfigurationError, Settings


@pytest.fixture
def leases() -> Iterator[PortLeases]:
    held = PortLeases()
    yield held
    held.close()


@pytest.fixture
def other() -> Iterator[PortLeases]:
    held = PortLeases()
    yield held
    held.close()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_listening_port_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_two_supervisors_never_pick_the_same_port_though_nobody_listens_yet(
    leases: PortLeases, other: PortLeases
) -> None:
    port = leases.pick(private_candidates(Path("/one")))
    assert other.pick(private_candidates(Path("/one"))) != port


def test_a_closed_lease_gives_the_port_back(leases: PortLeases, other: PortLeases) -> None:
    port = other.pick(private_candidates(Path("/two")))
    other.close()
    assert leases.take(port)


def test_private_ports_stay_below_the_range_of_outgoing_connections() -> None:
    assert all(FIRST_PRIVATE_PORT <= port < PORT_LIMIT for port in private_candidates(Path("/three")))


def test_no_free_port_is_a_sentence(leases: PortLeases, taken: int) -> None:
    with pytest.raises(ServiceFailure, match="No free port"):
        leases.pick(range(taken, taken + 1))


def test_a_taken_explicit_port_is_an_error_that_names_the_variable(leases: PortLeases, taken: int) -> None:
    with pytest.raises(PortTaken, match=f"^LUNAS_API_PORT is {taken}, but that port is already in use"):
        leases.door("LUNAS_API_PORT", "127.0.0.1", taken, explicit=True)


def test_doors_with_a_free_default_keep_it_and_the_others_move_past_them(
    leases: PortLeases, other: PortLeases
) -> None:
    first = other.pick(range(29_000, 29_400))
    said: list[str] = []
    # Changed without counting as set explicitly, like a default.
    settings = Settings(env="development")
    settings = Settings.model_construct(
        _fields_set={"env"}, **(dict(settings) | {"ingress_port": first, "api_port": first + 1})
    )
    ports = choose_ports(settings, ["ingress", "api"], leases, said.append)
    assert ports["api_port"] == first + 1
    assert ports["ingress_port"] > first + 1
    assert any(
        f"port {first} is taken, LUNAS_INGRESS_PORT is {ports['ingress_port']} instead" in line
        for line in said
    )


def test_a_taken_explicit_door_stops_the_start(leases: PortLeases, taken: int) -> None:
    settings = Settings(env="development", ingress_port=taken)
    with pytest.raises(ConfigurationError, match=f"LUNAS_INGRESS_PORT is {taken}"):
        choose_ports(settings, ["ingress"], leases, lambda _line: None)


def test_addresses_can_be_connected_to() -> None:
    settings = Settings(env="development", ingress_host="0.0.0.0")
    ports = {"ingress_port": 1, "ingress_metrics_port": 2, "processor_metrics_port": 3}
    assert door_urls(settings, ports, health=False) == {"ingress": "http://127.0.0.1:1"}
    assert door_urls(settings, ports, health=True)["processor"] == "http://127.0.0.1:3"
