"""Forgetting a person, by two persons: one asks, another agrees by the same command, and then it is done at once and cannot be taken back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console import two_persons
from console.acts import Act, already, record
from console.archives.archiving import SQL as ARCHIVES
from console.archives.archiving import FolderUnknown, searched
from console.archives.body_file import ArchiveDamaged
from console.exits import Refused
from console.messages import text
from console.options import actor
from console.persons.holding import SQL, PersonHeld, held_about, mentioning, spellings
from eventstore.append import NewEvent, append, log_transaction
from eventstore.keyring import check_key
from eventstore.persons import destroy_keys
from runtime.ids import uuid7
from schemas import streams
from schemas.personal_facts import CustomerErased

if TYPE_CHECKING:
    import asyncpg

    from runtime.database import Connection

FORMAT = "lunas erasure 1"
VERB, ASKED = "customers.erase", "customers.erase_asked"
KEPT = ("customer_id", "amounts", "balances", "ledger", "ids of payments", "times", "seals")
"""What an erasure leaves: books must be kept, and say nothing of whose address it was."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """`certificate`: None while it waits for another person."""

    erasure_id: uuid.UUID
    act_id: uuid.UUID
    certificate: dict[str, Any] | None = None


async def erase(
    connection: Connection, customer_id: str, reason: str, archives: Path | None = None
) -> Erasure:
    """Ask for it, or agree to what somebody else asked for; `archives`: the folder with the bytes of old webhooks, which are looked through.

    Raises NotFound, and Refused when it is not for this person to say, or not now.
    """
    if not await check_key(connection):
        raise Refused(text("erase.not_sealed"))
    person = await held_about(connection, customer_id)
    waiting = await connection.fetchrow(SQL["waiting"], customer_id)
    if waiting is None:
        await two_persons.person(connection, "operator")
        return await _ask(connection, person, reason)
    if waiting["requested_by"] == actor():
        raise Refused(text("erase.own", customer=customer_id, by=actor()))
    await two_persons.person(connection, "approver")
    return await _agree(connection, waiting, person, reason, archives)


async def _ask(connection: Connection, person: PersonHeld, reason: str) -> Erasure:
    if not await _anything_left(connection, person):
        otherwise = Refused(text("erase.nothing", customer=person.customer_id))
        raise await already(connection, VERB, person.customer_id, otherwise)
    await _check_open(connection, person.deliveries)
    erasure_id = uuid7()
    async with connection.transaction():
        await connection.execute(SQL["ask"], erasure_id, person.customer_id, reason, actor())
        after = {"erasure": str(erasure_id)} | counts(person)
        act = Act(ASKED, person.customer_id, reason, text("erase.asked_undo"), after=after)
        return Erasure(erasure_id, await record(connection, act))


async def _agree(
    connection: Connection, waiting: asyncpg.Record, before: PersonHeld, reason: str, archives: Path | None
) -> Erasure:
    # Reads every body: not while others wait for the log.
    mentioned = await mentioning(connection, before.addresses)
    archived = await _in_archives(connection, archives, before.addresses)
    async with log_transaction(connection):
        # Once more under the log's lock: what came meanwhile is theirs too.
        person = await held_about(connection, before.customer_id)
        deliveries = sorted({*person.deliveries, *mentioned, *archived})
        await _check_open(connection, deliveries)
        by, now = actor(), await connection.fetchval(SQL["now"])
        keys = await destroy_keys(connection, waiting["erasure_id"], by, person.names)
        emptied = await _emptied(connection, person.customer_id, deliveries)
        files = sorted({row["file"] for row in await connection.fetch(ARCHIVES["holding"], deliveries)})
        await connection.execute(ARCHIVES["forget"], deliveries, waiting["erasure_id"])
        event = CustomerErased(
            customer_id=person.customer_id,
            erasure_id=str(waiting["erasure_id"]),
            requested_by=waiting["requested_by"],
            approved_by=by,
            reason=waiting["reason"],
            keys_destroyed=keys,
            bodies_emptied=emptied["bodies"],
            records=person.records,
            held=person.held,
            at=now,
        )
        metadata = {"correlation_id": str(waiting["erasure_id"]), "source": "operator", "actor": by}
        stream = streams.customer(person.customer_id)
        appended = await append(connection, [NewEvent(stream, event, metadata)])
        certificate = _certificate(waiting, person, event, emptied, files, appended.first)
        await connection.execute(
            SQL["certify"], waiting["erasure_id"], json.dumps(certificate, default=_text)
        )
        act = Act(VERB, person.customer_id, reason, text("erase.no_undo"), after=certificate)
        act_id = await record(connection, act)
    return Erasure(waiting["erasure_id"], act_id, certificate)


async def _in_archives(
    connection: Connection, folder: Path | None, addresses: Sequence[str]
) -> set[uuid.UUID]:
    """Webhooks in files of old ones that mention an address. What cannot be looked through is not called forgotten."""
    try:
        return await searched(connection, folder, spellings(addresses))
    except FolderUnknown:
        raise Refused(text("archive.no_folder")) from None
    except (ArchiveDamaged, OSError) as error:
        raise Refused(text("archive.unreadable", error=error)) from None


async def _anything_left(connection: Connection, person: PersonHeld) -> bool:
    """A key that is not destroyed, or bytes that are not gone."""
    if person.addresses or person.in_clear:
        return True
    rows = await connection.fetch(SQL["bodies"], list(person.deliveries))
    return any(row["redacted_at"] is None for row in rows)


async def _check_open(connection: Connection, deliveries: Any) -> None:
    """Money that waits for somebody to read its webhook is not thrown away."""
    count = await connection.fetchval(SQL["still_open"], list(deliveries))
    if count:
        raise Refused(text("erase.open", count=count))


async def _emptied(connection: Connection, customer_id: str, deliveries: list[uuid.UUID]) -> dict[str, int]:
    """Everything that can be changed; how many of each."""
    return {
        "bodies": len(await connection.fetch(SQL["redact"], deliveries)),
        "letters": len(await connection.fetch(SQL["empty_letters"], deliveries)),
        "registrations": len(await connection.fetch(SQL["forget_registration"], customer_id)),
        "answers": len(await connection.fetch(SQL["forget_answers"], customer_id)),
        "requests": len(await connection.fetch(SQL["forget_requests"], customer_id))
        + len(await connection.fetch(SQL["forget_plans"], customer_id)),
    }


def counts(person: PersonHeld) -> dict[str, int]:
    """What there is to destroy, in numbers."""
    return {
        "keys": len(person.names),
        "shared": len(person.shared),
        "in_clear": len(person.in_clear),
        "payments": len(person.records),
        "bodies": len(person.deliveries),
    }


def _certificate(
    waiting: asyncpg.Record,
    person: PersonHeld,
    event: CustomerErased,
    emptied: dict[str, int],
    files: list[str],
    position: int,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "erasure_id": event.erasure_id,
        "customer_id": event.customer_id,
        "reason": event.reason,
        "requested_by": event.requested_by,
        "requested_at": waiting["requested_at"],
        "approved_by": event.approved_by,
        "done_at": event.at,
        "keys_destroyed": event.keys_destroyed,
        "emptied": emptied,
        "payments_without_payer": len(event.records),
        "archives_to_be_written_anew": files,
        "addresses_shared_and_kept": len(person.shared),
        "addresses_in_clear_in_the_log": len(person.in_clear),
        "complete": not (person.shared or person.in_clear),
        "kept": KEPT,
        "position": position,
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
