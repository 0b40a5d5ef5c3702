"""Follows the log and writes down who is to be told what: with the checkpoint, so that each decision is looked at once.

It begins at the end of the log when it first runs. A rebuild appends nothing, so it tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from eventstore import checkpoints
from eventstore.queries import load
from eventstore.read import NEWEST_VERSION, Sought, StoredEvent, head, read_page, told_and_where, told_before
from notify.endpoints import Endpoint, endpoints
from notify.kinds import PAID, TYPES, Notice, Seen, notice_of
from notify.webhooks import data_text
from runtime.database import Connection
from runtime.faults import fault_point
from runtime.logs import get_logger
from schemas import streams
from schemas.decisions import PaymentAssessed, SuspenseHeld, SuspenseReleased
from schemas.errors import Permanent, UnknownEventVersion
from schemas.event_model import EventModel

if TYPE_CHECKING:
    from runtime.settings import Settings

CONSUMER = "notify"
EMAIL = "email"
"""The receiver that stands for the customer's mailbox."""

_SQL = load("notify.sql", "notify")

log = get_logger(__name__)


class Displaced(Permanent):
    """Another notifier is at work in our place."""


class Followed(NamedTuple):
    """One page of the log. `added`: notifications written; `more`: the log may have more right now."""

    added: int
    more: bool


class Follower:
    """Reads pages of the log from the checkpoint on."""

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.notify_batch_max
        self._oldest = timedelta(hours=settings.notify_age_max_hours) or timedelta.max
        self._mailed = frozenset(settings.email_kinds) if settings.email_sender != "off" else frozenset()

    async def begin(self, connection: Connection) -> int:
        """The checkpoint; where none is, the end of the log."""
        return await checkpoints.start_at_end(connection, CONSUMER)

    async def page(self, connection: Connection) -> Followed:
        """Looks at the next page, and writes what is to be told with the step of the checkpoint. Raises Displaced."""
        position = await checkpoints.read(connection, CONSUMER)
        receivers = await endpoints(connection)
        if not receivers and not self._mailed:
            return await self._step(connection, position, await head(connection), [])
        page = await read_page(connection, position, TYPES, self._limit)
        rows = [
            row
            for event, notice in await notices(connection, page.events)
            # What is only now recorded of days long past (an import) is no news.
            if event.recorded_at - notice.occurred_at <= self._oldest
            for row in self._rows(event, notice, receivers.values())
        ]
        return await self._step(
            connection, position, page.through, rows, more=len(page.events) == self._limit
        )

    async def _step(
        self, connection: Connection, old: int, new: int, rows: Sequence[_Row], *, more: bool = False
    ) -> Followed:
        if new == old:
            return Followed(0, False)
        async with connection.transaction():
            if rows:
                await connection.execute(_SQL["add"], *zip(*rows, strict=True))
            statement, arguments = checkpoints.advance(CONSUMER, 1, 0, old, new)
            if await connection.fetchrow(statement, *arguments) is None:
                raise Displaced
            fault_point("notify.before_commit")
        return Followed(len(rows), more)

    def _rows(self, event: StoredEvent, notice: Notice, receivers: Iterable[Endpoint]) -> Iterable[_Row]:
        told = [
            one.endpoint_id
            for one in receivers
            if notice.kind in one.events and one.created_at <= event.recorded_at
        ]
        if notice.kind in self._mailed and not self._is_told_otherwise(notice):
            told.append(EMAIL)
        data = data_text(notice.data) if told else ""
        for receiver in told:
            yield _Row(
                event.event_id,
                receiver,
                event.position,
                notice.kind,
                notice.subject,
                notice.customer_id,
                notice.occurred_at,
                data,
            )

    def _is_told_otherwise(self, notice: Notice) -> bool:
        """Whether its customer is sent another mail about the same: of held money, that it is; of money that went back, how much."""
        if notice.kind == "payment.received":
            return bool(notice.data["held"])
        went_back = notice.kind == "suspense.released" and notice.data["resolution"] == "refunded"
        return went_back and "payment.refunded" in self._mailed


async def notices(connection: Connection, events: Sequence[StoredEvent]) -> list[tuple[StoredEvent, Notice]]:
    """What these events give reason to tell, each with its event."""
    decoded = [(event, model) for event in events if (model := _decoded(event)) is not None]
    before = await _before(connection, decoded)
    still = await _still_held(connection, decoded)
    again = await _held_again(connection, decoded)
    found: list[tuple[StoredEvent, Notice]] = []
    for number, (event, model) in enumerate(decoded):
        seen = Seen(
            model,
            str(event.event_id),
            event.recorded_at,
            before.get(number),
            still_held=number in still,
            again=again.get(number, 0),
        )
        notice = notice_of(seen)
        if notice is not None:
            found.append((event, notice))
    return found


