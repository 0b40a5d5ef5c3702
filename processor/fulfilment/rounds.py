"""Rounds of fulfilment: read the log, bring cases up to date, decide, append the decisions with the checkpoint in one transaction.

Reading and deciding happen before the log's lock is taken; what was read is protected by the exact versions of the customers' streams
and by the compare-and-set of the checkpoint. Whoever loses either rolls back and starts the round again.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from eventstore import checkpoints
from eventstore.append import NewEvent, append, log_transaction
from eventstore.queries import Piece, in_one_statement
from eventstore.read import read_after, read_page
from processor.cases.keys import NEW_PROGRAM
from processor.fulfilment.catalog_source import newest_catalog
from processor.fulfilment.desk import SQL, Cause, Desk, DeskAnswer, pieces_of
from processor.fulfilment.fresh import Appended, FreshFacts
from processor.fulfilment.money import Moved, money_moved
from processor.fulfilment.work import (
    FACT_TYPES,
    ForAPerson,
    Place,
    PolicyFailed,
    Reported,
    Work,
    about_to_come,
    decide_all,
    prepare,
    reported,
    tell_work,
    touch_due,
    touch_held,
    wake,
)
from processor.stored_delivery import stored_envelope
from providers.parked_money import amount_in, whose
from runtime.database import OUTAGE_ERRORS, Connection, Pool
from runtime.faults import fault_point
from runtime.ids import uuid7
from schemas.catalog import Catalog
from schemas.decisions import DECISIONS
from schemas.envelope import pack
from schemas.errors import Permanent, StoreUnavailable
from schemas.published_catalog import published_catalog

CONSUMER = "fulfilment"
FRESH_BATCHES = 4  # of facts that were stored by this process and wait in its memory; a few MB
DECISION_TYPES = tuple(model.TYPE for model in DECISIONS)


class RecordsMissing(Permanent):
    """The log holds decisions and fulfilment is at 0, so nothing is left of what they rest on: run `lunas fulfilment rebuild`."""


class DatabaseAway(StoreUnavailable):
    """The database is away or gave up on us; nothing was written."""


_UNANSWERED = (*OUTAGE_ERRORS, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
"""What that looks like through asyncpg."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: facts read, decisions appended, whether more may be waiting, whether held money is still to be decided again, and the
    reasons of what a person was told, and what money was moved."""

    facts: int
    decisions: int
    more: bool
    held: bool = False
    letters: Sequence[str] = ()
    moved: Moved = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InlineDecisions:
    """Decisions for a transaction of somebody else's: `events` are to be appended right behind the facts, the first of which gets position `first`.

    `pieces` must be written too. The first of them is the checkpoint, and it must move: else another worker is at work. `done`: what counts then.
    """

    events: Sequence[NewEvent]
    pieces: Sequence[Piece]
    first: int
    position: int
    catalog: Catalog
    done: Round


class Fulfilment:
    """The rounds of one leader. Remembers the catalogue in force and its checkpoint, which only its own work can change.

    `turn` is held by whoever works: a round, or intake deciding on its own facts.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        limit: int,
        create_unknown: bool = False,
        held_limit: int = 100,
        pack: bool = False,
    ) -> None:
        self.turn = asyncio.Lock()
        self.fresh = FreshFacts(FRESH_BATCHES * limit)
        self._pool = pool
        self._limit = limit
        self._create_unknown = create_unknown
        self._held_limit = held_limit
        self._pack = pack
        self._held: Place | None = Place() if create_unknown else None
        self._catalog: Catalog | None = None
        self._undecidable: dict[str, PolicyFailed] = {}
        self._first = True
        self._position: int | None = None
        self._caught_up = False
        self.rounds = 0
        self._over = asyncio.Event()
        self._clock: tuple[datetime, float] = (datetime.min.replace(tzinfo=UTC), 0.0)

    @property
    def caught_up(self) -> bool:
        """Nothing waited for a decision when we last looked."""
        return self._caught_up and self._position is not None and self._catalog is not None

    def behind(self, head: int) -> int:
        """Events up to `head` that were not read yet; 0 while nobody knows where we are."""
        return 0 if self._position is None else head - self._position

    async def round_over(self) -> None:
        """Until the round that is under way, or the next one, has ended well."""
        await self._over.wait()

    def leave_out(self, failure: PolicyFailed) -> None:
        """Keep the facts of this case, decide nothing about it, and show it to an operator. Tried again after a restart."""
        self._undecidable[failure.case] = failure

    def forget(self) -> None:
        """What we remember may be wrong: the next round reads it again."""
        self._position, self._caught_up = None, False

    async def round(self, *, timers: bool = True) -> Round:
        """Raises Transient when another writer was faster, or the database is away: run it again. Raises Permanent when it stands still.

        That is PolicyFailed when a policy has a bug: call `leave_out` and run it again.
        """
        async with self.turn:
            return await self.round_in_turn(timers=timers)

    async def round_in_turn(self, *, timers: bool) -> Round:
        """The same for whoever holds `turn` already."""
        try:
            async with self._pool.acquire() as connection:
                done = await self._round(connection, timers=timers or self._position is None)
        except _UNANSWERED as error:
            self.forget()
            raise DatabaseAway from error
        except BaseException:
            self.forget()
            raise
        self._caught_up = not done.more
        self.rounds += 1
        self._over.set()
        self._over = asyncio.Event()
        return done

    async def decide(
        self, connection: Connection, events: Sequence[NewEvent], looked: DeskAnswer | None = None
    ) -> InlineDecisions | None:
        """Decide on the facts among events that are about to be appended under the log's lock, which the caller holds, as it holds `turn`.

        None when something before them waits for a decision, or when an operator must see one of them: then it is for a round. `looked`: what the
        caller found for us under that lock.
        Raises PolicyFailed. Call `accept` after the commit, `forget` when there was none.
        """
        if not self.caught_up or self._position is None or self._catalog is None:
            return None
        work = self._work(self._catalog)
        facts = [event for event in events if event.event.TYPE in FACT_TYPES]
        standing = await work.desk.look(connection, [event.event for event in facts], looked=looked)
        behind = standing.head > self._position and await self._facts_wait(connection, self._position)
        if not behind:
            await prepare(connection, work, about_to_come(events, standing.next))
            await decide_all(connection, work)
        if behind or work.parked:
            self._caught_up = False
            return None
        through = standing.next + len(events) + len(work.new) - 1
        moved = checkpoints.advance(CONSUMER, 1, 0, self._position, through)
        return InlineDecisions(
            events=work.new,
            pieces=[moved, *pieces_of(work.desk, work.decided, work.due, pack=self._pack)],
            first=standing.next,
            position=through,
            catalog=work.catalog,
            done=Round(
                len(facts), len(work.new), more=False, moved=money_moved(one.event for one in work.new)
            ),
        )

    async def _facts_wait(self, connection: Connection, position: int) -> bool:
        """Whether what came behind our checkpoint is ours to decide: customers who spend write to the log all the time, and it is not."""
        return bool((await read_page(connection, position, sorted(FACT_TYPES), 1)).events)

    def accept(self, decided: InlineDecisions) -> None:
        """The transaction that holds `decided` was committed."""
        self._position, self._catalog = decided.position, decided.catalog
        self.fresh.begin(decided.position)

    async def _round(self, connection: Connection, *, timers: bool) -> Round:
        began = time.time_ns()
        if self._position is None:
            self._position = await _start(connection)
        if timers:
            self._clock = (await connection.fetchval(SQL["now"]), time.monotonic())
        position = self._position
        facts, through, more, alone = await self._facts_behind(connection, position)
        held = self._held
        if not (facts or timers or held) and through == position:
            return Round(0, 0, False)
        work = self._work(self._catalog or await catalog_at(connection, position))
        if facts:
            await work.desk.look(connection, [one.fact for one in facts])
        await prepare(connection, work, facts)
        if timers:
            await touch_due(connection, work, self._limit)
        if held:
            held = await touch_held(connection, work, held, self._held_limit)
        if self._first:
            await wake(connection, work, {NEW_PROGRAM: Cause()})
        await decide_all(connection, work)
        if through > position or work.decided:
            position = await self._saved(connection, work, position, through)
            more = more and not alone(position)
            tell_work(work, began)
        self._catalog, self._position, self._first, self._held = work.catalog, position, False, held
        letters = [alarm.reason for alarm in work.parked]
        return Round(
            len(facts),
            len(work.new),
            more,
            held is not None,
            letters,
            money_moved(one.event for one in work.new),
        )

    async def _saved(self, connection: Connection, work: Work, position: int, through: int) -> int:
        """The new checkpoint, once everything is committed."""
        appended, new = await _commit(connection, work, position, through, pack=self._pack)
        if appended.events:
            self.fresh.add(appended)
        return new

    async def _facts_behind(
        self, connection: Connection, position: int
    ) -> tuple[list[Reported], int, bool, Callable[[int], bool]]:
        """The next facts, how far they are, whether more may be waiting, and whether a new checkpoint shows that there were none.

        Facts that we stored ourselves are handed on without reading the log, so nobody knows what is behind them; unless what was decided went right
        behind them.
        """
        fresh = self.fresh.behind(position, self._limit)
        if fresh is not None:
            facts, through = fresh
            return facts, through, True, lambda new: new > through
        page = await read_page(connection, position, sorted(FACT_TYPES), self._limit)
        return reported(page.events), page.through, len(page.events) >= self._limit, lambda _: False

    def _work(self, catalog: Catalog) -> Work:
        return Work(Desk(), self._now(), catalog, self._create_unknown, self._undecidable)

    def _now(self) -> datetime:
        """The database's clock, carried on by our monotonic one between rounds of timers: a worker's wall clock may jump."""
        read, at = self._clock
        return read + timedelta(seconds=time.monotonic() - at)


