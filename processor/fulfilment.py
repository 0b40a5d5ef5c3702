"""One round of fulfilment: read the log, bring cases up to date, decide, append the decisions with the checkpoint in one transaction.

Reading and deciding happen before the log's lock is taken; what was read is protected by the exact versions of the customers' streams
and by the compare-and-set of the checkpoint. Whoever loses either rolls back and starts the round again.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from eventstore import checkpoints
from eventstore.append import NewEvent, append, log_transaction
from eventstore.queries import Piece, in_one_statement
from eventstore.read import StoredEvent, read_page
from processor.fulfilment_desk import SQL, Case, Cause, Desk, cause_of, charged_for, pieces_of
from processor.payment_case import PaymentCase
from processor.payment_policy import decide_payment
from processor.situation import Situation
from processor.subscription_case import SubscriptionCase
from processor.subscription_policy import decide_subscription
from runtime.database import Connection, Pool
from runtime.ids import uuid7
from schemas.catalog import Catalog
from schemas.envelope import Envelope, pack
from schemas.errors import Permanent, StoreUnavailable
from schemas.events import decode
from schemas.facts import FACTS, CatalogPublished, CustomerRegistered, SuspenseClaimed, SuspenseWrittenOff

CONSUMER = "fulfilment"
BREATH = 10  # cases; deciding is CPU work, and intake's transaction holds the log's lock while it waits for its turn
FAILED = "policy"  # what cases wait for that a bug keeps from being decided: a new program
FACT_TYPES = sorted(model.TYPE for model in FACTS if not model.TYPE.startswith("webhook."))


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: facts read, decisions appended, and whether more may be waiting."""

    facts: int
    decisions: int
    more: bool


class PolicyFailed(Permanent):
    """A policy raised on a case: a bug of ours. The round is repeated without deciding that case."""

    def __init__(self, case: str, error: Exception) -> None:
        super().__init__(f"deciding {case} failed: {type(error).__name__}")
        self.case = case
        self.error = error


@dataclass(slots=True)
class _Work:
    desk: Desk
    now: datetime
    catalog: Catalog
    create_unknown: bool
    decided: dict[str, Cause]
    due: dict[str, datetime | None]
    new: list[NewEvent]
    parked: list[tuple[str, str, str, Cause]]
    undecidable: Mapping[str, PolicyFailed] = field(default_factory=dict)


class Fulfilment:
    """The rounds of one leader. Remembers the catalogue in force, which only its own rounds can change."""

    def __init__(self, pool: Pool, *, limit: int, create_unknown: bool = False) -> None:
        self._pool = pool
        self._limit = limit
        self._create_unknown = create_unknown
        self._catalog: Catalog | None = None
        self._undecidable: dict[str, PolicyFailed] = {}
        self._first = True
        self._position: int | None = None
        self._clock: tuple[datetime, float] = (datetime.min.replace(tzinfo=UTC), 0.0)

    def leave_out(self, failure: PolicyFailed) -> None:
        """Keep the facts of this case, decide nothing about it, and show it to an operator. Tried again after a restart."""
        self._undecidable[failure.case] = failure

    async def round(self, *, timers: bool = True) -> Round:
        """Raises WrongExpectedVersion or StoreUnavailable when another writer was faster: run it again.

        Raises PolicyFailed when a policy has a bug: call `leave_out` and run it again.
        """
        try:
            async with self._pool.acquire() as connection:
                return await self._round(connection, timers=timers or self._position is None)
        except BaseException:
            self._position = None  # what we remember may be wrong now: read it again
            raise

    async def _round(self, connection: Connection, *, timers: bool) -> Round:
        if self._position is None:
            self._position = await checkpoints.start(connection, CONSUMER)
        if timers:
            self._clock = (await connection.fetchval(SQL["now"]), time.monotonic())
        position = self._position
        page = await read_page(connection, position, FACT_TYPES, self._limit)
        if not (page.events or timers) and page.through == position:
            return Round(0, 0, False)
        catalog = self._catalog or await _catalog(connection, position)
        work = await _prepare(connection, page.events, catalog, self._now(), self._create_unknown)
        work.undecidable = self._undecidable
        if timers:
            await _touch_due(connection, work, self._limit)
        if self._first:
            await _wake(connection, work, {FAILED: Cause()})
        await _decide_all(connection, work)
        if page.through > position or work.decided:
            position = await _commit(connection, work, position, page.through)
        self._catalog, self._position, self._first = work.catalog, position, False
        return Round(len(page.events), len(work.new), len(page.events) >= self._limit)

    def _now(self) -> datetime:
        """The database's clock, carried on by our monotonic one between rounds of timers: a worker's wall clock may jump."""
        read, at = self._clock
        return read + timedelta(seconds=time.monotonic() - at)


