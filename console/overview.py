"""One look at everything: services, processes, queues, providers, money at risk, read models. Shared by `status` and the web console."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from console.answering import silent
from console.causes import (
    ALL,
    BROKER,
    CONSUMERS,
    DATABASE,
    QUEUES,
    READERS,
    SCHEMA,
    Kind,
    RootCause,
    Subject,
    arrange,
)
from console.exits import Away, CommandError
from console.failures import explain, is_schema
from console.messages import text
from console.output import number, rupiah
from console.probes import Probed, fakes_at, probe
from console.queues import QueueState, depths
from console.store import open_store
from console.times import ago, moment
from eventstore.queries import load
from eventstore.read import head
from processor.watch.listening import who_is_silent
from processor.watch.silence import Silence
from providers.parked_money import amount_in
from providers.registry import PROVIDERS
from schemas.errors import ConfigurationError
from schemas.topology import CHANGES, PARKED, WEBHOOKS

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

REJECTED_WITHIN = timedelta(hours=1)
"""Rejected requests of so long ago are a problem now: a wrong secret shows within seconds, and is forgotten once it is mended."""
LAG_PROBLEM_SECONDS = 30.0
"""A read model that stands still for longer while newer events exist is a problem; catching up takes a second or two."""
PROJECTION = "projection."
"""How the names of the projections' checkpoints begin; the others are the processor's, and the exchange's is the API's."""
PARKED_BODIES_READ = 2000
"""Dead letters whose bytes are read for an amount; more would make the screen slow, and the count says enough then."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong, as a sentence in the operator's language. Without a subject nothing else explains it."""

    sentence: str
    subject: Subject | None = None


@dataclass(slots=True)
class Overview:
    """What was seen at `at`. `causes` are what is wrong, each with what follows from it; empty means all is well.

    `fakes`: where fake providers answer, whose money is invented. Amounts are whole rupiah. A part that could not be looked at is None, and a cause says why.
    """

    at: datetime | None = None
    position: int | None = None
    processes: dict[str, Probed] = field(default_factory=dict)
    queues: list[QueueState] | None = None
    providers: list[dict[str, Any]] | None = None
    flow: list[dict[str, Any]] | None = None
    parked: dict[str, Any] | None = None
    lines: dict[str, Any] | None = None
    unconfirmed: dict[str, Any] | None = None
    drift: list[dict[str, Any]] | None = None
    corrections: dict[str, Any] | None = None
    suspense: dict[str, Any] | None = None
    quarantine: dict[str, Any] | None = None
    strangers: dict[str, int] | None = None
    readers: list[dict[str, Any]] | None = None
    fakes: str | None = None
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def causes(self) -> list[RootCause[Trouble]]:
        """Causes first, what they explain under them."""
        return arrange(self.troubles, lambda trouble: trouble.subject)

    def add(self, sentence: str, name: str | None = None, kind: Kind = "wrong", **more: Any) -> None:
        """One more thing that is wrong; `name`, `kind` and `more` are those of a Subject."""
        self.troubles.append(Trouble(sentence, None if name is None else Subject(name, kind, **more)))

    def document(self) -> dict[str, Any]:
        """For `--json`: `problems` are the sentences of the causes."""
        document = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "troubles"}
        return {
            "ok": not self.troubles,
            **document,
            "queues": self.queues and [asdict(queue) for queue in self.queues],
            "processes": {name: probed.state for name, probed in self.processes.items()},
            "problems": [cause.trouble.sentence for cause in self.causes],
            "causes": [_cause_document(cause) for cause in self.causes],
        }


def _cause_document(cause: RootCause[Trouble]) -> dict[str, Any]:
    return {
        "problem": cause.trouble.sentence,
        "consequences": [_cause_document(each) for each in cause.consequences],
    }


async def look(settings: Settings) -> Overview:
    """Everything that answers within a few seconds; never raises for a service that is away."""
    seen = Overview()
    await asyncio.gather(
        _look_at_database(settings, seen), _look_at_queues(settings, seen), _look_at_processes(settings, seen)
    )
    return seen


async def _look_at_processes(settings: Settings, seen: Overview) -> None:
    seen.processes, seen.fakes = await asyncio.gather(probe(settings), fakes_at(settings))
    if all(probed.state == "away" for probed in seen.processes.values()):
        # One thing to do, not five; the processor stands for them all, because it needs every service and feeds the rest.
        names = ", ".join(seen.processes)
        seen.add(text("status.nothing_runs", names=names), ALL, "away")
        return
    for name, probed in seen.processes.items():
        if probed.state != "ready":
            failed = ", ".join(sorted(probed.failed)) or "?"
            told = {"name": name, "upper": name.upper(), "address": probed.address, "failed": failed}
            sentence = text(f"status.process_{probed.state}", **told)
            seen.add(sentence, name, probed.state, failed=probed.failed)
        for provider in probed.left_alone:
            seen.add(text("status.left_alone", provider=provider, name=name))


async def _look_at_queues(settings: Settings, seen: Overview) -> None:
    try:
        seen.queues = await depths(settings)
    except Away as error:
        seen.add(error.message, error.service, error.kind)
        return
    except ConfigurationError as error:
        seen.add(str(error), BROKER)
        return
    missing = [queue.name for queue in seen.queues if not queue.exists]
    if missing:
        seen.add(text("status.queues_missing", names=", ".join(missing)), QUEUES, "missing")
    unread = [
        queue
        for queue in seen.queues
        if queue.exists and not queue.consumers and (queue.name.startswith(WEBHOOKS) or _stuck(queue))
    ]
    if unread:
        names, waiting = ", ".join(queue.name for queue in unread), sum(queue.ready for queue in unread)
        sentence = text("status.no_consumer", names=names, ready=waiting)
        seen.add(sentence, CONSUMERS, "unread", of="processor")


