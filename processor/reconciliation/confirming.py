"""What is held until more is known of it, money and memberships: its provider is asked within seconds, and again ever more rarely until it says or we
give up.

Runs (`run.py`) compare everything, an hour apart; this asks about nothing but what waits. What the provider says goes the same way: to the
queue, as a telling of its own (docs/adr/0053), so that money is granted by a fact and by no other rule (docs/adr/0066).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from eventstore.leadership import Leadership
from eventstore.queries import load
from processor.cases.case import PaymentCase, SubscriptionCase
from processor.cases.keys import confirmation_key
from processor.fulfilment.catalog_source import read_catalog
from processor.reconciliation.comparing import askable, our_amount
from processor.reconciliation.feeding import QueueFeeder, envelope_of
from processor.reconciliation.leading import until_lost
from processor.reconciliation.memberships import asked_of, falls_short
from processor.reconciliation.metrics import ReconciliationMetrics
from providers.outgoing import CallFailed
from providers.reconciling import (
    AskedMembership,
    ListClient,
    ListedPayment,
    MembershipLists,
    Told,
    ToldMembership,
)
from runtime.database import OUTAGE_ERRORS, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE
from schemas.catalog import Catalog
from schemas.errors import LunasError, Transient

if TYPE_CHECKING:
    from runtime.settings import Settings

SQL = load("confirming.sql", "processor")
JOB = "reconcile.confirm"

Word = Literal["confirmed", "another_amount", "unpaid", "unknown", "no_detail", "failed"]
"""What a provider says of money that waits: it came, in this or another amount; it did not; there is no such payment; it came, and nothing that could be
taken in says so; or no answer. Of a membership: it is in use until the end that was announced, it is not (so long), there is none, or nobody can ask."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """`status` and `amount` (rupiah) are the provider's; `code` of a call that failed. `body`: what is given to intake, sent by the provider at `sent_at`."""

    word: Word
    status: str | None = None
    amount: int | None = None
    code: str | None = None
    body: bytes | None = None
    sent_at: datetime | None = None


def answer_of(case: PaymentCase, said: Told | None) -> Confirmation:
    """Pure. What contradicts us is given to intake too: the provider's amount counts, whatever a token said."""
    if said is None:
        return Confirmation("unknown")
    if said.status != "paid":
        return Confirmation("unpaid", said.status, said.amount)
    if said.body is None:
        return Confirmation("no_detail", said.status, said.amount)
    differs = None not in (said.amount, our_amount(case)) and said.amount != our_amount(case)
    word: Word = "another_amount" if differs else "confirmed"
    return Confirmation(word, said.status, said.amount, body=said.body, sent_at=said.sent_at)


def answer_about(case: SubscriptionCase, said: ToldMembership | None) -> Confirmation:
    """Pure. Of an end that is earlier there, what is so there is given to intake too, and the rest waits on."""
    if said is None:
        return Confirmation("unknown")
    status = said.status if said.expires_at is None else f"{said.status}, {said.expires_at:%Y-%m-%d}"
    return Confirmation("unpaid" if falls_short(case, said) else "confirmed", status, body=said.body)


