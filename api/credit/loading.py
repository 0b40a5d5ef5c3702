"""Accounts out of the database: the snapshot, and what the log says behind it. One round trip for all that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import msgspec
import orjson

from api.checkout.idempotency import FirstAnswer
from api.credit.account import FOLDED, Account
from eventstore.queries import Piece, in_one_statement, load
from eventstore.read import BEHIND_VERSIONS, read_at
from runtime.database import Connection
from runtime.logs import get_logger
from schemas import streams
from schemas.errors import UnknownEventVersion
from schemas.event_model import EventModel
from schemas.events import decode

FORMAT = 3
"""Raise it when an account keeps something else, or folds otherwise: older snapshots are then folded anew."""

BREATH = 500  # events; whoever else this process serves has its turn in between
MANY_BEHIND = 50  # events; a longer way is not gone again by the next who only looks

log = get_logger(__name__)

SQL = load("credit.sql", "api")
_ACCOUNTS = (("asked", SQL["asked"]), ("wanted", SQL["wanted"]), ("behind", BEHIND_VERSIONS))
LOOK = in_one_statement((*_ACCOUNTS, ("named", SQL["named"]), ("keys", SQL["keys"])), SQL["looked"])
LOOK_ONLY = in_one_statement(_ACCOUNTS, SQL["looked_only"])

Name = tuple[str, str, str]
"""Customer, kind and reference of an act."""


@dataclass(slots=True)
class AccountState:
    """An account with the versions of the two streams it is folded from. Customers whom nobody registered have no stream of their own."""

    account: Account
    customer_version: int = 0
    credit_version: int = 0
    behind: int = 0
    changed: bool = False
    broken: bool = False

    @property
    def known(self) -> bool:
        return self.customer_version > 0


@dataclass(slots=True)
class Opened:
    """What was found under the log's lock: exact until the transaction ends. `acts`: position by name; `keys`: request and answer."""

    now: datetime
    accounts: dict[str, AccountState]
    acts: dict[Name, int] = field(default_factory=dict)
    keys: dict[str, tuple[bytes, FirstAnswer]] = field(default_factory=dict)
    told: dict[int, EventModel] = field(default_factory=dict)


async def open_accounts(
    connection: Connection,
    customers: Collection[str],
    names: Collection[Name] = (),
    keys: Collection[str] = (),
    *,
    snapshots: int = FORMAT,
) -> Opened:
    """Accounts as the log has them now, what these acts and keys were used for. Exact under the log's lock only.

    `snapshots`: the format of those that are started from.
    """
    ids = list(customers)
    theirs, own = [streams.customer(one) for one in ids], [streams.credit(one) for one in ids]
    asked = [ids, theirs, own, snapshots, list(FOLDED)]
    statement = LOOK_ONLY
    if names or keys:
        columns = map(list, zip(*names, strict=True)) if names else ([], [], [])
        statement, asked = LOOK, [*asked, *columns, list(keys)]
    opened = Opened(datetime.min.replace(tzinfo=UTC), {one: AccountState(Account(one)) for one in ids})
    stream_of = {
        **{stream: (one, "customer_version") for stream, one in zip(theirs, ids, strict=True)},
        **{stream: (one, "credit_version") for stream, one in zip(own, ids, strict=True)},
    }
    behind: list[tuple[int, str, asyncpg.Record]] = []
    heads: list[tuple[str, str, int]] = []
    for row in await connection.fetch(statement, *asked):
        what, name = row["what"], row["name"]
        if what == "account" and row["document"] is not None:
            try:
                opened.accounts[name].account = read_account(row["document"])
            except msgspec.DecodeError:
                opened.accounts[name].broken = True
        elif what == "event":
            customer_id, version = stream_of[name]
            heads.append((customer_id, version, row["head"]))
            if row["number"] is not None:
                behind.append((row["number"], customer_id, row))
        elif what == "act":
            opened.acts[name, row["kind"], row["reference"]] = row["number"]
        elif what == "key":
            answer = FirstAnswer(row["version"], orjson.loads(row["document"]))
            opened.keys[name] = (row["digest"], answer)
        elif what == "now":
            opened.now = row["at"]
    for customer_id, version, head in heads:
        setattr(opened.accounts[customer_id], version, head)
    for number, (position, customer_id, row) in enumerate(sorted(behind, key=lambda one: one[0]), 1):
        _carry_on(opened.accounts[customer_id], position, row)
        if number % BREATH == 0:
            await asyncio.sleep(0)
    if opened.acts:
        stored = await read_at(connection, sorted(set(opened.acts.values())))
        opened.told = {one.position: one.decoded() for one in stored}
    return opened


def _carry_on(state: AccountState, position: int, row: asyncpg.Record) -> None:
    """One more event. What cannot be folded breaks this account, and no other that is served with it."""
    try:
        state.account.apply(decode(row["kind"], row["version"], row["document"]), position)
    except (LookupError, TypeError, ValueError, UnknownEventVersion) as error:
        if not state.broken:
            log.error(
                "account cannot be folded",
                action="credit.broken",
                position=position,
                error=type(error).__name__,
            )
        state.broken = True
    state.behind += 1


def read_account(document: str) -> Account:
    return _DECODER.decode(document)


def written(account: Account) -> str:
    """The JSON to keep."""
    return _ENCODER.encode(account).decode()


def accounts_piece(states: Collection[AccountState]) -> Piece:
    """What writes snapshots: a part of a statement."""
    each = [(one.account, one) for one in states]
    return (
        SQL["save_accounts"],
        (
            [account.customer_id for account, _ in each],
            [FORMAT] * len(each),
            [one.customer_version for _, one in each],
            [one.credit_version for _, one in each],
            [account.credit for account, _ in each],
            [account.reserved for account, _ in each],
            [account.spent for account, _ in each],
            [account.debt for account, _ in each],
            [account.due_at for account, _ in each],
            [written(account) for account, _ in each],
        ),
    )


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Account)