async def _touch_due(connection: Connection, work: _Work, limit: int) -> None:
    """Cases whose time has come: a subscription that ends, a grace that is over."""
    due = [row["case_key"] for row in await connection.fetch(SQL["due"], work.now, limit)]
    await work.desk.load_cases(connection, due)
    for key in due:
        if key in work.desk.cases:
            work.desk.touch(key)


async def _prepare(
    connection: Connection,
    events: Sequence[StoredEvent],
    catalog: Catalog,
    now: datetime,
    create_unknown: bool,
) -> _Work:
    desk = Desk()
    decoded = [(event, event.decoded()) for event in events]
    await desk.load_names(connection, [fact for _, fact in decoded])
    claimed = [f.case for _, f in decoded if isinstance(f, SuspenseClaimed | SuspenseWrittenOff)]
    await desk.load_cases(connection, claimed)
    payments = [case for key in claimed if isinstance(case := desk.cases.get(key), PaymentCase)]
    await desk.load_cases(connection, [key for case in payments for key in charged_for(case)])
    registered = [fact for _, fact in decoded if isinstance(fact, CustomerRegistered)]
    await desk.load_customers(connection, {fact.customer_id for fact in registered}, set())
    woken: dict[str, Cause] = {}
    for event, fact in decoded:
        cause = cause_of(event)
        if isinstance(fact, CustomerRegistered):
            woken |= dict.fromkeys(desk.register(fact), cause)
        elif isinstance(fact, CatalogPublished):
            catalog = Catalog.model_validate(fact.content)
            woken["catalog"] = cause
        elif isinstance(fact, SuspenseClaimed | SuspenseWrittenOff):
            for key in desk.concerned(fact):
                desk.cases[key].observe(fact, event.position)
                desk.touch(key, cause)
        else:
            case = desk.case_of(fact)
            case.observe(fact, event.position)
            desk.touch(case.key, cause)
    work = _Work(desk, now, catalog, create_unknown, {}, {}, [], [])
    await _wake(connection, work, woken)
    return work


async def _wake(connection: Connection, work: _Work, woken: dict[str, Cause]) -> None:
    """Cases that waited for one of these must be decided again."""
    if not woken:
        return
    rows = await connection.fetch(SQL["waiting"], sorted(woken))
    keys = [row["case_key"] for row in rows if row["case_key"] not in work.desk.merged]
    # Cases decided earlier in this round wait in memory only.
    keys += [key for key, waits in work.desk.waits.items() if key in work.desk.cases and waits & woken.keys()]
    await work.desk.load_cases(connection, keys)
    newest = max(woken.values(), key=lambda cause: cause.position)
    for key in keys:
        if key not in work.desk.dirty:
            work.desk.touch(key, newest)


async def _decide_all(connection: Connection, work: _Work) -> None:
    """Subscriptions first: payments of theirs ask them for their customer. A subscription that finds its customer wakes its payments."""
    desk = work.desk
    while desk.dirty:
        batch, desk.dirty = desk.dirty, {}
        await _load_answers(connection, desk, batch)
        ordered = sorted(
            batch, key=lambda key: (isinstance(desk.cases[key], PaymentCase), batch[key].position, key)
        )
        happened: dict[str, Cause] = {}
        for number, key in enumerate(ordered, 1):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            before = desk.cases[key].owner
            happened |= dict.fromkeys(_decide(work, key, batch[key]), batch[key])
            if desk.cases[key].owner != before and isinstance(desk.cases[key], SubscriptionCase):
                desk.owners[key] = desk.cases[key].owner
                happened[f"case:{key}"] = batch[key]
        await _wake(connection, work, happened)


async def _load_answers(connection: Connection, desk: Desk, batch: dict[str, Cause]) -> None:
    ids: set[str] = set()
    emails: set[str] = set()
    subscriptions: set[str] = set()
    for key in batch:
        case = desk.cases[key]
        ids |= {case.owner} if case.owner else set()
        if isinstance(case, SubscriptionCase):
            ids |= {one for one in (case.customer_ref, case.claimed_by) if one}
            emails |= {payer for payer in case.payers if payer}
        else:
            ids |= {claim.customer_id for claim in case.claims.values()}
            ids |= {grant.customer_id for grant in case.grants.values() if grant.customer_id}
            ids |= {one for one in (case.value("customer_ref"),) if one}
            emails |= {one for one in (case.value("payer_email"),) if one}
            subscription = case.value("subscription_key")
            subscriptions |= {f"{case.provider}:subscription:{subscription}"} if subscription else set()
    await desk.load_owners(connection, subscriptions)
    ids |= {owner for key in subscriptions if (owner := desk.owners.get(key))}
    await desk.load_customers(connection, ids, emails)
    await desk.load_versions(connection)


