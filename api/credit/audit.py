"""Accounts compared with the log, and built from it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from api.credit.loading import SQL, Name, accounts_piece, open_accounts
from eventstore.append import log_transaction
from eventstore.read import StoredEvent, read_page
from runtime.database import Connection
from schemas.credit_events import (
    CreditCaptured,
    CreditReleased,
    CreditReservationExpired,
    CreditReserved,
    CreditSpent,
    UsageRecorded,
)
from schemas.event_model import EventModel

PAGE = 200  # accounts at a time
EVENTS = 1000
NO_FORMAT = -1  # no snapshot has it: everything is folded from the beginning

NAMED = (CreditSpent, CreditReserved, UsageRecorded, CreditCaptured, CreditReleased, CreditReservationExpired)


@dataclass(slots=True)
class AccountsChecked:
    """`differences`: what is not as the log has it, one line each."""

    accounts: int = 0
    acts: int = 0
    differences: list[str] = field(default_factory=list)


async def verify_accounts(connection: Connection) -> AccountsChecked:
    """Every snapshot, carried on to the end of the log, against a fold from its beginning; every reference. Changes nothing."""
    checked = AccountsChecked()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for customers in _pages(connection):
            kept = (await open_accounts(connection, customers)).accounts
            anew = (await open_accounts(connection, customers, snapshots=NO_FORMAT)).accounts
            checked.accounts += len(customers)
            checked.differences += [
                f"{one}: the account is not what the log adds up to"
                for one in customers
                if kept[one].broken or anew[one].broken or kept[one].account != anew[one].account
            ]
        known = {tuple(row)[:3]: row[3] for row in await connection.fetch(SQL["every_act"])}
        async for event in _named(connection):
            checked.acts += 1
            name = name_of(event.decoded())
            if known.pop(name, None) != event.position:
                checked.differences.append(f"{name[0]}: {name[1]} {name[2]} is not at {event.position}")
        checked.differences += [f"{name[0]}: {name[1]} {name[2]} is not in the log" for name in known]
    return checked


async def rebuild_accounts(connection: Connection) -> AccountsChecked:
    """Every snapshot and reference from the log again, page by page; whoever spends meanwhile waits for a page at most."""
    built = AccountsChecked()
    async for customers in _pages(connection):
        async with log_transaction(connection):
            opened = await open_accounts(connection, customers, snapshots=NO_FORMAT)
            query, columns = accounts_piece(list(opened.accounts.values()))
            await connection.execute(query, *columns)
        built.accounts += len(customers)
    async with log_transaction(connection):
        await connection.execute(SQL["forget_acts"])
        names = [(*name_of(event.decoded()), event.position) async for event in _named(connection)]
        if names:
            await connection.execute(SQL["save_acts"], *map(list, zip(*names, strict=True)))
        built.acts = len(names)
    return built


def name_of(event: EventModel) -> Name:
    """What a reference of this act is kept under."""
    if isinstance(event, CreditSpent):
        return event.customer_id, "spend", event.reference
    if isinstance(event, CreditReserved):
        return event.customer_id, "refund" if event.refund_of else "reservation", event.reference
    if isinstance(event, UsageRecorded):
        return event.customer_id, "usage", event.reference
    if isinstance(event, CreditCaptured | CreditReleased | CreditReservationExpired):
        return event.customer_id, "closing", event.reservation_id
    raise TypeError(type(event))


async def _pages(connection: Connection) -> AsyncIterator[list[str]]:
    """Customers who have an account or ever did anything with one."""
    for statement in (SQL["customers"], SQL["without_account"]):
        after = ""
        while page := [row["customer_id"] for row in await connection.fetch(statement, after, PAGE)]:
            yield page
            after = page[-1]


async def _named(connection: Connection) -> AsyncIterator[StoredEvent]:
    position = 0
    types = [model.TYPE for model in NAMED]
    while events := (await read_page(connection, position, types, EVENTS)).events:
        for event in events:
            yield event
        position = events[-1].position