class _Row(NamedTuple):
    """In the order of the statement's parameters."""

    event_id: object
    receiver: str
    position: int
    kind: str
    subject: str
    customer_id: str | None
    occurred_at: object
    data: str


def _decoded(event: StoredEvent) -> EventModel | None:
    """An event that newer code wrote is not told; it is no reason to tell nothing more."""
    try:
        return event.decoded()
    except (UnknownEventVersion, ValueError) as error:
        log.error(
            "an event cannot be read and is not told",
            action="notify.unreadable",
            position=event.position,
            error=type(error).__name__,
        )
        return None


async def _before(
    connection: Connection, decoded: Sequence[tuple[StoredEvent, EventModel]]
) -> dict[int, EventModel]:
    """What was said before of the same payment or held money, by number in `decoded`, where that matters."""
    payments: list[tuple[int, Sought]] = []
    held: list[tuple[int, Sought]] = []
    for number, (event, model) in enumerate(decoded):
        if isinstance(model, PaymentAssessed) and model.status in PAID:
            payments.append((number, Sought(event.stream, event.version, model.record)))
            # Records that turned out to be this payment: it may have been told under their names.
            for other in model.merged:
                stream = streams.case(other.partition("#")[0])
                below = event.version if stream == event.stream else NEWEST_VERSION
                payments.append((number, Sought(stream, below, other)))
        elif isinstance(model, SuspenseReleased):
            held.append((number, Sought(event.stream, event.version, model.suspense_id)))
    found: dict[int, EventModel] = {}
    for pairs, event_type, field in (
        (payments, PaymentAssessed.TYPE, "record"),
        (held, SuspenseHeld.TYPE, "suspense_id"),
    ):
        if not pairs:
            continue
        told = await told_before(connection, [wanted for _, wanted in pairs], event_type, field)
        for place, model in sorted(told.items(), reverse=True):
            number = pairs[place][0]
            # The first of them that had been paid counts; else what this record itself had said.
            if number not in found or _paid(model) or not _paid(found[number]):
                found[number] = model
    return found


async def _still_held(connection: Connection, decoded: Sequence[tuple[StoredEvent, EventModel]]) -> set[int]:
    """By number in `decoded`, what was released because some of it went back, where the next event of its stream holds the rest."""
    wanted = [
        (number, Sought(event.stream, event.version + end, model.suspense_id))
        for number, (event, model) in enumerate(decoded)
        if isinstance(model, SuspenseReleased) and model.resolution == "refunded"
        for end in (0, 2)
    ]
    if not wanted:
        return set()
    told = await told_before(connection, [one for _, one in wanted], SuspenseHeld.TYPE, "suspense_id")
    return {wanted[place][0] for place in range(0, len(wanted), 2) if told.get(place) != told.get(place + 1)}


async def _held_again(
    connection: Connection, decoded: Sequence[tuple[StoredEvent, EventModel]]
) -> dict[int, int]:
    """By number in `decoded`, which release of the same money came last before it is held anew: a claim, write-off or refund that was taken back."""
    wanted = {
        number: Sought(event.stream, event.version, model.suspense_id)
        for number, (event, model) in enumerate(decoded)
        if isinstance(model, SuspenseHeld)
    }
    if not wanted:
        return {}
    sought, field = list(wanted.values()), "suspense_id"
    released = await told_and_where(connection, sought, SuspenseReleased.TYPE, field)
    held = await told_and_where(connection, sought, SuspenseHeld.TYPE, field) if released else {}
    found: dict[int, int] = {}
    for place, number in enumerate(wanted):
        model, (release, at) = decoded[number][1], released.get(place, (None, 0))
        before, since = held.get(place, (None, 0))
        if not isinstance(release, SuspenseReleased) or at < since or release.resolution == "changed":
            continue
        # Some of it went back, and the rest was held all the time.
        lessened = (
            isinstance(model, SuspenseHeld)
            and isinstance(before, SuspenseHeld)
            and release.resolution == "refunded"
            and model.refunded > before.refunded
        )
        if not lessened:
            found[number] = at
    return found


def _paid(model: EventModel) -> bool:
    return isinstance(model, PaymentAssessed) and model.status in PAID