def _decide(work: _Work, key: str, cause: Cause) -> set[str]:
    """Returns what other cases may have waited for and has now happened."""
    desk = work.desk
    case = desk.cases[key]
    situation = Situation(
        catalog=work.catalog,
        now=work.now,
        customers=desk.customers,
        by_email=desk.by_email,
        subscription_owners=desk.owners,
        create_unknown=work.create_unknown,
    )
    if key in work.undecidable:
        situation.waits = {FAILED}
        situation.parked.append((key, "policy_failed"))
    else:
        _apply_policy(case, situation)
    work.due[key] = case.due_at if isinstance(case, SubscriptionCase) else None
    work.decided[key] = max(cause, work.decided.get(key, cause), key=lambda one: one.position)
    desk.waits[key] = situation.waits
    metadata = {
        "correlation_id": cause.correlation_id,
        "causation_id": cause.event_id,
        "delivery_id": cause.delivery_id,
        "catalog_version": work.catalog.version,
    }
    for decision in situation.decisions:
        work.new.append(NewEvent(decision.stream, decision.event, metadata))
        customer_id = getattr(decision.event, "customer_id", None)
        if customer_id in desk.customers:
            desk.changed_customers.add(customer_id)
    work.parked += [(case.provider, detail, reason, cause) for detail, reason in situation.parked]
    return situation.wakes


def _apply_policy(case: Case, situation: Situation) -> None:
    try:
        if isinstance(case, SubscriptionCase):
            decide_subscription(case, situation)
        else:
            decide_payment(case, situation)
    except Exception as error:
        # Whatever a policy trips over concerns one case; the others must go on. Re-raised by name, never swallowed.
        raise PolicyFailed(case.key, error) from error


async def _commit(connection: Connection, work: _Work, old: int, through: int) -> int:
    """Append the decisions and save what they rest on. Returns the new checkpoint.

    That is behind our own decisions when nothing else came in between: they hold no facts, so there is no need to read them.
    """
    customers = {event.stream for event in work.new if event.stream.startswith("customer-")}
    expected = {stream: work.desk.versions.get(stream, 0) for stream in customers}
    async with log_transaction(connection):
        appended = await append(connection, work.new, expected=expected)
        for provider, detail, reason, cause in work.parked:
            await _park(connection, provider, detail, reason, cause)
        new = appended.last if appended.first == through + 1 else through
        moved = checkpoints.advance(CONSUMER, 1, 0, old, new)
        if not await _save(connection, moved, pieces_of(work.desk, work.decided, work.due)):
            obstacle = await checkpoints.obstacle(connection, CONSUMER, 1, 0, new)
            raise StoreUnavailable(f"another fulfilment worker is at work: checkpoint {obstacle}")
    return new


async def _save(connection: Connection, moved: Piece, pieces: Sequence[Piece]) -> bool:
    """One statement for everything; False when the checkpoint was not where this round had begun."""
    parts = (("moved", moved[0]), *((f"piece_{number}", text) for number, (text, _) in enumerate(pieces)))
    arguments = [argument for _, given in (moved, *pieces) for argument in given]
    return await connection.fetchval(in_one_statement(parts, SQL["moved"]), *arguments) is not None


async def _park(connection: Connection, provider: str, detail: str, reason: str, cause: Cause) -> None:
    """Show a fact that no policy can apply to an operator, with the delivery it came from."""
    message = await _message(connection, cause.delivery_id)
    digest = hashlib.sha256(f"{provider}\n{detail}\n{reason}".encode()).digest()
    await connection.execute(
        SQL["park"], uuid7(), provider, None, reason, detail, message, digest, cause.delivery_id
    )


async def _message(connection: Connection, delivery_id: str | None) -> bytes:
    row: asyncpg.Record | None = (
        await connection.fetchrow(SQL["delivery"], delivery_id) if delivery_id else None
    )
    if row is None:
        return b""
    return pack(
        [
            Envelope(
                delivery_id=str(delivery_id),
                provider=row["provider"],
                received_at=int(row["received_at"].timestamp() * 1_000_000),
                scheme=row["scheme"],
                secret_id=row["secret_id"],
                path=row["path"],
                body=row["body"],
            )
        ]
    )


async def _catalog(connection: Connection, position: int) -> Catalog:
    """The catalogue in force at a position of the log; an empty one before the first was published."""
    data = await connection.fetchval(SQL["catalog"], position)
    if data is None:
        return Catalog()
    published = decode(CatalogPublished.TYPE, CatalogPublished.VERSION, data)
    return Catalog.model_validate(published.content) if isinstance(published, CatalogPublished) else Catalog()
