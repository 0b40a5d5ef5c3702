"""One run over one provider: its lists from the newest row back, then payments of ours that they did not show.

Every step ends in one transaction: what differed, what was seen, where the next begins. What is missing here was given to the queue before
that, under delivery ids made of its bytes, so that a run that is killed between the two gives nothing twice.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from processor.cases.case import SubscriptionCase
from processor.intake.contested import Contest
from processor.intake.gone_back import WentBack
from processor.intake.interpreter import Interpreter
from processor.reconciliation.book import THE_REST, FoundDifference, RunBook, RunState, RunStep
from processor.reconciliation.comparing import Difference, DifferenceKind, askable, by_name, compare
from processor.reconciliation.feeding import IntakeFeeder, envelope_of, keys_of
from processor.reconciliation.going_back import PaymentsAgain, gone_back, told_back, untold
from processor.reconciliation.ours import OurPayments
from processor.reconciliation.patient import PatientCalls, Stopped
from processor.reconciliation.plans import is_known, our_plans
from processor.reconciliation.reading import OUTDONE, ListReading, marks_wanted, worth_a_look
from providers.outgoing import CallFailed
from providers.reconciling import (
    PLANS,
    ListClient,
    ListedPayment,
    ListPage,
    PlanLists,
    RefundlessLists,
    Told,
    UnreadableRow,
    unreadable,
)
from runtime.database import Pool
from runtime.faults import fault_point
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from schemas.envelope import Envelope

SETTLE_LOOK_SECONDS = 0.1
ASKED_ENOUGH, ASKED_THE_REST = "asked_enough", "asked_the_rest"
"""A run asked about as many payments as it may, and the next one about those that were left: neither saw all of them."""
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Seconds, and numbers of pages and single questions. `strangers`: webhooks may be of others than the provider that is asked (a fake stands in for
    it), so that it need not know what they told. `again`: ages at which a payment is asked about once more where no list tells of refunds."""

    patience: float
    pages: int
    asks: int
    open_for: timedelta
    settle: float
    strangers: bool = False
    again: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True)
class RunProgress:
    """For who watches. `share`: how much of the time span was read, between 0 and 1."""

    run: RunState
    share: float


Watch = Callable[[RunProgress], None]


