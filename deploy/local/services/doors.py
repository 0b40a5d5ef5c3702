"""Ports and addresses of our own processes, and whether they answer."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from urllib.parse import urlsplit

from deploy.local.services.failures import PortTaken
from deploy.local.services.ports import PortLeases, is_of_this_machine
from runtime.settings import ConfigurationError, Settings
from runtime.settings.model import variable_name
from runtime.settings.urls import reachable

ANSWER_TIMEOUT_SECONDS = 2.0
SERVICES = {"broker": "RabbitMQ", "database": "PostgreSQL"}


def choose_ports(
    settings: Settings, processes: Sequence[str], leases: PortLeases, report: Callable[[str], None]
) -> dict[str, int]:
    """Setting field -> port: the set or default one, or the next free one for a taken default, which is reported.

    Raises ConfigurationError for ports that were set explicitly and are taken (all of them, a line each), and for a host that is
    not this machine.
    """
    fields = [f"{name}_port" for name in processes if _has_door(name)] + [
        f"{name}_metrics_port" for name in processes
    ]
    for field in fields:
        _check_host(settings, field)
    chosen = {}
    # First all that can have theirs, so that a port that moves does not take the next door's.
    for field in fields:
        if getattr(settings, field) and leases.take(getattr(settings, field), _host(settings, field)):
            chosen[field] = getattr(settings, field)
    taken, moved = [], []
    for field in (field for field in fields if field not in chosen):
        wanted, explicit = getattr(settings, field), field in settings.model_fields_set
        try:
            chosen[field] = leases.door(
                variable_name(field), _host(settings, field), wanted, explicit=explicit
            )
        except PortTaken as error:
            taken.append(str(error))
            continue
        if wanted:
            moved.append((wanted, f"{variable_name(field)}={chosen[field]}"))
    if taken:
        raise ConfigurationError("\n".join(taken))
    if moved:
        ports = f"{'ports' if len(moved) > 1 else 'port'} {', '.join(str(port) for port, _ in moved)}"
        report(f"{ports} taken, instead {' '.join(instead for _, instead in moved)}")
    return chosen


def _has_door(process: str) -> bool:
    """Whether a process has a public door; the others answer on their metrics port."""
    return not process.endswith("_metrics") and f"{process}_port" in Settings.model_fields


def _check_host(settings: Settings, port_field: str) -> None:
    host = _host(settings, port_field)
    if not is_of_this_machine(host):
        raise ConfigurationError(
            f"{variable_name(_host_field(port_field))} is {host}, which is no address of this machine: "
            "set it to 127.0.0.1 for this machine only, or 0.0.0.0 for every network it is in."
        )


def _host(settings: Settings, port_field: str) -> str:
    host: str = getattr(settings, _host_field(port_field))
    return host


def _host_field(port_field: str) -> str:
    if port_field.endswith("_metrics_port"):
        return "metrics_host"
    return f"{port_field.removesuffix('_port')}_host"


def door_urls(settings: Settings, ports: Mapping[str, int], *, health: bool) -> dict[str, str]:
    """Name of a process -> its address; with `health`, the internal one for processes without a door."""
    urls = {}
    for field, port in ports.items():
        name = field.removesuffix("_port")
        if _has_door(name):
            urls[name] = f"http://{reachable(getattr(settings, f'{name}_host'))}:{port}"
        elif health and not _has_door(name.removesuffix("_metrics")):
            urls[name.removesuffix("_metrics")] = f"http://{reachable(settings.metrics_host)}:{port}"
    return urls


def answers_ready(url: str) -> bool:
    """Whether `/readyz` there says yes."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def failed_checks(url: str) -> list[str]:
    """Which of its readiness checks fail; empty when it does not say."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        checks = json.loads(connection.getresponse().read()).get("checks", {})
    except (OSError, http.client.HTTPException, ValueError):
        return []
    finally:
        connection.close()
    return [name for name, outcome in checks.items() if outcome != "ok"]


def not_ready(failing: Mapping[str, Sequence[str]], seconds: float, given: Collection[str]) -> str:
    """The sentence for processes that do not become ready: what fails in each, and which address of ours may be wrong.

    `given`: the services that somebody named with an address of their own, `broker` or `database`.
    """
    named = ", ".join(
        f"{name} ({', '.join(checks)} failed)" if checks else name for name, checks in failing.items()
    )
    sentence = f"Not ready after {seconds:g} s: {named}."
    for service in SERVICES:
        if service in given and any(service in checks for checks in failing.values()):
            sentence += f" LUNAS_{service.upper()}_URL was set: is there a {SERVICES[service]} at that address, and does it take that login?"
    return sentence
