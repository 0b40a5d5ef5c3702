"""Facts about the payment of an order, told by its payment status and the time that status was reached.

The events state no amount: the order's snapshot does. The history list is not read: the documentation's own example contradicts itself.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from providers.money import MOVED, says_moved
from providers.scalev import payloads
from providers.scalev.amounts import STATED
from providers.scalev.payloads import PROVIDER
from providers.section import Section
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import PaymentFact, PaymentFailed, PaymentPending, PaymentSettled, PaymentSucceeded
from schemas.shape import shape
from schemas.translation import Fact

_STATES: dict[str, type[PaymentFact]] = {
    "unpaid": PaymentPending,
    "paid": PaymentSucceeded,
    "settled": PaymentSettled,
    "conflict": PaymentFailed,
}
# "unpaid" may mean that a paid order was set back by hand: only the time of the change tells it from an old report.
_TIMES: dict[str, tuple[str, ...]] = {
    "unpaid": ("last_updated_at", "unpaid_time", "created_at"),
    "paid": ("paid_time", "last_updated_at"),
    "settled": ("settled_time", "last_updated_at"),
    "conflict": ("conflict_time", "last_updated_at"),
}


def payment(
    event_name: str, allowed: frozenset[str], data: Section, sent_at: datetime | None, received_at: datetime
) -> Fact:
    """From a payment event; `sent_at` is the time it bears itself, the same in every attempt to deliver it. Raises UntranslatableError when the status is missing, unknown or not what the event reports."""
    status = _status(data)
    if status is None:
        raise UntranslatableError("status_missing")
    if status not in _STATES:
        raise UntranslatableError("status_unknown", shape(status))
    if status not in allowed:
        raise UntranslatableError("status_contradicts_event", f"{status} in {event_name}")
    return _fact(status, data, sent_at, received_at)


def of_snapshot(data: Section, received_at: datetime) -> Fact | None:
    """The payment state an order snapshot shows; None when it shows none, or one that says nothing of money.

    Payer and spam mark are the order's, as of the snapshot and not of the time it was paid: its own fact tells them. Raises UntranslatableError for a
    word we do not know that says that money came or went back.
    """
    status = _status(data)
    if status is None:
        return None
    if status not in _STATES:
        if says_moved(status):
            raise UntranslatableError(MOVED)
        return None
    fact = _fact(status, data, None, received_at)
    return replace(fact, event=fact.event.model_copy(update={"payer_email": None, "spam": None}))


def _status(data: Section) -> str | None:
    """Scalev writes it in small letters."""
    status = data.status("payment_status")
    return None if status is None else status.lower()


def _fact(status: str, data: Section, sent_at: datetime | None, received_at: datetime) -> Fact:
    data.require_rupiah()
    ids = payloads.order_ids(data, data.reference("pg_reference_id"))
    first, *others = _TIMES[status]
    occurred = data.moment(first) or sent_at or data.moment(*others)
    method, channel = payloads.method_and_channel(data)
    event = _STATES[status](
        provider=PROVIDER,
        payment_key=ids.key,
        aliases=ids.aliases,
        amount=_amount_without_lines(status, data),
        method=method,
        channel=channel,
        payer_email=payloads.payer_email(data),
        provider_status=status,
        failure_code="conflict" if status == "conflict" else None,
        spam=data.flag("is_probably_spam"),
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        paid_at=data.moment("paid_time", "settled_time") if status in ("paid", "settled") else None,
    )
    return Fact(streams.payment(PROVIDER, ids.key), event)


def _amount_without_lines(status: str, data: Section) -> int | None:
    """What was paid, where the event states it but not what for; with lines it is a snapshot, and the order says it."""
    if status not in ("paid", "settled") or data.has("orderlines") or data.has("orderbundles"):
        return None
    return data.amount_if_any(*STATED)
