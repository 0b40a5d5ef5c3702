"""One look at everything: services, processes, queues, providers, money at risk, read models. Shared by `status` and the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import asyncpg

from console.exits import CommandError
from console.failures import explain
from console.messages import text
from console.parked_money import amount_in
from console.queues import QueueState, depths
from console.store import open_store
from eventstore.queries import load
from eventstore.read import head
from providers.registry import PROVIDERS
from schemas.errors import ConfigurationError
from schemas.topology import PARKED, WEBHOOKS

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

REJECTED_WITHIN = timedelta(hours=1)
"""Rejected requests of so long ago are a problem now: a wrong secret shows within seconds, and is forgotten once it is mended."""
LAG_PROBLEM_SECONDS = 30.0
"""A read model that stands still for longer while newer events exist is a problem; catching up takes a second or two."""
PARKED_BODIES_READ = 2000
"""Dead letters whose bytes are read for an amount; more would make the screen slow, and the count says enough then."""


@dataclass(slots=True)
class Overview:
    """What was seen at `at`. `problems` are sentences in the operator's language; empty means all is well.

    Amounts are whole rupiah. A part that could not be looked at is None, and `problems` says why.
    """

    at: datetime | None = None
    position: int | None = None
    processes: dict[str, str] = field(default_factory=dict)
    queues: list[QueueState] | None = None
    providers: list[dict[str, Any]] | None = None
    parked: dict[str, Any] | None = None
    suspense: dict[str, Any] | None = None
    quarantine: dict[str, Any] | None = None
    readers: list[dict[str, Any]] | None = None
    problems: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"ok": not self.problems, **asdict(self)}


async def look(settings: Settings) -> Overview:
    """Everything that answers within a few seconds; never raises for a service that is away."""
    seen = Overview()
    await asyncio.gather(
        _look_at_database(settings, seen), _look_at_queues(settings, seen), _probe(settings, seen)
    )
    return seen


def doors(settings: Settings) -> Mapping[str, str]:
    """Readiness address of every process."""
    ports = {
        "ingress": (settings.ingress_host, settings.ingress_port),
        "processor": (settings.metrics_host, settings.processor_metrics_port),
        "projections": (settings.metrics_host, settings.projections_metrics_port),
        "api": (settings.api_host, settings.api_port),
        "console": (settings.console_host, settings.console_port),
    }
    here = {name: f"{_reachable(host)}:{port}" for name, (host, port) in ports.items()}
    elsewhere = dict(pair.split("=", 1) for pair in settings.peers.split(",") if pair)
    return {name: f"http://{elsewhere.get(name, address)}/readyz" for name, address in here.items()}


def _reachable(host: str) -> str:
    """The address to call for an address to listen on."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - translated, not bound


async def _probe(settings: Settings, seen: Overview) -> None:
    timeout = aiohttp.ClientTimeout(total=settings.probe_timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        addresses = doors(settings)
        states = await asyncio.gather(*(_ready(session, address) for address in addresses.values()))
    seen.processes = dict(zip(addresses, states, strict=True))
    for name, state in seen.processes.items():
        if state != "ready":
            seen.problems.append(text(f"status.process_{state}", name=name, address=addresses[name]))


async def _ready(session: aiohttp.ClientSession, address: str) -> str:
    """`ready`, `not_ready`, `silent` (it runs, and answers nothing in time) or `away`."""
    try:
        async with session.get(address) as answer:
            return "ready" if answer.status == 200 else "not_ready"
    except TimeoutError:
        return "silent"
    except (aiohttp.ClientError, OSError):
        return "away"


async def _look_at_queues(settings: Settings, seen: Overview) -> None:
    try:
        seen.queues = await depths(settings)
    except (CommandError, ConfigurationError) as error:
        seen.problems.append(str(error))
        return
    missing = [queue.name for queue in seen.queues if not queue.exists]
    if missing:
        seen.problems.append(text("status.queues_missing", names=", ".join(missing)))
    for queue in seen.queues:
        if queue.exists and not queue.consumers and (queue.name.startswith(WEBHOOKS) or _stuck(queue)):
            seen.problems.append(text("status.no_consumer", name=queue.name, ready=queue.ready))


def _stuck(queue: QueueState) -> bool:
    return queue.name == PARKED and queue.ready > 0


async def _look_at_database(settings: Settings, seen: Overview) -> None:
    seconds = settings.probe_timeout_seconds
    try:
        async with asyncio.timeout(seconds), open_store(settings, patience=seconds) as connection:
            await _read(connection, settings, seen)
    except TimeoutError:
        seen.problems.append(text("error.database_silent", seconds=f"{seconds:g}"))
    except (CommandError, ConfigurationError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        seen.problems.append(explain(error)[1])


async def _read(connection: Connection, settings: Settings, seen: Overview) -> None:
    sql = load("overview.sql", "console")
    seen.position, seen.at = await head(connection), await connection.fetchval(sql["now"])
    slow_ms = int(settings.processor_slow_seconds * 1000)
    seen.providers = [dict(row) for row in await connection.fetch(sql["providers"], slow_ms, list(PROVIDERS))]
    await _read_parked(connection, sql, seen)
    if await connection.fetchval(sql["has_suspense"]):
        seen.suspense = dict(await connection.fetchrow(sql["suspense"]) or {})
    else:
        seen.problems.append(text("status.no_projections"))
    for row in await connection.fetch(sql["rejected"], REJECTED_WITHIN):
        seen.problems.append(
            text("status.rejected", provider=row["provider"], count=row["count"], cause=row["cause"])
        )
    seen.quarantine = dict(await connection.fetchrow(sql["quarantine"]) or {})
    await _read_readers(connection, sql, seen)


async def _read_parked(connection: Connection, sql: Mapping[str, str], seen: Overview) -> None:
    count = await connection.fetchval(sql["parked_count"])
    rows = await connection.fetch(sql["parked"], PARKED_BODIES_READ)
    amounts = [amount_in(row["message"]) for row in rows]
    known = [amount for amount in amounts if amount is not None]
    seen.parked = {"count": count, "amount": sum(known), "unknown": count - len(known)}
    if count:
        seen.problems.append(text("status.parked", count=count))


async def _read_readers(connection: Connection, sql: Mapping[str, str], seen: Overview) -> None:
    live = {
        row["name"]: row["version"]
        for row in await connection.fetch(sql["versions"])
        if row["status"] == "live"
    }
    seen.readers = []
    for row in await connection.fetch(sql["checkpoints"]):
        behind = max(0, (seen.position or 0) - row["position"])
        idle = (seen.at - row["updated_at"]).total_seconds() if seen.at else 0.0
        state = {
            "name": row["consumer"],
            "version": row["version"],
            "position": row["position"],
            "behind": behind,
            "lag_seconds": round(idle, 1) if behind else 0.0,
            "live": live.get(row["consumer"].removeprefix("projection."), row["version"]) == row["version"],
        }
        seen.readers.append(state)
        if state["live"] and state["lag_seconds"] > LAG_PROBLEM_SECONDS:
            seen.problems.append(text("status.lag", name=row["consumer"], behind=behind, seconds=int(idle)))