class ProviderRun:
    """Runs of one provider. Only one runs at a time; who keeps others away is the caller's affair (`keeping.py`)."""

    def __init__(
        self,
        pool: Pool,
        provider: str,
        client: ListClient,
        feeder: IntakeFeeder,
        interpreter: Interpreter,
        limits: RunLimits,
        stop: asyncio.Event,
        watch: Watch = lambda _: None,
        book: RunBook | None = None,
    ) -> None:
        """`book`: another one than the provider's own, for a run that is not to be written down."""
        self._pool, self._book, self._provider = pool, book or RunBook(pool, provider), provider
        self._client, self._feeder, self._interpreter = client, feeder, interpreter
        self._limits, self._stop, self._watch = limits, stop, watch
        self._calls = PatientCalls(limits.patience, stop)
        self._ours = OurPayments(pool, provider, self._book, limits.open_for, limits.asks, limits.strangers)

    async def go(self, since: datetime, asked_by: str) -> tuple[RunState, str | None]:
        """A run back to `since`, or the rest of the one that was cut off; it, and why it did not see everything (None: it did).

        Raises NotConfirmed or the database's errors; the next run goes on there.
        """
        run = await self._begun(since, asked_by)
        self._began = await self._book.now()
        code: str | None = None
        try:
            run, code = await self._lists(run)
            run, asked = await self._asks(run)
            run = await self._asks_again(run)
            code = code or await self._book.left(run, self._client.lists) or asked
        except Stopped as stopped:
            run = await self._book.unfinished() or run
            await self._book.pause(run, stopped.code)
            log.warning(
                "reconciliation stops",
                action="reconcile.stopped",
                provider=self._provider,
                code=stopped.code,
                run=str(run.run_id),
            )
            return run, stopped.code
        await self._settled(run)
        await self._book.finish(run, code=code)
        log.info(
            "reconciliation done",
            action="reconcile.done",
            provider=self._provider,
            run=str(run.run_id),
            rows=run.rows,
            asked=run.asked,
            fed=run.fed,
            found=run.found,
        )
        return run, code

    async def _begun(self, since: datetime, asked_by: str) -> RunState:
        before = await self._book.unfinished()
        if before is not None and before.since <= since:
            return before
        return await self._book.begin(since, asked_by, self._client.lists[0], before)

    async def _lists(self, run: RunState) -> tuple[RunState, str | None]:
        """Every list to its end. The code says which list has none."""
        code: str | None = None
        reading = ListReading()
        while run.listing is not None:
            listing, cursor = run.listing, run.cursor
            page = await self._page(run, listing, cursor)
            if page is None and cursor is not None and not reading.anew:
                # The row that the next page lies behind is gone, or its cursor is too old.
                run, _ = await self._book.step(run, RunStep(listing, None, run.position))
                reading = ListReading(anew=True, known=run.rows)
                continue
            page = page or ListPage(rows=(), refused=True)
            reading.pages += 1
            fault_point("reconcile.paged")
            step = await self._compared(run, page)
            wrong = reading.wrong(page, cursor, self._limits.pages)
            over = wrong is not None or page.following is None
            if wrong is not None:
                code = wrong
                step = replace(step, found=[*step.found, FoundDifference(Difference("unreadable", listing, wrong))])  # fmt: skip
            following = self._after(listing) if over else listing
            rest = THE_REST if following is None and run.position is not None else None
            step = replace(
                step, listing=following, cursor=rest if over else page.following, position=run.position
            )
            run, fresh = await self._book.step(run, step)
            reading.has_read(len(page.rows), fresh)
            if over:
                reading = ListReading()
            self._watch(RunProgress(run, self._share(run, page)))
        return run, code

    async def _page(self, run: RunState, listing: str, cursor: str | None) -> ListPage | None:
        """None: the provider refuses it."""
        if listing == PLANS:
            return await self._page_of_plans(run, cursor)
        try:
            return await self._calls.patiently(lambda: self._client.page(listing, run.since, cursor))
        except CallFailed as refused:
            log.warning(
                "a page of a list is refused",
                action="reconcile.refused",
                provider=self._provider,
                listing=listing,
                code=refused.code,
            )
            return None

    async def _page_of_plans(self, run: RunState, cursor: str | None) -> ListPage:
        """What the provider says of our own subscriptions' plans, each asked about once in a run."""
        position = int(cursor) if cursor else None
        batch = await our_plans(self._pool, self._book, self._provider, run.since, position)
        names = {f"plan {key}": key for key in batch.plans}
        known = await self._book.seen(names)
        rows: list[ListedPayment | UnreadableRow] = []
        for name, key in names.items():
            if name not in known:
                rows += await self._plan(key, batch.plans[key], run.since)
        asked = tuple(name for name in names if name not in known)
        return ListPage(rows=tuple(rows), following=str(batch.through) if batch.more else None, asked=asked)

    async def _plan(
        self, key: str, case: SubscriptionCase, since: datetime
    ) -> list[ListedPayment | UnreadableRow]:
        """What its provider says of it that we were not told."""
        client = self._client
        if not isinstance(client, PlanLists):
            raise TypeError(f"{self._provider} lists plans and answers nothing about them")
        try:
            rows = await self._calls.patiently(lambda: client.plan(key, since))
        except CallFailed as refused:
            return [unreadable(key, refused.code)]
        return [one for one in rows if isinstance(one, UnreadableRow) or not is_known(case, one)]

    async def _compared(self, run: RunState, page: ListPage) -> RunStep:
        now = await self._book.now()
        listed = [row for row in page.rows if isinstance(row, ListedPayment)]
        before = await self._book.seen(row.name for row in listed)
        if wanted_marks := marks_wanted(listed, before):
            before |= await self._book.seen(wanted_marks)
        rows, marks = worth_a_look(listed, before)
        cases = await self._book.cases(f"{self._provider}:{name}" for row in rows for name in row.names)
        found = [_unreadable(row) for row in page.rows if isinstance(row, UnreadableRow)]
        wanted: list[tuple[Difference, ListedPayment]] = []
        contests: list[Contest] = []
        stands_by = 0
        for row in rows:
            if not row.names:
                continue
            compared = compare(row, by_name(cases, self._provider, row))
            if compared.differences and row.status in OUTDONE:
                stands_by += 1
                if await self._stands_by(row):
                    continue
            found += [FoundDifference(one) for one in compared.differences]
            if compared.ask is not None:
                wanted.append((_asked_for(compared.ask, row, compared.differences), row))
            if compared.contest is not None:
                contests.append(compared.contest)
        unheard = await self._unheard([row for row in rows if not row.names], now)
        wanted += [(_asked_for("missing_here", row), row) for row in unheard]
        told = [(why, row, await self._asked(row)) for why, row in wanted]
        back = told_back(told, cases, self._provider)
        found += await self._fed(told, self._words([*contests, *back], now), now)
        seen = [*marks, *(name for row in rows for name in (row.names or (row.name,)))]
        seen += [row.digest for row in page.rows if isinstance(row, UnreadableRow)]
        # What is given to intake with a plan's charge is not asked for again by its own name.
        seen += [*page.asked, *(name for row in unheard for name in row.brings)]
        asked = len(wanted) - len(unheard) + len(page.asked) + stands_by
        return RunStep(None, None, None, found, seen, len(page.rows), asked)

    async def _unheard(self, rows: Sequence[ListedPayment], now: datetime) -> list[ListedPayment]:
        """Webhooks of the provider's history, about other things than payments, that intake does not know."""
        keys = {row.name: keys_of(self._interpreter, self._provider, row, now) for row in rows}
        known = await self._book.taken_in(key for each in keys.values() for key in each)
        return [row for row in rows if not known.intersection(keys[row.name])]

    async def _asked(self, row: ListedPayment) -> Told | CallFailed | None:
        """What the provider says of it; a refusal to say anything is about this one only."""
        if not row.names:
            return Told(status=row.status, body=row.webhook, sent_at=row.sent_at)
        try:
            said = await self._calls.patiently(lambda: self._client.ask(row))
        except CallFailed as refused:
            return refused
        fault_point("reconcile.asked")
        return said

    async def _stands_by(self, row: ListedPayment) -> bool:
        """Whether it was paid all the same, on being asked: a list may show a try that came to nothing first, and behind it the one that brought the money."""
        said = await self._asked(row)
        return isinstance(said, Told) and said.status == "paid"

    async def _fed(
        self,
        told: Sequence[tuple[Difference, ListedPayment, Told | CallFailed | None]],
        words: Sequence[Envelope],
        now: datetime,
    ) -> list[FoundDifference]:
        """Gives intake what the provider confirmed, and our own words on it; what it does not confirm is a difference."""
        envelopes: dict[str, Envelope] = {}
        found: list[FoundDifference] = []
        for difference, row, said in told:
            if isinstance(said, CallFailed):
                found.append(FoundDifference(replace(difference, kind="unreadable", reason=said.code)))
            elif said is not None and None not in (said.amount, row.amount) and said.amount != row.amount:
                found.append(FoundDifference(replace(difference, kind="amount", reason="list_contradicts", our_amount=said.amount)))  # fmt: skip
            elif difference.kind == "amount" and (said is None or said.body is None or said.amount is None):
                continue  # it is told already, and the provider says no more of it
            elif said is None or said.body is None or said.status != row.status:
                theirs = "unknown" if said is None else said.status
                found.append(FoundDifference(replace(difference, kind="status", reason="list_contradicts", theirs=theirs)))  # fmt: skip
            else:
                envelopes[row.name] = envelope_of(self._provider, said.body, said.sent_at, now)
                found.append(FoundDifference(difference, uuid.UUID(envelopes[row.name].delivery_id)))
        return await self._given(found, [*envelopes.values(), *words])

    def _words(self, words: Sequence[Contest | WentBack], now: datetime) -> list[Envelope]:
        """What we say ourselves: of payments that the provider does not stand by, or does again, and of money that went back."""
        return [envelope_of(self._provider, one.body(), None, now) for one in words]

    async def _given(
        self, found: Sequence[FoundDifference], envelopes: Sequence[Envelope]
    ) -> list[FoundDifference]:
        """Publishes what intake has not stored; of what it has, says what became of it."""
        stored = await self._book.stored(uuid.UUID(one.delivery_id) for one in envelopes)
        new = [one for one in envelopes if uuid.UUID(one.delivery_id) not in stored]
        if new:
            await self._feeder.feed(new)
        told: list[FoundDifference] = []
        for one in found:
            status = stored.get(one.delivery_id) if one.delivery_id else None
            if status is None:
                told.append(one)
            elif status not in ("processed", "duplicate", "no_effect"):
                told.append(FoundDifference(replace(one.difference, reason=status)))
        return told

    async def _asks(self, run: RunState) -> tuple[RunState, str | None]:
        """Payments of ours that the lists did not show, or that wait for the provider's word; and why not all of them were asked about, if not."""
        left = self._limits.asks
        while self._limits.asks and (batch := await self._ours.next(run)) is not None:
            if len(batch.asked) > left:
                return run, ASKED_ENOUGH
            now = await self._book.now()
            found: list[FoundDifference] = []
            envelopes: list[Envelope] = []
            words: list[Contest | WentBack] = []
            for name, case in batch.asked:
                said = await self._asked(ListedPayment(names=askable(case), status="unknown"))
                differences, news = self._ours.judged(name, case, said)
                found += [FoundDifference(one) for one in differences]
                spoken = (self._ours.contest(case, said, now), gone_back(said, case, askable(case)))
                words += [one for one in spoken if one is not None]
                if news is not None and isinstance(said, Told) and said.body is not None:
                    envelopes.append(envelope_of(self._provider, said.body, said.sent_at, now))
                    found.append(FoundDifference(news, uuid.UUID(envelopes[-1].delivery_id)))
            envelopes += self._words(words, now)
            left -= len(batch.asked)
            names = [name for _, case in batch.asked for name in askable(case)]
            step = RunStep(None, run.cursor, batch.through, await self._given(found, envelopes), names, 0, len(batch.asked))  # fmt: skip
            run, _ = await self._book.step(run, step)
            self._watch(RunProgress(run, 1.0))
        return run, ASKED_THE_REST if run.cursor == THE_REST else None

    async def _asks_again(self, run: RunState) -> RunState:
        """What went back of payments that came of an age: a provider whose lists tell no refunds shows it to who asks."""
        if not isinstance(self._client, RefundlessLists):
            return run
        since, left = await self._book.covered() or run.since, self._limits.asks
        again = PaymentsAgain(self._pool, self._provider, self._book, self._limits.again)
        async for batch in again.between(since, self._began):
            batch, left = batch[:left], left - len(batch)
            words: list[WentBack] = []
            found: list[FoundDifference] = []
            for case in batch:
                said = await self._asked(ListedPayment(names=askable(case), status="unknown"))
                words += filter(None, [gone_back(said, case, askable(case))])
                found += [FoundDifference(one) for one in filter(None, [untold(said, case)])]
            found = await self._given(found, self._words(words, await self._book.now()))
            run, _ = await self._book.step(
                run, RunStep(None, run.cursor, run.position, found, asked=len(batch))
            )
            if left <= 0:
                log.warning("payments are left out that were to be asked about again", action="reconcile.left_out", provider=self._provider)  # fmt: skip
                break
        return run

    async def _settled(self, run: RunState) -> None:
        """Until intake has stored what it was given, or for as long as we wait for that."""
        until = time.monotonic() + self._limits.settle
        while await self._book.waiting(run) and time.monotonic() < until:
            if await sleep_until(self._stop, SETTLE_LOOK_SECONDS):
                return

    def _after(self, listing: str) -> str | None:
        lists = list(self._client.lists)
        return next(iter(lists[lists.index(listing) + 1 :]), None)

    def _share(self, run: RunState, page: ListPage) -> float:
        times = [row.at for row in page.rows if isinstance(row, ListedPayment) and row.at is not None]
        whole = (self._began - run.since).total_seconds()
        if page.following is None or not times or whole <= 0:
            return 1.0
        return min(max((self._began - min(times)).total_seconds() / whole, 0.001), 1.0)


def _asked_for(kind: DifferenceKind, row: ListedPayment, known: Sequence[Difference] = ()) -> Difference:
    """Why a provider is asked about a row: the difference that its list showed, or what is missing."""
    missing = Difference(kind, row.name, "", None, None, row.status, None, row.amount, row.at)
    return next((one for one in known if one.kind == kind), missing)


def _unreadable(row: UnreadableRow) -> FoundDifference:
    return FoundDifference(Difference("unreadable", row.digest, row.reason))
