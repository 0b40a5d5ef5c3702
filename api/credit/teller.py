"""Serves orders to accounts: those that wait are served together, in one transaction that appends under the log's lock.

Who spends from one balance at the same time is served one after the other within it, so nothing is spent twice; and a commit for each
would make the last of two hundred wait for two hundred commits (docs/adr/0044).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from api.checkout import idempotency
from api.checkout.idempotency import FirstAnswer
from api.credit.acts import CreditMoment, Use, expired, left_of, signals, taken
from api.credit.at_once import write_at_once
from api.credit.instruments import CreditInstruments
from api.credit.loading import MANY_BEHIND, SQL, AccountState, Name, Opened, accounts_piece, open_accounts
from api.credit.orders import CreditOrder, Settled, other_use, repeats
from api.credit.quotas import QuotasLeft
from eventstore.append import NewEvent, append, follow, log_transaction
from eventstore.queries import Piece, in_one_statement, load
from runtime.database import Connection, Pool
from runtime.ids import uuid7
from runtime.tracing import apart
from schemas import streams
from schemas.catalog import Catalog
from schemas.credit_events import CreditCaptured, CreditReleased, CreditReservationExpired
from schemas.event_model import EventModel
from schemas.problems import Problem
from schemas.streams import StreamName

_KEYS = load("idempotency.sql", "api")


Answers = list[tuple[CreditOrder, FirstAnswer | None]]


class Catalogue(Protocol):
    """Where the catalogue in force comes from."""

    async def get(self) -> Catalog: ...


@dataclass(slots=True)
class _Decided:
    """`event` is number `index` of the new ones; `position` is set when it was there before."""

    order: CreditOrder
    event: EventModel
    quotas: QuotasLeft | None
    index: int = -1
    position: int = 0


@dataclass(slots=True)
class _Sitting:
    """What is decided together. `seen`: versions of the accounts' streams when they were looked at."""

    opened: Opened
    world: CreditMoment
    seen: dict[StreamName, int] = field(default_factory=dict)
    new: list[NewEvent] = field(default_factory=list)
    names: dict[Name, int] = field(default_factory=dict)
    decided: list[_Decided] = field(default_factory=list)
    refused: list[tuple[CreditOrder, Problem]] = field(default_factory=list)
    repeated: list[tuple[CreditOrder, FirstAnswer]] = field(default_factory=list)
    shared: dict[str, list[CreditOrder]] = field(default_factory=dict)
    first: dict[str, CreditOrder] = field(default_factory=dict)

    def say(self, state: AccountState, event: EventModel) -> int:
        """An event happens to an account; its number among the new ones."""
        state.account.apply(event)
        state.changed = True
        state.credit_version += 1
        metadata = {
            "correlation_id": str(uuid7()),
            "actor": "api",
            "catalog_version": self.world.catalog.version,
        }
        self.new.append(NewEvent(streams.credit(state.account.customer_id), event, metadata))
        if isinstance(event, CreditCaptured | CreditReleased | CreditReservationExpired):
            self.names[state.account.customer_id, "closing", event.reservation_id] = len(self.new) - 1
        return len(self.new) - 1


class Teller:
    """`batch_max`: orders in one transaction."""

    def __init__(
        self,
        pool: Pool,
        catalogue: Catalogue,
        instruments: CreditInstruments,
        *,
        acquire_seconds: float,
        batch_max: int,
    ) -> None:
        self._pool = pool
        self._catalogue = catalogue
        self._instruments = instruments
        self._acquire_seconds = acquire_seconds
        self._batch_max = batch_max
        self._waiting: list[CreditOrder] = []
        self._serving: asyncio.Task[None] | None = None

    async def serve(self, order: CreditOrder) -> FirstAnswer | None:
        """The answer, once it is committed. Raises Problem, or what kept the database from committing: then nothing happened."""
        self._waiting.append(order)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve_all(), name="teller", context=apart())
        return await order.served

    async def _serve_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._batch_max], self._waiting[self._batch_max :]
            try:
                await self._serve(batch)
            except BaseException as error:
                # Whoever waits is told, and tells the caller; the next ones are served.
                for order in batch:
                    order.fail(error)
                if not isinstance(error, Exception):
                    raise

    async def _serve(self, batch: Sequence[CreditOrder]) -> None:
        catalog = await self._catalogue.get()
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            sitting = await _sit(connection, batch, catalog)
            answers = await _written_at_once(connection, sitting)
            if answers is None:
                # Something moved meanwhile: once more, and nothing moves this time.
                async with log_transaction(connection):
                    sitting = await _sit(connection, batch, catalog)
                    answers = await _write(connection, sitting)
            if answers and not sitting.new and any(order.act is not None for order in batch):
                await follow(connection)
        for order, answer in answers:
            order.resolve(answer)
        for order, problem in sitting.refused:
            order.fail(problem)
        self._instruments.served(
            len(batch), [one.event for one in sitting.new], [one for _, one in sitting.refused]
        )


async def _sit(connection: Connection, batch: Sequence[CreditOrder], catalog: Catalog) -> _Sitting:
    """Look and decide: exact under the log's lock, else as it was at a moment."""
    sitting = await _open(connection, batch, catalog)
    for order in batch:
        _take(sitting, order)
    return sitting


