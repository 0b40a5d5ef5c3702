"""Ports: the wanted one, else the next free one, never one that somebody else is about to use."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.services.doors import choose_ports, door_urls, failed_checks, not_ready
from deploy.local.services.failures import PortTaken, ServiceFailure
from deploy.local.services.ports import (
    FIRST_PRIVATE_PORT,
    PORT_LIMIT,
    PortLeases,
    is_free,
    private_candidates,
)
from runtime.health import Health
from runtime.metrics import metrics_server, new_registry
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
    # Other ports may be taken as well, by whatever else runs on this machine.
    taken, instead = said[0].split(" taken, instead ")
    assert str(first) in taken
    assert f"LUNAS_INGRESS_PORT={ports['ingress_port']}" in instead.split()


def test_all_that_moved_is_told_in_one_line(leases: PortLeases, other: PortLeases) -> None:
    first = other.pick(range(29_800, 30_200))
    second = other.pick(range(30_200, 30_600))
    settings = Settings.model_construct(
        _fields_set={"env"},
        **(dict(Settings(env="development")) | {"ingress_port": first, "api_port": second}),
    )
    said: list[str] = []
    ports = choose_ports(settings, ["ingress", "api"], leases, said.append)
    moved = [line for line in said if str(first) in line or str(second) in line]
    assert moved == said
    assert len(said) == 1
    assert f"LUNAS_INGRESS_PORT={ports['ingress_port']} LUNAS_API_PORT={ports['api_port']}" in said[0]


def test_a_taken_explicit_door_stops_the_start(leases: PortLeases, taken: int) -> None:
    settings = Settings(env="development", ingress_port=taken)
    with pytest.raises(ConfigurationError, match=f"LUNAS_INGRESS_PORT is {taken}"):
        choose_ports(settings, ["ingress"], leases, lambda _line: None)


def test_all_taken_explicit_doors_are_named_at_once(
    leases: PortLeases, other: PortLeases, taken: int
) -> None:
    second = other.pick(range(29_400, 29_800))
    settings = Settings(env="development", ingress_port=taken, api_port=second)
    with pytest.raises(
        ConfigurationError, match=rf"LUNAS_INGRESS_PORT is {taken}.*\nLUNAS_API_PORT is {second}"
    ):
        choose_ports(settings, ["ingress", "api"], leases, lambda _line: None)


def test_a_host_that_is_not_this_machine_stops_the_start_with_its_variable(leases: PortLeases) -> None:
    settings = Settings(env="development", api_host="192.0.2.1")
    with pytest.raises(ConfigurationError, match=r"^LUNAS_API_HOST is 192\.0\.2\.1, which is no address"):
        choose_ports(settings, ["ingress", "api"], leases, lambda _line: None)
    settings = Settings(env="development", metrics_host="999.1.1.1")
    with pytest.raises(ConfigurationError, match=r"^LUNAS_METRICS_HOST is 999\.1\.1\.1"):
        choose_ports(settings, ["processor"], leases, lambda _line: None)


def test_a_process_that_never_gets_ready_tells_what_fails_and_which_address_may_be_wrong() -> None:
    failing = {"ingress": ["broker"], "processor": ["broker", "database"], "api": []}
    assert not_ready(failing, 60.0, []) == (
        "Not ready after 60 s: ingress (broker failed), processor (broker, database failed), api."
    )
    assert "LUNAS_BROKER_URL was set: is there a RabbitMQ" in not_ready(failing, 60.0, ["broker"])
    assert "LUNAS_DATABASE_URL" not in not_ready({"ingress": ["broker"]}, 60.0, ["broker", "database"])


async def test_a_door_is_asked_which_checks_fail() -> None:
    health = Health("ingress")
    health.add("broker", lambda: False)
    health.add("clock", lambda: True)
    async with metrics_server(new_registry(), health, host="127.0.0.1", port=0) as (host, port):
        assert await asyncio.to_thread(failed_checks, f"http://{host}:{port}") == ["broker"]
    assert await asyncio.to_thread(failed_checks, f"http://{host}:{port}") == []


def test_addresses_can_be_connected_to() -> None:
    settings = Settings(env="development", ingress_host="0.0.0.0")
    ports = {"ingress_port": 1, "ingress_metrics_port": 2, "processor_metrics_port": 3}
    assert door_urls(settings, ports, health=False) == {"ingress": "http://127.0.0.1:1"}
    assert door_urls(settings, ports, health=True)["processor"] == "http://127.0.0.1:3"