class MoneyConfirming:
    """For all providers whose key for calls is set."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        clients: Mapping[str, ListClient],
        feeders: Mapping[str, QueueFeeder],
        metrics: ReconciliationMetrics | None = None,
    ) -> None:
        """`feeders`: of each of them, the way to the queue."""
        self._settings, self._pool, self._metrics = settings, pool, metrics
        self._clients, self._feeders = clients, feeders

    async def keep(self, stop: asyncio.Event) -> None:
        """Until `stop`; one process at a time."""
        every, keys = self._settings.confirm_look_seconds, [*map(confirmation_key, self._clients)]
        if not every or not keys:
            return
        async with Leadership(self._settings, "reconcile", JOB) as leadership:
            while not await sleep_until(stop, every):
                try:
                    if await self._pool.fetchval(SQL["any_due"], keys) and await leadership.wait(stop):
                        async with until_lost(leadership, stop) as ends:
                            await self.round(ends)
                except (*OUTAGE_ERRORS, Transient) as error:
                    if not DATABASE.explains(error):
                        log.warning("confirming waits", action="confirm.wait", error=type(error).__name__)
                await leadership.release()

    async def round(self, ends: asyncio.Event) -> None:
        """Asks about everything that is due, at every provider at once. Raises NotConfirmed or the database's errors; what was not written down is asked again."""
        asked = [self._ask(provider, ends) for provider in self._clients]
        for failed in await asyncio.gather(*asked, return_exceptions=True):
            if failed is not None:
                raise failed  # when all have ended: one provider's trouble keeps nobody else from being asked

    async def _ask(self, provider: str, ends: asyncio.Event) -> None:
        key = confirmation_key(provider)
        await self._pool.execute(SQL["forget"], provider, key)
        catalog = _catalog(self._settings)
        for row in await self._pool.fetch(SQL["due"], key, self._settings.confirm_asks_max):
            if ends.is_set():
                return
            one = _waiting(row["kind"], row["state"], catalog)
            answer, away = await self._answer(provider, one)
            if answer.body is not None:
                await self._give(provider, answer.body, answer.sent_at)
            await self._write(provider, one, answer)
            if away:
                return  # it answers nobody now: the others stay due

    async def _answer(self, provider: str, one: AwaitingCase) -> tuple[Confirmation, bool]:
        """The answer, and whether the provider is away or busy."""
        client = self._clients[provider]
        try:
            if isinstance(one.case, PaymentCase):
                return answer_of(
                    one.case, await client.ask(ListedPayment(names=askable(one.case), status="unknown"))
                ), False
            if not isinstance(client, MembershipLists) or one.asked is None or not one.asked.products:
                return Confirmation("no_detail"), False
            return answer_about(one.case, await client.membership(one.asked)), False
        except CallFailed as failed:
            return Confirmation("failed", code=failed.code), failed.outcome != "refused"

    async def _give(self, provider: str, body: bytes, sent_at: datetime | None) -> None:
        """To the queue, unless intake has it: then it did not tell enough."""
        envelope = envelope_of(provider, body, sent_at, await self._pool.fetchval(SQL["now"]))
        if not await self._pool.fetchval(SQL["is_stored"], uuid.UUID(envelope.delivery_id)):
            await self._feeders[provider].feed([envelope])

    async def _write(self, provider: str, one: AwaitingCase, answer: Confirmation) -> None:
        settings = self._settings
        await self._pool.execute(
            SQL["answered"], one.case.key, provider, one.name, answer.word, answer.status, answer.amount, answer.code,
            one.amount, settings.confirm_again_seconds, settings.confirm_again_max_minutes * 60, settings.confirm_days,
        )  # fmt: skip
        if self._metrics is not None:
            self._metrics.answered(provider, answer.word)
        log.info("asked about what is held", action="confirm.asked", provider=provider, answer=answer.word, code=answer.code)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AwaitingCase:
    """A case that waits for its provider's word. `name`: what it is asked for by; `amount`: rupiah that its webhooks claim. `asked`: of a membership."""

    case: PaymentCase | SubscriptionCase
    name: str
    amount: int | None = None
    asked: AskedMembership | None = None


def _waiting(kind: str, state: str, catalog: Catalog) -> AwaitingCase:
    if kind == "payment":
        payment = PaymentCase.from_json(state)
        return AwaitingCase(
            payment, next(iter(askable(payment)), payment.facts.payment_key), our_amount(payment)
        )
    case = SubscriptionCase.from_json(state)
    return AwaitingCase(case, case.facts.subscription_key, asked=asked_of(case, catalog))


def _catalog(settings: Settings) -> Catalog:
    try:
        return read_catalog(settings)
    except LunasError:
        return Catalog()  # doctor says what is wrong with it; payments need none
