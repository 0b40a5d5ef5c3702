"""What operators say of an account: frozen, free again, a debt forgiven. Facts on its stream; the snapshot finds them there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from api.credit import postings
from api.credit.account import Account
from api.credit.loading import open_accounts
from eventstore.append import NewEvent, append, log_transaction
from runtime.database import Connection
from runtime.ids import uuid7
from schemas import streams
from schemas.credit_events import CreditForgiven, CreditFrozen, CreditUnfrozen
from schemas.errors import LunasError
from schemas.event_model import EventModel


class NothingToJudge(LunasError):
    """The account is so already, or there is no such customer."""


async def freeze(connection: Connection, customer_id: str, reason: str, actor: str) -> int:
    """The position of the fact. Raises NothingToJudge."""

    def said(account: Account, at: datetime) -> EventModel | None:
        if account.frozen is not None:
            return None
        return CreditFrozen(
            customer_id=customer_id, reason=reason, debt_tokens=account.debt, actor=actor, at=at
        )

    return await _judge(connection, customer_id, said, actor)


async def unfreeze(connection: Connection, customer_id: str, reason: str, actor: str) -> int:
    """The same for letting it be spent from again, with the debt it has."""

    def said(account: Account, at: datetime) -> EventModel | None:
        if account.frozen is None:
            return None
        return CreditUnfrozen(
            customer_id=customer_id, reason=reason, debt_tokens=account.debt, actor=actor, at=at
        )

    return await _judge(connection, customer_id, said, actor)


async def forgive(connection: Connection, customer_id: str, reason: str, actor: str) -> int:
    """The same for a debt that becomes our loss."""

    def said(account: Account, at: datetime) -> EventModel | None:
        if not account.debt:
            return None
        return CreditForgiven(
            customer_id=customer_id,
            credit_tokens=account.credit + account.debt,
            tokens=account.debt,
            idr=account.debt_idr,
            reason=reason,
            actor=actor,
            at=at,
            postings=postings.forgiven(customer_id, account.debt, account.debt_idr),
        )

    return await _judge(connection, customer_id, said, actor)


async def look_at(connection: Connection, customer_id: str) -> Account:
    """The account as it is now. Raises NothingToJudge for nobody."""
    state = (await open_accounts(connection, [customer_id])).accounts[customer_id]
    if not state.known:
        raise NothingToJudge(customer_id)
    return state.account


async def _judge(
    connection: Connection,
    customer_id: str,
    said: Callable[[Account, datetime], EventModel | None],
    actor: str,
) -> int:
    async with log_transaction(connection):
        opened = await open_accounts(connection, [customer_id])
        state = opened.accounts[customer_id]
        event = said(state.account, opened.now) if state.known else None
        if event is None:
            raise NothingToJudge(customer_id)
        metadata = {"correlation_id": str(uuid7()), "actor": actor}
        appended = await append(
            connection, [NewEvent(streams.credit(customer_id), event, metadata)], to_decide=False
        )
        return appended.first
