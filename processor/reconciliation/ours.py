"""Payments of ours that a provider is asked about one by one: those its lists did not show, and those that wait for its word.

They are found by walking through the log's assessments from the run's first moment on, a page at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventstore.read import before, read_page
from processor.cases.case import PaymentCase
from processor.intake.contested import Contest
from processor.policies.attesting import AWAITED
from processor.reconciliation.book import RunBook, RunState
from processor.reconciliation.comparing import (
    Difference,
    DifferenceKind,
    answered,
    askable,
    contest_of,
    is_awaited,
    is_open,
    our_status,
)
from providers.outgoing import CallFailed
from providers.reconciling import Told
from runtime.database import Pool
from schemas.decisions import PaymentAssessed
from schemas.event_model import EventModel

PAGE_EVENTS = 500
OUT_OF_ORDER = timedelta(minutes=1)
"""How far apart the times of transactions may be that were open side by side."""

CLOCKS_APART = timedelta(hours=1)
"""How far a provider's clock may be before ours: what it calls paid at a time we wrote down that much earlier at most."""


@dataclass(frozen=True, slots=True)
class OurBatch:
    """`through`: up to where in the log these were found; `asked` with the name each is told by."""

    asked: Sequence[tuple[str, PaymentCase]]
    through: int


class OurPayments:
    """Of one run over one provider. `most`: payments that one page brings at most; `strangers`: what the provider does not know, others may have told."""

    def __init__(
        self, pool: Pool, provider: str, book: RunBook, open_for: timedelta, most: int, strangers: bool
    ) -> None:
        self._pool, self._provider, self._book, self._open_for = pool, provider, book, open_for
        self._strangers = strangers
        self._events = min(PAGE_EVENTS, max(most, 1))
        self._begin: int | None = None

    async def next(self, run: RunState) -> OurBatch | None:
        """The next page; None behind the last."""
        async with self._pool.acquire() as connection:
            if self._begin is None:
                self._begin = await before(connection, run.since - OUT_OF_ORDER)
            position = max(run.position or 0, self._begin)
            page = await read_page(connection, position, [PaymentAssessed.TYPE], self._events)
        if not page.events:
            return None
        keys = await self._worth_a_look([event.decoded() for event in page.events])
        cases = {case.key: case for case in (await self._book.cases(keys)).values()}
        names = {key: askable(case) for key, case in cases.items()}
        seen = await self._book.seen(name for each in names.values() for name in each)
        now = await self._book.now()
        asked = [
            (names[key][0], case)
            for key, case in sorted(cases.items())
            if names[key] and self._to_ask(case, listed=bool(seen.intersection(names[key])), now=now)
        ]
        return OurBatch(asked, page.through)

    async def _worth_a_look(self, told: Sequence[EventModel]) -> set[str]:
        """Cases that the lists did not show by any name of then, or that were held until the provider confirms them."""
        ours = [one for one in told if isinstance(one, PaymentAssessed) and one.provider == self._provider]
        names = {one.case: {*one.aliases, one.payment_id} for one in ours}
        seen = await self._book.seen(name for each in names.values() for name in each)
        return {one.case for one in ours if one.held == AWAITED or not seen & names[one.case]}

    def judged(
        self, name: str, case: PaymentCase, said: Told | CallFailed | None
    ) -> tuple[tuple[Difference, ...], Difference | None]:
        """What differs, and what the provider's words are to be given to intake for."""
        if isinstance(said, CallFailed):
            return (Difference("unreadable", name, said.code, case.key),), None
        differences = answered(case, said, name)
        if said is None or said.body is None or not _is_news(case, said):
            return differences, None
        kind: DifferenceKind = "unconfirmed" if case.facts.paid or case.facts.announced_at else "missing_here"
        told = Difference(kind, name, "told_on_asking", case.key, our_status(case), said.status, None, said.amount)  # fmt: skip
        return differences, told

    def contest(self, case: PaymentCase, said: Told | CallFailed | None, now: datetime) -> Contest | None:
        """What is to be said of a payment that its provider, on being asked, does not stand by, or does again. What was paid just now it may not show yet."""
        if isinstance(said, CallFailed) or (said is None and self._strangers):
            return None
        paid_at = case.facts.paid_at(case.facts.successes)
        if (said is None or said.status != "paid") and (paid_at is None or paid_at > now - self._open_for):
            return None
        return contest_of(case, None if said is None else said.status)

    def _to_ask(self, case: PaymentCase, *, listed: bool, now: datetime) -> bool:
        if case.facts.paid:
            return not listed or is_awaited(case)
        return case.facts.announced_at is not None or is_open(case, now - self._open_for)


async def assessed_between(pool: Pool, provider: str, since: datetime, until: datetime) -> set[str]:
    """Keys of cases of payments of which was said that they were paid between these times, both left out."""
    found: set[str] = set()
    async with pool.acquire() as connection:
        position = await before(connection, since - CLOCKS_APART)
        while True:
            page = await read_page(connection, position, [PaymentAssessed.TYPE], PAGE_EVENTS)
            if not page.events:
                return found
            for said in (event.decoded() for event in page.events):
                if (
                    isinstance(said, PaymentAssessed)
                    and said.provider == provider
                    and said.paid_at is not None
                    and since < said.paid_at < until
                ):
                    found.add(said.case)
            position = page.through


def _is_news(case: PaymentCase, said: Told) -> bool:
    """Money that we do not count yet, or the end of a payment that nobody paid."""
    if said.status == "paid":
        return not case.facts.paid or is_awaited(case)
    return said.status in ("failed", "expired") and not case.facts.paid and case.facts.announced_at is None