def _stuck(queue: QueueState) -> bool:
    return queue.name == PARKED and queue.ready > 0


async def _look_at_database(settings: Settings, seen: Overview) -> None:
    seconds = settings.probe_timeout_seconds
    try:
        async with open_store(settings, patience=seconds) as connection:
            await _read(connection, settings, seen)
    except Away as error:
        seen.add(error.message, error.service, error.kind)
    except TimeoutError:
        seen.add(silent(settings).message, DATABASE, "silent")
    except (
        CommandError,
        ConfigurationError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    ) as error:
        seen.add(explain(error)[1], SCHEMA if is_schema(error) else DATABASE)


async def _read(connection: Connection, settings: Settings, seen: Overview) -> None:
    sql = load("overview.sql", "console")
    seen.position, seen.at = await head(connection), await connection.fetchval(sql["now"])
    slow_ms = int(settings.processor_slow_seconds * 1000)
    seen.providers = [dict(row) for row in await connection.fetch(sql["providers"], slow_ms, list(PROVIDERS))]
    seen.flow = [dict(row) for row in await connection.fetch(sql["flow"])]
    await _read_parked(connection, sql, seen)
    seen.unconfirmed = dict(await connection.fetchrow(sql["unconfirmed"]) or {})
    if seen.unconfirmed.get("count"):
        seen.add(text("status.unconfirmed", count=seen.unconfirmed["count"]))
    seen.drift = [dict(row) for row in await connection.fetch(sql["drift"])]
    for provider in dict.fromkeys(row["provider"] for row in seen.drift):
        count = sum(row["findings"] for row in seen.drift if row["provider"] == provider)
        seen.add(text("status.drift", provider=provider, count=count))
    waiting = await connection.fetchrow(load("corrections.sql", "console")["waiting"])
    seen.corrections = dict(waiting or {})
    if await connection.fetchval(sql["has_suspense"]):
        days = settings.suspense_old_days
        seen.suspense = dict(await connection.fetchrow(sql["suspense"], timedelta(days=days)) or {})
        if seen.suspense.get("old"):
            told = {"count": number(seen.suspense["old"]), "amount": rupiah(seen.suspense["old_amount"])}
            seen.add(text("status.suspense_old", days=f"{days:g}", **told))
    else:
        seen.add(text("status.no_projections"), READERS, "behind", of="projections")
    for row in await connection.fetch(sql["rejected"], REJECTED_WITHIN):
        seen.add(text("status.rejected", provider=row["provider"], count=row["count"], cause=row["cause"]))
    seen.quarantine = dict(await connection.fetchrow(sql["quarantine"]) or {})
    for silence in await who_is_silent(connection, settings, seen.at) if seen.at else ():
        seen.add(text("status.silent_provider", **told_of(silence, seen.at)))
    strange = await connection.fetch(load("strangers.sql", "console")["open"])
    seen.strangers = {row["provider"]: row["number"] for row in strange}
    await _read_readers(connection, sql, seen)


async def _read_parked(connection: Connection, sql: Mapping[str, str], seen: Overview) -> None:
    count = await connection.fetchval(sql["parked_count"])
    rows = await connection.fetch(sql["parked"], PARKED_BODIES_READ)
    amounts = [amount_in(row["message"]) for row in rows]
    known = [amount for amount in amounts if amount is not None]
    seen.parked = {"count": count, "amount": sum(known), "unknown": count - len(known)}
    if count:
        seen.add(text("status.parked", count=count))
    seen.lines = dict(await connection.fetchrow(load("lines.sql", "console")["parked"]) or {})
    if seen.lines["waiting"]:
        told = {name: number(seen.lines[name]) for name in ("streams", "waiting")}
        seen.add(text("status.lines", **told))


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
            "live": live.get(row["consumer"].removeprefix(PROJECTION), row["version"]) == row["version"],
        }
        seen.readers.append(state)
    for process, sentence in standing_still(seen.readers):
        seen.add(sentence, READERS, "behind", of=process)


def standing_still(readers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """(process that feeds them, sentence): readers of the log that have not moved for long, one sentence for each process."""
    slow = [row for row in readers if row["live"] and row["lag_seconds"] > LAG_PROBLEM_SECONDS]
    for process in ("processor", "projections", "api"):
        rows = [row for row in slow if _fed_by(row["name"]) == process]
        if rows:
            yield (
                process,
                text(
                    "status.lag",
                    names=", ".join(row["name"] for row in rows),
                    behind=max(row["behind"] for row in rows),
                    seconds=int(max(row["lag_seconds"] for row in rows)),
                    process=process,
                ),
            )


def told_of(silence: Silence, now: datetime) -> dict[str, Any]:
    """A silence in the words of status and doctor."""
    return {
        "provider": silence.provider,
        "ago": ago(silence.last_at, now),
        "at": moment(silence.last_at),
        "expected": silence.expected,
        "weeks": silence.weeks,
        "since": moment(silence.since),
    }


def corrections_told(corrections: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """Corrections that wait for another person's leave, in the words of status and top."""
    return {
        "count": number(corrections["count"]),
        "amount": rupiah(corrections["amount"]),
        "age": ago(corrections["oldest"], now),
    }


def lines_told(lines: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """Parked streams in the words of status and doctor."""
    return {
        "streams": number(lines["streams"]),
        "waiting": number(lines["waiting"]),
        "amount": rupiah(lines["amount"]),
        "age": ago(lines["oldest"], now),
    }


def _fed_by(reader: str) -> str:
    if reader == CHANGES:
        return "api"
    return "projections" if reader.startswith(PROJECTION) else "processor"
