"""Ports and addresses of our own processes, and whether they answer."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from runtime.services.failures import PortTaken
from runtime.services.ports import PortLeases
from runtime.settings import ConfigurationError, Settings
from runtime.settings.model import variable_name

# The processes with a public door; the others answer on their metrics port.
DOORS = ("ingress", "api", "console")
ANSWER_TIMEOUT_SECONDS = 2.0


def choose_ports(
    settings: Settings, processes: Sequence[str], leases: PortLeases, report: Callable[[str], None]
) -> dict[str, int]:
    """Setting field -> port: the set or default one, or the next free one for a taken default, which is reported.

    Raises ConfigurationError for a port that was set explicitly and is taken.
    """
    fields = [f"{name}_port" for name in processes if name in DOORS] + [
        f"{name}_metrics_port" for name in processes
    ]
    chosen = {}
    # First all that can have theirs, so that a port that moves does not take the next door's.
    for field in fields:
        if getattr(settings, field) and leases.take(getattr(settings, field), _host(settings, field)):
            chosen[field] = getattr(settings, field)
    for field in (field for field in fields if field not in chosen):
        wanted, explicit = getattr(settings, field), field in settings.model_fields_set
        try:
            chosen[field] = leases.door(
                variable_name(field), _host(settings, field), wanted, explicit=explicit
            )
        except PortTaken as error:
            raise ConfigurationError(str(error)) from None
        if wanted:
            report(f"port {wanted} is taken, {variable_name(field)} is {chosen[field]} instead")
    return chosen


def _host(settings: Settings, field: str) -> str:
    host: str = (
        settings.metrics_host
        if field.endswith("_metrics_port")
        else getattr(settings, f"{field.removesuffix('_port')}_host")
    )
    return host


def door_urls(settings: Settings, ports: Mapping[str, int], *, health: bool) -> dict[str, str]:
    """Name of a process -> its address; with `health`, the internal one for processes without a door."""
    urls = {}
    for field, port in ports.items():
        name = field.removesuffix("_port")
        if name in DOORS:
            urls[name] = f"http://{_reachable(getattr(settings, f'{name}_host'))}:{port}"
        elif health and name.removesuffix("_metrics") not in DOORS:
            urls[name.removesuffix("_metrics")] = f"http://{_reachable(settings.metrics_host)}:{port}"
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


def _reachable(host: str) -> str:
    """An address to connect to for an address to listen on."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{shown}]" if ":" in shown else shown
