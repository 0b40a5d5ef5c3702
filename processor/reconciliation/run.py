"""One run over one provider: its lists from the newest row back, then payments of ours that they did not show.

Every step ends in one transaction: what differed, what was seen, where the next begins. What is missing here was given to the queue before
that, under delivery ids made of its bytes, so that a run that is killed between the two gives nothing twice.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from processor.intake.interpreter import Interpreter
from processor.reconciliation.book import FoundDifference, RunBook, RunState, RunStep
from processor.reconciliation.comparing import Difference, DifferenceKind, askable, by_name, compare
from processor.reconciliation.feeding import QueueFeeder, envelope_of, keys_of
from processor.reconciliation.ours import OurPayments
from providers.outgoing import CallFailed
from providers.reconciling import ListClient, ListedPayment, ListPage, Told, UnreadableRow
from runtime.database import Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from schemas.envelope import Envelope

PAUSE_SECONDS = 2.0  # after a call whose end is unknown, when the provider does not say how long
SETTLE_LOOK_SECONDS = 0.1
REPEATS_MAX = 10
"""Pages in a row on which nothing is new: the list goes round in circles, or moves faster than it is read."""

T = TypeVar("T")
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Seconds, and numbers of pages and single questions."""

    patience: float
    pages: int
    asks: int
    open_for: timedelta
    settle: float


@dataclass(frozen=True, slots=True)
class RunProgress:
    """For who watches. `share`: how much of the time span was read, between 0 and 1."""

    run: RunState
    share: float


