"""Asking every process whether it is ready, each within the same few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import aiohttp

from runtime.health import LEFT_ALONE

if TYPE_CHECKING:
    from runtime.settings import Settings

State = Literal["ready", "not_ready", "silent", "away", "other"]


@dataclass(frozen=True, slots=True)
class Probed:
    """`silent`: it takes connections and answers nothing in time; `other`: something else answers at its address; `failed`: readiness
    checks that it says are failing; `notes`: what else it says."""

    address: str
    state: State
    failed: frozenset[str] = frozenset()
    notes: frozenset[tuple[str, str]] = frozenset()

    @property
    def left_alone(self) -> list[str]:
        """Providers that it does not call for a while, because several calls failed in a row."""
        return sorted(name.removeprefix(LEFT_ALONE) for name, _ in self.notes if name.startswith(LEFT_ALONE))


def doors(settings: Settings) -> Mapping[str, str]:
    """Readiness address of every process."""
    ports = {
        "ingress": (settings.ingress_host, settings.ingress_port),
        "processor": (settings.metrics_host, settings.processor_metrics_port),
        "projections": (settings.metrics_host, settings.projections_metrics_port),
        "api": (settings.api_host, settings.api_port),
        "notify": (settings.metrics_host, settings.notify_metrics_port),
        "console": (settings.console_host, settings.console_port),
    }
    here = {name: f"{_reachable(host)}:{port}" for name, (host, port) in ports.items()}
    elsewhere = dict(pair.split("=", 1) for pair in settings.peers.split(",") if pair)
    return {name: f"http://{elsewhere.get(name, address)}/readyz" for name, address in here.items()}


async def fakes_at(settings: Settings) -> str | None:
    """Where fake providers answer that calls go to; None outside development, or when none run."""
    if settings.env != "development" or settings.fakes != "on":
        return None
    address = f"http://{_reachable(settings.fakes_host)}:{settings.fakes_port}"
    timeout = aiohttp.ClientTimeout(total=settings.probe_timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        probed = await _ready(session, "fakes", f"{address}/readyz")
    return address if probed.state in ("ready", "not_ready") else None


async def probe(settings: Settings) -> dict[str, Probed]:
    """The state of every process; never raises for one that is away."""
    timeout = aiohttp.ClientTimeout(total=settings.probe_timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        addresses = doors(settings)
        states = await asyncio.gather(*(_ready(session, *each) for each in addresses.items()))
    return dict(zip(addresses, states, strict=True))


def _reachable(host: str) -> str:
    """The address to call for an address to listen on."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - translated, not bound


async def _ready(session: aiohttp.ClientSession, name: str, address: str) -> Probed:
    try:
        async with session.get(address) as answer:
            document = await _document(answer)
            if document.get("process") != name:
                return Probed(address, "other")
            if answer.status == 200:
                return Probed(address, "ready", notes=_notes(document))
            return Probed(address, "not_ready", _failed(document), _notes(document))
    except TimeoutError:
        return Probed(address, "silent")
    except (aiohttp.ClientError, OSError):
        return Probed(address, "away")


async def _document(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """What a process of ours says of itself; nothing when something else listens there."""
    try:
        document = await answer.json(content_type=None)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _failed(document: dict[str, Any]) -> frozenset[str]:
    checks = document.get("checks")
    return (
        frozenset(name for name, outcome in checks.items() if outcome != "ok")
        if isinstance(checks, dict)
        else frozenset()
    )


def _notes(document: dict[str, Any]) -> frozenset[tuple[str, str]]:
    notes = document.get("notes")
    return (
        frozenset((str(name), str(said)) for name, said in notes.items())
        if isinstance(notes, dict)
        else frozenset()
    )
