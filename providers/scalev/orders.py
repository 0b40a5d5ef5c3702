"""Facts about orders: snapshots, cancellations, deletions."""

from __future__ import annotations

from datetime import datetime

from providers.scalev import payloads
from providers.scalev.payloads import PROVIDER
from providers.section import Section
from schemas import streams
from schemas.facts import OrderCancelled, OrderDeleted, OrderRecorded
from schemas.translation import Fact


def recorded(event_name: str, data: Section, received_at: datetime) -> Fact:
    """A full snapshot. `gross_revenue` is what the payer is charged. Raises UntranslatableError or AmountError."""
    data.require_rupiah()
    ids = payloads.order_ids(data)
    as_of = data.moment("last_updated_at", "created_at")
    status = data.text("status")
    method, _ = payloads.method_and_channel(data)
    event = OrderRecorded(
        provider=PROVIDER,
        order_key=ids.key,
        aliases=ids.aliases,
        status=status,
        gross_amount=data.amount("gross_revenue"),
        lines=payloads.order_lines(data),
        payer_email=payloads.payer_email(data),
        method=method,
        spam=event_name == "order.spam_created" or data.flag("is_probably_spam") is True,
        draft=status == "draft",
        as_of=as_of or received_at,
        timed=as_of is not None,
    )
    return Fact(streams.order(PROVIDER, ids.key), event)


def cancelled(data: Section, received_at: datetime) -> Fact:
    """The order ended without being fulfilled."""
    ids = payloads.order_ids(data)
    ended = data.moment("canceled_time", "closed_time", "last_updated_at")
    event = OrderCancelled(
        provider=PROVIDER,
        order_key=ids.key,
        aliases=ids.aliases,
        status=data.text("status"),
        as_of=ended or received_at,
    )
    return Fact(streams.order(PROVIDER, ids.key), event)


def deleted(data: Section, received_at: datetime) -> Fact:
    """The order was removed at the provider."""
    ids = payloads.order_ids(data)
    as_of = data.moment("last_updated_at") or received_at
    return Fact(
        streams.order(PROVIDER, ids.key),
        OrderDeleted(provider=PROVIDER, order_key=ids.key, aliases=ids.aliases, as_of=as_of),
    )