class Stopped(Exception):
    """The run ends here and can be gone on with: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Watch = Callable[[RunProgress], None]


class ProviderRun:
    """Runs of one provider. Only one runs at a time; who keeps others away is the caller's affair (`keeping.py`)."""

    def __init__(
        self,
        pool: Pool,
        provider: str,
        client: ListClient,
        feeder: QueueFeeder,
        interpreter: Interpreter,
        limits: RunLimits,
        stop: asyncio.Event,
        watch: Watch = lambda _: None,
    ) -> None:
        self._book, self._provider = RunBook(pool, provider), provider
        self._client, self._feeder, self._interpreter = client, feeder, interpreter
        self._limits, self._stop, self._watch = limits, stop, watch
        self._ours = OurPayments(pool, provider, self._book, limits.open_for)

    async def go(self, since: datetime, asked_by: str) -> tuple[RunState, str | None]:
        """A run back to `since`, or the rest of the one that was cut off; it, and why it did not see everything (None: it did).

        Raises NotConfirmed or the database's errors; the next run goes on there.
        """
        run = await self._begun(since, asked_by)
        self._began = await self._book.now()
        code: str | None = None
        try:
            run, code = await self._lists(run)
            run = await self._asks(run)
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
        pages = repeats = 0
        while run.listing is not None:
            listing, cursor = run.listing, run.cursor
            page = await self._patiently(lambda: self._client.page(listing, run.since, cursor))  # noqa: B023
            pages += 1
            step = await self._compared(run, page)
            over = page.following is None or page.following == cursor
            if pages >= self._limits.pages or repeats >= REPEATS_MAX:
                over, code = True, "list_without_end"
                step = replace(step, found=[*step.found, FoundDifference(Difference("unreadable", listing, code))])  # fmt: skip
            following = self._after(listing) if over else listing
            run, fresh = await self._book.step(
                run, replace(step, listing=following, cursor=None if over else page.following)
            )
            repeats = repeats + 1 if page.rows and not fresh else 0
            if over:
                pages = repeats = 0
            self._watch(RunProgress(run, self._share(run, page)))
        return run, code

    async def _compared(self, run: RunState, page: ListPage) -> RunStep:
        now = await self._book.now()
        rows = await self._not_seen([row for row in page.rows if isinstance(row, ListedPayment)])
        cases = await self._book.cases(f"{self._provider}:{name}" for row in rows for name in row.names)
        found = [_unreadable(row) for row in page.rows if isinstance(row, UnreadableRow)]
        wanted: list[tuple[DifferenceKind, ListedPayment]] = []
        for row in rows:
            if not row.names:
                continue
            compared = compare(row, by_name(cases, self._provider, row))
            found += [FoundDifference(one) for one in compared.differences]
            if compared.ask is not None:
                wanted.append((compared.ask, row))
        unheard = await self._unheard([row for row in rows if not row.names], now)
        wanted += [("missing_here", row) for row in unheard]
        told = [(kind, row, await self._asked(row)) for kind, row in wanted]
        found += await self._fed(told, now)
        seen = [name for row in rows for name in (row.names or (row.name,))]
        seen += [row.digest for row in page.rows if isinstance(row, UnreadableRow)]
        return RunStep(None, None, None, found, seen, len(page.rows), len(wanted) - len(unheard))

    async def _not_seen(self, rows: Sequence[ListedPayment]) -> list[ListedPayment]:
        """Each once: lists repeat what moves down while they are read, and a history holds every attempt to send."""
        before = await self._book.seen(row.name for row in rows)
        return list({row.name: row for row in rows if row.name not in before}.values())

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
            return await self._patiently(lambda: self._client.ask(row))
        except CallFailed as refused:
            return refused

    async def _fed(
        self, told: Sequence[tuple[DifferenceKind, ListedPayment, Told | CallFailed | None]], now: datetime
    ) -> list[FoundDifference]:
        """Gives intake what the provider confirmed; what it does not confirm is a difference."""
        envelopes: dict[str, Envelope] = {}
        found: list[FoundDifference] = []
        for kind, row, said in told:
            difference = Difference(kind, row.name, "", None, None, row.status, None, row.amount, row.at)
            if isinstance(said, CallFailed):
                found.append(FoundDifference(replace(difference, kind="unreadable", reason=said.code)))
            elif said is not None and None not in (said.amount, row.amount) and said.amount != row.amount:
                found.append(FoundDifference(replace(difference, kind="amount", reason="list_contradicts", our_amount=said.amount)))  # fmt: skip
            elif said is None or said.body is None or said.status != row.status:
                theirs = "unknown" if said is None else said.status
                found.append(FoundDifference(replace(difference, kind="status", reason="list_contradicts", theirs=theirs)))  # fmt: skip
            else:
                envelopes[row.name] = envelope_of(self._provider, said.body, said.sent_at, now)
                found.append(FoundDifference(difference, uuid.UUID(envelopes[row.name].delivery_id)))
        return await self._given(found, list(envelopes.values()))

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

    async def _asks(self, run: RunState) -> RunState:
        """Payments of ours that the lists did not show, or that wait for the provider's word."""
        left = self._limits.asks
        while left > 0 and (batch := await self._ours.next(run)) is not None:
            now = await self._book.now()
            found: list[FoundDifference] = []
            envelopes: list[Envelope] = []
            asked = batch.asked[:left]
            for name, case in asked:
                said = await self._asked(ListedPayment(names=askable(case), status="unknown"))
                differences, news = self._ours.judged(name, case, said)
                found += [FoundDifference(one) for one in differences]
                if news is not None and isinstance(said, Told) and said.body is not None:
                    envelopes.append(envelope_of(self._provider, said.body, said.sent_at, now))
                    found.append(FoundDifference(news, uuid.UUID(envelopes[-1].delivery_id)))
            left -= len(asked)
            step = RunStep(None, None, batch.through, await self._given(found, envelopes), batch.names, 0, len(asked))  # fmt: skip
            run, _ = await self._book.step(run, step)
            self._watch(RunProgress(run, 1.0))
        return run

    async def _settled(self, run: RunState) -> None:
        """Until intake has stored what it was given, or for as long as we wait for that."""
        until = time.monotonic() + self._limits.settle
        while await self._book.waiting(run) and time.monotonic() < until:
            if await sleep_until(self._stop, SETTLE_LOOK_SECONDS):
                return

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Waits for a provider that is busy or silent. Raises CallFailed when it refuses, Stopped when it is not worth waiting for."""
        until = time.monotonic() + self._limits.patience
        while True:
            if self._stop.is_set():
                raise Stopped("stopping")
            try:
                return await call()
            except CallFailed as failed:
                if failed.code in ("provider_credentials", "provider_misconfigured"):
                    raise Stopped(failed.code) from None
                if failed.outcome == "refused":
                    raise
                pause = failed.retry_after or PAUSE_SECONDS
                if time.monotonic() + pause > until:
                    raise Stopped(failed.code) from None
            await sleep_until(self._stop, pause)

    def _after(self, listing: str) -> str | None:
        lists = list(self._client.lists)
        return next(iter(lists[lists.index(listing) + 1 :]), None)

    def _share(self, run: RunState, page: ListPage) -> float:
        times = [row.at for row in page.rows if isinstance(row, ListedPayment) and row.at is not None]
        whole = (self._began - run.since).total_seconds()
        if page.following is None or not times or whole <= 0:
            return 1.0
        return min(max((self._began - min(times)).total_seconds() / whole, 0.001), 1.0)


def _unreadable(row: UnreadableRow) -> FoundDifference:
    return FoundDifference(Difference("unreadable", row.digest, row.reason))