async def _open(connection: Connection, batch: Sequence[CreditOrder], catalog: Catalog) -> _Sitting:
    names = [(one.customer_id, one.act.kind, one.act.reference) for one in batch if one.act is not None]
    keys = [one.key for one in batch if one.key is not None]
    customers = dict.fromkeys(one.customer_id for one in batch)
    opened = await open_accounts(connection, customers, dict.fromkeys(names), dict.fromkeys(keys))
    sitting = _Sitting(opened, CreditMoment(opened.now, catalog))
    for customer_id, state in opened.accounts.items():
        sitting.seen[streams.customer(customer_id)] = state.customer_version
        sitting.seen[streams.credit(customer_id)] = state.credit_version
    for state in (one for one in opened.accounts.values() if not one.broken):
        for event in taken(state.account, sitting.world):
            sitting.say(state, event)
        for event in expired(state.account, sitting.world):
            sitting.say(state, event)
    return sitting


def _take(sitting: _Sitting, order: CreditOrder) -> None:
    """Decide on one order, as the ones before it leave the account."""
    try:
        if not _answered(sitting, order):
            _decide(sitting, order)
    except Problem as problem:
        sitting.refused.append((order, problem))


def _answered(sitting: _Sitting, order: CreditOrder) -> bool:
    """Whether its Idempotency-Key was used for the same request before, in this batch too."""
    if order.key is None:
        return False
    known = sitting.opened.keys.get(order.key)
    first = sitting.first.get(order.key)
    if (known is not None and known[0] != order.digest) or (
        first is not None and first.digest != order.digest
    ):
        raise Problem("idempotency_key_reused")
    if known is not None:
        sitting.repeated.append((order, known[1]))
    elif first is not None:
        sitting.shared.setdefault(order.key, []).append(order)
    return known is not None or first is not None


def _decide(sitting: _Sitting, order: CreditOrder) -> None:
    state = sitting.opened.accounts[order.customer_id]
    account, act = state.account, order.act
    if not state.known:
        raise Problem("customer_not_found")
    if state.broken:
        raise Problem("internal_error")
    if act is not None:
        name = (order.customer_id, act.kind, act.reference)
        made = sitting.names.get(name)
        position = sitting.opened.acts.get(name, 0)
        event = sitting.new[made].event if made is not None else sitting.opened.told.get(position)
        if event is None:
            event = act.decide(account, sitting.world)
            made = sitting.say(state, event)
            sitting.names[name] = made
        elif not repeats(act, event):
            raise other_use(event)
        index = -1 if made is None else made
        left = left_of(account, sitting.world) if isinstance(act, Use) else None
        sitting.decided.append(_Decided(order, event, left, index, position))
        if order.key is not None:
            sitting.first[order.key] = order
    for event in signals(account, sitting.world):
        sitting.say(state, event)
    if act is None:
        sitting.repeated.append((order, FirstAnswer(200, {})))


async def _written_at_once(connection: Connection, sitting: _Sitting) -> Answers | None:
    """The answers by order; None when an account moved after it was looked at, and nothing was written."""
    keyed = [one for one in sitting.decided if one.order.key is not None]
    states = _to_save(sitting)
    first = 0
    if sitting.new:
        watched = {
            stream: sitting.seen[stream]
            for one in states
            if one.changed
            for stream in (
                streams.customer(one.account.customer_id),
                streams.credit(one.account.customer_id),
            )
        }
        keys = [
            (
                one.order.key or "",
                one.order.digest,
                one.order.answering(Settled(one.event, one.position, one.quotas)),
                None if one.position else one.index,
            )
            for one in keyed
        ]
        written = await write_at_once(connection, watched, sitting.new, states, sitting.names, keys)
        if written is None:
            return None
        first = written
    elif keyed or states:
        return None
    answers: Answers = list(sitting.repeated)
    for one in sitting.decided:
        position = one.position or first + one.index
        answer = one.order.answering(Settled(one.event, position, one.quotas))
        answers.append((one.order, answer))
        if one.order.key is not None:
            answers += [(other, answer) for other in sitting.shared.get(one.order.key, ())]
    return answers


def _to_save(sitting: _Sitting) -> list[AccountState]:
    """Accounts whose snapshots are written."""
    return [
        one
        for one in sitting.opened.accounts.values()
        if one.changed or (one.known and not one.broken and one.behind > MANY_BEHIND)
    ]


async def _write(connection: Connection, sitting: _Sitting) -> Answers:
    """Append what happened and save what follows from it; the answers by order."""
    appended = await append(connection, sitting.new, to_decide=False)
    answers: Answers = list(sitting.repeated)
    keys: list[tuple[str, bytes, int, str]] = []
    for one in sitting.decided:
        position = one.position or appended.first + one.index
        answer = one.order.answering(Settled(one.event, position, one.quotas))
        answers.append((one.order, answer))
        if one.order.key is not None:
            document = orjson.dumps(answer.document).decode()
            keys.append((one.order.key, one.order.digest, answer.status, document))
            answers += [(other, answer) for other in sitting.shared.get(one.order.key, ())]
    states = _to_save(sitting)
    pieces: list[Piece] = [accounts_piece(states)] if states else []
    if sitting.names:
        names = [(*name, appended.first + index) for name, index in sitting.names.items()]
        pieces.append((SQL["save_acts"], tuple(map(list, zip(*names, strict=True)))))
    if keys:
        pieces.append((SQL["save_keys"], tuple(map(list, zip(*keys, strict=True)))))
        pieces.append((_KEYS["expire"], (idempotency.KEEP, idempotency.EXPIRE_MAX)))
    if pieces:
        parts = tuple((f"piece_{number}", text) for number, (text, _) in enumerate(pieces))
        arguments = [argument for _, given in pieces for argument in given]
        await connection.execute(in_one_statement(parts, SQL["saved"]), *arguments)
    return answers
