"""Read models and money: does the ledger sum to zero, is every read model live and close to the log, what waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING

from console.causes import READERS, Subject
from console.checks.finding import Finding, note, ok, problem, unseen
from console.checks.secrets import check_rejected
from console.messages import text
from console.output import number, rupiah
from console.overview import Overview, lines_told, standing_still, told_of
from eventstore.queries import load
from eventstore.read import newest_data
from processor.fulfilment.catalog_source import read_catalog
from processor.watch.listening import who_is_silent
from schemas.errors import LunasError
from schemas.events import decode
from schemas.facts import CatalogPublished

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

NEARLY = 0.9
"""Share of its caps from which the quarantine is called full: the oldest requests give way next."""


async def check_reading(connection: Connection, settings: Settings, seen: Overview) -> AsyncIterator[Finding]:
    """What the tables say; `seen` is the overview of the same moment."""
    sql = load("doctor.sql", "console")
    if seen.position is None:
        yield unseen("projections", text("doctor.overview_unseen"), text("doctor.unseen.fix"))
        return
    if seen.suspense is None:
        subject = Subject(READERS, "behind", of="projections")
        yield problem("projections", text("status.no_projections"), text("doctor.projections.fix"), subject)
        return
    off = [f"{row['unit']} {row['sum']}" for row in await connection.fetch(sql["ledger"])]
    if off:
        yield problem("ledger", text("doctor.ledger_off", units=", ".join(off)), text("doctor.ledger.fix"))
    else:
        yield ok("ledger", text("doctor.ledger"))
    async for finding in _backed(connection, sql):
        yield finding
    dark = [row["name"] for row in await connection.fetch(sql["not_live"])]
    if dark:
        yield problem(
            "projections", text("doctor.not_live", names=", ".join(dark)), text("doctor.projections.fix")
        )
    for row in await connection.fetch(sql["parked_events"]):
        detail = text("doctor.parked_events", name=row["name"], count=row["count"])
        yield problem("projections", detail, text("doctor.parked_events.fix", name=row["name"]))
    for row in await connection.fetch(sql["unfinished"]):
        detail = text("doctor.unfinished", name=row["name"], version=row["version"])
        yield note("projections", detail, text("doctor.unfinished.fix", name=row["name"]))
    for finding in _lag(seen):
        yield finding
    for finding in _waiting(seen):
        yield finding
    kept = await connection.fetchrow(sql["kept"])
    if kept and (
        kept["count"] > NEARLY * settings.quarantine_max_rows
        or kept["bytes"] > NEARLY * settings.quarantine_max_bytes
    ):
        detail = text("doctor.quarantine_full", count=number(kept["count"]), bytes=number(kept["bytes"]))
        yield note("quarantine", detail, text("doctor.quarantine_full.fix"))


async def _backed(connection: Connection, sql: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Whether a payment stands behind everything that was granted."""
    wrong = await connection.fetch(sql["unbacked"])
    for row in wrong:
        amount, cases = rupiah(row["amount"]), row["cases"]
        detail = text("doctor.unbacked", provider=row["provider"], amount=amount, cases=cases)
        yield problem("backing", detail, text("doctor.unbacked.fix"))
    if not wrong:
        yield ok("backing", text("doctor.backed"))


def _lag(seen: Overview) -> Iterator[Finding]:
    slow = list(standing_still(seen.readers or ()))
    for process, sentence in slow:
        yield problem("lag", sentence, text("doctor.lag.fix"), Subject(READERS, "behind", of=process))
    if not slow:
        yield ok("lag", text("doctor.lag"))


def _waiting(seen: Overview) -> Iterator[Finding]:
    if seen.parked and seen.parked["count"]:
        amount = rupiah(seen.parked["amount"])
        detail = text("doctor.parked", count=seen.parked["count"], amount=amount)
        yield problem("parked", detail, text("doctor.parked.fix"))
    else:
        yield ok("parked", text("dlq.none"))
    if seen.lines and seen.lines["streams"] and seen.at:
        yield problem(
            "streams", text("doctor.lines", **lines_told(seen.lines, seen.at)), text("doctor.lines.fix")
        )
    if seen.suspense and seen.suspense["count"]:
        amount = rupiah(seen.suspense["amount"])
        detail = text("doctor.suspense", count=seen.suspense["count"], amount=amount)
        yield note("suspense", detail, text("doctor.suspense.fix"))
    else:
        yield ok("suspense", text("suspense.none"))


async def check_provider(connection: Connection, settings: Settings, provider: str) -> AsyncIterator[Finding]:
    """What one provider sent during the last day, and what of it was turned away."""
    sql = load("doctor.sql", "console")
    newest = await connection.fetchval(sql["newest"], provider)
    outcomes = await connection.fetch(sql["outcomes"], provider)
    if newest is None:
        yield note(
            "deliveries", text("doctor.silent", name=provider), text("doctor.silent.fix", name=provider)
        )
    else:
        counts = ", ".join(f"{row['status']} {row['count']}" for row in outcomes) or "0"
        yield ok("deliveries", text("doctor.deliveries", counts=counts))
    async for finding in check_rejected(connection, settings, provider):
        yield finding
    async for finding in check_silence(connection, settings, provider):
        yield finding


async def check_catalogue(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    """Whether decisions are made by the catalogue that stands in the file."""
    try:
        ours = read_catalog(settings).version
    except LunasError:
        return  # told with the settings
    data = await newest_data(connection, CatalogPublished.TYPE)
    if data is None:
        return
    theirs = decode(CatalogPublished.TYPE, CatalogPublished.VERSION, data)
    if isinstance(theirs, CatalogPublished) and theirs.version != ours:
        detail = text("doctor.catalogue_old", ours=ours, theirs=theirs.version)
        yield note("catalogue", detail, text("doctor.catalogue_old.fix"))


async def check_silence(
    connection: Connection, settings: Settings, provider: str | None = None
) -> AsyncIterator[Finding]:
    """Who should have sent something by now (of one provider, or of all)."""
    now = await connection.fetchval(load("overview.sql", "console")["now"])
    found = await who_is_silent(connection, settings, now)
    silent = [one for one in found if provider is None or one.provider == provider]
    for one in silent:
        told = told_of(one, now)
        yield problem(
            "silence",
            f"{one.provider}: " + text("doctor.silence", **told),
            text("doctor.silence.fix", **told),
        )
    if not silent:
        yield ok("silence", text("doctor.no_silence"))


async def check_strangers(connection: Connection) -> AsyncIterator[Finding]:
    """Whether bodies began to carry what this version does not know."""
    rows = await connection.fetch(load("strangers.sql", "console")["open"])
    for row in rows:
        told = {"name": row["provider"], "count": number(row["number"])}
        yield note("strangers", text("doctor.strangers", **told), text("doctor.strangers.fix", **told))
    if not rows:
        yield ok("strangers", text("doctor.no_strangers"))