async def _start(connection: Connection) -> int:
    """Our checkpoint. Raises RecordsMissing when it is 0 and the log holds decisions: deciding on their facts again would grant them again."""
    position = await checkpoints.start(connection, CONSUMER)
    if position == 0 and await read_after(connection, 0, DECISION_TYPES, 1):
        raise RecordsMissing
    return position


async def _commit(
    connection: Connection, work: Work, old: int, through: int, *, pack: bool
) -> tuple[Appended, int]:
    """Append the decisions and save what they rest on. Returns them as they stand in the log, and the new checkpoint.

    That is behind our own decisions when nothing else came in between: they hold no facts, so there is no need to read them.
    """
    async with log_transaction(connection):
        appended = await append(connection, work.new, expected=work.expected(), to_decide=False)
        for alarm in work.parked:
            await _park(connection, alarm)
        new = appended.last if appended.first and appended.before <= through else through
        moved = checkpoints.advance(CONSUMER, 1, 0, old, new)
        pieces = [moved, *pieces_of(work.desk, work.decided, work.due, pack=pack)]
        # One statement for everything. It moves nothing when the checkpoint is not where this round had begun.
        parts = tuple([("moved" if n == 0 else f"piece_{n}", text) for n, (text, _) in enumerate(pieces)])
        arguments = [argument for _, given in pieces for argument in given]
        if await connection.fetchval(in_one_statement(parts, SQL["moved"]), *arguments) is None:
            obstacle = await checkpoints.obstacle(connection, CONSUMER, 1, 0, new)
            raise StoreUnavailable(f"another fulfilment worker is at work: checkpoint {obstacle}")
        fault_point("fulfilment.before_commit")
    fault_point("fulfilment.after_commit")
    return Appended(appended.before, appended.first, work.new), new


async def _park(connection: Connection, alarm: ForAPerson) -> None:
    """Show a fact that no policy can apply to an operator, with the delivery it came from."""
    provider, about, reason, cause, place = alarm
    row = await connection.fetchrow(SQL["delivery"], cause.delivery_id) if cause.delivery_id else None
    message = pack([stored_envelope(row)]) if row is not None else b""
    digest = hashlib.sha256(f"{provider}\n{about}\n{reason}".encode()).digest()
    await connection.execute(
        SQL["park"],
        uuid7(),
        provider,
        None,
        reason,
        about,
        message,
        digest,
        cause.delivery_id,
        amount_in(message),
        whose(message),
        place,
    )


async def catalog_at(connection: Connection, position: int) -> Catalog:
    """The catalogue in force at a position of the log; an empty one before the first was published."""
    published = await newest_catalog(connection, position)
    return published_catalog(published.content) if published else Catalog()
